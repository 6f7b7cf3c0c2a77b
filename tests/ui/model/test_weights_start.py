import pytest

from workbench.training.config import BackboneConfig
from workbench.ui.model.weights_start import source_of, with_backbone

NAME = "timm/tiny"


@pytest.mark.parametrize(("weights", "source"), [("hub", "hub"), ("none", "none"), ("run:r1", "run"), ("w.pt", "file")])
def test_the_four_starts(weights: str, source: str) -> None:
    assert source_of(weights) == source


@pytest.mark.parametrize(("before", "after"), [("hub", "hub"), ("run:r1", "hub"), ("none", "none"), ("/w.pt", "/w.pt")])
def test_another_backbone_leaves_tag_and_run_behind(before: str, after: str) -> None:
    config = BackboneConfig(name=NAME, weights=before, tag="second", dropout=0.2)
    changed = with_backbone(config, "timm/other")
    assert changed == BackboneConfig(name="timm/other", weights=after, dropout=0.2)
