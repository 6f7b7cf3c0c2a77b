"""The threads of the window: each runs one Qt-free job, and a timer of the window drains what it read."""

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Stop, as_dict, drain

DRAIN_MS = 33
BUDGET_SECONDS = 0.008
"""Time that one drain may take from the window; what is left waits for the next."""

_abandoned: list[QThread] = []


class JobThread(QThread):
    """Runs a job to its end; the events wait in ``events`` for the window's thread."""

    def __init__(self, job: Job, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stop = Stop()
        self.events: deque[Event] = deque()
        self.error: Exception | None = None
        self._job = job

    def run(self) -> None:
        """Called by Qt in the new thread. An exception is kept for the window's thread, which tells it."""
        try:
            for event in drain(self._job, self.stop):
                self.events.append(event)
        except Exception as error:
            self.error = error


class TrainingThread(JobThread):
    """The training thread of the window: follows the events that a run's process writes into its run folder.

    The work itself is in that process, so that a crash, an out-of-memory kill or a hung loader ends the run and never
    the window; this thread only waits for lines and parses them.
    """


class JobRunner(QObject):
    """Starts a `JobThread` and tells its events on the thread that made the runner, at most 30 times a second."""

    told = Signal(object)
    failed = Signal(str)
    """The sentence of a WorkbenchError, or of a bug (which also goes to ``sys.excepthook``)."""
    done = Signal()
    """The job came to its end, or was stopped; nothing follows."""

    def __init__(self, thread: JobThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.thread_ = thread
        self.running = False
        self._timer = QTimer(self)
        self._timer.setInterval(DRAIN_MS)
        self._timer.timeout.connect(self._drain)

    def start(self) -> None:
        self.running = True
        self.thread_.start()
        self._timer.start()

    def stop(self) -> None:
        """Ask the job to end; `done` follows when it has."""
        self.thread_.stop.stop()

    @property
    def stopped(self) -> bool:
        return self.thread_.stop.stopped

    def join(self, seconds: float = 10.0) -> bool:
        """Stop, wait for the thread and drop its events. False when it did not end in time (it is then left alone)."""
        self.stop()
        self._timer.stop()
        self.running = False
        if self.thread_.wait(int(seconds * 1000)):
            return True
        self.thread_.setParent(None)
        _abandoned.append(self.thread_)
        return False

    @Slot()
    def _drain(self) -> None:
        finished = self.thread_.isFinished()
        deadline = time.monotonic() + BUDGET_SECONDS
        events = self.thread_.events
        while events and self.running:
            self.told.emit(events.popleft())
            if time.monotonic() > deadline:
                break
        if finished and not events and self.running:
            self._timer.stop()
            self.running = False
            self.thread_.wait()
            self._tell_end(self.thread_.error)

    def _tell_end(self, error: Exception | None) -> None:
        if error is None or self.stopped:
            self.done.emit()
        elif isinstance(error, WorkbenchError):
            self.failed.emit(str(error))
        else:
            self.failed.emit(f"An unexpected error ended this: {_first_line(error)}")
            sys.excepthook(type(error), error, error.__traceback__)


def threads_left() -> int:
    """Return how many threads did not end in time; the process then has to leave without waiting for them."""
    return sum(thread.isRunning() for thread in _abandoned)


def _first_line(error: BaseException) -> str:
    lines: list[Any] = traceback.format_exception_only(error)
    return str(lines[-1]).strip().splitlines()[0]


class JobHandle(QObject):
    """A background job as the status bar shows it: how far it is, how long it will take, and the way to stop it."""

    changed = Signal()
    ended = Signal()

    def __init__(
        self,
        title: str,
        job: Job,
        *,
        on_event: Callable[[Event], object] | None = None,
        on_done: Callable[[Event | None], object] | None = None,
        on_failed: Callable[[str], object] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.done, self.total, self.what = 0, 0, ""
        self.notices: list[str] = []
        self.last: Event | None = None
        self._started = time.monotonic()
        self._on_event, self._on_done, self._on_failed = on_event, on_done, on_failed
        self.runner = JobRunner(JobThread(job, self), self)
        self.runner.told.connect(self._take)
        self.runner.failed.connect(self._failed)
        self.runner.done.connect(self._done)

    @property
    def running(self) -> bool:
        return self.runner.running

    @property
    def stopped(self) -> bool:
        return self.runner.stopped

    def start(self) -> None:
        self._started = time.monotonic()
        self.runner.start()

    def stop(self) -> None:
        """Ask the job to end. ``on_done`` and ``on_failed`` are then not called; ``ended`` is emitted."""
        self.runner.stop()
        self.changed.emit()

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None where the total is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the pace so far; None until there is one worth showing."""
        share, spent = self.share, time.monotonic() - self._started
        if share is None or share < 0.02 or spent < 2:
            return None
        return spent / share - spent

    @Slot(object)
    def _take(self, event: Event) -> None:
        fields = event if isinstance(event, dict) else as_dict(event)
        if fields.get("event") == "Progress":
            if fields["what"] != self.what:
                self.what, self._started = fields["what"], time.monotonic()
            self.done, self.total = fields["done"], fields["total"] or 0
            self.changed.emit()
        elif fields.get("event") == "Noticed":
            self.notices.append(str(fields["message"]))
        self.last = event
        if self._on_event is not None:
            self._on_event(event)

    @Slot(str)
    def _failed(self, sentence: str) -> None:
        self.ended.emit()
        if self._on_failed is not None:
            self._on_failed(sentence)

    @Slot()
    def _done(self) -> None:
        self.ended.emit()
        if not self.stopped and self._on_done is not None:
            self._on_done(self.last)
