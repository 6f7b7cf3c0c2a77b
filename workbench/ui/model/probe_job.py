"""A few real steps of the draft's run in a child process, and what they told."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from workbench import launch
from workbench.training.config import Baseline, TrainConfig
from workbench.ui.model import facts
from workbench.ui.session import Session

if TYPE_CHECKING:
    from workbench.ui.worker import JobHandle


class ProbeJob(QObject):
    """One probe at a time. ``probed`` is the last one's answer, for the project that is open."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job: JobHandle | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._config: TrainConfig | None = None
        self.probed: dict[str, Any] | None = None
        session.projectChanged.connect(self._forget)

    @property
    def running(self) -> bool:
        return self._job is not None

    @property
    def what(self) -> str:
        return (self._job.what if self._job is not None else "") or self.tr("Starting")

    @property
    def share(self) -> float | None:
        return self._job.share if self._job is not None else None

    def hindrance(self) -> str:
        """Return why nothing can be measured now; "" where it can."""
        project = self._session.project
        if project is None or not project.images.count():
            return self.tr("Add images first: the steps are taken with yours.")
        config = self._session.config
        if isinstance(config.method, Baseline):
            return self.tr("The baseline has no network: there are no steps to measure.")
        info = facts.of(config.backbone)
        if info is not None and info.unsupported:
            return self.tr("{0} is not supported: there is nothing to measure.").format(info.name)
        if self._session.is_training:
            return self.tr("A run is being trained: it would slow down, and the figures would be wrong.")
        return ""

    def figures(self) -> dict[str, Any] | None:
        """Return what was measured last, None where that was of another backbone or another kind of way."""
        if self._config is None or _what(self._config) != _what(self._session.config):
            return None
        return self.probed

    def stale(self) -> bool:
        """Whether the draft asks for something else than what was measured."""
        return self._config is not None and _cost(self._config) != _cost(self._session.config)

    @Slot()
    def start(self) -> None:
        """Probe the draft config."""
        project = self._session.project
        if project is None or self._job is not None:
            return
        if hindrance := self.hindrance():
            self._session.toast.emit(hindrance)  # asked for by the keyboard: the button is not enabled
            return
        self._config = self._session.config
        self._folder = tempfile.TemporaryDirectory(prefix="workbench-probe-")
        config = Path(self._folder.name, "config.toml")
        config.write_text(self._config.dumps(), encoding="utf-8")
        self.probed = None
        self._job = self._session.start_job(
            self.tr("Measuring a few steps"),
            # A child of its own: it ends with all the memory that it took, and a stop harms no other job.
            # What it prepares lies in the folder of this job, which is cleared also where the child has to be killed.
            launch.job(
                ["models", "probe", str(project.folder), "--config", str(config), "--scratch", self._folder.name]
            ),
            on_event=self._told,
            on_failed=self._failed,
        )
        self._job.ended.connect(self._ended)
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _told(self, event: Any) -> None:
        if event.get("event") == "Probed":
            self.probed = event
        self.changed.emit()

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("model", sentence)

    @Slot()
    def _ended(self) -> None:
        self._job = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self.changed.emit()

    @Slot()
    def _forget(self) -> None:
        self.probed, self._config = None, None
        self.changed.emit()


def _what(config: TrainConfig) -> tuple[str, str]:
    """Return what the figures are about: of another, they are not doubted but wrong."""
    return config.backbone.name, config.method.kind


def _cost(config: TrainConfig) -> tuple[object, ...]:
    """Return what of a config the cost of a run depends on."""
    return (
        config.backbone.model_copy(update={"weights": "", "tag": ""}),
        config.preprocess,
        config.method,
        config.head,
        config.phases,
        config.batch_norm,
        config.augment,
        config.rare,
        config.mix,
        config.optimizer.name,
        config.compute,
    )
