from hypothesis import given
from hypothesis import strategies as st

from workbench.augment.chain import Chain, Step
from workbench.ui.augment import edits
from workbench.ui.augment.edits import ChainHistory


def chain(*names: str) -> Chain:
    return Chain(steps=tuple(Step(transform=name) for name in names))


def names(of: Chain) -> str:
    return "".join(step.transform for step in of.steps)


def test_steps_are_inserted_removed_and_duplicated() -> None:
    assert names(edits.insert(chain("a", "b"), Step(transform="x"))) == "abx"
    assert names(edits.insert(chain("a", "b"), Step(transform="x"), 1)) == "axb"
    assert names(edits.remove(chain("a", "b", "c"), 1)) == "ac"
    assert names(edits.duplicate(chain("a", "b"), 0)) == "aab"


def test_a_step_is_changed_alone() -> None:
    changed = edits.set_param(edits.change(chain("a", "b"), 1, p=0.2, enabled=False), 1, "limit", [0, 1])
    assert changed.steps[0] == Step(transform="a")
    assert changed.steps[1] == Step(transform="b", p=0.2, enabled=False, params={"limit": [0, 1]})


@given(st.integers(0, 4), st.integers(0, 5))
def test_a_move_keeps_every_step_and_lands_before_the_target(at: int, to: int) -> None:
    moved = names(edits.move(chain(*"abcde"), at, to))
    assert sorted(moved) == list("abcde")
    letter = "abcde"[at]
    if to < 5 and to != at:
        assert moved[moved.index(letter) + 1] == "abcde"[to]
    if to == 5:
        assert moved.endswith(letter)


def test_undo_and_redo() -> None:
    history = ChainHistory()
    first, second, third = chain("a"), chain("a", "b"), chain("b")
    history.push(first)
    history.push(second)
    assert history.undo(third) == second
    assert history.undo(second) == first
    assert not history.can_undo
    assert history.redo(first) == second
    history.push(second)
    assert not history.can_redo
    assert history.redo(second) is None


def test_a_drag_is_undone_as_one() -> None:
    history = ChainHistory()
    start = chain("a")
    now = start
    for chance in (0.1, 0.2, 0.3):
        history.push(now, "0.p")
        now = edits.change(now, 0, p=chance)
    history.pause()
    history.push(now, "0.p")
    now = edits.change(now, 0, p=0.9)
    assert history.undo(now).steps[0].p == 0.3
    assert history.undo(now) == start
    history.clear()
    assert not history.can_redo
