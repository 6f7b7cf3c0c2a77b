"""How a tile of the grid is painted: the picture, and under it its class (colour and name) and its split."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from workbench.project.images import ImageRow
from workbench.project.labels import ClassRow
from workbench.ui.dataset.grid_model import ROW_ROLE
from workbench.ui.dataset.selection import Selection
from workbench.ui.theme import colour
from workbench.ui.thumbnails import ThumbnailLoader

GAP = 16
CAPTION = 24
_DOT = 8


class TileDelegate(QStyledItemDelegate):
    """Paints from what is at hand: a tile whose picture has not come shows a quiet square."""

    def __init__(self, selection: Selection, loader: ThumbnailLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection, self._loader = selection, loader
        self._classes: dict[int, ClassRow] = {}
        self.tile = 0
        self._split_names = {
            "train": self.tr("train"),
            "validation": self.tr("val"),
            "test": self.tr("test"),
        }

    def set_classes(self, classes: Mapping[int, ClassRow]) -> None:
        self._classes = dict(classes)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(self.tile + GAP, self.tile + GAP + CAPTION)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(ROW_ROLE)
        if row is None:
            return
        position = index.model().position(index)
        selected, current = position in self._selection, position == self._selection.current
        cell = QRect(option.rect)
        frame = QRect(0, 0, self.tile + GAP - 4, cell.height() - 4)
        frame.moveCenter(cell.center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            fill = colour("accent")
            fill.setAlpha(56)
            painter.setPen(QPen(colour("accent"), 2) if current else Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawRoundedRect(QRectF(frame).adjusted(1, 1, -1, -1), 6, 6)
        elif current:
            painter.setPen(QPen(colour("line"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(frame).adjusted(1, 1, -1, -1), 6, 6)
        picture = QRect(frame.left() + 6, frame.top() + 6, self.tile, self.tile)
        self._paint_picture(painter, picture, row)
        caption = QRect(picture.left(), picture.bottom() + 1, picture.width(), CAPTION)
        self._paint_caption(painter, caption, row, option.font)
        painter.restore()

    def _paint_picture(self, painter: QPainter, area: QRect, row: ImageRow) -> None:
        pixmap = self._loader.pixmap(row.id)
        error = row.error if row.state in ("corrupt", "missing") else self._loader.error(row.id, row.modified_ns)
        if pixmap is not None and error is None:
            size = pixmap.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(area.topLeft(), size)
            target.moveCenter(area.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(target, pixmap)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("hover"))
        painter.drawRoundedRect(area, 4, 4)
        if error is not None or row.state in ("corrupt", "missing"):
            self._paint_mark(painter, area, self.tr("missing") if row.state == "missing" else self.tr("cannot be read"))

    def _paint_mark(self, painter: QPainter, area: QRect, text: str) -> None:
        red = colour("red")
        painter.setPen(QPen(red, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        side = 20
        cross = QRect(0, 0, side, side)
        cross.moveCenter(area.center())
        cross.translate(0, -10)
        painter.drawEllipse(cross)
        painter.drawLine(cross.center() - QPoint(4, 4), cross.center() + QPoint(4, 4))
        painter.setPen(red)
        below = QRect(area.left(), cross.bottom() + 4, area.width(), 20)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_caption(self, painter: QPainter, area: QRect, row: ImageRow, font: QFont) -> None:
        font = QFont(font)
        font.setPixelSize(11)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        split = self._split_names.get(row.split or "", "") if self.tile >= 96 else ""
        split_width = metrics.horizontalAdvance(split) + 4 if split else 0
        if split:
            painter.setPen(colour("secondary"))
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, split)
        known = self._classes.get(row.class_id) if row.class_id is not None else None
        dot = QRectF(area.left() + 1, area.center().y() - _DOT / 2 + 1, _DOT, _DOT)
        if known is None:
            painter.setPen(QPen(colour("secondary"), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            text, ink = self.tr("unlabelled"), colour("secondary")
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(known.colour))
            text, ink = known.name, colour("text")
        painter.drawRoundedRect(dot, 2, 2)
        place = area.adjusted(_DOT + 6, 0, -split_width - 2, 0)
        painter.setPen(ink)
        elided = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
