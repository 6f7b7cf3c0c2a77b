"""Sheets inside the window: no windows of their own, so they work alike everywhere."""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import Badge, label

TONES = {"work": "accent", "ready": "green", "attention": "amber"}


class Overlay(QFrame):
    """A raised sheet inside the window that goes on Escape or a click beside it."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("popup")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()
        parent.installEventFilter(self)

    def open(self) -> None:
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Put the sheet where it belongs in its parent."""

    @Slot()
    def dismiss(self) -> None:
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and self.isVisible():
            if event.type() == QEvent.Type.Resize:
                self.place()
            elif event.type() == QEvent.Type.MouseButtonPress:
                self.dismiss()
        return super().eventFilter(watched, event)


class Popover(Overlay):
    """Says beside a stage how far it is, and why."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = label("", "title")
        self._badge = Badge()
        self._text = label("", wrap=True)
        self._text.setFixedWidth(260)
        self.setLayout(column(row(self._title, None, self._badge), self._text, margins=theme.GRID * 2))

    def say(self, title: str, state: str, state_text: str, why: str, at: QPoint) -> None:
        """Show at ``at`` (in the parent) that the stage ``title`` is in ``state``, and why."""
        self._title.setText(title)
        self._badge.show_text(state_text, TONES.get(state, ""))
        self._text.setText(why)
        self._text.setVisible(bool(why))
        self.adjustSize()
        room = self.parentWidget().size()
        self.move(min(at.x(), room.width() - self.width()), min(at.y(), room.height() - self.height()))
        self.open()
        self.setFocus()

    def text(self) -> str:
        return self._text.text()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.dismiss()
