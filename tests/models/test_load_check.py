from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from workbench.errors import WorkbenchError
from workbench.jobs import Stop, drain
from workbench.models.backbones import LoadReport, Network, create
from workbench.models.load_check import WeightsChecked, check_load

NAME = "workbench/lenet"


def checked(weights: Path, channels: int = 3) -> WeightsChecked:
    *_, last = drain(check_load(NAME, weights=str(weights), channels=channels), Stop())
    assert isinstance(last, WeightsChecked)
    return last


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    network, _ = create(NAME, weights="none", classes=2)
    file = tmp_path / "w.safetensors"
    state = {key: value.contiguous() for key, value in network.backbone.state_dict().items()}
    save_file({**state, "fc.weight": state[next(iter(state))].clone()}, file)
    return file


def test_what_fits_is_left_over_and_new(weights: Path) -> None:
    network, _ = create(NAME, weights="none", classes=2)
    found = checked(weights)
    assert found.matched == len(network.backbone.state_dict())
    assert (found.dropped, found.left_out) == (["fc.weight"], 1)
    assert sorted(found.new) == ["head.bias", "head.weight"]
    assert found.adapted == {}
    assert str(found.matched) in found.sentence


def test_the_head_that_is_asked_for_is_new_unless_it_is_kept(weights: Path) -> None:
    *_, found = drain(check_load(NAME, weights=str(weights), classes=3, head=("hidden", 8)), Stop())
    assert len(found.new) == 4
    asked: list[tuple[int, int]] = []

    def kept(network: Network, report: LoadReport) -> LoadReport:
        asked.append((network.classes, len(report.new)))
        return replace(report, new=[])

    *_, found = drain(check_load(NAME, weights=str(weights), classes=3, head=("hidden", 8), then=kept), Stop())
    assert asked == [(3, 4)]
    assert found.new == []


def test_what_is_adapted_to_other_channels(weights: Path) -> None:
    found = checked(weights, channels=1)
    assert len(found.adapted) == 1
    assert found.matched == checked(weights).matched


def test_weights_of_another_backbone_do_not_fit(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(WorkbenchError, match="do not fit"):
        list(drain(check_load("workbench/small_cnn", weights=str(weights)), Stop()))
