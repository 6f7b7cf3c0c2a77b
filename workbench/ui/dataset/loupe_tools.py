"""What the loupe asks its tools: they see the mouse and the keys first, and paint over the image."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter


class LoupeTool(QObject):
    """Does nothing. Each method that returns a bool says True where the loupe is to do nothing more about the event."""

    def press(self, event: QMouseEvent) -> bool:
        return False

    def move(self, event: QMouseEvent) -> bool:
        return False

    def release(self, event: QMouseEvent) -> bool:
        return False

    def key(self, event: QKeyEvent) -> bool:
        return False

    def paint(self, painter: QPainter) -> None:
        """Paint over the image, in the loupe's own pixels."""
