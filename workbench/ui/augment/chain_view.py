"""The chain as a column of cards: picked, re-ordered by drag or keys, switched, duplicated, deleted."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from workbench.augment.chain import Chain
from workbench.ui import theme
from workbench.ui.augment.card import MIME, ChainCard
from workbench.ui.widgets import label

SPACING = 8


class _Column(QWidget):
    """The cards, and the line that shows where a dragged one would land."""

    def __init__(self) -> None:
        super().__init__()
        self.mark = -1
        self.cards = QVBoxLayout(self)
        self.cards.setContentsMargins(12, 4, 12, 12)
        self.cards.setSpacing(SPACING)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.mark >= 0:
            painter = QPainter(self)
            painter.fillRect(12, self.mark - 1, self.width() - 24, 2, theme.colour("accent"))


class ChainView(QScrollArea):
    """Shows a chain; its signals say what the user wants. ``current`` is the picked step, -1 for none."""

    picked = Signal(int)
    chanceEdited = Signal(int, float)
    settled = Signal()
    switched = Signal(int, bool)
    removeWanted = Signal(int)
    duplicateWanted = Signal(int)
    moveWanted = Signal(int, int)

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
        self.current = -1
        self._column = _Column()
        self._cards: list[ChainCard] = []
        self._hint = label(self.tr("No steps: the model sees the images as they are."), "secondary", wrap=True)
        self._column.cards.addWidget(self._hint)
        self._column.cards.addStretch(1)
        self.setWidget(self._column)

    def sizeHint(self) -> QSize:
        return QSize(248, 400)

    def cards(self) -> list[ChainCard]:
        """Return the cards in the chain's order."""
        return list(self._cards)

    def show_chain(self, chain: Chain, current: int) -> None:
        """Show a chain. Where only values changed, the cards stay, so that a drag on a slider goes on."""
        same = [step.transform for step in chain.steps] == [step.transform for step in self._chain.steps]
        self._chain = chain
        self.current = current if 0 <= current < len(chain.steps) else -1
        self._hint.setVisible(not chain.steps)
        if not same:
            self._rebuild()
        for card, step in zip(self._cards, chain.steps, strict=True):
            card.show_step(step)
            card.set_selected(card.position == self.current)
        if not same and self.current >= 0:
            self._column.cards.activate()
            self._column.adjustSize()
            self.ensureWidgetVisible(self._cards[self.current], 0, SPACING)

    def _rebuild(self) -> None:
        for card in self._cards:
            self._column.cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = []
        for position, step in enumerate(self._chain.steps):
            card = ChainCard(position, self._title_of(step.transform), step)
            card.picked.connect(self._pick)
            for name in ("chanceEdited", "settled", "switched", "removeWanted", "duplicateWanted", "moveWanted"):
                getattr(card, name).connect(getattr(self, name))
            self._column.cards.insertWidget(position, card)
            self._cards.append(card)

    @Slot(int)
    def _pick(self, position: int) -> None:
        self.setFocus()
        self.picked.emit(position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._cards) - 1
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = event.key()
        if last < 0:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Up and alt and self.current > 0:
            self.moveWanted.emit(self.current, self.current - 1)
        elif key == Qt.Key.Key_Down and alt and 0 <= self.current < last:
            self.moveWanted.emit(self.current, self.current + 2)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and not alt:
            self.picked.emit(min(last, max(0, self.current + (1 if key == Qt.Key.Key_Down else -1))))
            self.ensureWidgetVisible(self._cards[self.current], 0, SPACING)
        elif key == Qt.Key.Key_Delete and self.current >= 0:
            self.removeWanted.emit(self.current)
        elif key == Qt.Key.Key_D and control and self.current >= 0:
            self.duplicateWanted.emit(self.current)
        elif key == Qt.Key.Key_Space and self.current >= 0:
            self.switched.emit(self.current, not self._chain.steps[self.current].enabled)
        else:
            super().keyPressEvent(event)

    def _landing(self, y: int) -> int:
        """Return before which card a drop at ``y`` (of the viewport) lands."""
        inside = y + self.verticalScrollBar().value()
        return sum(card.geometry().center().y() < inside for card in self._cards)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if not event.mimeData().hasFormat(MIME) or not self._cards:
            return
        event.acceptProposedAction()
        to = self._landing(event.position().toPoint().y())
        if to < len(self._cards):
            self._column.mark = self._cards[to].geometry().top() - SPACING // 2
        else:
            self._column.mark = self._cards[-1].geometry().bottom() + SPACING // 2
        self._column.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._column.mark = -1
        self._column.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._column.mark = -1
        self._column.update()
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()
            at = int(event.mimeData().data(MIME).data())
            to = self._landing(event.position().toPoint().y())
            if to not in (at, at + 1):
                self.moveWanted.emit(at, to)
