"""Starts, continues and shows the runs of the session's project. No widgets."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from workbench.errors import WorkbenchError
from workbench.ui.followed import FollowedRun

if TYPE_CHECKING:
    from workbench.ui.session import Session


class RunControl(QObject):
    """What the session does about runs; their events come through ``followed``, their end is told in a sentence."""

    def __init__(self, session: "Session", followed: FollowedRun) -> None:
        super().__init__(session)
        self._session = session
        self._followed = followed
        followed.ended.connect(self._ended)
        followed.problem.connect(self._problem)

    def start(self) -> None:
        """Start a run of the draft config in its own process and follow it."""
        session = self._session
        if session.project is None:
            return
        if self._followed.active:
            self._problem(self.tr("A run is being trained already; stop it first."))
            return
        from workbench.training import client

        with self._telling():
            self._followed.follow(client.start_run(session.project, session.config), announce=True)
            session.runsChanged.emit()

    def resume(self) -> None:
        """Go on with a paused run; a run that ended early is continued from its last checkpoint."""
        if self._followed.progress.state == "paused":
            self._followed.command("resume")
        elif self._followed.run is not None and not self._followed.active:
            self.proceed(self._followed.run.id)

    def proceed(self, run_id: str) -> None:
        """Continue a stopped, failed or crashed run from its last checkpoint."""
        session = self._session
        if session.project is None or self._followed.active:
            return
        from workbench.training import client

        with self._telling():
            run = session.project.runs.get(run_id)
            client.resume_run(session.project, run)
            self._followed.follow(run, announce=True)
            session.runsChanged.emit()

    def select(self, run_id: str) -> None:
        """Show another run: its events are told again from the first on. A run at work stays in view until it ends."""
        session, run = self._session, self._followed.run
        if session.project is None or (run is not None and run.id == run_id):
            return
        if self._followed.active and run is not None:
            session.toast.emit(self.tr("The run {0} is being trained and stays in view until it ends.").format(run.id))
            return
        with self._telling():
            self._followed.follow(session.project.runs.get(run_id), announce=False)

    def find(self) -> None:
        """Follow the run that is at work, else show the newest; a crashed one is offered to be continued."""
        session = self._session
        assert session.project is not None
        with self._telling():
            rows = session.project.runs.list()
            at_work = [row for row in rows if row.state in ("running", "paused")]
            for row in (at_work or rows)[:1]:
                self._followed.follow(row.folder, announce=row.state in ("running", "paused", "crashed"))
            session.runsChanged.emit()

    @Slot()
    def _ended(self) -> None:
        session, progress, run = self._session, self._followed.progress, self._followed.run
        session.runsChanged.emit()
        if not self._followed.announce or run is None:
            return
        if progress.state == "crashed":
            session.decision.emit("!training", progress.what, self.tr("Continue the run"), self.resume)
        elif progress.state == "failed":
            session.problem.emit("!training", progress.what or self.tr("The run {0} failed.").format(run.id))
        elif progress.reason == "stopped":
            session.toast.emit(self.tr("The run {0} is stopped and saved.").format(run.id))
        else:
            session.toast.emit(self.tr("The run {0} has finished.").format(run.id))

    @Slot(str)
    def _problem(self, sentence: str) -> None:
        self._session.problem.emit("training", sentence)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except WorkbenchError as error:
            self._problem(str(error))
