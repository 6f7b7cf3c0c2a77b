"""Where the cards of a chain stand, the grounds of its groups, and where a dragged card would land."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from workbench.augment.chain import Place
from workbench.ui import theme
from workbench.ui.augment.card import GRIP, HEIGHT, ChainCard, Face

GAP = 6
SIDE = 12
INDENT = 14
INSET = 6
"""A card ends this far before its group's ground does."""
EMPTY = 32
"""Height of what an empty group shows."""
SIDEWAYS = 0.4
"""What a pixel to the left or right counts against one up or down where landings at different depths are close."""


AT_ONCE, AT_A_TIME = 10, 4
"""So many cards are made when a chain is shown, about what is in view, and so many with each event after that."""


class Landing(NamedTuple):
    """A place that a dragged card can be put at, and the line that shows it; ``into``: all of a folded group's card."""

    to: Place
    line: QRect
    into: bool = False
    refused: bool = False


class ChainColumn(QWidget):
    """Lays out cards, which it keeps and uses again."""

    def __init__(self, made: Callable[[], ChainCard], parent: QWidget | None = None) -> None:
        """``made`` makes a card."""
        super().__init__(parent)
        self._make = made
        self._pool: list[ChainCard] = []
        self._faces: list[Face] = []
        self._grounds: list[tuple[Place, QRect]] = []
        self._empty: list[QRect] = []
        self._landings: list[Landing] = []
        self._mark: Landing | None = None
        self._width = -1
        self._current: Place | None = None
        self._missing = QTimer(self)
        self._missing.setInterval(0)
        self._missing.timeout.connect(self._make_some)

    def cards(self) -> list[ChainCard]:
        """Return the cards from the top; those that are still to come are made now."""
        self._make_cards(len(self._faces))
        return self._pool[: len(self._faces)]

    def card(self, place: Place) -> ChainCard | None:
        """Return the card of a step, made now if need be; None where a folded group hides it."""
        at = next((number for number, face in enumerate(self._faces) if face.place == place), None)
        if at is None:
            return None
        self._make_cards(at + 1)
        return self._pool[at]

    def show_faces(self, faces: Sequence[Face], current: Place | None) -> None:
        """Show these steps, from the top; what a folded group holds is not among them."""
        same = [_shape(face) for face in faces] == [_shape(face) for face in self._faces]
        self._faces, self._current = list(faces), current
        for card, face in zip(self._pool, faces, strict=False):
            self._show(card, face)
        for card in self._pool[len(faces) :]:
            card.hide()
        self._make_cards(AT_ONCE)
        if not same:
            self._place()
        if len(self._pool) < len(faces):
            self._missing.start()

    def _make_cards(self, count: int) -> None:
        """Make those of the first ``count`` cards that there are not yet."""
        have = len(self._pool)
        for face in self._faces[have:count]:
            card = self._make()
            card.setParent(self)
            self._pool.append(card)
            self._show(card, face)
        if have < min(count, len(self._faces)):
            self._place()

    @Slot()
    def _make_some(self) -> None:
        if len(self._pool) < len(self._faces):
            self._make_cards(len(self._pool) + AT_A_TIME)
        else:
            self._missing.stop()

    def _show(self, card: ChainCard, face: Face) -> None:
        card.show_face(face)
        card.set_selected(face.place == self._current)
        card.show()

    def settle(self) -> None:
        """Let the room around know how high the column is now."""
        self.resize(self.width(), max(self.minimumHeight(), self.height()))

    def mark(self, landing: Landing | None) -> None:
        """Show where a dragged card would land."""
        if landing != self._mark:
            self._mark = landing
            self.update()

    def landing(self, at: QPoint) -> Landing | None:
        """Return the landing that is closest to ``at``; one at a smaller depth lies further to the left."""

        def distance(landing: Landing) -> float:
            line = landing.line
            if landing.into:
                return 0.0 if line.adjusted(0, line.height() // 3, 0, -line.height() // 3).contains(at) else 1e9
            return abs(line.center().y() - at.y()) + SIDEWAYS * abs(line.left() + GRIP // 2 - at.x())

        return min(self._landings, key=distance, default=None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.width() != self._width:
            self._place()

    def _place(self) -> None:
        """Give every card its room, and note the grounds and landings on the way."""
        self._width = self.width()
        self._grounds, self._empty, self._landings = [], [], []
        y = 4
        groups: list[tuple[Face, int]] = []  # those open here, with the top of their ground
        for number, face in enumerate(self._faces):
            while groups and groups[-1][0].place != face.place[: len(groups[-1][0].place)]:
                y = self._close(*groups.pop(), y)
            left, right = self._sides(len(face.place) - 1)
            self._landings.append(Landing(face.place, _line(left, right, y)))
            room = QRect(left, y, right - left, HEIGHT)
            if number < len(self._pool):
                self._pool[number].setGeometry(room)
            if face.step.is_group and not face.folded:
                groups.append((face, y))
                y += HEIGHT
            else:
                if face.step.is_group:
                    end = (*face.place, len(face.step.steps))
                    self._landings.append(Landing(end, room, into=True))
                    self._grounds.append((face.place, room))
                y += HEIGHT + GAP
        while groups:
            y = self._close(*groups.pop(), y)
        end = (max((face.place[0] + 1 for face in self._faces), default=0),)
        self._landings.append(Landing(end, _line(*self._sides(0), y)))
        self.setMinimumHeight(y + SIDE)
        self.update()

    def _close(self, face: Face, top: int, y: int) -> int:
        """End the ground of a group at ``y``; return where it goes on below."""
        left, right = self._sides(len(face.place))
        line = _line(left, right, y)
        if not face.step.steps:
            room = QRect(left, y + 2, right - left, EMPTY - 2)
            self._empty.append(room)
            line = QRect(left, room.center().y(), right - left, 2)
            y += EMPTY + GAP
        self._landings.append(Landing((*face.place, len(face.step.steps)), line))
        outer_left, outer_right = self._sides(len(face.place) - 1)
        self._grounds.append((face.place, QRect(outer_left, top, outer_right - outer_left, y - top)))
        return y + GAP

    def _sides(self, depth: int) -> tuple[int, int]:
        return SIDE + depth * INDENT, self.width() - SIDE - depth * INSET

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        into = self._mark.to[:-1] if self._mark is not None and not self._mark.refused else ()
        for place, room in sorted(self._grounds, key=lambda ground: len(ground[0])):
            lit = place == into
            painter.setPen(QPen(theme.colour("accent" if lit else "line"), 1))
            painter.setBrush(theme.colour("hover", 0.55))
            painter.drawRoundedRect(QRectF(room).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
        painter.setFont(theme.font(theme.SECONDARY))
        for room in self._empty:
            painter.setPen(QPen(theme.colour("disabled"), 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(room).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
            painter.setPen(theme.colour("secondary"))
            text = self.tr("Drag or add steps here")
            text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width() - 12)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
        if self._mark is not None:
            self._paint_mark(painter, self._mark)

    def _paint_mark(self, painter: QPainter, mark: Landing) -> None:
        colour = theme.colour("red" if mark.refused else "accent")
        if mark.into:
            painter.setPen(QPen(colour, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(mark.line).adjusted(-1, -1, 1, 1), theme.RADIUS, theme.RADIUS)
            return
        line = mark.line
        painter.fillRect(line.adjusted(6, 0, 0, 1), colour)
        painter.setPen(QPen(colour, 2))
        painter.setBrush(theme.colour("background"))
        painter.drawEllipse(QPointF(line.left() + 3, line.center().y() + 1), 3, 3)


def _line(left: int, right: int, y: int) -> QRect:
    """Return the line above what begins at ``y``."""
    return QRect(left, y - GAP // 2 - 1, right - left, 2)


def _shape(face: Face) -> tuple[Place, bool, bool, bool]:
    return face.place, face.step.is_group, face.folded, bool(face.step.steps)
