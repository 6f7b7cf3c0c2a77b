"""A cloud of up to a million points: drawn by NumPy into one picture, zoomed, panned, and selected with a lasso."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.ui import theme

Floats = NDArray[np.float32]

MARGIN = 24
NEAR = 8
"""Logical pixels around the pointer in which a point counts as meant."""

MOST_ZOOM = 200.0
LARGE, SMALL = 3, 2
"""Half the side of a point in device pixels: of few points, and of more than `MANY`."""

MANY = 20_000


class PointCloud(QWidget):
    """Drag draws a lasso (with Shift it adds), the wheel zooms, the middle button or Space and drag pans, Esc selects none.

    ``selected`` carries the indices of the points in the lasso; ``activated`` the point that was double-clicked;
    ``hovered`` the point under the pointer, -1 for none.
    """

    selected = Signal(object)
    activated = Signal(int)
    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Map of the images"))
        self._points: Floats = np.zeros((0, 2), np.float32)
        self._colours: NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._chosen = np.zeros(0, bool)
        self._zoom, self._centre = 1.0, QPointF(0.5, 0.5)
        self._lasso: list[QPointF] = []
        self._panned_from: QPointF | None = None
        self._space = False
        self._hovered = -1
        self._picture: QImage | None = None

    def show_points(self, points: Floats, colours: NDArray[np.uint32]) -> None:
        """Show points [N,2] in any units with their colours (0xAARRGGBB); nothing is selected."""
        low, high = (points.min(0), points.max(0)) if len(points) else (np.zeros(2), np.ones(2))
        span = float(max(np.max(high - low), 1e-9))
        middle = (low + high) / 2
        self._points = ((points - middle) / span + 0.5).astype(np.float32)
        self._colours = colours
        self._chosen = np.zeros(len(points), bool)
        self.reset_view()

    def recolour(self, colours: NDArray[np.uint32]) -> None:
        """Show the same points in other colours."""
        self._colours = colours
        self._redraw()

    @property
    def chosen(self) -> NDArray[np.int64]:
        """The indices of the selected points."""
        return np.flatnonzero(self._chosen)

    def choose(self, indices: NDArray[np.int64]) -> None:
        """Select these points and tell."""
        self._chosen[:] = False
        self._chosen[indices] = True
        self._redraw()
        self.selected.emit(self.chosen)

    @Slot()
    def reset_view(self) -> None:
        """Show all points."""
        self._zoom, self._centre = 1.0, QPointF(0.5, 0.5)
        self._redraw()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the widget (default: its middle)."""
        at = at if at is not None else QRectF(self.rect()).center()
        before = self._to_map(at)
        self._zoom = min(MOST_ZOOM, max(1.0, self._zoom * factor))
        after = self._to_map(at)
        self._centre += before - after
        if self._zoom == 1.0:
            self._centre = QPointF(0.5, 0.5)
        self._redraw()

    def on_screen(self) -> Floats:
        """Return where the points are, in logical pixels of the widget [N,2]."""
        middle = QRectF(self.rect()).center()
        centre = np.array([self._centre.x(), self._centre.y()], np.float32)
        place: Floats = (self._points - centre) * np.float32(self._scale()) + np.array(
            [middle.x(), middle.y()], np.float32
        )
        return place

    def point_at(self, place: QPointF) -> int:
        """Return the nearest point within a few pixels, or -1."""
        if not len(self._points):
            return -1
        away = np.abs(self.on_screen() - np.array([place.x(), place.y()], np.float32)).max(1)
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= NEAR else -1

    def _scale(self) -> float:
        return max(1.0, min(self.width(), self.height()) - 2 * MARGIN) * self._zoom

    def _to_map(self, place: QPointF) -> QPointF:
        return (place - QRectF(self.rect()).center()) / self._scale() + self._centre

    def _redraw(self) -> None:
        self._picture = None
        self.update()

    def _drawn(self) -> QImage:
        """Return the points as a picture in device pixels; the selected ones on top, the others dimmed while there are some."""
        ratio = self.devicePixelRatioF()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        canvas = np.full((height, width), theme.colour("background").rgba(), np.uint32)
        places = np.round(self.on_screen() * ratio).astype(np.int32)
        half = round((SMALL if len(places) > MANY else LARGE) * ratio)
        inside = ((places >= half) & (places < np.array([width, height]) - half)).all(1)
        any_chosen = bool(self._chosen.any())
        for mask, dimmed in ((inside & ~self._chosen, any_chosen), (inside & self._chosen, False)):
            spots, colours = places[mask], self._colours[mask]
            if dimmed:
                colours = np.full(len(spots), theme.colour("line").rgba(), np.uint32)
            for down in range(-half, half + 1):
                for right in range(-half, half + 1):
                    if down * down + right * right <= half * half + 1:
                        canvas[spots[:, 1] + down, spots[:, 0] + right] = colours
        picture = QImage(canvas.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
        picture.setDevicePixelRatio(ratio)
        return picture

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._picture is None:
            self._picture = self._drawn()
        painter = QPainter(self)
        painter.drawImage(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._hovered >= 0:
            x, y = self.on_screen()[self._hovered].tolist()
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.drawEllipse(QPointF(x, y), 6, 6)
        if len(self._lasso) > 1:
            painter.setPen(QPen(theme.colour("accent"), 1.5))
            painter.setBrush(theme.colour("accent", 0.12))
            painter.drawPolygon(QPolygonF(self._lasso))

    def _within(self, lasso: list[QPointF]) -> NDArray[np.bool_]:
        """Return which points lie in the polygon: it is painted as a mask, and each point looks its pixel up."""
        mask = QImage(self.width(), self.height(), QImage.Format.Format_Grayscale8)
        mask.fill(0)
        painter = QPainter(mask)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("white"))
        painter.drawPolygon(QPolygonF(lasso))
        painter.end()
        levels = np.frombuffer(mask.constBits(), np.uint8).reshape(mask.height(), mask.bytesPerLine())
        places = np.floor(self.on_screen()).astype(np.int32)
        inside = ((places >= 0) & (places < np.array([mask.width(), mask.height()]))).all(1)
        found = np.zeros(len(places), bool)
        found[inside] = levels[places[inside, 1], places[inside, 0]] > 0
        return found

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._picture = None

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self._redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(1.25 ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._space and event.button() == Qt.MouseButton.LeftButton
        ):
            self._panned_from = event.position()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._lasso = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None:
            self._centre -= (event.position() - self._panned_from) / self._scale()
            self._panned_from = event.position()
            self._redraw()
        elif self._lasso:
            self._lasso.append(event.position())
            self.update()
        else:
            self._hover(self.point_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._panned_from = None
        if event.button() != Qt.MouseButton.LeftButton or not self._lasso:
            return
        lasso, self._lasso = self._lasso, []
        adding = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        polygon = QPolygonF(lasso).boundingRect()
        if polygon.width() < 4 and polygon.height() < 4:  # a click, no lasso
            point = self.point_at(event.position())
            found = np.zeros(len(self._points), bool)
            if point >= 0:
                found[point] = True
        else:
            found = self._within(lasso)
        self.choose(np.flatnonzero(found | self._chosen if adding else found))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._lasso = []
        point = self.point_at(event.position())
        if point >= 0:
            self.activated.emit(point)
        else:
            self.reset_view()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Space:
                self._space = True
            case Qt.Key.Key_Escape if self._chosen.any():
                self.choose(np.zeros(0, np.int64))
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_by(1.25)
            case Qt.Key.Key_Minus:
                self.zoom_by(0.8)
            case _:
                event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
        super().keyReleaseEvent(event)

    def _hover(self, point: int) -> None:
        if point != self._hovered:
            self._hovered = point
            if point < 0:
                QToolTip.hideText()
            self.hovered.emit(point)
            self.update()
