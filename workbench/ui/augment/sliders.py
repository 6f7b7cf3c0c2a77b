"""A slider with two handles for ranges, and one with a single handle, over floating-point numbers."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.ui import theme

HANDLE = 14


class Slider(QWidget):
    """One or two handles between ``low`` and ``high``, in steps of ``step``.

    ``changed`` carries the tuple of values while a handle moves, ``released`` follows when it is let go. Tab goes from
    one handle to the other and leaves; arrow keys move the handle by a step, Page Up and Down by ten, Home and End to
    the ends. A value outside is shown as an arrow at the end, and stays until its handle is moved.
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
        self._held: float | None = None
        """While a handle is dragged: how far from its middle it was taken."""
        self._title = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(80)

    def values(self) -> tuple[float, ...]:
        return self._values

    @property
    def handle(self) -> int:
        """The handle that the keys move: 0 the lower, 1 the upper."""
        return self._handle

    def set_values(self, values: tuple[float, ...]) -> None:
        """Show these; ``changed`` is not emitted."""
        self._values = values
        self.update()

    def set_title(self, title: str) -> None:
        """Say what it sets, for those who hear the window."""
        self._title = title
        self._name_handle()

    def sizeHint(self) -> QSize:
        return QSize(160, theme.ROW)

    # -- places and values

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

    def _stepped(self, steps: int) -> float:
        """Return the value that many steps on; a value between two of them goes to the next one first."""
        now = self._values[self._handle]
        position = (now - self._low) / self._step
        nearest = round(position)
        if abs(position - nearest) > 1e-6:
            nearest = int(position // 1) + (1 if steps < 0 else 0)
        value = self._low + (nearest + steps) * self._step
        return round(min(self._high, max(self._low, value)), 10)

    def _move(self, value: float) -> None:
        values = list(self._values)
        values[self._handle] = value
        if len(values) == 2 and values[0] > values[1]:  # Handles that cross change places.
            values.reverse()
            self._choose(1 - self._handle)
        if tuple(values) != self._values:
            self._values = tuple(values)
            self.update()
            self.changed.emit(self._values)

    def _choose(self, handle: int) -> None:
        self._handle = handle
        self._name_handle()
        self.update()

    def _name_handle(self) -> None:
        if len(self._values) == 2:
            end = self.tr("from") if self._handle == 0 else self.tr("to")
            self.setAccessibleName(f"{self._title}, {end}")
        else:
            self.setAccessibleName(self._title)

    # -- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        places = [self._x(value) for value in self._values]
        nearest = min(abs(place - x) for place in places)
        candidates = [number for number, place in enumerate(places) if abs(place - x) == nearest]
        # Handles on top of each other: the side of the press says which one is meant.
        self._choose(candidates[-1] if x >= places[candidates[-1]] else candidates[0])
        place = places[self._handle]
        if abs(x - place) <= HANDLE / 2:  # Taken where it is: a click alone changes nothing.
            self._held = x - place
        else:
            self._held = 0.0
            self._move(self._value_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            x = event.position().x() - self._held
            if abs(x - self._x(self._values[self._handle])) >= 1:
                self._move(self._value_at(x))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None and event.button() == Qt.MouseButton.LeftButton:
            self._held = None
            self.update()
            self.released.emit()

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        forwards = Qt.Key.Key_Left if self.isRightToLeft() else Qt.Key.Key_Right
        backwards = Qt.Key.Key_Right if self.isRightToLeft() else Qt.Key.Key_Left
        by = {
            backwards: -1,
            Qt.Key.Key_Down: -1,
            forwards: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10,
            Qt.Key.Key_PageUp: 10,
        }.get(key)
        ends = {Qt.Key.Key_Home: self._low, Qt.Key.Key_End: self._high}
        if by is not None:
            self._move(self._stepped(by))
        elif key in ends:
            self._move(ends[key])
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            return
        self.released.emit()
        event.ignore()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes on to the other handle before it leaves."""
        if len(self._values) == 2 and self.hasFocus() and self._handle == (0 if forward else 1):
            self._choose(1 if forward else 0)
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._choose(0)
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._choose(len(self._values) - 1)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        wrong = bool(self.property("invalid"))
        accent = theme.colour("disabled" if not self.isEnabled() else "red" if wrong else "accent")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(QRectF(HANDLE / 2, middle - 2, self.width() - HANDLE, 4), 2, 2)
        places = [self._x(value) for value in self._values]
        zero = self._x(0.0) if self._low < 0 < self._high else HANDLE / 2
        left, right = sorted(places if len(places) == 2 else (zero, places[0]))
        painter.setBrush(accent)
        painter.drawRoundedRect(QRectF(left, middle - 2, right - left, 4), 2, 2)
        focused = self.hasFocus() or self._held is not None
        # The handle in use is painted last: it lies on top where both meet.
        for number in sorted(range(len(places)), key=lambda number: number == self._handle):
            painter.setPen(QPen(accent, 2))
            painter.setBrush(accent if focused and number == self._handle else theme.colour("surface"))
            self._paint_handle(painter, QPointF(places[number], middle), self._values[number])

    def _paint_handle(self, painter: QPainter, place: QPointF, value: float) -> None:
        radius = HANDLE / 2 - 2
        if self._low <= value <= self._high:
            painter.drawEllipse(place, radius, radius)
            return
        side = 1 if value > self._high else -1
        tip = place + QPointF(side * radius, 0)
        back = -side * radius
        painter.drawPolygon(QPolygonF([tip, place + QPointF(back, -radius), place + QPointF(back, radius)]))
