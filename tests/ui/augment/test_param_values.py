from typing import Any

import pytest

from workbench.augment.catalog import ParamInfo
from workbench.ui.augment.param_values import fits, is_none, numbers_in, parsed, some_value, written


def param(kind: str, default: Any = None, **fields: Any) -> ParamInfo:
    usual = {"low": None, "high": None, "step": None, "unit": "", "title": "Limit", "help": ""}
    return ParamInfo(name="limit", kind=kind, default=default, **{**usual, **fields})


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("range", [[0, 1], [-5.5, 3], [3, 1]], [3, [1], [1, 2, 3], {"x": [0, 1]}, "none", [True, False], [1e12, 2]]),
        ("int_range", [[3, 7], [3.0, 7.0]], [[3.5, 7], 5]),
        ("number", [0, 0.25, -1e6], [[1, 2], "0.5", True, 1e-13]),
        ("integer", [3, 3.0], [3.5, "3"]),
        ("switch", [True, False], [0, 1, "on"]),
        ("choice", ["a", 1, True, [1, 2]], ["b", 2, False]),
        ("choices", [[], ["a"], [1, "a"]], ["a", ["a", "a"], ["z"]]),
        ("colour", [0, 255, [1, 2, 3], 12.5], [256, -1, [1, 2], [1, 2, 300], "red", True]),
        ("text", [{"x": 1}, "a", 3, None], []),
    ],
)
def test_what_fits_a_kind(kind: str, good: list[Any], bad: list[Any]) -> None:
    one = param(kind, choices=("a", 1, True, (1, 2)))
    assert [value for value in good if not fits(one, value)] == []
    assert [value for value in bad if fits(one, value)] == []


def test_a_colour_may_be_a_word_or_three_numbers_alone() -> None:
    assert fits(param("colour", choices=("random",)), "random")
    assert not fits(param("colour", choices=("random",)), "other")
    assert not fits(param("colour", length=3), 7)
    assert some_value(param("colour", "none", length=3, optional=True)) == [0, 0, 0]


def test_lists_of_numbers_have_their_length_or_any() -> None:
    assert fits(param("values", length=3), [1, 2, 3])
    assert not fits(param("values", length=3), [1, 2])
    assert fits(param("values", length=0), [1, 2, 3, 4])
    assert fits(param("values", length=0), [])
    assert not fits(param("values", length=0), [1, "2"])


def test_what_lies_beyond_what_may_be_typed_does_not_fit() -> None:
    one = param("range", low=0, high=1, least=0, most=2)
    assert fits(one, [0.5, 2])
    assert not fits(one, [0.5, 3])


def test_none_is_a_value_of_its_own_where_it_is_allowed() -> None:
    assert is_none(param("number", optional=True), "none")
    assert not is_none(param("number"), "none")
    assert not is_none(param("choice", choices=("none", "some"), optional=True), "none")
    assert some_value(param("int_range", "none", low=2.0, high=8.0, optional=True)) == [2, 8]
    assert some_value(param("number", "none", low=0.2, high=8.0, optional=True)) == 0.2
    assert some_value(param("number", 3, low=0.2, high=8.0, optional=True)) == 3
    for kind in ("range", "number", "colour", "values", "text", "choices", "switch"):
        one = param(kind, "none", optional=True, length=2)
        assert fits(one, some_value(one))


@pytest.mark.parametrize("text", ["[1, 2", "", "nan", "[NaN]", "Infinity", "-Infinity", "__import__('os')", "{1: 2}"])
def test_a_text_that_is_not_json_is_told(text: str) -> None:
    value, message = parsed(text)
    assert value is None
    assert message


@pytest.mark.parametrize(
    "text", ["[" * 5000 + "]" * 5000, "[[[[[[1]]]]]]", "1e300", "null", "[1, null]", '"' + "a" * 2000 + '"']
)
def test_what_a_chain_cannot_hold_is_told(text: str) -> None:
    value, message = parsed(text)
    assert value is None
    assert message


def test_json_goes_round() -> None:
    for value in ({"x": [0.9, 1.1], "y": [1, 1]}, [1, 2.5], "constant", True, 0.1, list(range(60))):
        assert parsed(written(value)) == (value, "")


def test_numbers_with_commas() -> None:
    assert numbers_in("1, 2.5,3") == [1, 2.5, 3]
    assert numbers_in("[1, 2]") == [1, 2]
    assert numbers_in("") == []
    assert [numbers_in(text) for text in ("1;2", "1,", "a", "true", "1e300", "NaN")] == [None] * 6
