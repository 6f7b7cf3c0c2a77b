"""Changes to a chain as functions that return a new one. No widgets.

A place that a step is put at names the step it comes before, in the chain as it is now; one past the last of a group (or
of the chain) is its end. What the chain's limits do not allow raises `Refused` with a sentence.
"""

from typing import Any

from pydantic import ValidationError

from workbench.augment.chain import DEEPEST, MOST_STEPS, Chain, Place, Step, told_plainly
from workbench.errors import WorkbenchError


class Refused(WorkbenchError):
    """The chain cannot become this; the sentence says why."""


def steps_in(chain: Chain, group: Place) -> tuple[Step, ...]:
    """Return what a group holds; an empty place is the chain itself."""
    return chain.at(group).steps if group else chain.steps


def end_of(chain: Chain, group: Place) -> Place:
    """Return the place after the last step of a group."""
    return (*group, len(steps_in(chain, group)))


def insert(chain: Chain, step: Step, at: Place | None = None) -> Chain:
    """Return the chain with ``step`` before ``at`` (None: at the end)."""
    at = at if at is not None else end_of(chain, ())
    return _made(_spliced(chain.steps, at, 0, (step,)))


def remove(chain: Chain, at: Place) -> Chain:
    """Return the chain without the step at ``at``; a group goes with what it holds."""
    return _made(_spliced(chain.steps, at, 1, ()))


def duplicate(chain: Chain, at: Place) -> Chain:
    """Return the chain with a copy of the step right after it."""
    return insert(chain, chain.at(at), (*at[:-1], at[-1] + 1))


def move(chain: Chain, at: Place, to: Place) -> Chain:
    """Return the chain with the step at ``at`` standing before the one that is at ``to`` now."""
    step = chain.at(at)
    landing = landed(at, to)  # refuses what has no landing
    return _made(_spliced(_spliced(chain.steps, at, 1, ()), landing, 0, (step,)))


def landed(at: Place, to: Place) -> Place:
    """Return where a step moved from ``at`` to before ``to`` stands afterwards."""
    if to[: len(at)] == at and len(to) > len(at):
        raise Refused("A group cannot be moved into itself.")
    depth = len(at) - 1
    if len(to) > depth and to[:depth] == at[:depth] and to[depth] > at[depth]:
        return (*to[:depth], to[depth] - 1, *to[depth + 1 :])
    return to


def change(chain: Chain, at: Place, **fields: Any) -> Chain:
    """Return the chain with fields of one step replaced: transform, p, enabled, params."""
    try:
        step = Step.model_validate({**dict(chain.at(at)), **fields})
    except ValidationError as error:
        raise Refused(f"That cannot be set: {told_plainly(error)}.") from error
    return _made(_spliced(chain.steps, at, 1, (step,)))


def set_param(chain: Chain, at: Place, name: str, value: Any) -> Chain:
    """Return the chain with one parameter of one step replaced."""
    return change(chain, at, params={**chain.at(at).params, name: value})


def wrap(chain: Chain, at: Place, group: Step) -> Chain:
    """Return the chain with ``group`` in place of the step, holding it as its only step.

    The group is as probable as leaves the step as often applied as before: in a OneOf the step's own is only a weight.
    """
    step = chain.at(at)
    p = step.p if group.transform == "OneOf" else 1.0
    return _made(_spliced(chain.steps, at, 1, (group.model_copy(update={"steps": (step,), "p": p}),)))


def unwrap(chain: Chain, at: Place) -> Chain:
    """Return the chain with what a group holds in the group's place."""
    if not chain.at(at).is_group:
        raise Refused(f"{chain.at(at).transform} is no group; there is nothing to ungroup.")
    return _made(_spliced(chain.steps, at, 1, chain.at(at).steps))


def up(chain: Chain, at: Place) -> Place | None:
    """Return where the step goes one place up: into the end of a group, before its neighbour, or out of its own group."""
    *above, position = at
    if position == 0:
        return tuple(above) or None
    before = (*above, position - 1)
    return end_of(chain, before) if _takes(chain, before, at) else before


def down(chain: Chain, at: Place) -> Place | None:
    """Return where the step goes one place down: into the start of a group, past its neighbour, or out of its own."""
    *above, position = at
    after = (*above, position + 1)
    if position + 1 == len(steps_in(chain, tuple(above))):
        return (*above[:-1], above[-1] + 1) if above else None
    return (*after, 0) if _takes(chain, after, at) else (*above, position + 2)


def share(chain: Chain, at: Place) -> float | None:
    """Return how often a step is drawn among the others of its OneOf (0 to 1); None where its ``p`` is no weight."""
    group = at[:-1]
    if not group or chain.at(group).transform != "OneOf":
        return None
    weights = sum(step.p for step in chain.at(group).steps if step.enabled)
    step = chain.at(at)
    return step.p / weights if step.enabled and weights else 0.0


def _takes(chain: Chain, group: Place, at: Place) -> bool:
    """Return whether the step at ``at`` may go into the step at ``group``."""
    return chain.at(group).is_group and len(group) + _height(chain.at(at)) <= DEEPEST


def _height(step: Step) -> int:
    return 1 + max((_height(inner) for inner in step.steps), default=0)


def _spliced(steps: tuple[Step, ...], at: Place, gone: int, new: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps with ``gone`` of them at ``at`` replaced by ``new``. Raises IndexError where no such place is."""
    position, *inner = at
    if not 0 <= position <= len(steps) - (1 if inner else gone):
        raise IndexError(f"no step at {at}")
    if not inner:
        return (*steps[:position], *new, *steps[position + gone :])
    group = steps[position]
    if not group.is_group:
        raise Refused(f"{group.transform} is no group; it cannot hold steps.")
    held = _spliced(group.steps, tuple(inner), gone, new)
    return (*steps[:position], group.model_copy(update={"steps": held}), *steps[position + 1 :])


def _made(steps: tuple[Step, ...]) -> Chain:
    try:
        return Chain(steps=steps)
    except ValidationError as error:
        if sum(1 for _ in Chain.model_construct(steps=steps).walk()) > MOST_STEPS:
            raise Refused(f"A chain holds at most {MOST_STEPS} steps; remove one first.") from error
        raise Refused(f"Groups can be nested {DEEPEST - 1} deep at most.") from error
