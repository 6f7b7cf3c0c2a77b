"""Starting the curation jobs from the window: in the warm child, with what they find stored in the project."""

import contextlib
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.dataset_verbs import CHECKS
from workbench.errors import WorkbenchError
from workbench.training.checks import with_absolute_weights
from workbench.training.run_weights import PREFIX
from workbench.ui import figures, theme
from workbench.ui.layouts import row
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, tool_button
from workbench.ui.worker import JobHandle

EMBEDDING_CHECKS = ("duplicates", "outliers", "label-errors", "map", "suggestions")
"""The checks that look through a backbone: the others are told no backbone, so that they need no torch."""


class CurationJobs(QObject):
    """At most one job at a time; ``changed`` follows its progress, ``ended`` comes when it is over, stopped or failed."""

    changed = Signal()
    ended = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.handle: JobHandle | None = None
        self._found = 0
        self._notices: list[str] = []

    def start(self, checks: Sequence[str], *, further: Sequence[str] = ()) -> bool:
        """Run these checks; False where one runs already or no project is open. ``further`` are more words of the verb."""
        project = self._session.project
        if project is None or self.handle is not None:
            return False
        # Imported late: it needs NumPy and the core, for which the window does not wait.
        from workbench.curation.store import storing

        words = ["curate", str(project.folder), "--only", ",".join(checks), "--no-store", *further]
        if set(checks) & set(EMBEDDING_CHECKS):
            name, weights = embedding_backbone(self._session)
            words += ["--backbone", name, "--weights", weights]
        self._found, self._notices = 0, []
        self.handle = self._session.start_job(
            self.tr("Checking the images") if set(checks) & set(CHECKS) else self.tr("Looking at the images"),
            storing(project.folder, self._session.warm.job(words), list(checks)),
            on_event=self._take,
            on_done=self._done,
            on_failed=self._failed,
        )
        self.handle.ended.connect(self._ended)
        self.changed.emit()
        return True

    @Slot()
    def stop(self) -> None:
        """Ask the job to end; what it has found so far is dropped."""
        if self.handle is not None:
            self.handle.stop()

    def progress(self) -> str:
        """Return what the job does and how far it is; empty while none runs."""
        if self.handle is None:
            return ""
        what = self.handle.what or self.tr("Starting")
        return what if self.handle.share is None else f"{what} · {figures.percent(self.handle.share)}"

    def _take(self, event: Any) -> None:
        name = event.get("event") if isinstance(event, dict) else type(event).__name__
        self._found += name == "Finding"
        if name == "Noticed":
            self._notices.append(str(event["message"] if isinstance(event, dict) else event.message))
        self.changed.emit()

    def _done(self, _last: Any) -> None:
        notices = self._notices
        text = figures.counted(self._found, self.tr("finding"), self.tr("findings")) if self._found else ""
        for notice in notices[:1]:
            text = f"{text} · {notice}" if text else notice
        if len(notices) > 1:
            text += self.tr(" (and {0} more notes)").format(figures.count(len(notices) - 1))
        self._session.toast.emit(text or self.tr("Done: nothing was found."))

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("dataset", sentence)

    @Slot()
    def _ended(self) -> None:
        self.handle = None
        self._session.findingsChanged.emit()
        self._session.predictionsChanged.emit()
        self.changed.emit()
        self.ended.emit()


def embedding_backbone(session: Session) -> tuple[str, str]:
    """Return what makes the embeddings: the backbone of the Model panel, NAME or NAME.TAG, and hub, none or a file."""
    backbone = session.config.backbone
    if backbone.weights.startswith(PREFIX):
        # A run without a model: whoever makes the embeddings says what is wrong with it.
        with contextlib.suppress(WorkbenchError):
            backbone = with_absolute_weights(session.config, session.project).backbone
    # Also beside a file: the size and the normalisation are those of the weights that are chosen.
    return f"{backbone.name}.{backbone.tag}" if backbone.tag else backbone.name, backbone.weights


class BackboneHint(QWidget):
    """Says which backbone looks at the images, and leads to the Model panel, where it is chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._text = ElidedLabel("", "secondary", mode=Qt.TextElideMode.ElideMiddle)
        self._text.setMaximumWidth(260)
        change = tool_button("model", self.tr("Choose another backbone in the Model panel"), self._go)
        self.setLayout(row(self._text, change, spacing=theme.HALF))
        session.configChanged.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Show the choice of now."""
        if self._session.project is None:
            self._text.setText("")
            return
        name, weights = embedding_backbone(self._session)
        short = name.rpartition("/")[2]
        if weights == "none":
            self._text.setText(self.tr("by {0}, without weights").format(short))
            self._text.set_tip(self.tr("A network of random numbers sees little: choose weights in the Model panel."))
        else:
            self._text.setText(self.tr("by {0}").format(short))
            self._text.set_tip(self.tr("Weights: {0}").format(weights))

    @Slot()
    def _go(self) -> None:
        self._session.navigate.emit("model", None)
