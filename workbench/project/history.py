"""Undo and redo of every edit of a project."""

from collections import deque
from typing import TYPE_CHECKING

from workbench.project.changes import Change, is_empty

if TYPE_CHECKING:
    from workbench.project.project import Project


class UndoStack:
    """Remembers changes: the last ``depth`` of them, and no more than ``images`` images in all.

    The newest change is always kept, whatever its size. An undo is itself a change in the project, so it is kept in the
    history of each image.
    """

    def __init__(self, depth: int = 200, images: int = 4_000_000) -> None:
        self._done: deque[Change] = deque()
        self._undone: list[Change] = []
        self._depth = depth
        self._images = images

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    @property
    def last(self) -> Change | None:
        """What the next `undo` takes back."""
        return self._done[-1] if self._done else None

    def push(self, change: Change) -> None:
        """Remember a change that was just made. What was undone before can no longer be redone."""
        if is_empty(change):
            return
        self._undone.clear()
        self._done.append(change)
        while len(self._done) > 1 and (len(self._done) > self._depth or self._held() > self._images):
            self._done.popleft()

    def undo(self, project: "Project") -> Change | None:
        """Take the last change back and return what that changed, or None. A failure leaves the stack as it was."""
        if not self._done:
            return None
        applied = self._done[-1].inverse().apply(project, source="undo")
        self._undone.append(self._done.pop())
        return applied

    def redo(self, project: "Project") -> Change | None:
        """Make the change that was last undone again and return what that changed, or None."""
        if not self._undone:
            return None
        applied = self._undone[-1].apply(project, source="redo")
        self._done.append(self._undone.pop())
        return applied

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()

    def _held(self) -> int:
        return sum(len(change.ids) for change in self._done)
