"""What cannot succeed is refused before there is a run folder."""

from functools import partial
from pathlib import Path

import pytest

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.models.backbones import create
from workbench.models.meta import on_meta
from workbench.project.project import Project
from workbench.training import network_check, run
from workbench.training.config import TrainConfig
from workbench.training.network_check import check_network


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("freeze=parts:layer9", "tests/tiny has no part 'layer9' that could train"),
        ('then=[{freeze = {kind = "parts", trained = ["3–4", "backbone.2"]}}]', "tests/tiny has no part 'backbone.2'"),
        ("optimizer.stage_factors={layer4 = 0.1}", "no stage 'layer4', for which optimizer.stage_factors has a rate"),
        ("backbone.drop_path=0.1", "tests/tiny has no drop-path"),
    ],
)
def test_what_the_backbone_does_not_have_is_refused_and_leaves_no_run(
    project_folder: Path, config: TrainConfig, setting: str, sentence: str
) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        run.prepare(project_folder, config.with_settings([setting]))
    with Project.open(project_folder) as project:
        assert project.runs.list() == []


@pytest.mark.parametrize(
    "setting", ["freeze=parts:stem,backbone.4.weight", "channels=1", "optimizer.stage_factors={stem = 0.1}", "epochs=2"]
)
def test_what_it_has_passes(config: TrainConfig, setting: str) -> None:
    check_network(config.with_settings([setting]))


@pytest.mark.parametrize("way", ["features-once", "as-is", "baseline"])
def test_a_way_that_trains_no_network_has_no_plan(config: TrainConfig, way: str) -> None:
    check_network(config.with_settings([f"preset={way}", "freeze=parts:layer9", "optimizer.stage_factors={x = 1.0}"]))


def test_nothing_is_built_where_nothing_special_is_asked_for(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_check, "make_network", None)
    check_network(config)


def test_a_network_without_content_has_the_parts_of_one_with_it() -> None:
    make = partial(create, "timm/test_vit", weights="none", classes=2)
    found = on_meta(make)
    assert {parameter.device.type for parameter in found.parameters()} == {"meta"}
    assert [name for name, _ in found.named_parameters()] == [name for name, _ in make()[0].named_parameters()]
