"""Boxes and freehand outlines in the loupe: drawn, chosen, moved, given a class, removed. Each is a step of undo."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from workbench.project.ids import ClassId
from workbench.project.labels import ClassRow
from workbench.project.regions import Points, Region
from workbench.ui import theme
from workbench.ui.dataset.loupe_tools import LoupeTool
from workbench.ui.dataset.outlines import clipped, corners, enclosed, grabbed, near, resized, simplified

if TYPE_CHECKING:
    from workbench.project.changes import Change
    from workbench.project.project import Project
    from workbench.ui.dataset.loupe import Loupe
    from workbench.ui.session import Session

Mode = Literal["", "box", "freehand"]

REACH = 6.0
"""So many pixels of the screen beside a line or a corner still mean it."""

SMALLEST = 3.0
"""A box or an outline of fewer pixels of the screen is a click that slipped."""


class RegionTool(LoupeTool):
    """Shows the regions of the loupe's image. ``mode`` "" looks and chooses, "box" and "freehand" draw."""

    modeChanged = Signal(str)

    def __init__(self, session: "Session", loupe: "Loupe", classes: Callable[[], Mapping[int, ClassRow]]) -> None:
        super().__init__(loupe)
        self._session, self._loupe, self._classes = session, loupe, classes
        self.mode: Mode = ""
        self.regions: list[Region] = []
        self.selected: int | None = None
        self.class_id: ClassId | None = None
        """The class of the next region; None: that of the image."""
        self._drawn: list[QPointF] = []
        self._pressed: QPointF | None = None
        self._corner = -1
        self._moved: Points | None = None
        loupe.imageShown.connect(self._other_image)
        session.decisionsChanged.connect(self._decided)

    @Slot(str)
    def set_mode(self, mode: Mode) -> None:
        """Draw boxes or outlines from now on, or ("") no longer."""
        self._drawn, self._moved = [], None
        if mode != self.mode:
            self.mode = mode
            self.class_id = None
            self._loupe.setCursor(Qt.CursorShape.CrossCursor if mode else Qt.CursorShape.ArrowCursor)
            self.modeChanged.emit(mode)
        self._loupe.update()

    def take_class(self, class_id: int) -> bool:
        """Give the chosen region this class, or while drawing the next one; False where neither is there."""
        chosen = self._chosen()
        if chosen is not None:
            same = chosen.class_id == class_id
            self._make(
                lambda project, grader: project.regions.change(
                    chosen.id, class_id=None if same else ClassId(class_id), grader=grader
                )
            )
            return True
        if self.mode:
            self.class_id = ClassId(class_id)
            self._loupe.update()
            return True
        return False

    def remove(self) -> bool:
        """Remove the chosen region; False where none is."""
        chosen = self._chosen()
        if chosen is None:
            return False
        return self._make(lambda project, grader: project.regions.remove(chosen.id, grader=grader))

    # the project

    @Slot()
    def _other_image(self) -> None:
        self.selected, self._drawn, self._moved, self._corner = None, [], None, -1
        self.reload()

    @Slot(object)
    def _decided(self, change: "Change") -> None:
        if change.what in ("region", "classes"):
            self.reload()

    @Slot()
    def reload(self) -> None:
        """Read the regions of the image again."""
        project, row = self._session.project, self._loupe.row
        self.regions = project.regions.of(row.id) if project is not None and row is not None else []
        if self._chosen() is None:
            self.selected = None
        self._loupe.update()

    def _chosen(self) -> Region | None:
        return next((region for region in self.regions if region.id == self.selected), None)

    def _make(self, edit: "Callable[[Project, str], Change | None]") -> bool:
        grader = self._session.grader
        return self._session.make(lambda project: edit(project, grader))

    def _add(self, points: Points) -> None:
        row = self._loupe.row
        if row is None or self.mode == "":
            return
        shape = self.mode
        known = row.class_id if row.class_id is not None and row.class_id in self._classes() else None
        class_id = self.class_id if self.class_id is not None else known
        if self._make(lambda project, grader: project.regions.add(row.id, shape, points, class_id, grader=grader)):
            self.selected = self.regions[-1].id if self.regions else None
            self._loupe.update()

    # mouse and keys

    def press(self, event: QMouseEvent) -> bool:
        row = self._loupe.row
        if event.button() != Qt.MouseButton.LeftButton or row is None or not row.width:
            return False
        here = event.position()
        if self.mode:
            self._drawn = [self._inside(here)]
            return True
        self._pressed = here
        chosen = self._chosen()
        if chosen is not None:
            shown = self._on_screen(chosen.points)
            self._corner = grabbed(corners(chosen.shape, shown), here, REACH) if chosen.shape == "box" else -1
            if self._corner >= 0 or near(chosen.shape, shown, here, REACH):
                self._moved = chosen.points
                return True
        return False

    def move(self, event: QMouseEvent) -> bool:
        here = event.position()
        if self._drawn and event.buttons() & Qt.MouseButton.LeftButton:
            self._drawn = (
                [self._drawn[0], self._inside(here)] if self.mode == "box" else [*self._drawn, self._inside(here)]
            )
            self._loupe.update()
            return True
        chosen = self._chosen()
        if self._moved is not None and chosen is not None and self._pressed is not None:
            self._moved = self._dragged(chosen, here)
            self._loupe.update()
            return True
        return False

    def release(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        drawn, self._drawn = self._drawn, []
        moved, self._moved = self._moved, None
        pressed, self._pressed = self._pressed, None
        chosen = self._chosen()
        if drawn:
            self._finish(drawn)
        elif moved is not None and chosen is not None and moved != chosen.points:
            self._make(lambda project, grader: project.regions.change(chosen.id, points=moved, grader=grader))
        elif pressed is not None and (event.position() - pressed).manhattanLength() < REACH:
            self._choose_at(event.position())
        self._loupe.update()
        return bool(drawn) or moved is not None

    def _finish(self, drawn: Sequence[QPointF]) -> None:
        zoom = self._loupe.zoom()
        bounds = QPolygonF(list(drawn)).boundingRect()
        if max(bounds.width(), bounds.height()) * zoom < SMALLEST:
            return
        if self.mode == "box":
            if min(bounds.width(), bounds.height()) * zoom >= SMALLEST:
                self._add(((bounds.left(), bounds.top()), (bounds.right(), bounds.bottom())))
            return
        points = simplified([(point.x(), point.y()) for point in drawn], 1.0 / zoom)
        if len(points) >= 3:
            self._add(points)

    def _choose_at(self, here: QPointF) -> None:
        found = [region for region in self.regions if self._means(region, here)]
        sizes = {region.id: QPolygonF(self._on_screen(region.points)).boundingRect() for region in found}
        smallest = min(found, key=lambda region: sizes[region.id].width() * sizes[region.id].height(), default=None)
        self.selected = smallest.id if smallest is not None else None

    def _means(self, region: Region, here: QPointF) -> bool:
        shown = self._on_screen(region.points)
        return near(region.shape, shown, here, REACH) or enclosed(region.shape, shown, here)

    def _dragged(self, region: Region, here: QPointF) -> Points:
        assert self._pressed is not None
        row = self._loupe.row
        assert row is not None
        if self._corner >= 0:
            inside = self._inside(here)
            return resized(region.points, self._corner, (inside.x(), inside.y()))
        by = self._loupe.to_image(here) - self._loupe.to_image(self._pressed)
        return clipped(region.points, (by.x(), by.y()), (row.width, row.height))

    def key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and (self._drawn or self.mode or self.selected is not None):
            if self.selected is not None and not self._drawn:
                self.selected = None
                self._loupe.update()
            else:
                self.set_mode("")
            return True
        return False

    def _inside(self, here: QPointF) -> QPointF:
        row = self._loupe.row
        assert row is not None
        point = self._loupe.to_image(here)
        return QPointF(min(max(point.x(), 0.0), row.width), min(max(point.y(), 0.0), row.height))

    # painting

    def paint(self, painter: QPainter) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for region in self.regions:
            chosen = region.id == self.selected
            points = self._moved if chosen and self._moved is not None else region.points
            self._outline(painter, region.shape, self._on_screen(points), self._colour(region.class_id), chosen)
            if chosen or region.class_id is not None:  # a colour alone says nothing
                self._name(painter, region.shape, self._on_screen(points), region.class_id)
        if self._drawn:
            colour = self._colour(self.class_id)
            self._outline(painter, self.mode, [self._loupe.to_widget(point) for point in self._drawn], colour, False)
        painter.restore()

    def _colour(self, class_id: ClassId | None) -> QColor:
        known = self._classes().get(class_id) if class_id is not None else None
        return QColor(known.colour) if known is not None else theme.colour("accent")

    def _outline(self, painter: QPainter, shape: str, points: Sequence[QPointF], colour: QColor, chosen: bool) -> None:
        if len(points) < 2:
            return
        outline = QPolygonF(corners(shape, points))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(QColor(0, 0, 0, 150), 4), QPen(colour, 2)):
            # A dark rim below the colour: seen on bright and dark images alike.
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolygon(outline)
        if chosen and shape == "box":
            painter.setPen(QPen(QColor(0, 0, 0, 180), 1))
            painter.setBrush(colour)
            for corner in corners(shape, points):
                painter.drawRect(QRectF(corner.x() - 4, corner.y() - 4, 8, 8))

    def _name(self, painter: QPainter, shape: str, points: Sequence[QPointF], class_id: ClassId | None) -> None:
        known = self._classes().get(class_id) if class_id is not None else None
        text = known.name if known is not None else self.tr("no class: press a class key")
        colour = self._colour(class_id)
        painter.setFont(theme.font(theme.BADGE))
        bounds = QPolygonF(corners(shape, points)).boundingRect()
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 240)
        place = QRectF(0, 0, painter.fontMetrics().horizontalAdvance(text) + 12, 20)
        place.moveBottomLeft(QPointF(max(0.0, bounds.left() - 1), max(20.0, bounds.top() - 4)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(place, 4, 4)
        painter.setPen(theme.readable_on(colour))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _on_screen(self, points: Points) -> list[QPointF]:
        return [self._loupe.to_widget(QPointF(*point)) for point in points]
