"""A small sheet at a widget that says why; goes on a click anywhere."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QWidget

from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import Badge, label

TONES = {"work": "accent", "ready": "green", "attention": "amber"}


class Popover(QFrame):
    """One for the window; `say` shows it beside a widget."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self._title = label("", "title")
        self._badge = Badge()
        self._text = label("", wrap=True)
        self._text.setFixedWidth(260)
        self.setLayout(column(row(self._title, None, self._badge), self._text, margins=theme.GRID * 2))

    def say(self, title: str, state: str, state_text: str, why: str, at: QPoint) -> None:
        """Show at the global point ``at`` that stage ``title`` is in ``state``, and why."""
        self._title.setText(title)
        self._badge.show_text(state_text, TONES.get(state, ""))
        self._text.setText(why)
        self._text.setVisible(bool(why))
        self.adjustSize()
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        self.move(min(at.x(), room.right() - self.width()), min(at.y(), room.bottom() - self.height()))
        self.show()

    def text(self) -> str:
        return self._text.text()
