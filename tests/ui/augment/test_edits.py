from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workbench.augment.chain import DEEPEST, GROUPS, MOST_STEPS, Chain, Place, Step
from workbench.ui.augment import edits
from workbench.ui.augment.edits import Refused
from workbench.ui.history import History


def leaf(name: str) -> Step:
    return Step(transform=name)


def group(*steps: Step | str, kind: str = "OneOf") -> Step:
    return Step(transform=kind, steps=tuple(leaf(step) if isinstance(step, str) else step for step in steps))


def chain(*steps: Step | str) -> Chain:
    return Chain(steps=group(*steps).steps)


def written(of: Chain | Step) -> str:
    """Return a chain as letters, what a group holds in brackets."""
    return "".join(f"[{written(step)}]" if step.is_group else step.transform for step in of.steps)


NESTED = chain("a", group("b", group("c"), "d"), "e", group())


def test_steps_are_inserted_removed_and_duplicated() -> None:
    assert written(NESTED) == "a[b[c]d]e[]"
    assert written(edits.insert(NESTED, leaf("x"))) == "a[b[c]d]e[]x"
    assert written(edits.insert(NESTED, leaf("x"), (1, 1, 0))) == "a[b[xc]d]e[]"
    assert written(edits.insert(NESTED, leaf("x"), edits.end_of(NESTED, (3,)))) == "a[b[c]d]e[x]"
    assert written(edits.remove(NESTED, (1, 1))) == "a[bd]e[]"
    assert written(edits.duplicate(NESTED, (1, 1))) == "a[b[c][c]d]e[]"


def test_a_step_is_changed_alone() -> None:
    changed = edits.set_param(edits.change(NESTED, (1, 2), p=0.2, enabled=False), (1, 2), "limit", [0, 1])
    assert changed.at((1, 2)) == Step(transform="d", p=0.2, enabled=False, params={"limit": [0, 1]})
    assert edits.change(changed, (1, 2), p=0.5, enabled=True, params={}) == NESTED
    with pytest.raises(Refused, match="it should be 1 or less, not 7"):
        edits.change(NESTED, (0,), p=7)
    with pytest.raises(Refused, match="out of all bounds"):
        edits.set_param(NESTED, (0,), "limit", float("inf"))


def test_a_group_is_put_around_a_step_and_taken_away() -> None:
    wrapped = edits.wrap(NESTED, (1, 0), group(kind="SomeOf"))
    assert written(wrapped) == "a[[b][c]d]e[]"
    assert wrapped.at((1, 0)).transform == "SomeOf"
    assert edits.unwrap(wrapped, (1, 0)) == NESTED
    assert written(edits.unwrap(NESTED, (1,))) == "ab[c]de[]"
    assert written(edits.unwrap(NESTED, (3,))) == "a[b[c]d]e"


def test_a_step_in_a_new_group_is_applied_as_often_as_before() -> None:
    alone = Chain(steps=(Step(transform="a", p=0.3),))
    assert edits.wrap(alone, (0,), Step(transform="OneOf", p=1.0)).at((0,)).p == 0.3
    assert edits.wrap(alone, (0,), Step(transform="Sequential", p=0.5)).at((0,)).p == 1.0


def test_the_limits_of_a_chain_are_told() -> None:
    with pytest.raises(Refused, match="at most 64"):
        edits.insert(chain(*["a"] * MOST_STEPS), leaf("b"))
    deep = chain(group(group(group("a"))), group("b"))
    with pytest.raises(Refused, match="nested 3 deep"):
        edits.wrap(deep, (0, 0, 0, 0), group())
    with pytest.raises(Refused, match="nested 3 deep"):
        edits.move(deep, (1,), (0, 0, 0, 0))
    with pytest.raises(Refused, match="into itself"):
        edits.move(NESTED, (1,), (1, 1, 0))
    with pytest.raises(Refused, match="a is no group"):
        edits.move(NESTED, (2,), (0, 0))


def walked(start: Chain, at: Place, way: Callable[[Chain, Place], Place | None]) -> list[str]:
    seen = []
    while (to := way(start, at)) is not None:
        start, at = edits.move(start, at, to), edits.landed(at, to)
        seen.append(written(start))
    return seen


def test_a_step_walks_through_the_groups() -> None:
    assert walked(NESTED, (0,), edits.down) == [
        "[ab[c]d]e[]",
        "[ba[c]d]e[]",
        "[b[ac]d]e[]",
        "[b[ca]d]e[]",
        "[b[c]ad]e[]",
        "[b[c]da]e[]",
        "[b[c]d]ae[]",
        "[b[c]d]ea[]",
        "[b[c]d]e[a]",
        "[b[c]d]e[]a",
    ]
    back = walked(chain(group("b", group("c"), "d"), "e", group(), "a"), (3,), edits.up)
    assert back[0] == "[b[c]d]e[a]"
    assert back[-1] == written(NESTED)
    deep = chain(group("a"), group(group(group())))
    assert edits.down(deep, (0,)) == (1, 0)
    assert edits.down(chain(group(group(group("a"))), group("b")), (0,)) == (2,), "past a group it does not fit into"


def test_what_a_weight_means() -> None:
    weights = chain(Step(transform="OneOf", steps=(Step(transform="a", p=0.2), Step(transform="b", p=0.6))), "c")
    assert edits.share(weights, (0, 1)) == pytest.approx(0.75)
    assert edits.share(weights, (1,)) is None
    assert edits.share(edits.change(weights, (0, 1), enabled=False), (0, 0)) == 1.0
    for kind in ("Sequential", "SomeOf", "RandomOrder"):
        assert edits.share(edits.change(weights, (0,), transform=kind), (0, 0)) is None, "there p is a probability"


def steps(depth: int) -> st.SearchStrategy[Step]:
    single = st.builds(leaf, st.sampled_from("abcdefgh"))
    if depth == 1:
        return single
    inner = st.lists(steps(depth - 1), max_size=3).map(tuple)
    return single | st.builds(Step, transform=st.sampled_from(GROUPS), steps=inner)


chains = st.lists(steps(DEEPEST), min_size=1, max_size=4).map(lambda made: Chain(steps=tuple(made)))


def names(of: Chain) -> Counter[str]:
    return Counter(step.transform for _, step in of.walk())


def places(of: Chain) -> list[Place]:
    """Return every place that a step can be put at."""
    groups = [(), *(place for place, step in of.walk() if step.is_group)]
    return [(*place, number) for place in groups for number in range(len(edits.steps_in(of, place)) + 1)]


@given(chains, st.data())
def test_a_move_keeps_every_step_and_lands_where_it_was_told(of: Chain, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([place for place, _ in of.walk()]))
    to = data.draw(st.sampled_from(places(of)))
    try:
        moved = edits.move(of, at, to)
    except Refused:
        inside = to[: len(at)] == at and len(to) > len(at)
        assert inside or len(to) > 1, "a move to the top level is never refused"
        return
    assert names(moved) == names(of)
    landing = edits.landed(at, to)
    assert moved.at(landing) == of.at(at)
    assert edits.remove(moved, landing) == edits.remove(of, at)


@given(chains, st.data())
def test_wrapped_and_unwrapped_is_as_before(of: Chain, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([place for place, _ in of.walk()]))
    wrapped = None
    with suppress(Refused):
        wrapped = edits.wrap(of, at, group(kind="Sequential"))
    assume(wrapped is not None)
    assert edits.unwrap(wrapped, at) == of


@given(chains, st.data())
def test_any_edits_are_taken_back_one_by_one(of: Chain, data: st.DataObject) -> None:
    history: History[Chain] = History()
    seen = [of]
    for _ in range(data.draw(st.integers(1, 6))):
        now = seen[-1]
        known = [place for place, _ in now.walk()]
        edit = data.draw(st.sampled_from(["insert", "remove", "duplicate", "move", "wrap", "unwrap", "p"]))
        assume(known or edit == "insert")
        at = data.draw(st.sampled_from(known)) if known else (0,)
        to = data.draw(st.sampled_from(places(now)))
        with suppress(Refused):
            changed = {
                "insert": lambda now=now, to=to: edits.insert(now, leaf("x"), to),
                "remove": lambda now=now, at=at: edits.remove(now, at),
                "duplicate": lambda now=now, at=at: edits.duplicate(now, at),
                "move": lambda now=now, at=at, to=to: edits.move(now, at, to),
                "wrap": lambda now=now, at=at: edits.wrap(now, at, group()),
                "unwrap": lambda now=now, at=at: edits.unwrap(now, at),
                "p": lambda now=now, at=at: edits.change(now, at, p=0.125),
            }[edit]()
            history.push(now)
            seen.append(changed)
    for before, after in zip(reversed(seen[:-1]), reversed(seen[1:]), strict=True):
        assert history.undo(after) == before
    assert not history.can_undo
    for before, after in pairwise(seen):
        assert history.redo(before) == after
    assert not history.can_redo
