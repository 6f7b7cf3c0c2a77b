"""What a split was asked for and what came out, as a table: shares, images, then each class."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.project.ids import SPLITS
from workbench.project.splits import SplitOutcome
from workbench.ui import figures, theme

_NOWHERE = QModelIndex()
SUMMARY_ROWS = 3


class OutcomeModel(QAbstractTableModel):
    """Rows: asked, came out, images, then one per class. Columns: the name, then train, validation and test."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[list[str]] = []

    def show_outcome(self, outcome: SplitOutcome | None) -> None:
        """Show an outcome; None empties the table."""
        self.beginResetModel()
        self._rows = []
        if outcome is not None:
            total = sum(outcome.got.values()) or 1
            asked = [figures.percent(outcome.asked.get(split, 0.0)) for split in SPLITS]
            got = [figures.percent(outcome.got.get(split, 0) / total) for split in SPLITS]
            counts = [figures.count(outcome.got.get(split, 0)) for split in SPLITS]
            self._rows = [[self.tr("Asked"), *asked], [self.tr("Came out"), *got], [self.tr("Images"), *counts]]
            for name, parts in outcome.per_class.items():
                self._rows.append([name, *(figures.count(parts.get(split, 0)) for split in SPLITS)])
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else 1 + len(SPLITS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return ["", self.tr("Train"), self.tr("Val"), self.tr("Test")][section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole:
            return theme.font(theme.SECONDARY, bold=index.row() == 1)
        if role == Qt.ItemDataRole.ForegroundRole and (index.row() == 0 or index.column() == 0):
            return theme.colour("secondary")
        return None
