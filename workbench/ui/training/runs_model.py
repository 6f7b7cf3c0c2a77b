"""The runs of the project as a table: star, run, state, backbone, way, epochs, best, note."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from workbench.project.runs import RunRow, RunState
from workbench.ui import figures, run_way, theme

Index = QModelIndex | QPersistentModelIndex

STAR, NAME, STATE, BACKBONE, WAY, EPOCHS, BEST, NOTE = range(8)


class RunsModel(QAbstractTableModel):
    """Newest first. Star and note are edited in place and announced; the panel writes them to the project."""

    starred = Signal(str, bool)
    noted = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RunRow] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else NOTE + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= NOTE:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                "",
                self.tr("Run"),
                self.tr("State"),
                self.tr("Backbone"),
                self.tr("Way"),
                self.tr("Epochs"),
                self.tr("Best"),
                self.tr("Note"),
            )[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return {
                WAY: self.tr("The way to a classifier, as it is chosen in Model"),
                EPOCHS: self.tr("Epochs done, of those planned; none where no network is trained"),
                BEST: self.tr("Balanced accuracy on the validation images, best epoch"),
            }.get(section)
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (EPOCHS, BEST):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.EditRole:
            return row.note if column == NOTE else self._text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            if column in (EPOCHS, BEST):
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            return Qt.AlignmentFlag.AlignCenter if column == STAR else None
        if role == Qt.ItemDataRole.ForegroundRole and column == STATE:
            return theme.colour(STATE_COLOUR[row.state])
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, column)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and index.column() == NOTE:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or index.column() != NOTE:
            return False
        row = self._rows[index.row()]
        if str(value) == row.note:
            return False
        self._rows[index.row()] = replace(row, note=str(value))
        self.dataChanged.emit(index, index)
        self.noted.emit(row.id, str(value))
        return True

    def toggle_star(self, row: int) -> None:
        """Give or take the star of a row."""
        run = replace(self._rows[row], star=not self._rows[row].star)
        self._rows[row] = run
        index = self.index(row, STAR)
        self.dataChanged.emit(index, index)
        self.starred.emit(run.id, run.star)

    def show(self, rows: Sequence[RunRow]) -> None:
        """Show these runs. Where only their figures changed, the selection stays."""
        rows = list(rows)
        if [row.id for row in rows] == [row.id for row in self._rows]:
            changed = [number for number, row in enumerate(rows) if row != self._rows[number]]
            self._rows = rows
            for number in changed:
                self.dataChanged.emit(self.index(number, STAR), self.index(number, NOTE))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def run(self, row: int) -> RunRow:
        return self._rows[row]

    def row_of(self, run_id: str) -> int:
        """Return the row of a run, or -1."""
        return next((number for number, row in enumerate(self._rows) if row.id == run_id), -1)

    def _text(self, row: RunRow, column: int) -> str:
        if column == STAR:
            return "★" if row.star else "☆"
        if column == NAME:
            return row.id
        if column == STATE:
            return self.state_text(row.state)
        if column == BACKBONE:
            return row.backbone
        if column == WAY:
            return run_way.told(row)
        if column == EPOCHS:
            return f"{row.epochs_done} / {row.epochs}" if row.epochs else "–"
        if column == BEST:
            return "–" if row.best is None else figures.score(row.best)
        return row.note

    def _tip(self, row: RunRow, column: int) -> str:
        if column == STAR:
            return self.tr("Click to give or take the star")
        if column == NOTE:
            return row.note or self.tr("Double click to write a note")
        return self._text(row, column)

    def state_text(self, state: RunState) -> str:
        """Return the word for a run's state."""
        words: dict[RunState, str] = {
            "new": self.tr("new"),
            "running": self.tr("training"),
            "paused": self.tr("paused"),
            "finished": self.tr("finished"),
            "stopped": self.tr("stopped"),
            "failed": self.tr("failed"),
            "crashed": self.tr("crashed"),
        }
        return words[state]


STATE_COLOUR: dict[RunState, str] = {
    "new": "secondary",
    "running": "accent",
    "paused": "amber",
    "finished": "green",
    "stopped": "secondary",
    "failed": "red",
    "crashed": "red",
}
"""The theme's name for the colour of a state."""
