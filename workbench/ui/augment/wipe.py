"""Before and after in one place: a divider wipes one picture over the other, down to the model's own pixels."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.ui import theme

ZOOMS = (0, 1, 2, 4, 8)
"""Pixels of the screen for one of the model's; 0: as large as the room."""
_GRIP = 10.0
_INK = QColor("#ffffff")
_SHADE = QColor(0, 0, 0, 150)


class WipeBoard(QWidget):
    """Tile 0 is seen left of the divider, tile 1 right of it. ``zoomed`` tells another magnification.

    The divider is dragged, or moved by the arrow keys (with Shift in larger steps); + and - zoom, 0 fits. Where the
    picture is larger than the room, dragging beside the divider moves the picture.
    """

    zoomed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Before and after: arrow keys move the divider"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._pictures: list[QPixmap | None] = [None, None]
        self._scaled: list[QPixmap | None] = [None, None]
        self._share, self._zoom = 0.5, 0
        self._centre = QPointF(0.5, 0.5)
        self._drag = ""
        self._from = QPointF()

    def sizeHint(self) -> QSize:
        return QSize(640, 520)

    @property
    def share(self) -> float:
        """Where the divider stands, of the visible width: 0 shows all of the picture after, 1 all of the one before."""
        return self._share

    @property
    def zoom(self) -> int:
        return self._zoom

    @property
    def centre(self) -> tuple[float, float]:
        """The point of the picture in the middle of the room, 0 to 1 of its sides."""
        return self._centre.x(), self._centre.y()

    def set_share(self, share: float) -> None:
        self._share = min(1.0, max(0.0, share))
        self.update()

    def set_zoom(self, zoom: int) -> None:
        """Show one of the model's pixels as ``zoom`` x ``zoom`` of the screen's; 0 fits the room."""
        if zoom != self._zoom:
            self._zoom = zoom
            self._keep_inside()
            self.zoomed.emit(zoom)
            self.update()

    def show_picture(self, index: int, image: QImage) -> None:
        if index < 2:
            self._pictures[index], self._scaled[index] = QPixmap.fromImage(image), None
            self.update()

    def clear(self) -> None:
        self._pictures, self._scaled = [None, None], [None, None]
        self.update()

    def picture_area(self) -> QRectF:
        """Return where all of the picture lies, beyond the room where it is zoomed."""
        sides = [picture.size() for picture in self._pictures if picture is not None]
        size = sides[0] if sides else QSize(1, 1)
        if self._zoom:
            scale = self._zoom / self.devicePixelRatioF()
        else:
            scale = min(self.width() / size.width(), self.height() / size.height())
        width, height = size.width() * scale, size.height() * scale
        left = self.width() / 2 - self._centre.x() * width if width > self.width() else (self.width() - width) / 2
        top = self.height() / 2 - self._centre.y() * height if height > self.height() else (self.height() - height) / 2
        return QRectF(left, top, width, height)

    def visible_area(self) -> QRectF:
        """Return the part of the room that shows the picture."""
        return self.picture_area().intersected(QRectF(self.rect()))

    def divider(self) -> float:
        """Return where the divider stands, in pixels from the left."""
        seen = self.visible_area()
        return seen.left() + self._share * seen.width()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area, seen = self.picture_area(), self.visible_area()
        if self._pictures[0] is None and self._pictures[1] is None:
            painter.fillRect(seen, theme.colour("hover"))
            return
        at = self.divider()
        for index, part in (
            (0, QRectF(seen.left(), seen.top(), at - seen.left(), seen.height())),
            (1, QRectF(at, seen.top(), seen.right() - at, seen.height())),
        ):
            self._paint_part(painter, index, area, part)
        self._paint_divider(painter, seen, at)
        words = self.tr("before"), self.tr("after")
        painter.setFont(theme.font(theme.BADGE))
        for word, on_right in zip(words, (False, True), strict=True):
            width = painter.fontMetrics().horizontalAdvance(word) + 12.0
            left = seen.right() - width - 8 if on_right else seen.left() + 8
            if (at < left - _GRIP) if on_right else (at > left + width + _GRIP):
                place = QRectF(left, seen.top() + 8, width, 18)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(_SHADE)
                painter.drawRoundedRect(place, 4, 4)
                painter.setPen(_INK)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, word)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(seen.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_part(self, painter: QPainter, index: int, area: QRectF, part: QRectF) -> None:
        picture = self._pictures[index]
        if part.width() <= 0:
            return
        if picture is None:
            painter.fillRect(part, theme.colour("hover"))
            return
        if not self._zoom:
            picture = self._fitted(index, area)
        scale = picture.width() / area.width()
        source = QRectF(
            (part.left() - area.left()) * scale,
            (part.top() - area.top()) * scale,
            part.width() * scale,
            part.height() * scale,
        )
        painter.drawPixmap(part, picture, source)

    def _fitted(self, index: int, area: QRectF) -> QPixmap:
        """Return the picture scaled to the room, once for each size of it."""
        picture, made = self._pictures[index], self._scaled[index]
        assert picture is not None
        size = (area.size() * self.devicePixelRatioF()).toSize()
        if made is None or made.size() != size:
            modes = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            made = self._scaled[index] = picture.scaled(size, *modes)
        return made

    def _paint_divider(self, painter: QPainter, seen: QRectF, at: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((_SHADE, 4.0), (_INK, 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(at, seen.top()), QPointF(at, seen.bottom()))
        handle = QRectF(0, 0, 22, 22)
        handle.moveCenter(QPointF(at, seen.center().y()))
        painter.setPen(QPen(_SHADE, 1))
        painter.setBrush(_INK)
        painter.drawEllipse(handle)
        painter.setPen(QPen(QColor("#3a4150"), 1.5))
        middle = handle.center()
        for side in (-1, 1):
            tip = QPointF(middle.x() + side * 6, middle.y())
            painter.drawPolyline([tip + QPointF(-side * 3, -3.5), tip, tip + QPointF(-side * 3, 3.5)])

    # hands

    def _larger_than_room(self) -> bool:
        area = self.picture_area()
        return area.width() > self.width() + 1 or area.height() > self.height() + 1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._from = event.position()
        near = abs(event.position().x() - self.divider()) <= _GRIP
        self._drag = "divider" if near or not self._larger_than_room() else "picture"
        if self._drag == "divider":
            self._move_divider(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag == "divider":
            self._move_divider(event.position().x())
        elif self._drag == "picture":
            moved = event.position() - self._from
            self._from = event.position()
            self._pan(moved)
        else:
            near = abs(event.position().x() - self.divider()) <= _GRIP
            wide = Qt.CursorShape.SplitHCursor
            self.setCursor(wide if near or not self._larger_than_room() else Qt.CursorShape.OpenHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().y():
            area = self.picture_area()
            point = event.position() - area.topLeft()
            if self._zoom == 0:
                self._centre = QPointF(point.x() / area.width(), point.y() / area.height())
            self._step_zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.02
        key = event.key()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.set_share(self._share + (step if key == Qt.Key.Key_Right else -step))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.set_share(0.0 if key == Qt.Key.Key_Home else 1.0)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._step_zoom(1)
        elif key == Qt.Key.Key_Minus:
            self._step_zoom(-1)
        elif key == Qt.Key.Key_0:
            self.set_zoom(0)
        else:
            super().keyPressEvent(event)

    def _move_divider(self, x: float) -> None:
        seen = self.visible_area()
        self.set_share((x - seen.left()) / max(1.0, seen.width()))

    def _step_zoom(self, by: int) -> None:
        at = ZOOMS.index(self._zoom)
        if self._zoom == 0 and by > 0 and self._pictures[0] is not None:
            # The first step beyond "fit" is one that is larger than it.
            fit = self.picture_area().width() * self.devicePixelRatioF() / self._pictures[0].width()
            larger = [zoom for zoom in ZOOMS[1:] if zoom > fit]
            self.set_zoom(larger[0] if larger else ZOOMS[-1])
        else:
            self.set_zoom(ZOOMS[min(max(at + by, 0), len(ZOOMS) - 1)])

    def _pan(self, moved: QPointF) -> None:
        area = self.picture_area()
        self._centre -= QPointF(moved.x() / area.width(), moved.y() / area.height())
        self._keep_inside()
        self.update()

    def _keep_inside(self) -> None:
        area = self.picture_area()
        for_x = min(0.5, self.width() / 2 / area.width())
        for_y = min(0.5, self.height() / 2 / area.height())
        self._centre = QPointF(
            min(max(self._centre.x(), for_x), 1 - for_x), min(max(self._centre.y(), for_y), 1 - for_y)
        )
