"""The loupe: one image as large as the room allows, with zoom and pan."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from workbench.project.images import ImageRow
from workbench.ui import figures, theme
from workbench.ui.dataset.loupe_tools import LoupeTool
from workbench.ui.thumbnails import ThumbnailLoader, Wish

LARGEST_SIDE = 8192
"""A larger image is shown reduced to this: its pixels would fill the memory."""

MOST_ZOOM = 32.0
CAPTION = 28


class Loupe(QWidget):
    """Wheel zooms around the pointer, drag pans, a double click switches between all of it and its own pixels.

    Esc or Enter closes; arrows ask for the next image; every other key is left to the panel, so labelling goes on.
    ``tools`` see the mouse and the keys before the loupe does.
    """

    closed = Signal()
    stepped = Signal(int)
    imageShown = Signal()
    """``row`` is another one than before."""

    def __init__(self, pictures: ThumbnailLoader, quick: ThumbnailLoader, parent: QWidget | None = None) -> None:
        """``pictures`` decodes whole images; ``quick`` has the small ones that are shown until then."""
        super().__init__(parent)
        self.setObjectName("dataset.loupe")
        self.setAccessibleName(self.tr("Loupe"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._pictures, self._quick = pictures, quick
        self._row: ImageRow | None = None
        self._caption = ""
        self._zoom = 0.0  # Screen pixels (logical) per image pixel; 0 fits.
        self._centre = QPointF(0.5, 0.5)
        self._dragged_from: QPointF | None = None
        self._instead: QPixmap | None = None
        self._foot = 0
        self.tools: list[LoupeTool] = []
        self.setMouseTracking(True)
        pictures.arrived.connect(self.update)

    @property
    def row(self) -> ImageRow | None:
        return self._row

    def show_image(self, row: ImageRow, caption: str) -> None:
        """Show an image; the zoom stays, so that the same place of many images can be compared."""
        self._caption = caption
        other = self._row is None or row.id != self._row.id
        if other:
            self._instead = None
            self.ask_for(row)
        self._row = row
        if other:
            self.imageShown.emit()
        self.update()

    def ask_for(self, row: ImageRow) -> None:
        """Let the pixels of an image be decoded, also where they were before."""
        self._pictures.want([Wish(row.id, row.path, row.modified_ns, LARGEST_SIDE)])

    def show_instead(self, pixmap: QPixmap | None) -> None:
        """Show this picture of the same image, for example with other levels; None shows the image itself again."""
        self._instead = pixmap
        self.update()

    def to_image(self, point: QPointF) -> QPointF:
        """Return where a point of the widget lies, in the image's pixels; it may lie outside of the image."""
        target, zoom = self._target(), self.zoom()
        return QPointF((point.x() - target.x()) / zoom, (point.y() - target.y()) / zoom)

    def to_widget(self, point: QPointF) -> QPointF:
        """Return where a point of the image is shown."""
        target, zoom = self._target(), self.zoom()
        return QPointF(target.x() + point.x() * zoom, target.y() + point.y() * zoom)

    def fit(self) -> None:
        """Show all of the image."""
        self._zoom, self._centre = 0.0, QPointF(0.5, 0.5)
        self.update()

    def zoom(self) -> float:
        """Return how many logical pixels of the screen one pixel of the image takes."""
        return self._zoom or self._fitting()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the widget (default: its middle)."""
        size = self._image_size()
        if size.isEmpty():
            return
        at = at if at is not None else QPointF(self._area().center())
        before = self._target()
        place = QPointF((at.x() - before.x()) / before.width(), (at.y() - before.y()) / before.height())
        new = self.zoom() * factor
        if new <= self._fitting():
            self.fit()
            return
        self._zoom = min(new, MOST_ZOOM)
        away = at - QPointF(self._area().center())
        self._centre = QPointF(
            place.x() - away.x() / (size.width() * self._zoom), place.y() - away.y() / (size.height() * self._zoom)
        )
        self._keep_inside()
        self.update()

    def _image_size(self) -> QSizeF:
        return QSizeF(self._row.width, self._row.height) if self._row is not None else QSizeF()

    def _area(self) -> QRect:
        """Return the room above the caption and what stands on it."""
        return self.rect().adjusted(0, 0, 0, -CAPTION - self._foot)

    def set_foot(self, height: int) -> None:
        """Leave so much room above the caption for something else."""
        if height != self._foot:
            self._foot = height
            self.update()

    def _fitting(self) -> float:
        size = self._image_size()
        if size.isEmpty():
            return 1.0
        return min((self.width() - 32) / size.width(), (self._area().height() - 32) / size.height(), 8.0)

    def _target(self) -> QRectF:
        shown = self._image_size() * self.zoom()
        corner = QPointF(self._area().center()) - QPointF(
            self._centre.x() * shown.width(), self._centre.y() * shown.height()
        )
        return QRectF(corner, shown)

    def _keep_inside(self) -> None:
        self._centre = QPointF(min(1.0, max(0.0, self._centre.x())), min(1.0, max(0.0, self._centre.y())))

    def _pixmap(self) -> QPixmap | None:
        assert self._row is not None
        return self._instead or self._pictures.pixmap(self._row.id) or self._quick.pixmap(self._row.id)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("background"))
        if self._row is None:
            return
        pixmap = self._pixmap()
        error = self._row.error or self._pictures.error(self._row.id, self._row.modified_ns)
        if pixmap is not None:
            # Beyond twice its size the image's own pixels are what the user wants to see.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom() < 2)
            painter.drawPixmap(self._target(), pixmap, QRectF(pixmap.rect()))
        elif error:
            painter.setPen(theme.colour("red"))
            area = self.rect().adjusted(32, 32, -32, -32)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, error)
        for tool in self.tools:
            tool.paint(painter)
        strip = self.rect().adjusted(0, self.height() - CAPTION, 0, 0)
        painter.fillRect(strip, theme.colour("surface"))
        painter.setPen(theme.colour("secondary"))
        painter.setFont(theme.font(theme.SECONDARY))
        place = strip.adjusted(12, 0, -12, 0)
        right = f"{figures.percent(self.zoom() * self.devicePixelRatioF())}   " + self.tr("Esc closes")
        width = painter.fontMetrics().horizontalAdvance(right)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        left = painter.fontMetrics().elidedText(self._caption, Qt.TextElideMode.ElideMiddle, place.width() - width - 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, left)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._zoom and self._zoom <= self._fitting():
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(1.2 ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if any(tool.press(event) for tool in self.tools):
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged_from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if any(tool.move(event) for tool in self.tools):
            return
        if self._dragged_from is None or not self._zoom:
            return
        moved, self._dragged_from = event.position() - self._dragged_from, event.position()
        shown = self._image_size() * self._zoom
        self._centre -= QPointF(moved.x() / shown.width(), moved.y() / shown.height())
        self._keep_inside()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        for tool in self.tools:
            tool.release(event)
        self._dragged_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or any(tool.press(event) for tool in self.tools):
            return
        if self._zoom:
            self.fit()
        else:
            self.zoom_by(1 / self.devicePixelRatioF() / self._fitting(), event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if any(tool.key(event) for tool in self.tools):
            return
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.closed.emit()
            case Qt.Key.Key_Left | Qt.Key.Key_Up:
                self.stepped.emit(-1)
            case Qt.Key.Key_Right | Qt.Key.Key_Down if not event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.stepped.emit(1)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_by(1.25)
            case Qt.Key.Key_Minus:
                self.zoom_by(0.8)
            case _:
                event.ignore()

    @Slot()
    def forget(self) -> None:
        """Another project is open."""
        self._row, self._instead = None, None
        self.imageShown.emit()
        self.fit()
