"""Splitting in the background: made, checked for leaks, repaired. No widgets."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from workbench.jobs import Event, Job
from workbench.ui import figures
from workbench.ui.session import Session
from workbench.ui.worker import JobHandle


class SplitJobs(QObject):
    """One job at a time. ``done`` follows a split or a repair; leaks become a banner of the panel that offers the repair."""

    changed = Signal()
    done = Signal()
    leaked = Signal(object)
    """The leaks that the last look found: a list of events or dictionaries with ``images``, ``message`` and ``score``."""

    def __init__(
        self, session: Session, parent: QObject | None = None, *, shows_leaks: Callable[[], bool] = lambda: False
    ) -> None:
        """Without ``shows_leaks``, or where it says no, leaks become a banner over the panel."""
        super().__init__(parent)
        self._session, self._shows_leaks = session, shows_leaks
        self.handle: JobHandle | None = None
        self._leaks: list[dict[str, Any]] = []

    def make(
        self,
        *,
        validation: float,
        test: float,
        seed: int,
        group_by: str = "",
        folds: int = 0,
        fold: int = 1,
    ) -> bool:
        """Split anew; shares from 0 to 1. False where a job runs already or no project is open."""
        project = self._session.project
        if project is None:
            return False
        if group_by == "near-duplicates":
            # Needs faiss and perhaps torch, which stay out of the window's process.
            words = ["split", str(project.folder), "--validation", f"{validation}", "--test", f"{test}"]
            words += ["--seed", f"{seed}", "--group-by", group_by, "--folds", f"{folds}", "--fold", f"{fold}"]
            return self._start(self.tr("Splitting the images"), lambda: self._session.warm.job(words))

        def job() -> Job:
            from workbench.curation.splitting import split

            return split(
                project.folder,
                validation=validation,
                test=test,
                seed=seed,
                group_by=group_by or None,
                folds=folds,
                fold=fold,
            )

        return self._start(self.tr("Splitting the images"), job)

    @Slot()
    def repair(self) -> None:
        """Put what is on both sides on one."""
        project = self._session.project
        if project is None:
            return

        def job() -> Job:
            from workbench.curation.splitting import repair

            return repair(project.folder)

        self._start(self.tr("Repairing the split"), job)

    @Slot()
    def look(self) -> None:
        """Look for leaks in the split as it is."""
        project = self._session.project
        if project is None:
            return

        def job() -> Job:
            from workbench.curation.splitting import look

            return look(project.folder)

        self._start(self.tr("Looking for leaks"), job)

    def freeze(self, name: str, done: Callable[[int], object]) -> None:
        """Keep the test images of now as a test set of this name; ``done`` is called with their number."""
        project = self._session.project
        if project is None:
            return

        def job() -> Job:
            from workbench.curation.splitting import freeze_test

            return freeze_test(project.folder, name)

        def frozen(last: Any) -> None:
            self._divided()
            done(last.images)

        self._start(self.tr("Freezing the test images"), job, frozen)

    def release(self, name: str) -> None:
        """Let later splits use the images of a test set again."""
        project = self._session.project
        if project is None:
            return

        def job() -> Job:
            from workbench.curation.splitting import release_test

            return release_test(project.folder, name)

        self._start(self.tr("Releasing the test images"), job, self._divided)

    def _start(
        self, title: str, job: Callable[[], Job], on_done: Callable[[Event | None], object] | None = None
    ) -> bool:
        if self.handle is not None:
            return False
        self._leaks = []
        self.handle = self._session.start_job(
            title, job(), on_event=self._take, on_done=on_done or self._finished, on_failed=self._failed
        )
        self.handle.ended.connect(self._ended)
        self.changed.emit()
        return True

    def _take(self, event: Event) -> None:
        fields = event if isinstance(event, dict) else {"event": type(event).__name__, **vars(event)}
        if fields["event"] == "Finding" and fields["kind"] == "leakage":
            self._leaks.append(fields)
        if fields["event"] == "Repaired" and fields["left"]:
            left = figures.counted(len(fields["left"]), self.tr("group"), self.tr("groups"))
            self._session.problem.emit(
                "dataset", self.tr("{0} stay on both sides, since their images are pinned there.").format(left)
            )
        self.changed.emit()

    def _divided(self, _last: Event | None = None) -> None:
        self._session.was_saved()
        self._session.splitChanged.emit()
        self.done.emit()

    def _finished(self, _last: Event | None) -> None:
        self._session.was_saved()
        self._session.splitChanged.emit()
        self._session.findingsChanged.emit()
        self.leaked.emit(list(self._leaks))
        if self._leaks and not self._shows_leaks():
            groups = figures.counted(len(self._leaks), self.tr("group of images is"), self.tr("groups of images are"))
            self._session.decision.emit(
                "dataset",
                self.tr("{0} on both sides of the split: its score cannot be trusted.").format(groups),
                self.tr("Repair"),
                self.repair,
            )
        self.done.emit()

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("dataset", sentence)

    @Slot()
    def _ended(self) -> None:
        self.handle = None
        self.changed.emit()
