"""What of the chosen weights fits the backbone: loaded in a child process, before a run does."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from workbench import launch
from workbench.training.config import BackboneConfig, HeadConfig

if TYPE_CHECKING:
    from workbench.ui.session import Session
    from workbench.ui.worker import JobHandle


class WeightsCheck(QObject):
    """Answers for one choice of weights; another choice has no answer yet."""

    changed = Signal()

    def __init__(self, session: "Session", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: tuple[BackboneConfig, HeadConfig] | None = None
        self._report: dict[str, Any] | None = None
        self._problem = ""
        self._job: JobHandle | None = None

    def check(self, config: BackboneConfig) -> None:
        """Load the weights of a config; one check at a time."""
        project = self._session.project
        if self._job is not None or project is None:
            return
        self._asked, self._report, self._problem = self._question(config), None, ""
        argv = ["weights", "check", config.name, "--weights", config.weights, "--channels", str(config.channels)]
        argv += ["--project", str(project.folder), *(["--tag", config.tag] if config.tag else [])]
        head = self._session.config.head
        argv += ["--head", head.kind, "--head-width", str(head.width)]
        # The warm child answers in a moment, but it may know another folder of packs.
        job = launch.job(argv) if config.weights == "hub" else self._session.warm.job(argv)
        self._job = self._session.start_job(
            self.tr("Checking the weights of {0}").format(config.name.partition("/")[2]),
            job,
            on_done=self._done,
            on_failed=self._failed,
        )
        self._job.ended.connect(self._ended)
        self.changed.emit()

    def _question(self, config: BackboneConfig) -> tuple[BackboneConfig, HeadConfig]:
        """What is kept of a run depends on the head too."""
        return config, self._session.config.head

    @property
    def running(self) -> bool:
        return self._job is not None

    def report(self, config: BackboneConfig) -> dict[str, Any] | None:
        """Return the fields of `WeightsChecked` where these weights were checked and fit."""
        return self._report if self._question(config) == self._asked else None

    def problem(self, config: BackboneConfig) -> str:
        """Return why these weights do not fit, "" where nothing is known against them."""
        return self._problem if self._question(config) == self._asked else ""

    def _done(self, event: Any) -> None:
        if event is not None and event.get("event") == "WeightsChecked":
            self._report = event
        self.changed.emit()

    def _failed(self, sentence: str) -> None:
        self._problem = sentence
        self.changed.emit()

    @Slot()
    def _ended(self) -> None:
        self._job = None
        self.changed.emit()
