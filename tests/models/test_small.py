import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from workbench.errors import WorkbenchError
from workbench.models.backbones import create
from workbench.models.catalog import backbones, check_size, find
from workbench.models.stages import stages

OURS = ["workbench/lenet", "workbench/small_cnn"]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("size", [16, 0, 131])
def test_they_give_the_features_that_the_catalogue_says(name: str, size: int) -> None:
    info = find(name)
    network, _ = create(name, weights="none", classes=2)
    side = check_size(info, size)
    network.eval()
    assert network.features(torch.randn(3, 3, side, side)).shape == (3, info.features)
    parameters = sum(p.numel() for p in network.backbone.parameters())
    assert info.parameters == pytest.approx(parameters / 1e6, abs=0.001)


@pytest.mark.parametrize("name", OURS)
def test_the_catalogue_says_what_they_multiply(name: str) -> None:
    info = find(name)
    network, _ = create(name, weights="none", classes=2)
    with FlopCounterMode(display=False) as counter:
        network.backbone.eval()(torch.zeros(1, 3, info.input_size, info.input_size))
    assert info.gmacs == pytest.approx(counter.get_total_flops() / 2e9, rel=0.01)


def test_lenet_is_that_of_the_literature() -> None:
    """61 706 parameters with one input channel and ten classes, as in every textbook; three channels add 300 weights."""
    network, _ = create("workbench/lenet", weights="none", classes=10)
    assert sum(p.numel() for p in network.parameters()) == 61_706 + 300


def test_they_open_a_stage_at_each_pooling() -> None:
    names = [[stage.name for stage in stages(create(name, weights="none", classes=2)[0])] for name in OURS]
    assert names[0][0] == "stem"
    assert names[0][-1] == "head"
    assert len(names[0]) == 4
    assert len(names[1]) == 5


def test_there_is_nothing_to_load_and_that_is_said() -> None:
    with pytest.raises(WorkbenchError, match=r"no hub weights for workbench/lenet; choose .* random weights"):
        create("workbench/lenet", weights="hub", classes=2)


def test_they_are_in_the_catalogue() -> None:
    assert {info.name for info in backbones() if info.library == "workbench"} == set(OURS)
