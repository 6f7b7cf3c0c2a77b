"""The status bar: what the project holds, when it was saved, and the background job."""

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QProgressBar, QWidget

from workbench.ui import figures, theme
from workbench.ui.layouts import row
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, label, tool_button
from workbench.ui.worker import JobHandle

if TYPE_CHECKING:
    from workbench.project.project import Project

HEIGHT = 32
COUNT_DELAY_MS = 120


class StatusBar(QWidget):
    """Reads the session; counting is put off until changes have settled."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shell_status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._session = session
        self._shown: JobHandle | None = None
        self.counts = ElidedLabel("", "secondary")
        self.counts.setObjectName("status.counts")
        self.saved = label("", "secondary", name="status.saved")
        self._what = ElidedLabel("", "secondary", mode=Qt.TextElideMode.ElideMiddle)
        self._what.setMaximumWidth(320)
        self._bar = QProgressBar()
        self._bar.setObjectName("status.progress")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(96)
        self._left = label("", "secondary")
        self._stop = tool_button("close", self.tr("Stop this job"), self._stop_job, name="status.stop")
        self._stop.setFixedSize(theme.ROW, theme.ROW)
        self._job = QWidget()
        self._job.setLayout(row(self._what, self._bar, self._left, self._stop))
        self._job.hide()
        layout = row(self.counts, None, self._job, 8, self.saved)
        layout.setContentsMargins(16, 0, 16, 0)
        self.setLayout(layout)
        self._recount = QTimer(self)
        self._recount.setSingleShot(True)
        self._recount.setInterval(COUNT_DELAY_MS)
        self._recount.timeout.connect(self.count)
        self._clock = QTimer(self)
        self._clock.setInterval(20_000)
        self._clock.timeout.connect(self._show_saved)
        self._clock.start()
        for signal in (session.imagesChanged, session.labelsChanged, session.splitChanged, session.projectChanged):
            signal.connect(self._recount.start)
        session.projectChanged.connect(self._show_saved)
        session.saved.connect(self._show_saved)
        session.jobsChanged.connect(self._show_job)

    @Slot()
    def count(self) -> None:
        """Ask the project what it holds."""
        if self._session.project is None:
            self.counts.setText("")
        else:
            self._session.reader.ask("status", _holds, self._show_counts)

    def _show_counts(self, held: "_Held") -> None:
        parts = [figures.counted(held.images, self.tr("image"), self.tr("images"))]
        if held.images:
            parts.append(self.tr("{0} labelled").format(figures.count(held.images - held.unlabelled)))
            parts.append(self._split(held.splits))
        self.counts.setText(" · ".join(part for part in parts if part))

    def _split(self, counts: dict[str | None, int]) -> str:
        numbers = [counts.get(name, 0) for name in ("train", "validation", "test")]
        total = sum(numbers)
        if not total:
            return self.tr("no split yet")
        return self.tr("split {0}").format("/".join(f"{number / total * 100:.0f}" for number in numbers))

    @Slot()
    def _show_saved(self) -> None:
        at = self._session.saved_at
        if self._session.project is None or at is None:
            self.saved.setText("")
            return
        ago = time.time() - at
        self.saved.setText(self.tr("Saved now") if ago < 60 else self.tr("Saved {0} ago").format(figures.duration(ago)))
        self.saved.setToolTip(
            self.tr("Every change is saved at once, last at {0}").format(time.strftime("%H:%M:%S", time.localtime(at)))
        )

    @Slot()
    def _show_job(self) -> None:
        jobs = self._session.jobs
        newest = jobs[-1] if jobs else None
        if newest is not self._shown:
            self._shown = newest
            if newest is not None:
                newest.changed.connect(self._show_progress)
        self._job.setVisible(newest is not None)
        self._show_progress()

    @Slot()
    def _show_progress(self) -> None:
        job = self._shown
        if job is None or job not in self._session.jobs:
            return
        more = len(self._session.jobs) - 1
        text = self.tr("Stopping {0}").format(job.title) if job.stopped else job.title
        if job.what and not job.stopped:
            text = f"{text}: {job.what}"
        self._what.setText(self.tr("{0} (and {1} more)").format(text, more) if more else text)
        self._stop.setEnabled(not job.stopped)
        if job.share is None:
            self._bar.setRange(0, 0)
            self._left.setText(figures.count(job.done) if job.done else "")
            return
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(job.share * 1000))
        left = job.seconds_left
        self._left.setText(
            self.tr("{0} · {1} left").format(figures.percent(job.share), figures.duration(left))
            if left is not None
            else figures.percent(job.share)
        )

    @Slot()
    def _stop_job(self) -> None:
        if self._shown is not None:
            self._shown.stop()


class _Held(NamedTuple):
    """What a project holds; rejected images are not counted."""

    images: int
    unlabelled: int
    splits: dict[Any, int]


def _holds(project: "Project") -> _Held:
    from workbench.project.images import Query

    images, unlabelled = Query(rejected=False), Query(rejected=False, unlabelled=True)
    return _Held(project.images.count(images), project.images.count(unlabelled), project.splits.counts())
