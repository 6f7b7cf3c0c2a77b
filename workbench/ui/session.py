"""The window's one place that talks to the project, on the window's thread, and follows one run. No widgets.

Panels call its methods and listen to its signals; a `WorkbenchError` of the core becomes ``problem``, so callers
need no handling of their own.
"""

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job
from workbench.ui.adding import FolderAdding, holds_images
from workbench.ui.background import Background
from workbench.ui.draft import Draft
from workbench.ui.followed import FollowedRun
from workbench.ui.label_edits import LabelEdits
from workbench.ui.places import Preferences, is_project, place_for
from workbench.ui.progress import RunProgress, RunStateName
from workbench.ui.reader import Reader
from workbench.ui.run_control import RunControl
from workbench.ui.worker import JobHandle

if TYPE_CHECKING:
    # Only for types: the window appears before pydantic, numpy and the core are imported.
    from workbench.launch import WarmChild
    from workbench.project.changes import Change
    from workbench.project.history import UndoStack
    from workbench.project.ids import LabelValue
    from workbench.project.labels import Labels
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder
    from workbench.project.splits import SplitOutcome
    from workbench.training.config import TrainConfig


GRADER = "grader"
"""The preference that says who labels."""


class Session(QObject):
    """One open project, its draft config, and the run that is followed."""

    projectChanged = Signal()
    imagesChanged = Signal()
    labelsChanged = Signal()
    classesChanged = Signal()
    splitChanged = Signal()
    findingsChanged = Signal()
    """Findings were stored or dismissed."""
    predictionsChanged = Signal()
    """Suggestions were stored or refused."""
    decisionsChanged = Signal(object)
    """A `Change` of any kind was made, taken back or made again; the more particular signal follows it."""
    undone = Signal(object)
    """A `Change` was taken back or made again, and everybody was told: whoever shows images shows these."""
    graderChanged = Signal(str)
    configChanged = Signal()
    runsChanged = Signal()
    runChanged = Signal()
    """Another run is followed; its events follow from the first on."""
    runEvent = Signal(object)
    """A TrainingEvent of the followed run, or `client.Died`."""
    runStateChanged = Signal(str)
    jobsChanged = Signal()
    undoChanged = Signal()
    saved = Signal()
    toast = Signal(str)
    problem = Signal(str, str)
    """Panel and sentence, for a banner. "" is every panel, "!training" every one but Train, which says it itself."""
    decision = Signal(str, str, str, object)
    """Panel, sentence, text of a button and what it calls: a banner with a way out."""
    navigate = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.preferences = Preferences()
        self.project: Project | None = None
        self.saved_at: float | None = None
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
        self._labels = LabelEdits(self)
        self._labels.changed.connect(self._edited)
        self._labels.splitMade.connect(self._was_saved)
        self._labels.splitMade.connect(self.splitChanged)
        self._labels.told.connect(self.toast)
        self._labels.problem.connect(self._dataset_problem)
        self._draft = Draft(self)
        self._draft.changed.connect(self.configChanged)
        self._draft.saved.connect(self._was_saved)
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
        self._was_saved()
        self.splitChanged.emit()
        self.toast.emit(sentence)

    @Slot(str)
    def _dataset_problem(self, sentence: str) -> None:
        self.problem.emit("dataset", sentence)

    @property
    def undo(self) -> "UndoStack | None":
        """What can be undone and redone in the open project."""
        return self._labels.undo

    @property
    def grader(self) -> str:
        """Who labels; "" where nobody is named. Remembered, and written beside each decision."""
        return str(self.preferences.get(GRADER, "") or "")

    def set_grader(self, name: str) -> None:
        """Say who labels from now on."""
        name = " ".join(name.split())
        if name != self.grader:
            self.preferences.set(GRADER, name)
            self.graderChanged.emit(name)

    def do(self, change: "Change") -> None:
        """Take note of a change that was made to the project: undo can take it back, and who shows it is told."""
        self._labels.do(change)

    def make(self, edit: "Callable[[Project], Change | None]") -> bool:
        """Let ``edit`` change the project, as `do`; a WorkbenchError becomes a banner. True where it was done."""
        return self._labels.make(edit)

    def assign(self, ids: Sequence[int], value: "LabelValue | int") -> bool:
        """Give the images a label (None takes it away). Undo takes it back."""
        return self._labels.assign(ids, value, grader=self.grader)

    def toggle_class(self, ids: Sequence[int], class_id: int) -> bool:
        """With several labels per image: take the class away where all of the images have it, else give it to each."""
        return self._labels.toggle_class(ids, class_id, grader=self.grader)

    def reject(self, ids: Sequence[int], on: bool = True) -> bool:
        """Take the images out of the data set, or in again. The files stay where they are."""
        return self.make(lambda project: project.rejection.set(ids, on, grader=self.grader))

    def tag(self, ids: Sequence[int], name: str, on: bool = True) -> bool:
        """Put a tag on the images, or take it off."""
        return self.make(
            lambda project: (project.tags.add if on else project.tags.remove)(ids, name, grader=self.grader)
        )

    def note(self, image_id: int, text: str) -> bool:
        """Write the note of an image; "" takes it away."""
        return self.make(lambda project: project.notes.set(image_id, text, grader=self.grader))

    def edit_classes(self, edit: "Callable[[Labels], Change | None]") -> bool:
        """Let ``edit`` change the classes: name, order, colour, merging, removal."""
        return self.make(lambda project: edit(project.labels))

    def undo_label(self) -> "Change | None":
        """Take the last change back, of whatever kind. Returns what changed."""
        return self._stepped(self._labels.take_back())

    def redo_label(self) -> "Change | None":
        """Make the change again that was undone last. Returns what changed."""
        return self._stepped(self._labels.make_again())

    def _stepped(self, change: "Change | None") -> "Change | None":
        if change is not None:
            self.undone.emit(change)
        return change

    @Slot(object)
    def _edited(self, change: "Change") -> None:
        self._was_saved()
        self.decisionsChanged.emit(change)
        news: dict[str, tuple[SignalInstance, ...]] = {
            "label": (self.labelsChanged, self.splitChanged),
            "reject": (self.imagesChanged, self.labelsChanged, self.splitChanged),
            "classes": (self.classesChanged, self.labelsChanged),
            "pin": (self.splitChanged,),
            "suggestion": (self.predictionsChanged,),
        }
        for told in news.get(getattr(change, "what", "label"), ()):
            told.emit()
        self.undoChanged.emit()

    def add_class(self, name: str) -> int | None:
        """Add a class at the end of the project's order. None where that is not possible."""
        return self._labels.add_class(name)

    def make_split(self, *, validation: float = 0.15, test: float = 0.2, seed: int = 7) -> "SplitOutcome | None":
        """Divide the labelled images. None, and a problem in the Dataset panel, where that is not possible."""
        return self._labels.make_split(validation=validation, test=test, seed=seed)

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

    @Slot()
    def _was_saved(self) -> None:
        self.saved_at = time.time()
        self.saved.emit()
