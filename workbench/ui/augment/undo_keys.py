"""Ctrl+Z where the chain is edited. The shell's own Ctrl+Z takes back labels."""

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence


def takes_undo(event: QEvent, undo: Callable[[], object], redo: Callable[[], object]) -> bool:
    """Return True where ``event`` was the key of undo or redo, and has been answered.

    For a widget's ``event``: the key is claimed before it becomes the shell's shortcut, and then acted on.
    """
    if not isinstance(event, QKeyEvent) or event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
        return False
    keys = QKeySequence.StandardKey
    wanted = undo if event.matches(keys.Undo) else redo if event.matches(keys.Redo) else None
    if wanted is None:
        return False
    if event.type() == QEvent.Type.KeyPress:
        wanted()
    event.accept()
    return True
