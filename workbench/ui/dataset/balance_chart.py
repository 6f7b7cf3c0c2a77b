"""How many images each class has and where they are: one bar per class, in the colours of the splits."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.ui import figures, theme

ROW = 26
NAME = 176
COUNT = 72
TRAIN, VALIDATION, TEST = "#56b4e9", "#e69f00", "#cc79a7"
"""Of Okabe and Ito's palette; each has its name in the legend."""


class Balance(NamedTuple):
    """A class and its images: in train, validation, test, and in no split."""

    key: int
    name: str
    parts: tuple[int, int, int, int]

    @property
    def images(self) -> int:
        return sum(self.parts)


class BalanceChart(QWidget):
    """The bars. A click on one asks for its images."""

    clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("split.balance")
        self.setAccessibleName(self.tr("Images of each class, by split"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._rows: list[Balance] = []

    def show_rows(self, rows: Sequence[Balance]) -> None:
        self._rows = list(rows)
        self.setFixedHeight(max(1, len(self._rows)) * ROW + theme.GRID)
        self.update()

    def row_at(self, y: float) -> int:
        """Return the place of the row at this height, -1 for none."""
        place = int(y) // ROW
        return place if 0 <= place < len(self._rows) else -1

    def sizeHint(self) -> QSize:
        return QSize(NAME + COUNT + 240, len(self._rows) * ROW + theme.GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SECONDARY))
        metrics = painter.fontMetrics()
        most = max((row.images for row in self._rows), default=0) or 1
        room = max(40, self.width() - NAME - COUNT - theme.GRID)
        for place, row in enumerate(self._rows):
            line = QRect(0, place * ROW, self.width(), ROW)
            if not line.intersects(event.rect()):
                continue
            painter.setPen(theme.colour("text"))
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, NAME - 12)
            painter.drawText(QRect(0, line.top(), NAME - 12, ROW), Qt.AlignmentFlag.AlignVCenter, name)
            left = float(NAME)
            painter.setPen(Qt.PenStyle.NoPen)
            colours = (TRAIN, VALIDATION, TEST, theme.colour("disabled").name())
            for count, colour in zip(row.parts, colours, strict=True):
                if count:
                    width = max(2.0, room * count / most)
                    painter.fillRect(QRectF(left, line.top() + 6, width - 1, ROW - 12), QColor(colour))
                    left += width
            painter.setPen(theme.colour("secondary"))
            count_room = QRect(self.width() - COUNT, line.top(), COUNT, ROW)
            painter.drawText(
                count_room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figures.count(row.images)
            )

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.row_at(event.pos().y())
            if place >= 0:
                row = self._rows[place]
                train, validation, test, none = (figures.count(count) for count in row.parts)
                text = self.tr("{0}\n{1} train · {2} validation · {3} test · {4} in no split")
                QToolTip.showText(event.globalPos(), text.format(row.name, train, validation, test, none), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.row_at(event.position().y()) >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self.row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self.clicked.emit(self._rows[place].key)
