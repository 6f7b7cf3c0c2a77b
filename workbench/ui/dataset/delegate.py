"""How a tile of the grid is painted: the picture with its badges, and under it its class (colour and name) and its split."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from workbench.project.ids import NO_CLASS
from workbench.project.images import ImageRow
from workbench.project.labels import ClassRow
from workbench.ui import theme
from workbench.ui.dataset.badges import LEFT, RIGHT, Badges, disagrees
from workbench.ui.dataset.grid_model import ROW_ROLE
from workbench.ui.dataset.selection import Selection
from workbench.ui.theme import colour
from workbench.ui.thumbnails import ThumbnailLoader

GAP = 16
CAPTION = 24
MOST_DOTS = 4
SPLIT_FROM = 96
"""From this size of a tile on its split is written beside its class."""

_DOT = 8
_REJECTED = 0.3
"""How much is seen of a rejected picture."""


class TileDelegate(QStyledItemDelegate):
    """Paints from what is at hand: a tile whose picture has not come shows a quiet square."""

    def __init__(self, selection: Selection, loader: ThumbnailLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selection, self._loader = selection, loader
        self._badges = Badges(self.tr)
        self._base: QFont | None = None
        self._font = QFont()
        self.tile = 0
        self._split_names = {
            "train": self.tr("train"),
            "validation": self.tr("val"),
            "test": self.tr("test"),
        }

    def set_classes(self, classes: Mapping[int, ClassRow]) -> None:
        self._badges.classes = dict(classes)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(self.tile + GAP, self.tile + GAP + CAPTION)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(ROW_ROLE)
        if row is None:
            return
        self._use(option.font)
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
        shown = self._paint_picture(painter, picture, row)
        if disagrees(row):
            painter.setPen(QPen(colour("red"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(shown).adjusted(1, 1, -1, -1), 4, 4)
        self._badges.paint(painter, picture, shown, row)
        caption = QRect(picture.left(), picture.bottom() + 1, picture.width(), CAPTION)
        self._paint_caption(painter, caption, row)
        painter.restore()

    def _use(self, font: QFont) -> None:
        if self._base is None or font != self._base:
            self._base = QFont(font)
            self._font = QFont(font)
            self._font.setPixelSize(theme.BADGE)
            self._badges.use(self._font)

    def _paint_picture(self, painter: QPainter, area: QRect, row: ImageRow) -> QRect:
        """Paint the picture, or that there is none; return where it is."""
        pixmap = self._loader.pixmap(row.id)
        error = row.error if row.state in ("corrupt", "missing") else self._loader.error(row.id, row.modified_ns)
        if pixmap is not None and error is None:
            return self._draw(painter, area, pixmap, faint=row.rejected)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("hover"))
        painter.drawRoundedRect(area, 4, 4)
        if error is not None or row.state in ("corrupt", "missing"):
            self._paint_mark(painter, area, self.tr("missing") if row.state == "missing" else self.tr("cannot be read"))
        return area

    def _draw(self, painter: QPainter, area: QRect, pixmap: QPixmap, *, faint: bool) -> QRect:
        size = pixmap.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(area.topLeft(), size)
        target.moveCenter(area.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if faint:
            painter.setOpacity(_REJECTED)
        painter.drawPixmap(target, pixmap)
        if faint:
            painter.setOpacity(1.0)
        return target

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
        painter.setFont(self._font)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._badges.cut(text, below.width()))

    def _paint_caption(self, painter: QPainter, area: QRect, row: ImageRow) -> None:
        painter.setFont(self._font)
        right, ink = self._at_the_right(row)
        right_width = 0
        if right and self.tile >= SPLIT_FROM:
            right_width = self._badges.width(right) + 4
            painter.setPen(colour(ink))
            painter.drawText(area, RIGHT, right)
        classes = [known for known in map(self._badges.classes.get, _classes_of(row)) if known is not None]
        x = area.left() + 1.0
        dots: list[ClassRow | None] = [*classes[:MOST_DOTS]] or [None]
        for known in dots:
            self._paint_dot(painter, QRectF(x, area.center().y() - _DOT / 2 + 1, _DOT, _DOT), known, row)
            x += _DOT + 3
        place = area.adjusted(int(x) + 2 - area.left(), 0, -right_width - 2, 0)
        painter.setPen(colour("text" if classes else "secondary"))
        text = self._badges.cut(self._name(row, classes), place.width())
        painter.drawText(place, LEFT, text)

    def _at_the_right(self, row: ImageRow) -> tuple[str, str]:
        """Return the word at the caption's end, and its colour."""
        if row.rejected:
            return self.tr("rejected"), "red"
        return self._split_names.get(row.split or "", ""), "secondary"

    def _name(self, row: ImageRow, classes: list[ClassRow]) -> str:
        if classes:
            return ", ".join(known.name for known in classes)
        return self.tr("none of them") if row.class_id == NO_CLASS else self.tr("unlabelled")

    def _paint_dot(self, painter: QPainter, dot: QRectF, known: ClassRow | None, row: ImageRow) -> None:
        if known is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(known.colour))
        else:
            style = Qt.PenStyle.SolidLine if row.class_id == NO_CLASS else Qt.PenStyle.DotLine
            painter.setPen(QPen(colour("secondary"), 1, style))
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(dot, 2, 2)


def _classes_of(row: ImageRow) -> tuple[int, ...]:
    """Return the classes of an image, the first by the project's order first."""
    if row.class_id is None:
        return ()
    return (row.class_id, *(other for other in row.classes if other != row.class_id))
