"""The images of a cell of the confusion matrix, most confident first."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QHideEvent, QPainter, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workbench.evaluation.results import PredictedImage
from workbench.ui import figures, theme
from workbench.ui.thumbnails import ThumbnailLoader, Wish

Index = QModelIndex | QPersistentModelIndex

ImageRole = Qt.ItemDataRole.UserRole + 1
PixmapRole = Qt.ItemDataRole.UserRole + 2

SIDE = 112
CAPTION = 34
TILE = QSize(SIDE + theme.GRID, SIDE + CAPTION + theme.GRID)
SHOWN = 300
"""Images shown of a cell; nobody looks through more, and the confident ones come first."""


class CellImages(QAbstractListModel):
    """The images that are shown, with the thumbnails that are at hand."""

    def __init__(self, thumbnails: ThumbnailLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._images: list[PredictedImage] = []
        self._classes: list[str] = []

    def show(self, images: Sequence[PredictedImage], classes: Sequence[str]) -> None:
        """Show these images, the first `SHOWN` of them."""
        self.beginResetModel()
        self._images, self._classes = list(images[:SHOWN]), list(classes)
        self.endResetModel()

    def image(self, row: int) -> PredictedImage:
        return self._images[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._images)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        image = self._images[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{self._classes[image.prediction]} {figures.score(image.confidence)}"
        if role == ImageRole:
            return image
        if role == PixmapRole:
            return self._thumbnails.pixmap(image.id)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(image)
        return None

    def truth(self, row: int) -> str:
        """Return the true class of a row."""
        return self._classes[self._images[row].target]

    def _tip(self, image: PredictedImage) -> str:
        problem = self._thumbnails.error(image.id, 0)
        lines = [
            str(image.path),
            self.tr("is {0}").format(self._classes[image.target]),
            self.tr("predicted {0}, {1} sure").format(
                self._classes[image.prediction], figures.percent(image.confidence)
            ),
        ]
        return "\n".join([*lines, problem] if problem else lines)


class _Tile(QStyledItemDelegate):
    """The picture, what it was predicted as and how surely, and what it is."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return TILE

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        image: PredictedImage = index.data(ImageRole)
        model = index.model()
        assert isinstance(model, CellImages)
        rect = option.rect.adjusted(theme.HALF, theme.HALF, -theme.HALF, -theme.HALF)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, theme.colour("hover"))
        picture = QRect(rect.left(), rect.top(), rect.width(), SIDE)
        pixmap: QPixmap | None = index.data(PixmapRole)
        if pixmap is None:
            painter.fillRect(picture, theme.colour("hover"))
        else:
            size = pixmap.size().scaled(picture.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(picture.topLeft(), size)
            target.moveCenter(picture.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(target, pixmap)
        wrong = image.target != image.prediction
        if wrong:
            painter.setPen(theme.colour("red"))
            painter.drawRect(picture.adjusted(0, 0, -1, -1))
        self._caption(painter, QRect(rect.left(), picture.bottom() + 3, rect.width(), CAPTION - 3), index, wrong=wrong)
        painter.restore()

    def _caption(self, painter: QPainter, room: QRect, index: Index, *, wrong: bool) -> None:
        font = theme.font(theme.BADGE)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        image: PredictedImage = index.data(ImageRole)
        score = figures.score(image.confidence)
        width = metrics.horizontalAdvance(score)
        line = QRect(room.left(), room.top(), room.width(), metrics.height())
        painter.setPen(theme.colour("text"))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, score)
        name = str(index.data())[: -len(score)].rstrip()
        cut = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room.width() - width - theme.HALF)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, cut)
        if wrong:
            model = index.model()
            assert isinstance(model, CellImages)
            painter.setPen(theme.colour("secondary"))
            truth = self.tr("is {0}").format(model.truth(index.row()))
            line.translate(0, metrics.height() + 1)
            painter.drawText(
                line, Qt.AlignmentFlag.AlignLeft, metrics.elidedText(truth, Qt.TextElideMode.ElideMiddle, room.width())
            )


class CellView(QListView):
    """The tiles. A double click, or Enter, asks for the image in the dataset."""

    wanted = Signal(int)
    """The id of an image."""

    def __init__(self, model: CellImages, thumbnails: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("evaluate.images")
        self._images, self._thumbnails = model, thumbnails
        self.setModel(model)
        self.setItemDelegate(_Tile(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(theme.HALF)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Images of the chosen cell"))
        self.activated.connect(self._activated)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(0)
        self._asking.timeout.connect(self._ask)
        self.verticalScrollBar().valueChanged.connect(self._asking.start)
        model.modelReset.connect(self._asking.start)
        thumbnails.arrived.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._asking.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._asking.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._thumbnails.want(())

    @Slot()
    def _ask(self) -> None:
        """Have the thumbnails decoded that are in view now."""
        if not self.isVisible():
            return
        side, room = round(SIDE * self.devicePixelRatioF()), self.viewport().rect()
        rows = range(self._images.rowCount())
        seen = [row for row in rows if self.visualRect(self._images.index(row)).intersects(room)]
        images = [self._images.image(row) for row in seen]
        self._thumbnails.want([Wish(image.id, image.path, 0, side) for image in images])

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        self.wanted.emit(index.data(ImageRole).id)
