"""The Train panel: starts runs, shows the followed one live, lists them all."""

from collections.abc import Callable
from functools import partial
from typing import assert_never

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from workbench.errors import WorkbenchError
from workbench.project.project import Project
from workbench.project.runs import Runs
from workbench.training.client import Died
from workbench.training.config import TrainConfig
from workbench.training.events import (
    CheckpointSaved,
    EpochEnded,
    FitEnded,
    FitStarted,
    Paused,
    Preparing,
    Resumed,
    StageChanged,
    StepEnded,
    Tick,
    TrainingEvent,
    Warned,
)
from workbench.ui import theme
from workbench.ui.layouts import column, rule
from workbench.ui.progress import ACTIVE
from workbench.ui.published_classes import PublishedClasses
from workbench.ui.readiness import Hindrance, hindrance
from workbench.ui.session import Session
from workbench.ui.training.controls import Controls
from workbench.ui.training.curves import Curves
from workbench.ui.training.headline import Headline
from workbench.ui.training.history import RunHistory
from workbench.ui.training.runs_model import RunsModel
from workbench.ui.training.runs_view import RunsView
from workbench.ui.training.settings import Settings
from workbench.ui.widgets import EmptyState, Panel, PanelState, label

REFRESH_MS = 100
"""The words follow the events at most ten times a second; the curves have their own pace."""
CHECK_MS = 150


class TrainPanel(Panel):
    """Wiring between the session's run and the parts of the panel."""

    key = "training"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.title = self.tr("Train")
        self.history = RunHistory()
        self._death = ""
        self._list_is_old = False
        self._hindrance: Hindrance | None = None
        self._published = PublishedClasses(session, self)
        start = self.add_action(
            "train.start.action", self.tr("Start a run"), session.start_training, icon="play", key="Ctrl+Return"
        )
        pause = self.add_action(
            "train.pause.action", self.tr("Pause the run"), self._pause_or_resume, icon="pause", key="Ctrl+P"
        )
        stop = self.add_action(
            "train.stop.action",
            self.tr("Stop the run"),
            session.stop_training,
            icon="stop",
            key="Ctrl+.",
            tip=self.tr("Save a checkpoint and end the run; it can be continued"),
        )
        self.controls = Controls(start, pause, stop)
        self.headline = Headline()
        self.curves = Curves()
        self.runs = RunsModel(self)
        self.list = RunsView(self.runs)
        self.settings = Settings(self)
        self.settings.hide()
        self._put_together()
        self._refresh_timer = self._timer(REFRESH_MS, self._refresh)
        self._check_timer = self._timer(CHECK_MS, self._check)
        self._connect()
        self._show_config()
        self._take_over()
        self._list_runs()
        self._check()

    def _put_together(self) -> None:
        self.empty = EmptyState(
            "training",
            self.tr(
                "Nothing is trained yet. Choose a recipe and press Start: the first points appear within a minute."
            ),
        )
        shown = QWidget()
        self.plots = QStackedWidget()
        self.plots.addWidget(self.curves)
        self.plots.addWidget(
            EmptyState(
                "evaluation",
                self.tr("A way without epochs has no curves: what came of it stands above, and in Evaluate."),
            )
        )
        layout = column(self.headline, self.plots, spacing=theme.GRID * 2, margins=theme.GRID * 2)
        layout.setStretchFactor(self.plots, 1)
        shown.setLayout(layout)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(shown)
        self._below = QWidget()
        below = column(label(self.tr("Runs"), "section"), self.list, spacing=theme.HALF, margins=theme.GRID)
        below.setContentsMargins(theme.GRID * 2, theme.GRID, theme.GRID * 2, theme.GRID)
        self._below.setLayout(below)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.stack)
        splitter.addWidget(self._below)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 0)
        splitter.setSizes([560, 168])
        top = QWidget()
        controls = column(self.controls)
        controls.setContentsMargins(theme.GRID * 2, theme.GRID, theme.GRID * 2, theme.GRID)
        top.setLayout(controls)
        layout = column(top, rule(), splitter, spacing=0)
        layout.setStretchFactor(splitter, 1)
        self.setLayout(layout)

    def _timer(self, interval: int, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval)
        timer.timeout.connect(slot)
        return timer

    def _connect(self) -> None:
        session = self.session
        session.runChanged.connect(self._take_over)
        session.runEvent.connect(self._event)
        session.runStateChanged.connect(self._state_changed)
        session.runsChanged.connect(self._list_runs)
        session.configChanged.connect(self._show_config)
        for signal in (
            session.projectChanged,
            session.imagesChanged,
            session.labelsChanged,
            session.classesChanged,
            session.splitChanged,
            session.configChanged,
        ):
            signal.connect(self._check_timer.start)
        self._published.changed.connect(self._check)
        session.projectChanged.connect(self._project_changed)
        self.controls.started.connect(session.start_training)
        self.controls.paused.connect(session.pause_training)
        self.controls.resumed.connect(session.resume_training)
        self.controls.stopped.connect(session.stop_training)
        self.controls.configured.connect(session.set_config)
        self.controls.repaired.connect(self._repair)
        self.settings.changed.connect(session.set_config)
        self.headline.resumeAsked.connect(self._continue)
        self.list.chosen.connect(self._run_chosen)
        self.runs.starred.connect(self._starred)
        self.runs.noted.connect(self._noted)

    # -- what the shell asks

    def inspector(self) -> QWidget | None:
        return self.settings

    def state(self) -> tuple[PanelState, str]:
        session = self.session
        if session.is_training:
            return "work", self.tr("A run is being trained.")
        if self._hindrance is not None and not self._hindrance.caution:
            return "empty", self._hindrance.sentence
        if session.run is not None and session.run_state in ("failed", "crashed"):
            return "attention", self.tr("The run {0} ended before it was done.").format(session.run.id)
        if any(self.runs.run(row).state == "finished" for row in range(self.runs.rowCount())):
            return "ready", self.tr("There is a finished run.")
        return "empty", self.tr("Nothing is trained yet: press Start.")

    # -- the next run

    @Slot()
    def _show_config(self) -> None:
        config: TrainConfig = self.session.config
        self.controls.show_config(config)
        self.settings.show_config(config)

    @Slot()
    def _project_changed(self) -> None:
        self._show_config()
        self._take_over()
        self._list_runs()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._check_timer.start()

    @Slot()
    def _check(self) -> None:
        project, config = self.session.project, self.session.config
        if self.isVisible():  # a child is started only for somebody who looks
            self._published.ask(config)
        if project is None:
            self._show_hindrance(hindrance(None, config))
        else:
            self.session.reader.ask(
                "training", partial(self._hindered, config, project.read_only), self._show_hindrance
            )

    def _hindered(self, config: TrainConfig, read_only: bool, project: Project) -> Hindrance | None:
        try:
            return hindrance(project, config, read_only=read_only)
        except WorkbenchError as error:
            return Hindrance(str(error), "dataset", self.tr("Open Dataset"))

    def _show_hindrance(self, found: Hindrance | None) -> None:
        self._hindrance = found
        self.controls.show_hindrance(found)
        self.stateChanged.emit()

    @Slot(str)
    def _repair(self, panel: str) -> None:
        self.session.navigate.emit(panel, None)

    @Slot()
    def _pause_or_resume(self) -> None:
        if self.session.run_state == "paused":
            self.session.resume_training()
        else:
            self.session.pause_training()

    # -- the followed run

    @Slot()
    def _take_over(self) -> None:
        """Another run is followed: begin again with the events that were read so far."""
        self.history, self._death = RunHistory(), ""
        self.curves.clear()
        for event in self.session.run_events:
            self._event(event)
        run = self.session.run
        self.stack.setCurrentIndex(0 if run is None else 1)
        self.list.mark(run.id if run is not None else "")
        self._refresh()

    @Slot(object)
    def _event(self, event: "TrainingEvent | Died") -> None:
        match event:
            case Died():
                self._death = event.message
            case (
                Tick()
                | Preparing()
                | FitStarted()
                | StepEnded()
                | EpochEnded()
                | StageChanged()
                | CheckpointSaved()
                | Paused()
                | Resumed()
                | Warned()
                | FitEnded()
            ):
                self.history.apply(event)
                self.curves.take(event, self.history)
                self._list_is_old |= isinstance(event, EpochEnded) and self.session.is_training
            case _:
                assert_never(event)
        if not self._refresh_timer.isActive():
            self._refresh_timer.start()

    @Slot(str)
    def _state_changed(self, _state: str) -> None:
        self.controls.show_state(self.session.run_state)
        self._list_runs()
        self._refresh()
        self.stateChanged.emit()

    @Slot()
    def _refresh(self) -> None:
        session = self.session
        self.controls.show_state(session.run_state)
        if self._list_is_old:
            self._list_runs()
        if session.run is None:
            return
        active = session.run_state in ACTIVE
        ended = self.history.ended
        early = ended is not None and ended.reason in ("stopped", "failed")
        warned = self.history.warnings[-1] if self.history.warnings else ""
        told = ended is not None and (early or not self.history.has_epochs)
        what = self._death or (ended.message if ended is not None and told else warned)
        self.plots.setCurrentIndex(0 if self.history.has_epochs else 1)
        resumable = not active and (bool(self._death) or early) and session.run.last.is_file()
        self.headline.show_run(session.run.id, session.run_state, self.history, what=what, resumable=resumable)

    @Slot()
    def _continue(self) -> None:
        if self.session.run is not None:
            self.session.continue_run(self.session.run.id)

    # -- the list of runs

    @Slot()
    def _list_runs(self) -> None:
        self._list_is_old = False
        project = self.session.project
        try:
            rows = project.runs.list() if project is not None else []
        except WorkbenchError as error:
            self.session.problem.emit("training", str(error))
            rows = []
        self.runs.show(rows)
        self._below.setVisible(bool(rows))
        self.list.mark(self.session.run.id if self.session.run is not None else "")
        self.stateChanged.emit()

    @Slot(str)
    def _run_chosen(self, run_id: str) -> None:
        self.session.select_run(run_id)
        if self.session.run is not None and self.session.run.id != run_id:
            # Refused while another run is trained: the list shows again what is in view.
            QTimer.singleShot(0, self, self._mark_followed)

    @Slot()
    def _mark_followed(self) -> None:
        self.list.mark(self.session.run.id if self.session.run is not None else "")

    @Slot(str, bool)
    def _starred(self, run_id: str, star: bool) -> None:
        self._write(lambda runs: runs.set_star(run_id, star))

    @Slot(str, str)
    def _noted(self, run_id: str, note: str) -> None:
        self._write(lambda runs: runs.set_note(run_id, note))

    def _write(self, change: Callable[[Runs], None]) -> None:
        project = self.session.project
        if project is None:
            return
        try:
            change(project.runs)
        except WorkbenchError as error:
            self.session.problem.emit("training", str(error))
            self._list_runs()
