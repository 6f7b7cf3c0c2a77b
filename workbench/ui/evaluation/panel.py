"""The Evaluate panel: measures a run on a split in a child process, shows what came out and on which images."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from workbench.errors import WorkbenchError
from workbench.evaluation import test_time
from workbench.evaluation.results import (
    Evaluated,
    Result,
    ViewsMeasured,
    load_evaluated,
    load_result,
    load_views,
    splits_with_results,
)
from workbench.evaluation.samples import split_names
from workbench.jobs import Job, Stop
from workbench.project.runs import RunFolder
from workbench.ui import theme
from workbench.ui.evaluation.bar import EvaluateBar
from workbench.ui.evaluation.result_view import ResultView
from workbench.ui.layouts import column, rule
from workbench.ui.pictures import Pictures
from workbench.ui.run_job import RunJobPanel
from workbench.ui.session import Session
from workbench.ui.thumbnails import ThumbnailLoader
from workbench.ui.widgets import EmptyState, PanelState
from workbench.ui.worker import JobHandle

NOTHING, ASK, NO_TEST, RESULT = range(4)
FEW = 20
"""Test images per class below which the interval deserves a word."""


class EvaluatePanel(RunJobPanel):
    """Wiring: a run and a split, the job that measures them, and the view of the result."""

    key = "evaluation"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.title = self.tr("Evaluate")
        self._reading: JobHandle | None = None
        self._evaluated: Evaluated | None = None
        self._notices: dict[tuple[str, str], list[str]] = {}
        self._splits: list[str] = []
        self._unread: tuple[RunFolder, str] | None = None
        self._views: ViewsMeasured | None = None
        self.bar = EvaluateBar()
        self._pictures = Pictures(session)
        self.thumbnails = ThumbnailLoader(self._pictures.thumbnail, self)
        self.view = ResultView(self.thumbnails)
        self.nothing = EmptyState(
            "evaluation",
            self.tr("Here a trained run is measured on images it has never seen. Train one first."),
            self.tr("Open Train"),
            name="evaluate.train",
        )
        self.ask = EmptyState("evaluation", "")
        self.no_test = EmptyState("split", "", self.tr("Use the validation images"), name="evaluate.useValidation")
        self._put_together()
        self.add_action("evaluate.run.action", self.tr("Evaluate the run"), self._evaluate, icon="evaluation")
        self._connect()
        self._project_changed()

    def _put_together(self) -> None:
        shown = QWidget()
        shown.setLayout(column(self.view, margins=theme.GRID * 2))
        self.stack = QStackedWidget()
        for page in (self.nothing, self.ask, self.no_test, shown):
            self.stack.addWidget(page)
        self._top = QWidget()
        top = column(self.bar)
        top.setContentsMargins(theme.GRID * 2, theme.GRID, theme.GRID * 2, theme.GRID)
        self._top.setLayout(top)
        self._rule = rule()
        layout = column(self._top, self._rule, self.stack, spacing=0)
        layout.setStretchFactor(self.stack, 1)
        self.setLayout(layout)

    def _connect(self) -> None:
        session = self.session
        session.projectChanged.connect(self._project_changed)
        session.runsChanged.connect(self._list_runs)
        self.bar.changed.connect(self._show)
        self.bar.viewsChanged.connect(self._show_views)
        self.bar.asked.connect(self._evaluate)
        self.bar.stopped.connect(self._stop)
        self.nothing.clicked.connect(self._go_train)
        self.no_test.clicked.connect(self._use_validation)
        self.view.imageWanted.connect(self._show_in_dataset)

    # -- what the shell asks

    def state(self) -> tuple[PanelState, str]:
        run = self.bar.run.run()
        if self._job is not None:
            return "work", self.tr("A run is being measured.")
        if run is None:
            return "empty", self.tr("There is no finished run to measure yet.")
        done = splits_with_results(run.path)
        if "test" in done:
            return "ready", self.tr("The run {0} is measured on its test images.").format(run.id)
        if self._splits and "test" not in self._splits:
            return "attention", self.tr("The run {0} has no test images, so its score is a little too good.").format(
                run.id
            )
        return "empty", self.tr("The run {0} is not measured on its test images yet.").format(run.id)

    # -- what is shown

    @Slot()
    def _project_changed(self) -> None:
        self._job = self._reading = None
        self._notices.clear()
        self.thumbnails.forget()
        try:
            self._pictures.open_project()
        except WorkbenchError as error:
            self.session.problem.emit("evaluation", str(error))
        self._list_runs_quietly()
        self._show()

    @Slot()
    def _show(self) -> None:
        """Show the result of the chosen run and split, or what to do to have one."""
        run = self.bar.run.run()
        self._evaluated = self._unread = self._views = None
        for widget in (self._top, self._rule):
            widget.setVisible(run is not None)
        if run is None:
            self.stack.setCurrentIndex(NOTHING)
            self.stateChanged.emit()
            return
        self._splits = self._splits_of(run)
        split = self.bar.split.value()
        if split in splits_with_results(run.path):
            self._show_result(run, split)
        elif split == "test" and self._splits and "test" not in self._splits:
            self.no_test.say(
                self.tr(
                    "This run has no test images: its split was made without. The validation images have chosen its best "
                    "epoch, so their score is a little too good; make a split with a test share for an honest one."
                )
            )
            self.stack.setCurrentIndex(NO_TEST)
        else:
            self.ask.say(self._question(split))
            self.stack.setCurrentIndex(ASK)
        self._enable()
        self.stateChanged.emit()

    def _question(self, split: str) -> str:
        if split == "test":
            return self.tr("Press Evaluate to measure this run on its test images: no choice was made on any of them.")
        if split == "validation":
            return self.tr(
                "Measure this run on its validation images. They chose the best epoch: prefer the test images."
            )
        return self.tr("Press Evaluate to measure it on the images it learnt, to see whether it learnt them at all.")

    def _splits_of(self, run: RunFolder) -> list[str]:
        try:
            return split_names(run.samples)
        except WorkbenchError as error:
            self.session.problem.emit("evaluation", str(error))
            return []

    def _enable(self) -> None:
        if self._job is not None:
            return
        run, split = self.bar.run.run(), self.bar.split.value()
        possible = run is not None and (not self._splits or split in self._splits)
        why = "" if possible else self.tr("This run has no {0} images.").format(split)
        again = self._evaluated is not None and (self._views is not None or not self._wants_views())
        self.bar.show_idle(again=again, possible=possible, why=why)

    def _show_result(self, run: RunFolder, split: str) -> None:
        try:
            evaluated = load_evaluated(run.path, split)
        except WorkbenchError as error:
            self.session.problem.emit("evaluation", str(error))
            self.ask.say(self._question(split))
            self.stack.setCurrentIndex(ASK)
            return
        self._evaluated = evaluated
        self.view.show_figures(evaluated, self._cautions(evaluated))
        self._read_views(run, evaluated)
        self.stack.setCurrentIndex(RESULT)
        self._unread = (run, split)
        if self.isVisible():
            self._read_images()

    def _wants_views(self) -> bool:
        return bool(self.bar.chosen_views().name != test_time.NONE)

    @Slot()
    def _show_views(self) -> None:
        """Show what the chosen views bring, or that they are not measured."""
        run = self.bar.run.run()
        if run is not None and self._evaluated is not None:
            self._read_views(run, self._evaluated)
        self._enable()

    def _read_views(self, run: RunFolder, evaluated: Evaluated) -> None:
        views, self._views = self.bar.chosen_views(), None
        if self._wants_views():
            try:
                found = load_views(run.path, views.name, evaluated.split)
            except WorkbenchError as error:
                self.session.problem.emit("evaluation", str(error))
                found = None
            self._views = found if found is not None and found.belongs_to(evaluated) else None
        self.view.headline.show_views(views, self._views)

    def _cautions(self, evaluated: Evaluated) -> list[str]:
        cautions = []
        fewest = min(evaluated.per_class, key=lambda row: row["support"], default=None)
        if fewest is not None and fewest["support"] < FEW:
            cautions.append(
                self.tr("Only {0} images of {1}: read its figures by their intervals.").format(
                    fewest["support"], fewest["class"]
                )
            )
        if evaluated.skipped:
            cautions.append(self.tr("{0} images could not be read and are left out.").format(evaluated.skipped))
        notices = self._notices.get((evaluated.run, evaluated.split), [])
        if notices:
            more = self.tr(" ({0} more)").format(len(notices) - 1) if len(notices) > 1 else ""
            cautions.append(notices[0] + more)
        return cautions

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read_images()

    def _read_images(self) -> None:
        """Read the predictions of the result in view, once somebody looks at it."""
        if self._unread is None:
            return
        (run, split), self._unread = self._unread, None
        if self._reading is not None and self._reading.running:
            self._reading.stop()
        self._reading = self.session.start_job(
            self.tr("Reading the predictions"),
            _reading(run, split),
            on_done=self._images_read,
            on_failed=self.view.show_no_images,
        )

    def _images_read(self, event: Any) -> None:
        evaluated, result = self._evaluated, event["result"]
        assert isinstance(result, Result)
        if evaluated is not None:
            read = result.evaluated
            if (read.run, read.split) == (evaluated.run, evaluated.split):
                self.view.show_images(result)

    # -- measuring

    @Slot()
    def _evaluate(self) -> None:
        run, project = self.bar.run.run(), self.session.project
        if run is None or project is None or self._job is not None:
            return
        split = self.bar.split.value()
        self._notices[run.id, split] = []
        argv = ["evaluate", str(project.folder), "--run", run.id, "--split", split]
        if self._wants_views():
            argv += ["--views", self.bar.chosen_views().name]
        self._begin(self.tr("Evaluating {0} on {1}").format(run.id, split), argv)
        self.ask.say(self.tr("Measuring the run on its {0} images …").format(split))

    @Slot()
    def _ended(self) -> None:
        """The job is over, whichever way; what it found is told before or after this by `_done` or `_failed`."""
        job, self._job = self._job, None
        run = self.bar.run.run()
        if job is not None and run is not None:
            self._notices[run.id, self.bar.split.value()] = list(job.notices)
        self.ask.say(self._question(self.bar.split.value()))
        self._enable()
        self.stateChanged.emit()

    def _done(self, _result: Any) -> None:
        self._show()

    def _failed(self, sentence: str) -> None:
        super()._failed(sentence)
        self._show()

    # -- ways out

    @Slot()
    def _use_validation(self) -> None:
        self.bar.choose_split("validation")
        self._show()
        run = self.bar.run.run()
        if run is not None and "validation" not in splits_with_results(run.path):
            self._evaluate()

    @Slot(int)
    def _show_in_dataset(self, image: int) -> None:
        self.session.navigate.emit("dataset", [image])


def _reading(run: RunFolder, split: str) -> Job:
    def job(_stop: Stop) -> Iterator[dict[str, Any]]:
        # In a dictionary: an event that is a dataclass would be copied, image by image, on the window's thread.
        yield {"event": "Read", "result": load_result(run.path, split)}

    return job
