"""A form on the left of a tab: as wide as it needs to be, narrower where the tab has little room for what it is about."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

WIDTH, NARROW = 320, 248
SHARE = 0.38


class SideForm(QScrollArea):
    """Scrolls where it is too high. Made for a ``tab``, whose width it follows."""

    def __init__(self, content: QWidget, tab: QWidget) -> None:
        super().__init__(tab)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(WIDTH)
        tab.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent) and watched is self.parent():
            self.setFixedWidth(round(max(NARROW, min(WIDTH, SHARE * event.size().width()))))
        return super().eventFilter(watched, event)
