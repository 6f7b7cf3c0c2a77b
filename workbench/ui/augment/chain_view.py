"""The chain as a column of cards, groups as frames round theirs: picked, folded, moved by drag and keys, switched, deleted."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from workbench.augment.chain import GROUPS, Chain, Place
from workbench.ui.augment import edits
from workbench.ui.augment.card import ChainCard, Face, Mark, dragged_place
from workbench.ui.augment.chain_column import ChainColumn, Landing

EDGE = 28
"""A drag this close (pixels) to the upper or lower end scrolls."""
SEVERITIES = ("info", "warning", "error")


class ChainView(QScrollArea):
    """Shows a chain; its signals say what the user wants of which place."""

    picked = Signal(object)
    chanceEdited = Signal(object, float)
    settled = Signal()
    switched = Signal(object, bool)
    moveWanted = Signal(object, object)
    asked = Signal(str, object, str)
    """See `ChainCard.asked`."""

    def __init__(self, title_of: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.chain")
        self.setAccessibleName(self.tr("Chain"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._title_of = title_of
        self._chain = Chain()
        self.current: Place | None = None
        self._folded: set[Place] = set()
        self._costs: Mapping[Place, str] = {}
        self._marks: Mapping[Place, Mark] = {}
        self._column = ChainColumn(self._made)
        self._dragged_to: QPoint | None = None
        self._scroll = QTimer(self)
        self._scroll.setInterval(30)
        self._scroll.timeout.connect(self._scroll_on)
        self.setWidget(self._column)

    def sizeHint(self) -> QSize:
        return QSize(288, 400)

    def cards(self) -> list[ChainCard]:
        """Return the cards in view, from the top: none of what a folded group holds."""
        return self._column.cards()

    def card(self, place: Place) -> ChainCard | None:
        """Return the card of a step, None where a folded group hides it."""
        return self._column.card(place)

    def show_chain(self, chain: Chain, current: Place | None) -> None:
        """Show a chain. A card whose values change stays where it is, so that a drag on its slider goes on."""
        if chain != self._chain:
            self._folded = _refolded(self._chain, chain, self._folded)
        moved = current != self.current or chain != self._chain
        self._chain, self.current = chain, current
        if current is not None:
            self._folded -= {current[:depth] for depth in range(1, len(current))}
        self._refresh()
        shown = self.card(current) if current is not None and moved else None
        if shown is not None:
            self._column.settle()
            self.ensureWidgetVisible(shown, 0, 12)

    def set_costs(self, costs: Mapping[Place, str]) -> None:
        """Show what each step costs, in a few characters."""
        if costs != self._costs:
            self._costs = dict(costs)
            self._refresh()

    def set_marks(self, marks: Mapping[Place, Mark]) -> None:
        """Mark the steps with which something is wrong."""
        if marks != self._marks:
            self._marks = dict(marks)
            self._refresh()

    def is_folded(self, place: Place) -> bool:
        return place in self._folded

    @Slot(object, bool)
    def fold(self, place: Place, folded: bool) -> None:
        """Hide or show what a group holds."""
        if folded:
            self._folded.add(place)
            if self.current is not None and len(self.current) > len(place) and self.current[: len(place)] == place:
                self.picked.emit(place)
        else:
            self._folded.discard(place)
        self._refresh()

    def _made(self) -> ChainCard:
        card = ChainCard(self._title_of)
        card.picked.connect(self._pick)
        card.folded.connect(self.fold)
        for name in ("chanceEdited", "settled", "switched", "asked"):
            getattr(card, name).connect(getattr(self, name))
        return card

    def _refresh(self) -> None:
        self._column.show_faces([self._face(place) for place in self._places()], self.current)

    def _places(self) -> list[Place]:
        """Return the places in view, from the top."""
        hidden = tuple(self._folded)
        return [
            place
            for place, _ in self._chain.walk()
            if not any(len(place) > len(group) and place[: len(group)] == group for group in hidden)
        ]

    def _face(self, place: Place) -> Face:
        step = self._chain.at(place)
        return Face(
            place,
            step,
            self._title_of(step.transform),
            active=all(self._chain.at(place[:depth]).enabled for depth in range(1, len(place))),
            share=edits.share(self._chain, place),
            drawn=len(place) > 1 and self._chain.at(place[:-1]).transform in ("SomeOf", "RandomOrder"),
            folded=place in self._folded,
            cost=self._costs.get(place, ""),
            mark=self._mark(place),
        )

    def _mark(self, place: Place) -> Mark | None:
        """Return a step's mark; a folded group has the worst of those that it hides."""
        hides = place in self._folded
        found = [
            mark for marked, mark in self._marks.items() if marked == place or (hides and marked[: len(place)] == place)
        ]
        return max(found, key=lambda mark: SEVERITIES.index(mark.severity), default=None)

    @Slot(object)
    def _pick(self, place: Place) -> None:
        self.setFocus()
        self.picked.emit(place)

    # keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if not (self._walked(Qt.Key(event.key()), alt) or self._edited(event, alt)):
            super().keyPressEvent(event)

    def _walked(self, key: Qt.Key, alt: bool) -> bool:
        """Move the selection. Return whether the key was one for that."""
        places = self._places()
        if alt or not places:
            return False
        at = places.index(self.current) if self.current in places else -1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            to = min(len(places) - 1, max(0, at + (1 if key == Qt.Key.Key_Down else -1)))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            to = 0 if key == Qt.Key.Key_Home else len(places) - 1
        elif self.current is not None and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._folded_by(self.current, key == Qt.Key.Key_Left)
            return True
        else:
            return False
        self.picked.emit(places[to])
        return True

    def _folded_by(self, place: Place, left: bool) -> None:
        """Do as trees do: left folds a group, else goes to the one around; right unfolds a group, else enters it."""
        is_group = self._chain.at(place).is_group
        if left and is_group and place not in self._folded:
            self.fold(place, True)
        elif left and len(place) > 1:
            self.picked.emit(place[:-1])
        elif not left and place in self._folded:
            self.fold(place, False)
        elif not left and is_group and self._chain.at(place).steps:
            self.picked.emit((*place, 0))

    def _edited(self, event: QKeyEvent, alt: bool) -> bool:
        """Say what a key wants of the selected step. Return whether it was one for that."""
        if self.current is None:
            return False
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and alt:
            self.asked.emit("up" if key == Qt.Key.Key_Up else "down", self.current, "")
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.asked.emit("remove", self.current, "")
        elif key == Qt.Key.Key_D and control:
            self.asked.emit("duplicate", self.current, "")
        elif key == Qt.Key.Key_G and control:
            self.asked.emit("ungroup" if shift else "group", self.current, "" if shift else GROUPS[0])
        elif key == Qt.Key.Key_Space:
            self.switched.emit(self.current, not self._chain.at(self.current).enabled)
        elif key == Qt.Key.Key_Menu:
            shown = self.card(self.current)
            if shown is not None:
                shown._show_menu()
        else:
            return False
        return True

    # drag

    def landing(self, at: QPoint, step: Place) -> Landing | None:
        """Return where ``step`` would land, dropped at ``at`` (of the viewport); None where it would stay as it is."""
        inside = self._column.mapFrom(self.viewport(), at)
        found = self._column.landing(inside)
        if found is None or found.to in (step, (*step[:-1], step[-1] + 1)):
            return None
        try:
            edits.move(self._chain, step, found.to)
        except edits.Refused:
            return found._replace(refused=True)
        return found

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragged_place(event.mimeData()) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        step = dragged_place(event.mimeData())
        if step is None:
            event.ignore()
            return
        event.acceptProposedAction()
        self._dragged_to = event.position().toPoint()
        self._column.mark(self.landing(self._dragged_to, step))
        self._scroll.start()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_drag()

    def dropEvent(self, event: QDropEvent) -> None:
        self._end_drag()
        step = dragged_place(event.mimeData())
        if step is None:
            event.ignore()
            return
        event.acceptProposedAction()
        found = self.landing(event.position().toPoint(), step)
        if found is not None:
            self.moveWanted.emit(step, found.to)

    def _end_drag(self) -> None:
        self._scroll.stop()
        self._dragged_to = None
        self._column.mark(None)

    @Slot()
    def _scroll_on(self) -> None:
        if self._dragged_to is None:
            self._scroll.stop()
            return
        y, bar = self._dragged_to.y(), self.verticalScrollBar()
        by = -12 if y < EDGE else 12 if y > self.viewport().height() - EDGE else 0
        if by:
            bar.setValue(bar.value() + by)


def _refolded(before: Chain, after: Chain, folded: set[Place]) -> set[Place]:
    """Return which groups are folded after a change: each that was, wherever it stands now."""
    waiting = [(place, _shape(before, place)) for place in sorted(folded)]
    groups = {place: _shape(after, place) for place, step in after.walk() if step.is_group}
    found: set[Place] = set()
    for place, shape in waiting:
        alike = [other for other, other_shape in groups.items() if other_shape == shape and other not in found]
        if alike:
            found.add(place if place in alike else alike[0])
        elif place in groups:
            found.add(place)
    return found


def _shape(chain: Chain, place: Place) -> tuple[tuple[Place, str], ...]:
    """Return what stands where in a group, without any values."""
    inner = Chain.model_construct(steps=(chain.at(place),))
    return tuple((where, step.transform) for where, step in inner.walk())
