from workbench.ui.history import DEPTH, History


def test_a_new_change_ends_what_could_be_redone() -> None:
    history: History[str] = History()
    history.push("a")
    assert history.undo("b") == "a"
    history.push("a")
    assert not history.can_redo
    assert history.redo("c") is None


def test_a_drag_is_undone_as_one() -> None:
    history: History[int] = History()
    for number in range(3):
        history.push(number, "the slider")
    history.pause()
    history.push(3, "the slider")
    assert history.undo(4) == 3
    assert history.undo(3) == 0
    assert not history.can_undo


def test_what_lies_too_far_back_is_forgotten() -> None:
    history: History[int] = History()
    for number in range(DEPTH + 3):
        history.push(number)
    now = DEPTH + 3
    while (before := history.undo(now)) is not None:
        now = before
    assert now == 3
