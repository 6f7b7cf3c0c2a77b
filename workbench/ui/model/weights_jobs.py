"""Downloads of published weights: each in a child process, so that the window imports no torch, with progress and stop."""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal, Slot

from workbench import launch

if TYPE_CHECKING:
    from workbench.jobs import Job
    from workbench.ui.session import Session
    from workbench.ui.worker import JobHandle


class Wish(NamedTuple):
    """Published weights of a backbone: its name and the name of the weights."""

    name: str
    tag: str


@dataclass
class _Download:
    handle: "JobHandle"
    done: int = 0
    total: int | None = None
    what: str = ""


def job(wish: Wish) -> "Job":
    """Return the job that downloads the weights into the library's own cache."""
    return launch.job(["weights", "fetch", f"{wish.name}.{wish.tag}" if wish.tag else wish.name])


class WeightsJobs(QObject):
    """The downloads at work, and why the last one of each kind failed."""

    changed = Signal()
    """A download began, went on, failed or ended."""
    arrived = Signal(str)
    """The name of a backbone of which weights have come."""

    def __init__(self, session: "Session", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._running: dict[Wish, _Download] = {}
        self._failed: dict[Wish, str] = {}

    def fetch(self, wish: Wish) -> None:
        """Download these weights, unless they are on their way."""
        if wish in self._running:
            return
        self._failed.pop(wish, None)
        handle = self._session.start_job(
            self.tr("Downloading weights of {0}").format(wish.name.partition("/")[2]),
            job(wish),
            on_event=functools.partial(self._told, wish),
            on_done=functools.partial(self._done, wish),
            on_failed=functools.partial(self._refused, wish),
        )
        self._running[wish] = _Download(handle)
        handle.ended.connect(self._ended)
        self.changed.emit()

    def stop(self, wish: Wish) -> None:
        """Stop a download; what has come of it is kept for the next one."""
        if wish in self._running:
            self._running[wish].handle.stop()
            self.changed.emit()

    def is_fetching(self, wish: Wish) -> bool:
        return wish in self._running

    def progress(self, wish: Wish) -> tuple[int, int | None]:
        """Return how many bytes have come, of how many (None where nobody knows)."""
        download = self._running.get(wish)
        return (download.done, download.total) if download is not None else (0, None)

    def is_stopping(self, wish: Wish) -> bool:
        download = self._running.get(wish)
        return download is not None and download.handle.stopped

    def problem(self, wish: Wish) -> str:
        """Return why the last download of these weights failed, "" where it did not."""
        return self._failed.get(wish, "")

    def _told(self, wish: Wish, event: Any) -> None:
        download = self._running.get(wish)
        if download is not None and event.get("event") == "Progress":
            download.done, download.total = int(event["done"]), event.get("total")
            self.changed.emit()

    def _done(self, wish: Wish, _event: Any) -> None:
        self._session.toast.emit(self.tr("The weights of {0} are on this machine").format(wish.name.partition("/")[2]))
        self.arrived.emit(wish.name)

    def _refused(self, wish: Wish, sentence: str) -> None:
        self._failed[wish] = sentence
        self.changed.emit()

    @Slot()
    def _ended(self) -> None:
        self._running = {wish: each for wish, each in self._running.items() if each.handle.running}
        self.changed.emit()
