"""Dropping folders on the window: a sheet over it says what will happen where."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.ui import icons, theme


def dropped_folder(mime: QMimeData) -> Path | None:
    """Return the folder that is dragged; for a file the folder it is in; None where no local file is dragged."""
    for url in mime.urls():
        if url.isLocalFile():
            path = Path(url.toLocalFile())
            return path if path.is_dir() else path.parent
    return None


class DropSheet(QWidget):
    """Covers the window while a folder is dragged over it: one zone, or two where there is a choice."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._zones: list[tuple[str, str]] = []
        self._lit = 0
        self.hide()

    def open(self, zones: list[tuple[str, str]]) -> None:
        """Show zones of (icon, sentence) side by side."""
        self._zones = zones
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()

    def zones(self) -> int:
        return len(self._zones)

    def light(self, at: QPoint) -> int:
        """Light the zone at ``at`` and return its number."""
        self._lit = min(len(self._zones) - 1, max(0, at.x() * len(self._zones) // max(1, self.width())))
        self.update()
        return self._lit

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("background", 0.92))
        width = self.width() / max(1, len(self._zones))
        for number, (icon, text) in enumerate(self._zones):
            zone = QRectF(number * width, 0, width, self.height()).adjusted(24, 24, -24, -24)
            lit = number == self._lit
            painter.setPen(QPen(theme.colour("accent" if lit else "line"), 2, Qt.PenStyle.DashLine))
            painter.setBrush(theme.colour("selected", 0.6) if lit else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(zone, 12, 12)
            picture = icons.pixmap(icon, 48, "accent" if lit else "secondary", self.devicePixelRatioF())
            middle = zone.center().toPoint()
            painter.drawPixmap(middle - QPoint(24, 48), picture)
            painter.setPen(theme.colour("text"))
            painter.setFont(theme.font(theme.TITLE, bold=lit))
            below = QRect(int(zone.left()) + 16, middle.y() + 16, int(zone.width()) - 32, 64)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, text)
