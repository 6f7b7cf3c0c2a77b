"""Background jobs: started here, listed for the status bar, joined when the project goes."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from workbench.jobs import Event, Job
from workbench.ui.worker import JobHandle


class Background(QObject):
    """The jobs that run now, oldest first."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: list[JobHandle] = []

    def start(
        self,
        title: str,
        job: Job,
        *,
        on_event: Callable[[Event], object] | None,
        on_done: Callable[[Event | None], object] | None,
        on_failed: Callable[[str], object] | None,
    ) -> JobHandle:
        """Run ``job`` in a thread of its own; the callbacks are called on this thread."""
        handle = JobHandle(title, job, on_event=on_event, on_done=on_done, on_failed=on_failed, parent=self)
        handle.ended.connect(self._forget_ended)
        self.jobs.append(handle)
        handle.start()
        self.changed.emit()
        return handle

    def join(self) -> None:
        """Stop all jobs and wait for their threads. Whoever started one is told that it has ended."""
        joined, self.jobs = self.jobs, []
        for handle in joined:
            handle.stop()
        for handle in joined:
            handle.runner.join()
            handle.ended.emit()
            handle.deleteLater()
        self.changed.emit()

    @Slot()
    def _forget_ended(self) -> None:
        for handle in [handle for handle in self.jobs if not handle.running]:
            self.jobs.remove(handle)
            handle.deleteLater()
        self.changed.emit()
