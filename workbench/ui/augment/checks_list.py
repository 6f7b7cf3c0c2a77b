"""What a check of the chain found: a line for each finding, warnings first; a click leads to its step."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.ui import icons, theme

Index = QModelIndex | QPersistentModelIndex
FindingRole = Qt.ItemDataRole.UserRole + 1

ICON = 16
LEAST_HEIGHT = 136
"""Pixels: three findings at least where there are so many, however large the preview would be."""
_WRAPPED = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


class ChecksList(QListWidget):
    """The findings, as the dictionaries that the check's events are. As high as they are, up to a limit."""

    stepPicked = Signal(object)
    """The place of a step of the common chain, a tuple."""
    rareStepPicked = Signal(object)
    """The same of the chain for rare classes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.checks.list")
        self.setAccessibleName(self.tr("Findings about the chain"))
        self.stale = False
        self._most = LEAST_HEIGHT
        self.setItemDelegate(_Row(self))
        self.setWordWrap(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.itemClicked.connect(self._picked)
        self.itemActivated.connect(self._picked)

    def show_findings(self, findings: Sequence[Mapping[str, Any]]) -> None:
        """Show these, warnings first, else in their order."""
        self.clear()
        for finding in sorted(findings, key=lambda found: found.get("severity") != "warning"):
            entry = QListWidgetItem(self)
            entry.setData(FindingRole, dict(finding))
            text = str(finding.get("message", ""))
            entry.setData(Qt.ItemDataRole.AccessibleTextRole, text)
            leads = self.tr("Click to select the step.") if finding.get("place") else ""
            entry.setToolTip("\n".join(filter(None, (text, str(finding.get("note", "")), leads))))
        self.updateGeometry()

    def set_stale(self, stale: bool) -> None:
        """Say whether this was found of another chain: it then leads nowhere, and is painted quietly."""
        self.stale = stale
        self.viewport().update()

    def set_most(self, height: int) -> None:
        """Take up to so many pixels where there are so many findings."""
        if self._most != max(LEAST_HEIGHT, height):
            self._most = max(LEAST_HEIGHT, height)
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        width = self.viewport().width()
        rows = sum(self.sizeHintForRow(row) for row in range(self.count()))
        return QSize(width, min(self._most, rows + 2 * self.frameWidth()))

    def minimumSizeHint(self) -> QSize:
        # The preview beside it gives way.
        return QSize(120, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            # Narrower lines wrap to more.
            self.scheduleDelayedItemsLayout()
            self.updateGeometry()

    @Slot(QListWidgetItem)
    def _picked(self, entry: QListWidgetItem) -> None:
        finding = entry.data(FindingRole)
        place = tuple(finding.get("place", ()))
        if place and not self.stale:
            (self.rareStepPicked if finding.get("rare") else self.stepPicked).emit(place)


class _Row(QStyledItemDelegate):
    """A sign for its severity, the sentence over as many lines as it takes, how it was measured below, quietly."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QListWidget) else option.rect.width()
        _, text, note = self._parts(QRect(0, 0, width, 1 << 14), index)
        bottom = note.bottom() if note.height() else text.bottom()
        return QSize(width, max(theme.CONTROL, bottom + 1 + theme.HALF + 2))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        finding = index.data(FindingRole)
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        over = bool(option.state & QStyle.StateFlag.State_MouseOver) and bool(finding.get("place"))
        if chosen or over:
            painter.fillRect(option.rect, theme.colour("selected" if chosen else "hover"))
        sign, text, note = self._parts(option.rect, index)
        view = self.parent()
        warns = finding.get("severity") == "warning"
        stale = isinstance(view, ChecksList) and view.stale
        name, colour = "warning" if warns else "info", "amber" if warns and not stale else "secondary"
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(sign.topLeft(), icons.pixmap(name, ICON, colour, ratio))
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(theme.colour("text" if warns and not stale else "secondary"))
        painter.drawText(text, _WRAPPED, self._sentence(finding))
        if note.height():
            painter.setPen(theme.colour("secondary"))
            painter.setFont(theme.font(theme.BADGE))
            painter.drawText(note, _WRAPPED, str(finding.get("note", "")))
        painter.restore()

    def _sentence(self, finding: Mapping[str, Any]) -> str:
        message = str(finding.get("message", ""))
        return self.tr("Rare classes: {0}").format(message) if finding.get("rare") else message

    def _parts(self, room: QRect, index: Index) -> tuple[QRect, QRect, QRect]:
        """Return where the sign, the sentence and the note are drawn."""
        finding = index.data(FindingRole)
        left = room.left() + theme.GRID
        sign = QRect(left, room.top() + 6, ICON, ICON)
        inner = QRect(sign.right() + 1 + theme.GRID, room.top() + 6, 0, room.height())
        inner.setRight(room.right() - theme.GRID)
        text = _needed(inner, self._sentence(finding), theme.SECONDARY)
        note = QRect()
        if finding.get("note"):
            below = inner.adjusted(0, text.height() + 2, 0, 0)
            note = _needed(below, str(finding["note"]), theme.BADGE)
        return sign, text, note


def _needed(room: QRect, text: str, size: int) -> QRect:
    found = QFontMetrics(theme.font(size)).boundingRect(room, _WRAPPED, text)
    return QRect(room.left(), room.top(), room.width(), found.height())
