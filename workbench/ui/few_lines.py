"""A text of which a few lines are shown, and all of it where somebody asks."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class FewLines(QLabel):
    """A label that wraps its text into at most so many lines; the last ends in an ellipsis where there were more.

    Then the tooltip is the text, and `set_open` shows the rest.
    """

    cutChanged = Signal()
    """`is_cut` answers otherwise than before."""

    def __init__(self, most: int, role: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most, self._open, self._was_cut = most, False, False
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        if role:
            self.setProperty("role", role)

    def setText(self, text: str) -> None:
        if text != self.text():
            self._open = False
            super().setText(text)
            self._hint()

    def set_open(self, is_open: bool) -> None:
        """Show all lines, or a few."""
        self._open = is_open
        self.updateGeometry()
        self.update()
        self._hint()

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def is_cut(self) -> bool:
        """Whether there are more lines than are shown while it is not open."""
        return len(self._lines(self._room(self.width()))) > self._most

    def shown_lines(self) -> list[str]:
        """Return the lines as they are painted now."""
        room = self._room(self.width())
        lines = self._lines(room)
        if self._open or len(lines) <= self._most:
            return lines
        rest = " ".join(lines[self._most - 1 :])
        return [
            *lines[: self._most - 1],
            self.fontMetrics().elidedText(rest, Qt.TextElideMode.ElideRight, room),
        ]

    def heightForWidth(self, width: int) -> int:
        lines = len(self._lines(self._room(width)))
        margins = self.contentsMargins()
        shown = lines if self._open else min(lines, self._most)
        return shown * self.fontMetrics().lineSpacing() + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        width = max(self.width(), self.minimumSizeHint().width())
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 8, self.fontMetrics().lineSpacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.drawFrame(painter)
        room, step = self.contentsRect(), self.fontMetrics().lineSpacing()
        for number, line in enumerate(self.shown_lines()):
            place = QRect(room.left(), room.top() + number * step, room.width(), step)
            left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.style().drawItemText(
                painter, place, left, self.palette(), self.isEnabled(), line, self.foregroundRole()
            )

    def _room(self, width: int) -> int:
        margins = self.contentsMargins()
        return max(1, width - margins.left() - margins.right())

    def _lines(self, room: int) -> list[str]:
        lines = []
        for paragraph in filter(None, self.text().split("\n")):
            layout = QTextLayout(paragraph, self.font())
            option = QTextOption()
            option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
            layout.setTextOption(option)
            layout.beginLayout()
            while (line := layout.createLine()).isValid():
                line.setLineWidth(room)
                lines.append(paragraph[line.textStart() : line.textStart() + line.textLength()].rstrip())
            layout.endLayout()
        return lines

    def _hint(self) -> None:
        cut = self.is_cut
        self.setToolTip(self.text() if cut and not self._open else "")
        if cut != self._was_cut:
            self._was_cut = cut
            self.cutChanged.emit()
