import pytest

from workbench.errors import WorkbenchError
from workbench.models.rates import stage_rates

STAGES = ["stem", "layer1", "layer2", "head"]


def test_without_decay_the_backbone_learns_at_its_factor() -> None:
    rates = stage_rates(STAGES, backbone_factor=0.1)
    assert rates == {"stem": 0.1, "layer1": 0.1, "layer2": 0.1, "head": 1.0}
    assert list(rates) == STAGES


def test_each_stage_learns_at_the_rate_of_the_next_times_the_decay() -> None:
    rates = stage_rates(STAGES, backbone_factor=1.0, layer_decay=0.5)
    assert rates == {"stem": 0.125, "layer1": 0.25, "layer2": 0.5, "head": 1.0}
    gentle = stage_rates(STAGES, backbone_factor=0.1, layer_decay=0.5)
    assert [gentle[name] for name in STAGES] == pytest.approx([0.0125, 0.025, 0.05, 1.0])


def test_own_factors_replace_factor_and_decay() -> None:
    rates = stage_rates(STAGES, backbone_factor=0.1, layer_decay=0.5, stage_factors={"layer1": 0.3, "head": 2.0})
    assert [rates[name] for name in STAGES] == pytest.approx([0.0125, 0.3, 0.05, 2.0])


def test_a_stage_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(WorkbenchError, match=r"no stage 'layer9'.*did you mean layer"):
        stage_rates(STAGES, backbone_factor=0.1, stage_factors={"layer9": 0.3})


def test_where_no_stage_is_near_the_first_ones_are_named_and_not_all() -> None:
    many = [f"blocks.{number}" for number in range(48)]
    with pytest.raises(
        WorkbenchError, match=r"its stages are blocks.0, .*blocks.5 and 42 more \(workbench models show"
    ):
        stage_rates(many, backbone_factor=0.1, stage_factors={"quux": 0.3})


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf"), 101.0])
def test_a_factor_that_is_no_rate_is_refused(factor: float) -> None:
    with pytest.raises(WorkbenchError, match="rate of the stage 'layer1'"):
        stage_rates(STAGES, backbone_factor=0.1, stage_factors={"layer1": factor})
