"""How a finding looks in the list: its pictures, what it says, and how strong it is."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.project.findings import FindingRow
from workbench.project.images import ImageRow
from workbench.ui import figures, theme
from workbench.ui.dataset.findings_model import MOST_IMAGES, FindingRole, FindingsModel, ImagesRole
from workbench.ui.thumbnails import ThumbnailLoader, Wish

Index = QModelIndex | QPersistentModelIndex

SIDE = 64
HEIGHT = SIDE + 2 * theme.GRID
LEAST_TEXT = 240
"""Pixels that the sentence keeps; pictures that do not fit beside it are counted instead."""

BAR = 48
MOST_LINES = 3
"""Of the sentence; the names stand below."""


class _Row(QStyledItemDelegate):
    """Pictures on the left, the sentence and the names beside them, the strength as a bar on the right."""

    def __init__(self, thumbnails: ThumbnailLoader, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(LEAST_TEXT, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found: FindingRow = index.data(FindingRole)
        images: list[ImageRow] = index.data(ImagesRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, theme.colour("hover"))
        room = option.rect.adjusted(theme.GRID, theme.GRID, -theme.GRID, -theme.GRID)
        shown = max(1, min(len(images), MOST_IMAGES, (room.width() - LEAST_TEXT - BAR) // (SIDE + theme.HALF)))
        if len(images) == 2:
            shown = 2  # what is alike is seen only side by side
        place = QRect(room.left(), room.top(), SIDE, SIDE)
        for image in images[:shown]:
            self._picture(painter, place, image)
            place.translate(SIDE + theme.HALF, 0)
        columns = max(shown, 2)  # so that findings of one image and of two line up
        left = room.left() + columns * (SIDE + theme.HALF) + theme.GRID
        self._text(painter, QRect(left, room.top(), room.right() - left - BAR - 16, SIDE), found, images)
        self._strength(painter, QRect(room.right() - BAR, room.top() + 6, BAR, 4), found)
        painter.restore()

    def _picture(self, painter: QPainter, place: QRect, image: ImageRow) -> None:
        pixmap = self._thumbnails.pixmap(image.id)
        if pixmap is None:
            painter.fillRect(place, theme.colour("hover"))
            return
        size = pixmap.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(place.topLeft(), size)
        target.moveCenter(place.center())
        painter.drawPixmap(target, pixmap)

    def _text(self, painter: QPainter, room: QRect, found: FindingRow, images: list[ImageRow]) -> None:
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text"))
        metrics = painter.fontMetrics()
        lines = _wrapped(found.message, metrics.horizontalAdvance, room.width())
        if len(lines) > MOST_LINES:
            rest = " ".join(lines[MOST_LINES - 1 :])
            last = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, room.width())
            lines = [*lines[: MOST_LINES - 1], last]
        line = QRect(room.left(), room.top(), room.width(), metrics.height())
        for text in lines:
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, text)
            line.translate(0, metrics.height())
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(theme.colour("secondary"))
        if len(found.ids) > 2:  # two names of many say nothing, and do not fit
            names = self.tr("{0} images").format(figures.count(len(found.ids)))
        else:
            names = " · ".join(image.path.name for image in images)
        line = QRect(room.left(), room.bottom() - painter.fontMetrics().height(), room.width(), 20)
        cut = painter.fontMetrics().elidedText(names, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, cut)

    def _strength(self, painter: QPainter, room: QRect, found: FindingRow) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(QRectF(room), 2, 2)
        filled = QRectF(room)
        filled.setWidth(max(4.0, room.width() * min(1.0, max(0.0, found.score))))
        painter.setBrush(theme.colour("amber"))
        painter.drawRoundedRect(filled, 2, 2)
        painter.setFont(theme.font(theme.BADGE))
        painter.setPen(theme.colour("secondary"))
        text = QRect(room.left(), room.bottom() + 4, room.width(), 16)
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, figures.score(found.score))


def _wrapped(text: str, width_of: Callable[[str], int], width: int) -> list[str]:
    """Break a sentence into lines of at most ``width`` pixels."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class FindingsView(QListView):
    """The list. Enter or a double click opens the images of a finding; the keys of the tab act on the selection."""

    opened = Signal(int)

    def __init__(self, model: FindingsModel, thumbnails: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findings.list")
        self.setAccessibleName(self.tr("Findings"))
        self._found, self._thumbnails = model, thumbnails
        self.setModel(model)
        self.setItemDelegate(_Row(thumbnails, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.activated.connect(self._activated)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(0)
        self._asking.timeout.connect(self._ask)
        self.verticalScrollBar().valueChanged.connect(self._asking.start)
        model.modelReset.connect(self._asking.start)
        model.rowsInserted.connect(self._asking.start)
        thumbnails.arrived.connect(self.viewport().update)

    def rows(self) -> list[int]:
        """Return the selected rows from top to bottom."""
        return sorted(index.row() for index in self.selectedIndexes())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._asking.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._asking.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._thumbnails.want(())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.viewport().update()

    @Slot()
    def _ask(self) -> None:
        """Have the thumbnails decoded that are in view now."""
        if not self.isVisible() or not self._found.rowCount():
            return
        side = round(SIDE * self.devicePixelRatioF())
        first = max(0, self.indexAt(self.viewport().rect().topLeft()).row())
        last = min(self._found.rowCount(), first + self.viewport().height() // HEIGHT + 2)
        images = [image for row in range(first, last) for image in self._found.images(row)]
        self._thumbnails.want([Wish(image.id, image.path, image.modified_ns, side) for image in images])

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())
