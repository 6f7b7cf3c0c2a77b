"""What the window says: banners that need a decision, toasts for what happened."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPropertyAnimation, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QGraphicsOpacityEffect, QLabel, QPushButton, QSizePolicy, QWidget

from workbench.ui import icons, theme
from workbench.ui.layouts import row
from workbench.ui.widgets import button, label, tool_button

TOAST_MS = 3000


class Banner(QFrame):
    """A sentence that needs a decision, with at most one button; stays until it is closed or answered.

    ``kind`` is info, warning or error.
    """

    closed = Signal()

    def __init__(
        self,
        kind: str,
        text: str,
        action: tuple[str, Callable[[], object]] | None = None,
        *,
        closable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.kind, self._action = kind, action
        self._icon = QLabel()
        self._icon.setFixedWidth(theme.ICON)
        self._text = label(text, wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout = row(self._icon, self._text, spacing=theme.GRID)
        layout.setContentsMargins(12, theme.HALF, theme.HALF, theme.HALF)
        self.button: QPushButton | None = None
        if action is not None:
            self.button = button(action[0], name="banner.action")
            self.button.clicked.connect(self._act)
            layout.addWidget(self.button)
        if closable:
            layout.addWidget(tool_button("close", self.tr("Dismiss"), self.dismiss, name="banner.close"))
        self.setLayout(layout)
        self.setMinimumHeight(theme.CONTROL + theme.GRID)
        self._dress()

    def text(self) -> str:
        return self._text.text()

    @Slot()
    def dismiss(self) -> None:
        self.hide()
        self.closed.emit()

    @Slot()
    def _act(self) -> None:
        action = self._action
        self.dismiss()
        if action is not None:
            action[1]()

    def _dress(self) -> None:
        theme_role = {"error": "red", "warning": "amber"}.get(self.kind, "accent")
        self.setProperty("kind", self.kind)
        picture = {"error": "error", "warning": "warning"}.get(self.kind, "info")
        self._icon.setPixmap(icons.pixmap(picture, role=theme_role))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()


class Toast(QFrame):
    """A quiet line above the status bar that goes by itself or with a click; a newer one takes its place."""

    def __init__(self, parent: QWidget, *, bottom: int = 40) -> None:
        super().__init__(parent)
        self.setObjectName("popup")
        self._bottom = bottom
        self._text = label("", wrap=True)
        self._text.setMaximumWidth(560)
        layout = row(self._text)
        layout.setContentsMargins(16, theme.GRID, 16, theme.GRID)
        self.setLayout(layout)
        self._effect = QGraphicsOpacityEffect(self)
        self._effect.setEnabled(False)
        self.setGraphicsEffect(self._effect)
        self._fade = QPropertyAnimation(self._effect, b"opacity", self)
        self._fade.setDuration(theme.FADE_MS)
        self._fade.finished.connect(self._faded)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._leave)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        """Show ``text`` for as long as it takes to read."""
        self._fade.stop()
        self._effect.setEnabled(False)
        self._text.setText(text)
        width = min(560, self._text.fontMetrics().horizontalAdvance(text) + 2)
        self._text.setFixedWidth(width)
        self._place()
        self.show()
        self.raise_()
        self._timer.start(TOAST_MS + 40 * len(text))

    def text(self) -> str:
        return self._text.text()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        # What it covers is reached with the next click.
        self._timer.stop()
        self._leave()

    @Slot()
    def _leave(self) -> None:
        self._effect.setEnabled(True)
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(0.0)
        self._fade.start()

    @Slot()
    def _faded(self) -> None:
        self._effect.setEnabled(False)
        self.hide()

    def _place(self) -> None:
        self.adjustSize()
        parent = self.parentWidget()
        self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - self._bottom)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
