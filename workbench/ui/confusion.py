"""The confusion matrix: rows are the true classes, columns the predicted; a click on a cell asks for its images."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.ui import figures, theme

GAP = 1
LARGEST_CELL = 72
SMALL = 10
"""Pixels of the class names where the cells are small."""
NAME_SHARE = 0.28
"""Largest share of the side that class names may take."""


class ConfusionMatrix(QWidget):
    """A grid of counts for 2 to 40 classes, shaded by the share of the true class. Arrow keys and Enter work too."""

    cellClicked = Signal(int, int)
    """True and predicted class, as positions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[list[int]] = []
        self._classes: list[str] = []
        self._selected: tuple[int, int] | None = None
        self._hovered: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Confusion matrix"))
        self._sides = (self.tr("True"), self.tr("Predicted"))
        self._said = self.tr("{0} of {1} images of {2} ({3}) were predicted as {4}")

    def set_sides(self, rows: str, columns: str, said: str) -> None:
        """Name the sides where they are not truth and prediction, as with two graders.

        ``said`` is the sentence of a cell: {0} of {1} images of the row {2}, a share of {3}, are in the column {4}.
        """
        self._sides, self._said = (rows, columns), said
        self.update()

    def set_matrix(self, rows: Sequence[Sequence[int]], classes: Sequence[str]) -> None:
        """Show ``rows[true][predicted]``. Raises ValueError for a matrix that is not square or lacks names."""
        if len(rows) != len(classes) or any(len(line) != len(classes) for line in rows):
            raise ValueError(f"a matrix of {len(classes)} classes needs as many rows and columns")
        self._rows = [list(line) for line in rows]
        self._classes = list(classes)
        self._selected = self._hovered = None
        self.update()

    def clear(self) -> None:
        self.set_matrix([], [])

    @property
    def selected(self) -> tuple[int, int] | None:
        return self._selected

    def select(self, true: int, predicted: int) -> None:
        """Mark a cell without telling anybody."""
        self._selected = (true, predicted)
        self.update()

    def describe(self, true: int, predicted: int) -> str:
        """Return what a cell says, for its tooltip."""
        count, total = self._rows[true][predicted], sum(self._rows[true])
        share = figures.percent(count / total) if total else "–"
        names = (self._classes[true], share, self._classes[predicted])
        return self._said.format(figures.count(count), figures.count(total), *names)

    def sizeHint(self) -> QSize:
        return QSize(420, 420)

    def cell_rect(self, true: int, predicted: int) -> QRectF:
        """Return where a cell is drawn, in this widget."""
        left, top, cell = self._geometry()
        return QRectF(left + predicted * cell, top + true * cell, cell - GAP, cell - GAP)

    def cell_at(self, position: QPointF) -> tuple[int, int] | None:
        """Return true and predicted class at ``position``."""
        left, top, cell = self._geometry()
        column, line = (position.x() - left) // cell, (position.y() - top) // cell
        if 0 <= column < len(self._classes) and 0 <= line < len(self._classes):
            return int(line), int(column)
        return None

    def _geometry(self) -> tuple[float, float, float]:
        """Return left and top of the grid and the side of a cell."""
        count = max(1, len(self._classes))
        metrics = QFontMetrics(theme.font(theme.SECONDARY))
        caption = metrics.height() + theme.GRID
        widest = max((metrics.horizontalAdvance(name) for name in self._classes), default=0) + theme.GRID
        names = min(widest, min(self.width(), self.height()) * NAME_SHARE)
        above = names if self._names_turn(names) else metrics.height() + theme.HALF
        room = min(self.width() - names - caption, self.height() - above - caption)
        cell = max(1.0, min(LARGEST_CELL, room / count))
        cell = float(int(cell)) if cell >= 8 else cell
        return names + caption, above + caption, cell

    def _names_turn(self, names: float) -> bool:
        """Column names stand upright where they do not fit across their column."""
        metrics = QFontMetrics(theme.font(theme.SECONDARY))
        widest = max((metrics.horizontalAdvance(name) for name in self._classes), default=0)
        room = (min(self.width(), self.height()) - names) / max(1, len(self._classes))
        return widest > min(LARGEST_CELL, room) - theme.HALF

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._classes:
            self._paint_names(painter)
            self._paint_cells(painter)

    def _paint_cells(self, painter: QPainter) -> None:
        _, _, cell = self._geometry()
        font = theme.font(theme.SECONDARY if cell >= 34 else theme.BADGE)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        surface = theme.colour("surface")
        for true, counts in enumerate(self._rows):
            total = sum(counts)
            for predicted, count in enumerate(counts):
                rect = self.cell_rect(true, predicted)
                ground = _shade(surface, true == predicted, count / total if total else 0.0)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(ground)
                radius = 3 if cell >= 20 else 0
                painter.drawRoundedRect(rect, radius, radius)
                text = figures.count(count)
                if count and metrics.horizontalAdvance(text) <= cell - 4 and metrics.height() <= cell:
                    painter.setPen(theme.readable_on(ground))
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        for marked, role in ((self._hovered, "secondary"), (self._selected, "text")):
            if marked is not None:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.colour(role), 2))
                rect = self.cell_rect(*marked)
                radius = 3 if cell >= 20 else 0
                painter.drawRoundedRect(rect if radius else rect.adjusted(-1, -1, 1, 1), radius, radius)

    def _paint_names(self, painter: QPainter) -> None:
        left, top, cell = self._geometry()
        metrics = QFontMetrics(theme.font(theme.SECONDARY))
        caption = metrics.height() + theme.GRID
        side = cell * len(self._classes)
        painter.setFont(theme.font(theme.BADGE))
        painter.setPen(theme.colour("secondary"))
        centre = Qt.AlignmentFlag.AlignCenter
        painter.drawText(QRectF(left, 0, side, metrics.height()), centre, self._sides[1])
        _draw_upright(painter, QRectF(0, top, metrics.height(), side), centre, self._sides[0])
        font = theme.font(theme.SECONDARY if cell > metrics.height() else SMALL)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        names = left - caption - theme.HALF
        turned = self._names_turn(names)
        marked = self._hovered or self._selected
        # Where the rows are lower than the letters, only some names fit; the one in question always shows.
        every = max(1, -int(-metrics.height() // cell))
        for position, name in self._named(painter, marked[0] if marked else None, every):
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(names))
            middle = top + position * cell + (cell - GAP) / 2
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(caption, middle - metrics.height() / 2, names, metrics.height()), right, text)
        for position, name in self._named(painter, marked[1] if marked else None, every):
            middle = left + position * cell + (cell - GAP) / 2
            height = top - caption - theme.HALF
            if turned:
                text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(height))
                start = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                above = QRectF(middle - metrics.height() / 2, caption, metrics.height(), height)
                _draw_upright(painter, above, start, text)
            else:
                above = QRectF(left + position * cell, caption, cell - GAP, height)
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, name)

    def _named(self, painter: QPainter, marked: int | None, every: int) -> Iterator[tuple[int, str]]:
        """Yield the names to draw, with the painter's pen set for each."""
        for position, name in enumerate(self._classes):
            if position == marked:
                painter.setPen(theme.colour("text"))
            elif position % every or (marked is not None and abs(position - marked) < every):
                continue
            else:
                painter.setPen(theme.colour("secondary"))
            yield position, name

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def _hover(self, cell: tuple[int, int] | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.setCursor(Qt.CursorShape.PointingHandCursor if cell else Qt.CursorShape.ArrowCursor)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
        }.get(Qt.Key(event.key()))
        last = len(self._classes) - 1
        if step is None or last < 0:
            super().keyPressEvent(event)
            return
        true, predicted = self._selected or (0, 0)
        self._choose((min(last, max(0, true + step[0])), min(last, max(0, predicted + step[1]))))

    def _choose(self, cell: tuple[int, int]) -> None:
        self.select(*cell)
        self.setAccessibleDescription(self.describe(*cell))
        self.cellClicked.emit(*cell)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.describe(*cell) if cell else "", self)
            return True
        return super().event(event)


def _shade(surface: QColor, correct: bool, share: float) -> QColor:
    """Blend the hit's or the error's colour into the surface; a little already shows, so that no error hides."""
    tint = theme.colour("accent" if correct else "red")
    amount = 0.0 if share <= 0 else 0.15 + 0.75 * share**0.7
    base = theme.colour("hover") if share <= 0 else surface

    def blend(low: float, high: float) -> float:
        return low + (high - low) * amount

    return QColor.fromRgbF(
        blend(base.redF(), tint.redF()), blend(base.greenF(), tint.greenF()), blend(base.blueF(), tint.blueF())
    )


def _draw_upright(painter: QPainter, rect: QRectF, alignment: Qt.AlignmentFlag, text: str) -> None:
    """Draw ``text`` from bottom to top inside ``rect``."""
    painter.save()
    painter.translate(rect.left(), rect.bottom())
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, rect.height(), rect.width()), alignment, text)
    painter.restore()
