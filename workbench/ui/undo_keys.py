"""Ctrl+Z where the draft config is edited. The shell's own Ctrl+Z takes back labels."""

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget


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


class FieldUndo(QObject):
    """Gives the key to a panel where the focus is in a field of it that has nothing typed to take back.

    A field claims the key always, so that after a number was set in it, the key would do nothing.
    """

    def __init__(self, panel: QWidget, undo: Callable[[], object], redo: Callable[[], object]) -> None:
        super().__init__(panel)
        self._panel, self._undo, self._redo = panel, undo, redo
        self._watched: QWidget | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._moved)

    @Slot(QWidget, QWidget)
    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._watched is not None and shiboken6.isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = new if isinstance(new, QLineEdit | QAbstractSpinBox) and self._panel.isAncestorOf(new) else None
        if self._watched is not None:
            self._watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        field = watched.lineEdit() if isinstance(watched, QAbstractSpinBox) else watched
        assert isinstance(field, QLineEdit)
        if field.isUndoAvailable() or field.isRedoAvailable():
            return False
        return takes_undo(event, self._undo, self._redo)
