"""Precision, recall and F1 of each class with their intervals, as a table."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.ui import figures

Index = QModelIndex | QPersistentModelIndex

CLASS, PRECISION, RECALL, F1, SUPPORT = range(5)
_FIELDS = ("class", "precision", "recall", "f1", "support")


class ClassTable(QAbstractTableModel):
    """One row per class, in the project's order until the user sorts."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[dict[str, Any]] = []
        self._given: list[dict[str, Any]] = []

    def show(self, per_class: Sequence[dict[str, Any]]) -> None:
        """Show the ``per_class`` of a result."""
        self.beginResetModel()
        self._given = list(per_class)
        self._rows = list(per_class)
        self.endResetModel()

    def class_at(self, row: int) -> str:
        return str(self._rows[row]["class"])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_FIELDS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(_FIELDS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Class"), self.tr("Precision"), self.tr("Recall"), self.tr("F1"), self.tr("Images"))[
                section
            ]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                self.tr("The class, in the project's order"),
                self.tr("Of the images called this class, the share that is; with its 95 % interval"),
                self.tr("Of the images of this class, the share that was found; with its 95 % interval"),
                self.tr("The balance of precision and recall; with its 95 % interval"),
                self.tr("Images of this class in the split"),
            )[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section != CLASS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole and column == CLASS:
            return str(row["class"])
        if role == Qt.ItemDataRole.TextAlignmentRole and column != CLASS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self._rows
        if column < 0:
            self._rows = list(self._given)
        else:
            field = _FIELDS[column]
            self._rows = sorted(self._given, key=lambda row: row[field], reverse=order == Qt.SortOrder.DescendingOrder)
        now = {id(row): number for number, row in enumerate(self._rows)}
        old = self.persistentIndexList()
        self.changePersistentIndexList(old, [self.index(now[id(before[each.row()])], each.column()) for each in old])
        self.layoutChanged.emit()

    def _text(self, row: dict[str, Any], column: int) -> str:
        if column == CLASS:
            return str(row["class"])
        if column == SUPPORT:
            return figures.count(row["support"])
        field = _FIELDS[column]
        interval = row.get("intervals", {}).get(field)
        return figures.interval(row[field], *interval) if interval else figures.score(row[field])
