"""Changes to a chain as functions that return a new one, and the history that takes them back. No widgets."""

from typing import Any

from workbench.augment.chain import Chain, Step

DEPTH = 200


def insert(chain: Chain, step: Step, at: int | None = None) -> Chain:
    """Return the chain with ``step`` before position ``at`` (None: at the end)."""
    steps = list(chain.steps)
    steps.insert(len(steps) if at is None else at, step)
    return Chain(steps=tuple(steps))


def remove(chain: Chain, at: int) -> Chain:
    """Return the chain without the step at ``at``."""
    return Chain(steps=chain.steps[:at] + chain.steps[at + 1 :])


def duplicate(chain: Chain, at: int) -> Chain:
    """Return the chain with a copy of the step right after it."""
    return insert(chain, chain.steps[at], at + 1)


def move(chain: Chain, at: int, to: int) -> Chain:
    """Return the chain with the step at ``at`` standing before the one that is at ``to`` now."""
    steps = list(chain.steps)
    step = steps.pop(at)
    steps.insert(to - 1 if to > at else to, step)
    return Chain(steps=tuple(steps))


def change(chain: Chain, at: int, **fields: Any) -> Chain:
    """Return the chain with fields of one step replaced: p, enabled, params."""
    step = chain.steps[at].model_copy(update=fields)
    return Chain(steps=(*chain.steps[:at], step, *chain.steps[at + 1 :]))


def set_param(chain: Chain, at: int, name: str, value: Any) -> Chain:
    """Return the chain with one parameter of one step replaced."""
    return change(chain, at, params={**chain.steps[at].params, name: value})


class ChainHistory:
    """Undo and redo. Changes of the same ``what`` in a row (a slider that is dragged) are taken back as one."""

    def __init__(self) -> None:
        self._before: list[Chain] = []
        self._after: list[Chain] = []
        self._what = ""

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        return bool(self._after)

    def push(self, before: Chain, what: str = "") -> None:
        """Remember the chain as it was. An empty ``what`` never merges."""
        self._after.clear()
        if not what or what != self._what:
            self._before.append(before)
            del self._before[:-DEPTH]
        self._what = what

    def pause(self) -> None:
        """The next change is another one, even of the same thing (the slider was let go)."""
        self._what = ""

    def undo(self, now: Chain) -> Chain | None:
        return self._step(self._before, self._after, now)

    def redo(self, now: Chain) -> Chain | None:
        return self._step(self._after, self._before, now)

    def clear(self) -> None:
        self._before.clear()
        self._after.clear()
        self._what = ""

    def _step(self, source: list[Chain], target: list[Chain], now: Chain) -> Chain | None:
        self._what = ""
        if not source:
            return None
        target.append(now)
        return source.pop()
