"""The anatomy of the chosen backbone: from the cache, else found by a child process while the window goes on."""

from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.errors import WorkbenchError
from workbench.models import anatomy_cache
from workbench.models.anatomy_parts import Anatomy

if TYPE_CHECKING:
    from workbench.ui.session import Session
    from workbench.ui.worker import JobHandle

WAIT_MS = 400
"""Who walks through the catalogue with the arrow keys asks only where they stay."""


class Question(NamedTuple):
    """Which network: a backbone for images of ``size`` pixels (0: its own) and so many channels."""

    name: str
    size: int
    channels: int


class AnatomySource(QObject):
    """Answers one question at a time; the newest one counts."""

    changed = Signal()
    """`anatomy`, `waiting` or `problem` is another."""

    def __init__(self, session: "Session", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: Question | None = None
        self._job: JobHandle | None = None
        self._awake = False
        self.anatomy: Anatomy | None = None
        """Of what was asked last; None while it is on its way, or where it cannot be found."""
        self.problem = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._find)

    @property
    def waiting(self) -> bool:
        return self._timer.isActive() or self._job is not None

    def ask(self, question: Question) -> None:
        """Have the anatomy of a network in `anatomy`, at once where it was found before."""
        if question == self._asked:
            return
        self._asked, self.problem = question, ""
        try:
            self.anatomy = anatomy_cache.cached(*question)
        except WorkbenchError as error:
            self.anatomy, self.problem = None, str(error)
        self._timer.stop()
        if self.anatomy is None and not self.problem and self._awake:
            self._timer.start()
        self.changed.emit()

    def set_awake(self, awake: bool) -> None:
        """Say whether anybody looks: a child is started only then."""
        self._awake = awake
        if awake and self._asked is not None and self.anatomy is None and not self.problem and not self.waiting:
            self._timer.start()
            self.changed.emit()

    def forget(self) -> None:
        """Ask again what was asked last, when it is asked the next time."""
        self._asked = None

    @Slot()
    def _find(self) -> None:
        asked = self._asked
        if asked is None or self._job is not None or self._session.project is None:
            return
        argv = ["models", "show", asked.name, "--size", str(asked.size), "--channels", str(asked.channels)]
        self._job = self._session.start_job(
            self.tr("Reading the layers of {0}").format(asked.name.partition("/")[2]),
            self._session.warm.job(argv),
            on_done=lambda event: self._found(asked, event),
            on_failed=lambda sentence: self._failed(asked, sentence),
        )
        self._job.ended.connect(self._ended)
        self.changed.emit()

    def _found(self, asked: Question, event: Any) -> None:
        if asked != self._asked:
            return
        try:
            self.anatomy = Anatomy.from_dict(event.get("anatomy", event))
        except (KeyError, TypeError, ValueError):
            self.anatomy = anatomy_cache.cached(*asked)
            if self.anatomy is None:
                self.problem = self.tr("The layers of {0} could not be read.").format(asked.name)
        self.changed.emit()

    def _failed(self, asked: Question, sentence: str) -> None:
        if asked == self._asked:
            self.problem = sentence
            self.changed.emit()

    @Slot()
    def _ended(self) -> None:
        self._job = None
        # Another network may have been asked for meanwhile. What has come of this one is told after this.
        QTimer.singleShot(0, self, self._next)

    @Slot()
    def _next(self) -> None:
        if self._asked is not None and self.anatomy is None and not self.problem and self._awake:
            self._timer.start()
        self.changed.emit()
