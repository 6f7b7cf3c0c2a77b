"""A slider with two handles for ranges, and one with a single handle, over floating-point numbers."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.ui import theme

HANDLE = 14


class Slider(QWidget):
    """One or two handles between ``low`` and ``high``, in steps of ``step``.

    ``changed`` carries the tuple of values while a handle moves, ``released`` follows when it is let go. Arrow keys move
    the handle that was used last, Page Up and Down by ten steps; Tab leaves.
    """

    changed = Signal(tuple)
    released = Signal()

    def __init__(
        self, low: float, high: float, step: float, values: tuple[float, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._step = low, high, step
        self._values = values
        self._handle = len(values) - 1
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(80)

    def values(self) -> tuple[float, ...]:
        return self._values

    def set_values(self, values: tuple[float, ...]) -> None:
        """Show these; ``changed`` is not emitted."""
        self._values = values
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, theme.ROW)

    def _x(self, value: float) -> float:
        span = (self._high - self._low) or 1.0
        share = min(1.0, max(0.0, (value - self._low) / span))
        return HANDLE / 2 + share * (self.width() - HANDLE)

    def _value_at(self, x: float) -> float:
        share = min(1.0, max(0.0, (x - HANDLE / 2) / max(1, self.width() - HANDLE)))
        return self._snapped(self._low + share * (self._high - self._low))

    def _snapped(self, value: float) -> float:
        snapped = self._low + round((value - self._low) / self._step) * self._step
        return round(min(self._high, max(self._low, snapped)), 10)

    def _move(self, value: float) -> None:
        values = list(self._values)
        values[self._handle] = value
        if len(values) == 2 and values[0] > values[1]:  # Handles that cross change places.
            values.reverse()
            self._handle = 1 - self._handle
        if tuple(values) != self._values:
            self._values = tuple(values)
            self.update()
            self.changed.emit(self._values)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        distances = [abs(self._x(value) - x) for value in self._values]
        nearest = min(distances)
        candidates = [number for number, distance in enumerate(distances) if distance == nearest]
        # Handles on top of each other: the side of the press says which one is meant.
        self._handle = candidates[-1] if x >= self._x(self._values[candidates[-1]]) else candidates[0]
        self._dragging = True
        self._move(self._value_at(x))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._move(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._dragging = False
            self.update()
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10,
            Qt.Key.Key_PageUp: 10,
        }.get(Qt.Key(event.key()))
        if by is None:
            event.ignore()
            return
        self._move(self._snapped(self._values[self._handle] + by * self._step))
        self.released.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        accent = theme.colour("accent" if self.isEnabled() else "disabled")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(QRectF(HANDLE / 2, middle - 2, self.width() - HANDLE, 4), 2, 2)
        places = [self._x(value) for value in self._values]
        zero = self._x(0.0) if self._low < 0 < self._high else HANDLE / 2
        left, right = (places[0], places[1]) if len(places) == 2 else sorted((zero, places[0]))
        painter.setBrush(accent)
        painter.drawRoundedRect(QRectF(left, middle - 2, right - left, 4), 2, 2)
        for number, place in enumerate(places):
            focused = self.hasFocus() and number == self._handle
            painter.setPen(QPen(accent, 2))
            painter.setBrush(
                accent if focused or (self._dragging and number == self._handle) else theme.colour("surface")
            )
            painter.drawEllipse(QPointF(place, middle), HANDLE / 2 - 2, HANDLE / 2 - 2)
