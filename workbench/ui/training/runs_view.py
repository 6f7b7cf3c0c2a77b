"""The list of runs."""

from PySide6.QtCore import QModelIndex, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from workbench.ui import tables, theme
from workbench.ui.training import runs_model
from workbench.ui.training.runs_model import RunsModel


class RunsView(QTableView):
    """Selecting a run shows its curves; a click on the star marks it; a double click on the note edits it."""

    chosen = Signal(str)

    def __init__(self, model: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.runs")
        self._runs = model
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setMinimumHeight(theme.ROW * 3)
        self.horizontalHeader().setMinimumSectionSize(28)
        widths = {
            runs_model.STAR: 32,
            runs_model.NAME: 128,
            runs_model.STATE: 88,
            runs_model.BACKBONE: 200,
            runs_model.WAY: 72,
            runs_model.EPOCHS: 68,
            runs_model.BEST: 64,
        }
        tables.dress(self, widths=widths, stretched=runs_model.NOTE)
        self.horizontalHeader().setSectionResizeMode(runs_model.STAR, QHeaderView.ResizeMode.Fixed)
        self.clicked.connect(self._clicked)
        self.selectionModel().currentRowChanged.connect(self._row_changed)

    def mark(self, run_id: str) -> None:
        """Select the run that is shown, without announcing it."""
        row = self._runs.row_of(run_id)
        with QSignalBlocker(self):
            if row < 0:
                self.selectionModel().clear()
            elif row != self.currentIndex().row() or not self.selectionModel().hasSelection():
                self.selectRow(row)
        self.viewport().update()

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == runs_model.STAR:
            self._runs.toggle_star(index.row())

    @Slot(QModelIndex, QModelIndex)
    def _row_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self._runs.run(current.row()).id)
