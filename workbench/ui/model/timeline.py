"""The phases of a run as a picture: one column per phase, as wide as it is long, one line per stage, lit where it learns."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.ui import figures, theme

PICTURE = 64
GAP = 3
INSET = 4
REACH = 4
"""So many pixels to either side of a border it can be taken."""
LEAST = 22
"""The narrowest column: a phase of one epoch beside one of a hundred can still be clicked."""


@dataclass(frozen=True)
class Column:
    """A phase: its epochs, and for each stage from stem to head how much of it learns, from 0 to 1."""

    epochs: int
    learning: tuple[float, ...]


class Timeline(QWidget):
    """Shows the phases; a click chooses one, a border can be dragged, arrow keys do both (with Shift they move the end)."""

    chosen = Signal(int)
    moved = Signal(list)
    """The epochs of all phases, while a border is dragged."""
    removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: list[Column] = []
        self._stages: list[str] = []
        self._current = 0
        self._held: int | None = None
        self.setObjectName("model.timeline")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_phases(self, columns: Sequence[Column], stages: Sequence[str], current: int) -> None:
        """Show the plan; ``stages`` names the lines, ``current`` is the phase that is being edited."""
        self._columns, self._stages, self._current = list(columns), list(stages), current
        self.setAccessibleName(self.words())
        self.update()

    def columns(self) -> list[Column]:
        return list(self._columns)

    def words(self) -> str:
        """Return the picture in words, for those who cannot see it."""
        return "; ".join(self._phase_words(number) for number in range(len(self._columns)))

    def _phase_words(self, number: int) -> str:
        column = self._columns[number]
        names = [name for name, share in zip(self._stages, column.learning, strict=False) if share > 0]
        learns = self.tr("all of it learns") if len(names) == len(self._stages) else ", ".join(names)
        epochs = figures.counted(column.epochs, self.tr("epoch"), self.tr("epochs"))
        return self.tr("Phase {0}, {1}: {2}").format(number + 1, epochs, learns)

    def sizeHint(self) -> QSize:
        return QSize(240, PICTURE + theme.HALF + QFontMetrics(theme.font(theme.BADGE)).height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    # -- places

    def cells(self) -> list[QRectF]:
        """Return where the columns are, from the left."""
        count = len(self._columns)
        if not count:
            return []
        room = self.width() - 1 - GAP * (count - 1)
        least = min(LEAST, room / count)
        total = sum(column.epochs for column in self._columns)
        widths = [max(least, room * column.epochs / total) for column in self._columns]
        spare = sum(width - least for width in widths)
        over = sum(widths) - room
        if over > 0 and spare > 0:
            widths = [width - over * (width - least) / spare for width in widths]
        found, x = [], 0.5
        for width in widths:
            found.append(QRectF(x, 0.5, width, PICTURE - 1))
            x += width + GAP
        return found

    def _border_at(self, x: float) -> int | None:
        """Return the phase that ends at ``x``, where another follows."""
        ends = [cell.right() + GAP / 2 for cell in self.cells()[:-1]]
        near = [number for number, end in enumerate(ends) if abs(end - x) <= REACH]
        return near[0] if near else None

    def _phase_at(self, x: float) -> int | None:
        return next((n for n, cell in enumerate(self.cells()) if cell.left() - GAP <= x <= cell.right()), None)

    # -- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        self._held = self._border_at(x)
        phase = self._phase_at(x)
        if self._held is None and phase is not None:
            self._choose(phase)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._held is None:
            at_border = self._border_at(x) is not None
            self.setCursor(Qt.CursorShape.SplitHCursor if at_border else Qt.CursorShape.ArrowCursor)
            return
        first, second = self.cells()[self._held], self.cells()[self._held + 1]
        both = self._columns[self._held].epochs + self._columns[self._held + 1].epochs
        share = (x - first.left()) / max(1.0, second.right() - first.left())
        self._shift(self._held, round(share * both) - self._columns[self._held].epochs)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._shift(self._current, step)
        elif step is not None:
            self._choose(min(len(self._columns) - 1, max(0, self._current + step)))
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit(self._current)
        else:
            super().keyPressEvent(event)

    def _choose(self, phase: int) -> None:
        if phase != self._current:
            self._current = phase
            self.update()
            self.chosen.emit(phase)

    def _shift(self, phase: int, epochs: int) -> None:
        """Move the end of a phase; what it gets, the next one loses. Each keeps one epoch."""
        if phase + 1 >= len(self._columns):
            return
        lengths = [column.epochs for column in self._columns]
        epochs = max(1 - lengths[phase], min(epochs, lengths[phase + 1] - 1))
        if epochs:
            lengths[phase] += epochs
            lengths[phase + 1] -= epochs
            self.moved.emit(lengths)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = self._phase_at(event.pos().x())
            if at is not None:
                QToolTip.showText(event.globalPos(), self._phase_words(at), self)
                return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # -- the picture

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font(theme.BADGE)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        for number, (column, cell) in enumerate(zip(self._columns, self.cells(), strict=True)):
            current = number == self._current
            self._paint_column(painter, column, cell, current)
            painter.setPen(theme.colour("text" if current else "secondary"))
            room = QRectF(cell.left(), PICTURE + theme.HALF, cell.width(), metrics.height())
            epochs = figures.counted(column.epochs, self.tr("epoch"), self.tr("epochs"))
            text = epochs if metrics.horizontalAdvance(epochs) <= room.width() else figures.count(column.epochs)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def _paint_column(self, painter: QPainter, column: Column, cell: QRectF, current: bool) -> None:
        strong = current and (self.hasFocus() or len(self._columns) > 1)
        painter.setPen(QPen(theme.colour("accent" if strong else "line"), 1))
        painter.setBrush(theme.colour("selected" if strong else "hover"))
        painter.drawRoundedRect(cell, theme.RADIUS, theme.RADIUS)
        count = len(column.learning)
        if not count:
            return
        room = cell.adjusted(INSET, INSET, -INSET, -INSET)
        gap = 1.0 if room.height() / count >= 3 else 0.0
        height = (room.height() - gap * (count - 1)) / count
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, height >= 3)
        painter.setPen(Qt.PenStyle.NoPen)
        for line, share in enumerate(column.learning):
            bar = QRectF(room.left(), room.top() + line * (height + gap), room.width(), height)
            painter.setBrush(theme.colour("disabled", 0.3))
            painter.drawRoundedRect(bar, min(2.0, height / 2), min(2.0, height / 2))
            if share > 0:
                lit = QRectF(bar.topLeft(), QPointF(bar.left() + max(3.0, bar.width() * share), bar.bottom()))
                painter.setBrush(theme.colour("accent"))
                painter.drawRoundedRect(lit, min(2.0, height / 2), min(2.0, height / 2))
        painter.restore()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.update()
