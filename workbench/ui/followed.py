"""The run that the window follows: a `TrainingThread` reads its events, commands go to its control file."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from workbench.ui.progress import ACTIVE, RunProgress, RunStateName
from workbench.ui.worker import JobRunner, TrainingThread

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder


class FollowedRun(QObject):
    """Keeps the events of one run at a time and where it stands. Following never disturbs the run."""

    changed = Signal()
    told = Signal(object)
    stateChanged = Signal(str)
    ended = Signal()
    """The run came to its end, whichever it was."""
    problem = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run: RunFolder | None = None
        self.events: list[Any] = []
        self.progress = RunProgress()
        self.announce = False
        """False for a run that is only looked at: its end is no news."""
        self._runner: JobRunner | None = None
        self._replay: RunProgress | None = None
        """Where the replay of a run that is over stands; it becomes ``progress`` at its end, so that nobody takes the
        states it passes through for news."""

    @property
    def active(self) -> bool:
        return self.progress.state in ACTIVE

    def follow(self, run: "RunFolder", *, announce: bool) -> None:
        """Leave the run of before and tell this one's events from the first on."""
        from workbench.training import client

        self.leave()
        self.run, self.events, self.announce, self.progress = run, [], announce, RunProgress()
        self._replay = None if run.state() in ("new", "running", "paused") else RunProgress()
        self.changed.emit()
        if self._replay is None:
            self.set_state("preparing")
        self._runner = JobRunner(TrainingThread(lambda stop: client.follow(run, stop), self), self)
        self._runner.told.connect(self._take)
        self._runner.failed.connect(self._unreadable)
        self._runner.start()

    def leave(self) -> None:
        """Stop following and join the thread. The run itself goes on."""
        if self._runner is not None:
            self._runner.join()
            self._runner.deleteLater()
            self._runner = None
        self.run, self.events, self.progress, self._replay = None, [], RunProgress(), None

    def pause(self) -> None:
        if self.progress.state == "training":
            self.command("pause")

    def stop(self) -> None:
        """Ask the run to save and end; asking twice is asking once."""
        if self.active and self.progress.state != "stopping":
            self.command("stop")
            self.set_state("stopping")

    def command(self, command: Any) -> None:
        """Write pause, resume, stop or checkpoint for the run to read."""
        from workbench.training.control import write_command

        if self.run is None:
            return
        try:
            write_command(self.run.control, command)
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem.emit(self.tr("The run cannot be told to {0}: {1}.").format(command, reason))

    def set_state(self, state: RunStateName) -> None:
        if self.progress.state != state:
            self.progress.state = state
            self.stateChanged.emit(state)

    @Slot(object)
    def _take(self, event: Any) -> None:
        from workbench.training.client import Died

        before = self.progress.state
        progress = self.progress if self._replay is None else self._replay
        if isinstance(event, Died):
            progress.state, progress.what = "crashed", event.message
        else:
            progress.take(event)
        if self._replay is not None and self._replay.state in ("finished", "failed", "crashed"):
            self.progress, self._replay = self._replay, None
        self.events.append(event)
        self.told.emit(event)
        if self.progress.state != before:
            self.stateChanged.emit(self.progress.state)
            if not self.active:
                self.ended.emit()

    @Slot(str)
    def _unreadable(self, sentence: str) -> None:
        self.set_state("failed")
        self.problem.emit(sentence)
