"""The window's one place that talks to the project, on the window's thread, and follows one run. No widgets.

Panels call its methods and listen to its signals; a `WorkbenchError` of the core becomes ``problem``, so callers
need no handling of their own.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job
from workbench.ui.adding import FolderAdding, holds_images
from workbench.ui.background import Background
from workbench.ui.draft import Draft
from workbench.ui.editing import EditingSession
from workbench.ui.followed import FollowedRun
from workbench.ui.places import is_project, place_for
from workbench.ui.progress import RunProgress, RunStateName
from workbench.ui.reader import Reader
from workbench.ui.run_control import RunControl
from workbench.ui.worker import JobHandle

if TYPE_CHECKING:
    # Only for types: the window appears before pydantic, numpy and the core are imported.
    from workbench.launch import WarmChild
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder
    from workbench.training.config import TrainConfig


class Session(EditingSession):
    """One open project, its draft config, and the run that is followed."""

    projectChanged = Signal()
    configChanged = Signal()
    runsChanged = Signal()
    runChanged = Signal()
    """Another run is followed; its events follow from the first on."""
    runEvent = Signal(object)
    """A TrainingEvent of the followed run, or `client.Died`."""
    runStateChanged = Signal(str)
    jobsChanged = Signal()
    toast = Signal(str)
    problem = Signal(str, str)
    """Panel and sentence, for a banner. "" is every panel, "!training" every one but Train, which says it itself."""
    decision = Signal(str, str, str, object)
    """Panel, sentence, text of a button and what it calls: a banner with a way out."""
    navigate = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self._warm: WarmChild | None = None
        self.reader = Reader(self)
        """Asks the open project what takes long, without keeping the window waiting."""
        self.reader.failed.connect(self._dataset_problem)
        self._followed = FollowedRun(self)
        self._followed.changed.connect(self.runChanged)
        self._followed.told.connect(self.runEvent)
        self._followed.stateChanged.connect(self.runStateChanged)
        self._runs = RunControl(self, self._followed)
        self._background = Background(self)
        self._background.changed.connect(self.jobsChanged)
        self._adding = FolderAdding(self._background, self)
        self._adding.arrived.connect(self._images_arrived)
        self._adding.finished.connect(self._images_added)
        self._adding.failed.connect(self._dataset_problem)
        self._adding.sampleReady.connect(self.open_project)
        self._labels.told.connect(self.toast)
        self._labels.problem.connect(self._dataset_problem)
        self._draft = Draft(self)
        self._draft.changed.connect(self.configChanged)
        self._draft.saved.connect(self.was_saved)
        self._draft.problem.connect(self._shell_problem)

    def start_from(self, folder: Path) -> None:
        """Open a project folder; for a folder of images, make a project beside it and scan the images into it."""
        folder = Path(folder).absolute()
        if folder.name == "project.sqlite":
            folder = folder.parent
        if not folder.is_dir():
            self.problem.emit("", self.tr("{0} is not a folder; drop a folder of images or a project.").format(folder))
        elif is_project(folder):
            self.open_project(folder)
        else:
            self.new_project(folder)

    def new_project(self, images: Path) -> None:
        """Make a project for the folder ``images`` and scan it. Says where the project is."""
        if not holds_images(images):
            self.problem.emit("", self.tr("The folder {0} holds no images; choose another folder.").format(images))
            return
        place = place_for(images)
        if self.open_project(place, create=True):
            self.toast.emit(self.tr("Project in {0}").format(place))
            self.add_folder(images)

    def open_project(self, folder: Path, *, create: bool = False) -> bool:
        """Open ``folder`` in place of the current project, and follow its run if one is at work.

        Where that fails the current project stays, ``problem`` says why, and False is returned.
        """
        from workbench.project.backups import DamagedProject
        from workbench.project.project import Project

        again = self.project is not None and self.project.folder == Path(folder)
        if again:
            self._leave_project()  # on a network drive it would be locked by ourselves
        try:
            project = (Project.open_or_create if create else Project.open)(Path(folder))
        except WorkbenchError as error:
            if again:
                self.projectChanged.emit()
            if isinstance(error, DamagedProject) and error.backup is not None:
                restore = functools.partial(self._restore, Path(folder))
                self.decision.emit("", str(error), self.tr("Restore the backup"), restore)
            else:
                self.problem.emit("", str(error))
            return False
        self._leave_project()
        self.project, self.saved_at = project, None
        self._labels.move_to(project)
        self.reader.open_project(project)
        self._draft.move_to(project.folder, writable=not project.read_only)
        if not project.read_only:
            self.preferences.remember(project.folder)
        self.projectChanged.emit()
        self.undoChanged.emit()
        for notice in project.notices:
            self.problem.emit("", notice)
        if project.read_only and not project.notices:
            self.problem.emit(
                "", self.tr("{0} is open for reading only: changes cannot be saved.").format(project.name)
            )
        self._runs.find()
        return True

    def _restore(self, folder: Path) -> None:
        """Put the newest sound backup of a damaged project in place and open it; the damaged files are set aside."""
        from workbench.project.project import Project

        try:
            self.toast.emit(Project.restore(folder))
        except WorkbenchError as error:
            self.problem.emit("", str(error))
        else:
            self.open_project(folder)

    @Slot()
    def try_sample(self) -> None:
        """Draw the sample set into the user's documents and open it, split and ready to train."""
        self._adding.draw_sample()

    def add_folder(self, folder: Path) -> None:
        """Scan ``folder`` into the project, in the background."""
        if self.project is None:
            self.start_from(folder)
            return
        self._adding.add(self.project.folder, Path(folder))

    @Slot()
    def _images_arrived(self) -> None:
        self.classesChanged.emit()
        self.imagesChanged.emit()
        self.labelsChanged.emit()

    @Slot(str)
    def _images_added(self, sentence: str) -> None:
        self.was_saved()
        self.splitChanged.emit()
        self.toast.emit(sentence)

    @Slot(str)
    def _dataset_problem(self, sentence: str) -> None:
        self.problem.emit("dataset", sentence)

    @property
    def config(self) -> "TrainConfig":
        """The draft of the next run, kept as ``draft.toml`` in the project folder."""
        return self._draft.config

    def set_config(self, config: "TrainConfig") -> None:
        """Replace the draft and save it soon."""
        self._draft.set_config(config)

    @property
    def run(self) -> "RunFolder | None":
        """The run that is followed; its events so far are in ``run_events``."""
        return self._followed.run

    @property
    def run_events(self) -> list[Any]:
        return self._followed.events

    @property
    def progress(self) -> RunProgress:
        """Where the followed run stands."""
        return self._followed.progress

    @property
    def run_state(self) -> RunStateName:
        return self.progress.state

    @property
    def is_training(self) -> bool:
        """True while the process of the followed run is at work."""
        return self._followed.active

    def start_training(self) -> None:
        """Start a run of the draft config in its own process and follow it."""
        self._draft.save()
        self._runs.start()

    def pause_training(self) -> None:
        """Ask the run to wait after its step."""
        self._followed.pause()

    def resume_training(self) -> None:
        """Go on with a paused run; a run that ended early is continued from its last checkpoint."""
        self._runs.resume()

    def stop_training(self) -> None:
        """Ask the run to save a checkpoint and end."""
        self._followed.stop()

    def continue_run(self, run_id: str) -> None:
        """Continue a stopped, failed or crashed run from its last checkpoint."""
        self._runs.proceed(run_id)

    def select_run(self, run_id: str) -> None:
        """Show another run: its events are told again from the first on. A run at work stays in view until it ends."""
        self._runs.select(run_id)

    @property
    def jobs(self) -> list[JobHandle]:
        """The background jobs that run now, oldest first."""
        return self._background.jobs

    def start_job(
        self,
        title: str,
        job: Job,
        *,
        on_event: Callable[[Event], object] | None = None,
        on_done: Callable[[Event | None], object] | None = None,
        on_failed: Callable[[str], object] | None = None,
    ) -> JobHandle:
        """Run ``job`` in a thread and show it in the status bar; the callbacks are called on the window's thread.

        ``on_done`` gets the last event. Without ``on_failed`` the sentence becomes a banner. A stopped job
        calls neither.
        """
        return self._background.start(
            title, job, on_event=on_event, on_done=on_done, on_failed=on_failed or self._shell_problem
        )

    @Slot(str)
    def _shell_problem(self, sentence: str) -> None:
        self.problem.emit("", sentence)

    @property
    def warm(self) -> "WarmChild":
        """The child that keeps torch imported, for evaluation and export."""
        if self._warm is None:
            from workbench.launch import WarmChild

            self._warm = WarmChild()
        return self._warm

    def close(self) -> None:
        """Save, join every thread and end every child but a run: that one goes on. Call before the window goes."""
        self._leave_project()
        if self._warm is not None:
            self._warm.close()
            self._warm = None

    def _leave_project(self) -> None:
        self._draft.move_to(None, writable=False)
        self._followed.leave()
        self._background.join()
        self.reader.open_project(None)
        if self.project is not None:
            self.project.close()
        self.project = None
        self._labels.move_to(None)
