from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Step
from workbench.training.config import MixConfig
from workbench.ui.augment.editor import ChainEditor
from workbench.ui.session import Session


@pytest.fixture
def editor(session: Session, project_folder: Path) -> ChainEditor:
    session.open_project(project_folder)
    made = ChainEditor(session)
    made.set_chain(Chain())
    made.history.clear()
    return made


def leaf(name: str) -> Step:
    return Step(transform=name)


GROUP = Step(transform="OneOf")


def names(editor: ChainEditor) -> list[str]:
    return [step.transform for _, step in editor.chain.walk()]


def test_a_step_is_added_where_the_selection_is(editor: ChainEditor) -> None:
    editor.add(leaf("a"))
    editor.add(leaf("b"))
    assert editor.current == (1,)
    editor.pick((0,))
    editor.add(GROUP)
    assert (editor.current, names(editor)) == ((1,), ["a", "OneOf", "b"])
    editor.add(leaf("c"))
    assert editor.current == (1, 0), "into the selected group"
    editor.add(leaf("d"))
    assert editor.chain.at((1, 1)) == leaf("d"), "after the selected step, in its group"
    editor.pick(None)
    editor.add(leaf("e"))
    assert editor.current == (3,)


def test_after_a_step_has_gone_its_neighbour_is_selected(editor: ChainEditor) -> None:
    for step in (leaf("a"), GROUP, leaf("b"), leaf("c")):
        editor.add(step)
    editor.remove((1, 0))
    assert editor.current == (1, 0)
    editor.remove((1, 0))
    assert editor.current == (1,), "the group, where it is empty"
    editor.remove((1,))
    assert editor.current == (0,)
    editor.remove((0,))
    assert editor.current is None


def test_moves_groups_and_back(editor: ChainEditor) -> None:
    for name in "abc":
        editor.add(leaf(name))
    editor.wrap((1,), GROUP)
    editor.move_up((2,))
    assert editor.current == (1, 1)
    editor.turn_into((1,), Step(transform="SomeOf", params={"n": 2}))
    assert editor.chain.at((1,)).params == {"n": 2}
    editor.duplicate((1, 1))
    editor.unwrap((1,))
    assert (names(editor), editor.current) == (["a", "b", "c", "c"], (1,))
    editor.move_up((0,))
    assert names(editor)[0] == "a"


def test_what_the_limits_forbid_is_told(editor: ChainEditor, qtbot: QtBot) -> None:
    editor.add(leaf("a"))
    for _ in range(3):
        editor.wrap((0,), GROUP)
    before = editor.chain
    with qtbot.waitSignal(editor.refused) as told:
        editor.wrap((0,), GROUP)
    assert "3 deep" in told.args[0]
    editor.add(leaf("b"))  # into the outermost group
    with qtbot.waitSignal(editor.refused):
        editor.move((0,), (0, 0, 0))
    with qtbot.waitSignal(editor.refused):
        editor.set_chance((0,), 3.0)
    editor.undo()
    assert editor.chain == before


def test_undo_covers_both_chains_and_the_mix(editor: ChainEditor) -> None:
    start = editor.state
    editor.add(leaf("a"))
    editor.set_target("rare")
    assert editor.chain == Chain()
    editor.set_rare_classes(("scratch",))
    editor.add(leaf("b"))
    editor.set_mix(MixConfig(kind="mixup"))
    editor.set_target("all")
    assert names(editor) == ["a"]
    editor.undo()
    assert editor.state.mix.kind == "none"
    assert editor.target == "all"
    editor.undo()
    assert editor.target == "rare", "what is taken back is shown"
    assert editor.state.rare.chain == Chain()
    assert editor.state.rare.classes == ("scratch",)
    editor.undo()
    editor.undo()
    assert editor.target == "all"
    assert editor.state == start
    for _ in range(4):
        editor.redo()
    assert editor.state.mix.kind == "mixup"
    assert editor.state.rare.chain == Chain(steps=(leaf("b"),))
    assert editor.state.chain == Chain(steps=(leaf("a"),))


def test_a_drag_on_a_slider_is_undone_as_one(editor: ChainEditor) -> None:
    editor.add(leaf("a"))
    for chance in (0.6, 0.7, 0.8):
        editor.set_chance((0,), chance)
    editor.pick((0,))
    editor.set_param((0,), "limit", 3)
    editor.set_param((0,), "limit", 4)
    editor.undo()
    assert editor.chain.at((0,)) == Step(transform="a", p=0.8)
    editor.undo()
    assert editor.chain.at((0,)).p == 0.5


def test_another_project_is_another_history(editor: ChainEditor, session: Session, tmp_path: Path) -> None:
    editor.add(leaf("a"))
    editor.set_target("rare")
    session.open_project(tmp_path / "new", create=True)
    assert (editor.current, editor.target) == (None, "all")
    assert not editor.history.can_undo


def test_a_selection_that_has_gone_is_dropped(editor: ChainEditor, session: Session) -> None:
    editor.add(leaf("a"))
    session.set_config(session.config.model_copy(update={"augment": Chain()}))
    assert editor.current is None
    assert editor.step is None
