"""The choice of a finished run, for the panels that work on its model."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from workbench.errors import WorkbenchError
from workbench.project.runs import RunFolder, RunRow
from workbench.ui import figures, run_way
from workbench.ui.elided_choice import ElidedChoice
from workbench.ui.session import Session


def with_model(session: Session) -> list[RunRow]:
    """Return the runs of the session's project that have a model to work with, newest first."""
    if session.project is None:
        return []
    try:
        return [row for row in session.project.runs.list() if row.folder.model.is_dir()]
    except WorkbenchError:
        return []  # the panel that lists the runs says why


class RunChoice(ElidedChoice):
    """The runs that have a model, newest first, with what they reached."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RunRow] = []
        self.setAccessibleName(self.tr("Run"))
        self.setToolTip(self.tr("The run whose model is taken"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(36)
        self.currentIndexChanged.connect(self._changed)

    def show_runs(self, rows: Sequence[RunRow], prefer: str = "") -> None:
        """Show these runs. One that is new here is chosen; else the choice of before stays; else ``prefer``, else the newest."""
        before = self.run()
        old = {row.id for row in self._rows}
        with QSignalBlocker(self):
            self.clear()
            self._rows = list(rows)
            for row in self._rows:
                self.addItem(self._text(row))
            ids = [row.id for row in self._rows]
            new = next((run for run in ids if old and run not in old), "")
            wanted = [new, before.id if before is not None else "", prefer]
            found = next((ids.index(run) for run in wanted if run in ids), 0 if ids else -1)
            self.setCurrentIndex(found)
        after = self.run()
        if (after.id if after is not None else "") != (before.id if before is not None else ""):
            self.chosen.emit()

    def run(self) -> RunFolder | None:
        """Return the run that is chosen."""
        row = self.row()
        return row.folder if row is not None else None

    def row(self) -> RunRow | None:
        index = self.currentIndex()
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def choose(self, run_id: str) -> None:
        """Choose a run by its id; one that is not in the list changes nothing."""
        index = next((number for number, row in enumerate(self._rows) if row.id == run_id), -1)
        if index >= 0:
            self.setCurrentIndex(index)

    @Slot()
    def _changed(self) -> None:
        self.chosen.emit()

    def _text(self, row: RunRow) -> str:
        parts = [("★ " if row.star else "") + row.id]
        if row.best is not None:
            parts.append(figures.score(row.best))
        parts.append(row.backbone.partition("/")[2] or row.backbone)
        way = run_way.told(row)
        if way and row.backbone != "baseline":
            parts.append(way)
        if row.note:
            parts.append(row.note)
        return " · ".join(parts)
