"""What stands below the plan: what a run of these settings will take on this machine."""

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from workbench.training.config import TrainConfig
from workbench.ui import theme
from workbench.ui.layouts import column
from workbench.ui.model.estimate import EstimateBox
from workbench.ui.model.probe_job import ProbeJob
from workbench.ui.session import Session


class Aside(QWidget):
    """The estimate, and the job that measures it. Always in view, however far the plan is scrolled."""

    batch_chosen = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.aside")
        self._session = session
        self.estimate = EstimateBox()
        self.probe = ProbeJob(session, self)
        layout = column(self.estimate)
        layout.setContentsMargins(theme.GRID * 2, theme.GRID, theme.GRID * 2, theme.GRID)
        self.setLayout(layout)
        self.estimate.shown.connect(self.fit)
        self.estimate.asked.connect(self.probe.start)
        self.estimate.stopped.connect(self.probe.stop)
        self.estimate.batch_chosen.connect(self.batch_chosen)
        self.probe.changed.connect(self._show_probe)
        session.runStateChanged.connect(self._show_probe)

    def show_config(self, config: TrainConfig, counts: Any) -> None:
        """Show what is counted for the config, and whether what was measured still holds."""
        self.estimate.show_counts(counts, config.compute.batch_size)
        self._show_probe()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != self.width():
            self.fit()

    @Slot()
    def _show_probe(self, *_state: object) -> None:
        probe = self.probe
        self.estimate.show_hindrance(probe.hindrance())
        self.estimate.show_probed(probe.figures(), stale=probe.stale())
        if probe.running:
            self.estimate.show_progress(probe.what, probe.share)
        else:
            self.estimate.end_progress()

    @Slot()
    def fit(self) -> None:
        """Be as high as the lines are at this width: what is above has the rest."""
        for part in (self.estimate, self):
            part.layout().invalidate()
            part.layout().activate()
        self.setFixedHeight(self.layout().totalHeightForWidth(self.width()))
