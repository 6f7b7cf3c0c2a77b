"""Undo and redo of a panel's part of the draft config. No widgets; labels have a history of their own, in the project."""

from typing import Generic, TypeVar

DEPTH = 200

S = TypeVar("S")


class History(Generic[S]):
    """Undo and redo. Changes of the same ``what`` in a row (a slider that is dragged) are taken back as one."""

    def __init__(self) -> None:
        self._before: list[S] = []
        self._after: list[S] = []
        self._what = ""

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        return bool(self._after)

    def push(self, before: S, what: str = "") -> None:
        """Remember the state as it was. An empty ``what`` never merges."""
        self._after.clear()
        if not what or what != self._what:
            self._before.append(before)
            del self._before[:-DEPTH]
        self._what = what

    def pause(self) -> None:
        """The next change is another one, even of the same thing (the slider was let go)."""
        self._what = ""

    def undo(self, now: S) -> S | None:
        return self._step(self._before, self._after, now)

    def redo(self, now: S) -> S | None:
        return self._step(self._after, self._before, now)

    def clear(self) -> None:
        self._before.clear()
        self._after.clear()
        self._what = ""

    def _step(self, source: list[S], target: list[S], now: S) -> S | None:
        self._what = ""
        if not source:
            return None
        target.append(now)
        return source.pop()
