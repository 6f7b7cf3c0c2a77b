from typing import Any

import pytest

from workbench.augment import catalog
from workbench.augment.catalog import ParamInfo
from workbench.augment.chain import Step
from workbench.ui.augment import sweep_values


def param(kind: str, low: float, high: float, step: float, unit: str = "") -> ParamInfo:
    return ParamInfo("x", kind, low, low, high, step, unit, "X", "")


def numbers(info: ParamInfo, current: Any) -> list[float]:
    return [value.number for value in sweep_values.values(info, current)]


def test_nine_values_go_from_low_to_high_and_the_current_one_is_among_them() -> None:
    found = sweep_values.values(param("number", 0, 1, 0.01), 0.33)
    assert len(found) == 9
    assert [value.number for value in found] == sorted(value.number for value in found)
    assert (found[0].number, found[-1].number) == (0, 1)
    assert [value.number for value in found if value.current] == [0.33]


def test_whole_numbers_stay_whole_and_on_their_steps() -> None:
    odd = numbers(param("integer", 3, 21, 2), 3)
    assert len(odd) == 9
    assert all(number % 2 == 1 for number in odd)
    assert numbers(param("integer", 1, 4, 1), 2) == [1, 2, 3, 4]
    assert all(isinstance(number, int) for number in numbers(param("int_range", 3, 21, 2), [3, 7]))


def test_a_range_marks_its_ends_and_knows_what_lies_within() -> None:
    found = sweep_values.values(param("range", -180, 180, 1), [-25, 25])
    assert [value.number for value in found if value.current] == [-25, 25]
    assert [value.number for value in found if value.within] == [-25, 0, 25]
    assert len(found) == 9


@pytest.mark.parametrize("current", [None, "none", True, {"a": 1}])
def test_what_is_no_number_marks_nothing(current: Any) -> None:
    assert not any(value.current for value in sweep_values.values(param("range", 0, 1, 0.1), current))


def test_a_value_beyond_the_slider_is_shown_too() -> None:
    assert numbers(param("number", 0, 1, 0.1), 3.0)[-1] == 3.0


def test_a_swept_step_is_always_applied_with_exactly_the_value() -> None:
    step = Step(transform="Rotate", p=0.2, enabled=False, params={"limit": [-5, 5], "border_mode": "mirror"})
    limit = catalog.find("Rotate").params[0]
    assert limit.kind == "range"
    made = sweep_values.swept(step, limit, 30.0)
    assert (made.p, made.enabled) == (1.0, True)
    assert made.params == {limit.name: [30.0, 30.0], "border_mode": "mirror"} | (
        {} if limit.name == "limit" else {"limit": [-5, 5]}
    )


@pytest.mark.parametrize(("number", "value"), [(-40, [-40, 20]), (40, [-10, 40]), (-9, [-9, 20]), (19, [-10, 19])])
def test_a_picked_tile_moves_the_nearer_end_of_a_range(number: float, value: list[float]) -> None:
    assert sweep_values.picked(param("range", -90, 90, 1), [-10, 20], number) == value


def test_a_picked_tile_sets_a_number() -> None:
    assert sweep_values.picked(param("number", 0, 1, 0.1), 0.2, 0.7) == 0.7
    assert sweep_values.picked(param("range", 0, 1, 0.1), "none", 0.7) == [0.7, 0.7]


def test_values_are_written_with_their_unit() -> None:
    assert sweep_values.written(param("number", 0, 1, 1, "°"), -45.0) == "−45°"
    assert sweep_values.written(param("number", 0, 1, 1, "px"), 3) == "3 px"
    assert sweep_values.written(param("number", 0, 1, 1), 0.123456) == "0.1235"


def test_every_transform_can_be_swept_by_what_is_numeric_alone() -> None:
    for info in catalog.transforms():
        for one in sweep_values.numeric(info):
            found = sweep_values.values(one, one.default)
            assert 2 <= len(found) <= sweep_values.MOST + 2, (info.name, one.name)
            assert len({value.number for value in found}) == len(found)
