"""What classes a published classifier has, for the way that uses it as it is: read by the warm child, which has torch."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from workbench.errors import WorkbenchError
from workbench.models import catalog, class_name_cache
from workbench.training.config import AsIs, TrainConfig

if TYPE_CHECKING:
    from workbench.ui.session import Session
    from workbench.ui.worker import JobHandle


class PublishedClasses(QObject):
    """Sees to it that `class_name_cache` knows the classes that a config needs. Each backbone is asked once."""

    changed = Signal()
    """The classes that were asked for are known, or will not be."""

    def __init__(self, session: "Session", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: set[tuple[str, str]] = set()
        self._job: JobHandle | None = None

    def ask(self, config: TrainConfig) -> None:
        """Have the classes read that this config needs and nobody has read yet; `changed` follows when they were."""
        info = _asked_of(config)
        if self._job is not None or info is None or self._session.project is None:
            return
        tag = info.weights[0]
        if (info.name, tag) in self._asked:
            return
        self._asked.add((info.name, tag))
        argv = ["weights", "classes", info.name, *(["--tag", tag] if tag else [])]
        self._job = self._session.start_job(
            self.tr("Reading the classes of {0}").format(info.name.partition("/")[2]),
            self._session.warm.job(argv),
            on_failed=_nothing,  # why there are none is kept in the cache too: whoever shows it asks there
        )
        self._job.ended.connect(self._ended)

    @Slot()
    def _ended(self) -> None:
        stopped = self._job is not None and self._job.stopped
        self._job = None
        if stopped:
            self._asked.clear()  # nobody answered
        else:
            self.changed.emit()


def _nothing(_sentence: str) -> None: ...


def _asked_of(config: TrainConfig) -> catalog.BackboneInfo | None:
    """Return the backbone whose classes are needed and not known, None where there is nothing to ask."""
    if not isinstance(config.method, AsIs) or config.backbone.weights == "none":
        return None
    try:
        info = catalog.with_tag(catalog.find(config.backbone.name), config.backbone.tag)
        known = class_name_cache.cached(info) is not None
    except WorkbenchError:
        return None  # said elsewhere
    return info if info.weights and not info.unsupported and not known else None
