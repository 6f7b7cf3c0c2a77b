"""The histogram of an image's levels, with the two ends of the window to drag."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.ui import theme

BINS = 128
HEIGHT = 72
EDGE = 6
LOOKED_AT = 1_000_000


def counted(levels: NDArray[np.generic]) -> tuple[NDArray[np.float64], int, int]:
    """Return the heights of `BINS` bars, 0 to 1 (by the logarithm), and the lowest and highest level of the image."""
    step = max(1, round((levels.size / LOOKED_AT) ** 0.5))
    some = levels[::step, ::step]
    low, high = int(levels.min()), int(levels.max())
    counts, _ = np.histogram(some, bins=BINS, range=(low, max(high, low + 1)))
    heights = np.log1p(counts.astype(np.float64))
    return heights / max(heights.max(), 1e-9), low, max(high, low + 1)


class Histogram(QWidget):
    """Tells the window while an end of it is dragged."""

    windowMoved = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Histogram of the levels"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        self.setToolTip(self.tr("Drag an end: levels left of it are black, right of it white"))
        self._bars: NDArray[np.float64] = np.zeros(BINS)
        self._low, self._high = 0, 65535
        self._window = (0, 65535)
        self._dragged = -1

    def sizeHint(self) -> QSize:
        return QSize(220, HEIGHT)

    @property
    def window(self) -> tuple[int, int]:
        """The two levels that are shown."""
        return self._window

    @property
    def span(self) -> int:
        """How many levels there are from the image's lowest to its highest."""
        return self._high - self._low

    def show_levels(self, bars: NDArray[np.float64], low: int, high: int) -> None:
        """Show these bars, over the levels from ``low`` to ``high``."""
        self._bars, self._low, self._high = bars, low, high
        self.update()

    def show_window(self, low: int, high: int) -> None:
        self._window = (low, high)
        self.update()

    def place_of(self, level: float) -> float:
        """Return where a level is painted; levels beyond the image's stand at the edge."""
        share = (level - self._low) / (self._high - self._low)
        return EDGE + min(1.0, max(0.0, share)) * (self.width() - 2 * EDGE)

    def _level_at(self, x: float) -> int:
        share = (x - EDGE) / max(1, self.width() - 2 * EDGE)
        return round(self._low + min(1.0, max(0.0, share)) * (self._high - self._low))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        floor = self.height() - 10.0
        painter.setPen(Qt.PenStyle.NoPen)
        width = (self.width() - 2 * EDGE) / BINS
        left, right = (self.place_of(level) for level in self._window)
        inside, outside = theme.colour("accent"), theme.colour("line")
        for number, height in enumerate(self._bars):
            x = EDGE + number * width
            painter.setBrush(inside if left <= x + width / 2 <= right else outside)
            tall = float(height) * (floor - 2)
            painter.drawRect(QRectF(x, floor - tall, width + 0.5, tall))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("secondary"), 1))
        painter.drawLine(QPointF(EDGE, floor), QPointF(self.width() - EDGE, floor))
        # Black comes in at the lower end, white at the upper: the slope between them is the contrast.
        painter.setPen(QPen(theme.colour("text"), 1.5))
        painter.drawLine(QPointF(left, floor), QPointF(right, 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("text"))
        for x in (left, right):
            painter.drawPolygon(QPolygonF([QPointF(x, floor), QPointF(x - 5, floor + 9), QPointF(x + 5, floor + 9)]))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            away = [abs(self.place_of(level) - event.position().x()) for level in self._window]
            self._dragged = 0 if away[0] < away[1] else 1
            self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        near = any(abs(self.place_of(level) - event.position().x()) < 8 for level in self._window)
        self.setCursor(Qt.CursorShape.SizeHorCursor if near or self._dragged >= 0 else Qt.CursorShape.ArrowCursor)
        if self._dragged >= 0:
            self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = -1

    def _drag(self, x: float) -> None:
        low, high = self._window
        level = self._level_at(x)
        window = (min(level, high - 1), high) if self._dragged == 0 else (low, max(level, low + 1))
        self.show_window(*window)
        self.windowMoved.emit(*window)
