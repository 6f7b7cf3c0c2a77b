import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.selection import Selection


@pytest.fixture
def selection() -> Selection:
    made = Selection()
    made.reset(20)
    return made


def test_a_click_selects_one_and_ctrl_adds(selection: Selection) -> None:
    selection.select_only(3)
    selection.toggle(7)
    assert selection.positions().tolist() == [3, 7]
    selection.toggle(3)
    assert selection.positions().tolist() == [7]
    assert selection.current == 3


def test_shift_extends_from_the_anchor_in_reading_order(selection: Selection) -> None:
    selection.select_only(5)
    selection.extend(9)
    selection.extend(3)
    assert selection.positions().tolist() == [3, 4, 5]
    assert selection.anchor == 5
    selection.extend(6, keep=True)
    assert selection.positions().tolist() == [3, 4, 5, 6]


def test_a_band_keeps_what_ctrl_had_selected(selection: Selection) -> None:
    selection.select([4, 5, 99], base=np.array([1]))
    assert selection.positions().tolist() == [1, 4, 5]


def test_all_means_the_query_and_tells_once(selection: Selection, qtbot: QtBot) -> None:
    selection.reset(1_000_000)
    with qtbot.waitSignal(selection.changed):
        selection.select_all()
    assert len(selection) == 1_000_000
    assert 999_999 in selection


def test_positions_outside_are_ignored(selection: Selection) -> None:
    selection.select_only(20)
    selection.toggle(-1)
    selection.extend(30)
    assert len(selection) == 0
    assert -1 not in selection


@given(st.lists(st.tuples(st.sampled_from(["select_only", "toggle", "extend"]), st.integers(0, 9)), max_size=30))
def test_the_count_is_always_that_of_the_positions(steps: list[tuple[str, int]]) -> None:
    selection = Selection()
    selection.reset(10)
    for name, position in steps:
        getattr(selection, name)(position)
        assert len(selection) == len(selection.positions())
        assert all(place in selection for place in selection.positions())
        assert selection.current == position
