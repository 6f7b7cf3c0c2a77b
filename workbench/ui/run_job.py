"""What the panels share that do one job with a finished run in the warm child: the bar on top, and the job behind it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QWidget

from workbench.ui import figures, icons, theme
from workbench.ui.job_widget import JobWidget
from workbench.ui.run_choice import RunChoice, with_model
from workbench.ui.session import Session
from workbench.ui.widgets import Panel, button, label
from workbench.ui.worker import JobHandle


class RunJobBar(JobWidget):
    """The parts of the bar: the choice of a run, the button that starts the job and then stops it, how far it is."""

    def __init__(
        self,
        name: str,
        text: str,
        *,
        icon: str,
        stop_tip: str,
        inputs: Sequence[QWidget] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon, self._stop_tip = icon, stop_tip
        self.run = RunChoice()
        self.run.setObjectName(f"{name}.choice")
        self._inputs = [self.run, *inputs]
        self.go = button(text, self._clicked, role="primary", icon=icon, name=f"{name}.run")
        self.what = label("", "secondary", name=f"{name}.progress")

    def show_progress(self, what: str, share: float | None) -> None:
        """Show the running job; the button has become Stop."""
        self._take_progress(share)
        self._dress(self.tr("Stop"), "stop", primary=False)
        self.go.setEnabled(True)
        self.go.setToolTip(self._stop_tip)
        self.what.setText(what if share is None else f"{what} · {figures.percent(share)}")
        self._show_running()

    def end_progress(self, text: str, *, primary: bool = True) -> None:
        """No job runs; the button says ``text``."""
        self._running = False
        self._dress(text, self._icon, primary=primary)
        self._show_running()

    def _show_running(self) -> None:
        self.what.setVisible(self._running)
        self.bar.setVisible(self._running)
        for part in self._inputs:
            part.setEnabled(not self._running)

    def _dress(self, text: str, icon: str, *, primary: bool) -> None:
        self.go.setText(text)
        self.go.setIcon(icons.icon(icon, "on_accent" if primary else "secondary"))
        theme.set_role(self.go, "primary" if primary else "")


class RunJobPanel(Panel):
    """A panel with such a bar. What comes of the job is told to `_done` or `_failed`; `_ended` comes before either."""

    bar: RunJobBar

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._job: JobHandle | None = None

    def activated(self, payload: object) -> None:
        """``payload`` may be the id of a run."""
        if isinstance(payload, str):
            self.bar.run.choose(payload)

    def _begin(self, title: str, argv: Sequence[str]) -> None:
        """Have the warm child do ``argv``."""
        self._job = self.session.start_job(
            title,
            self.session.warm.job(argv),
            on_event=self._progressed,
            on_done=self._done,
            on_failed=self._failed,
        )
        self._job.ended.connect(self._ended)
        self.bar.show_progress(self.tr("Starting"), None)
        self.stateChanged.emit()

    def _done(self, event: Any) -> None:
        raise NotImplementedError

    def _failed(self, sentence: str) -> None:
        self.session.problem.emit(self.key, sentence)

    @Slot()
    def _ended(self) -> None:
        raise NotImplementedError

    def _progressed(self, _event: Any) -> None:
        if self._job is not None:
            self.bar.show_progress(self._job.what or self.tr("Starting"), self._job.share)

    @Slot()
    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    @Slot()
    def _list_runs(self) -> None:
        followed = self.session.run.id if self.session.run is not None else ""
        self.bar.run.show_runs(with_model(self.session), prefer=followed)
        self.stateChanged.emit()

    def _list_runs_quietly(self) -> None:
        """List the runs of another project; nobody has chosen one."""
        with QSignalBlocker(self.bar):
            self._list_runs()

    @Slot()
    def _go_train(self) -> None:
        self.session.navigate.emit("training", None)
