from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QAction, QKeySequence
from pytestqt.qtbot import QtBot

from workbench.project.project import Project
from workbench.ui.dataset.class_keys import (
    DIGITS,
    RESERVED,
    assigned,
    choose_key,
    chosen_keys,
    free_letters,
    single_keys,
)


def test_digits_in_the_order_then_letters() -> None:
    keys = assigned(range(1, 14))
    assert keys[:10] == list(DIGITS)
    assert keys[10:] == ["Q", "W", "E"]


def test_a_letter_of_another_action_is_left_alone() -> None:
    keys = assigned(range(1, 41), taken={"Q", "e"})
    assert not {"Q", "E", *RESERVED} & set(keys)
    assert keys[-1] == ""


def test_a_chosen_key_wins_and_its_digit_stays_free() -> None:
    assert assigned([5, 6, 7], chosen={6: "S"}) == ["1", "S", "3"]
    assert assigned([5, 6], chosen={6: "1"}) == ["Q", "1"]
    assert assigned([5, 6], taken={"S"}, chosen={6: "S"}) == ["1", "2"]


@given(
    st.lists(st.integers(1, 60), unique=True, max_size=60),
    st.sets(st.sampled_from("QWERTYASDF1")),
    st.dictionaries(st.integers(1, 60), st.sampled_from("QWERTZ12I?"), max_size=6),
)
@settings(deadline=None, max_examples=50)
def test_no_key_is_given_twice_or_taken_from_an_action(ids: list[int], taken: set[str], chosen: dict[int, str]) -> None:
    keys = [key for key in assigned(ids, taken=taken, chosen=chosen) if key]
    assert len(keys) == len(set(keys))
    assert not set(keys) & (taken | RESERVED)


def test_plain_keys_of_actions_are_found(qtbot: QtBot) -> None:
    actions = [QAction("a"), QAction("b"), QAction("c")]
    actions[0].setShortcut(QKeySequence("K"))
    actions[1].setShortcut(QKeySequence("Ctrl+J"))
    actions[2].setShortcuts([QKeySequence("Del"), QKeySequence("7")])
    assert single_keys(actions) == {"K", "7"}
    assert "K" not in free_letters(single_keys(actions))


def test_a_key_is_chosen_for_one_class_only_and_kept(project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        choose_key(project.settings, 1, "S")
        choose_key(project.settings, 2, "S")
    with Project.open(project_folder) as project:
        assert chosen_keys(project.settings) == {2: "S"}
        choose_key(project.settings, 2, "")
        assert chosen_keys(project.settings) == {}
