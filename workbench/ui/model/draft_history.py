"""Undo and redo of what of the draft belongs to the model, wherever it was changed: by hand, by advice, by a recipe."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.training.config import TrainConfig
from workbench.ui.history import History
from workbench.ui.session import Session

FIELDS = (
    "backbone",
    "preprocess",
    "method",
    "head",
    "epochs",
    "freeze",
    "then",
    "batch_norm",
    "optimizer",
    "compute",
)
PAUSE_MS = 800
"""A number that rests for so long is another change when it moves again."""


class DraftHistory(QObject):
    """Follows the session's draft. A number that is typed or dragged is taken back as one."""

    changed = Signal()
    """What can be taken back or repeated is another."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._history: History[TrainConfig] = History()
        self._now = session.config
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(PAUSE_MS)
        self._rest.timeout.connect(self._history.pause)
        session.configChanged.connect(self._config_changed)
        session.projectChanged.connect(self._project_changed)

    @property
    def can_undo(self) -> bool:
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        return self._history.can_redo

    @Slot()
    def undo(self) -> None:
        self._put(self._history.undo(self._session.config))

    @Slot()
    def redo(self) -> None:
        self._put(self._history.redo(self._session.config))

    def _put(self, wanted: TrainConfig | None) -> None:
        """Put the model's part of a config into the draft; the chain of Augment and the rest of Train stay."""
        if wanted is None:
            return
        now = self._session.config
        self._now = now.model_copy(update={name: getattr(wanted, name) for name in FIELDS})
        self._session.set_config(self._now)
        self.changed.emit()

    @Slot()
    def _config_changed(self) -> None:
        before, self._now = self._now, self._session.config
        if all(getattr(before, name) == getattr(self._now, name) for name in FIELDS):
            return
        self._history.push(before, _number_moved(before, self._now))
        self._rest.start()
        self.changed.emit()

    @Slot()
    def _project_changed(self) -> None:
        self._history.clear()
        self._now = self._session.config
        self.changed.emit()


def _number_moved(before: TrainConfig, after: TrainConfig) -> str:
    """Return which numbers are others, "" where more than numbers changed: each such change is taken back by itself."""
    old, new = (dict(_leaves(config.model_dump(include=set(FIELDS)))) for config in (before, after))
    moved = [path for path in old.keys() | new.keys() if old.get(path) != new.get(path)]
    numbers = all(_is_number(each.get(path)) for path in moved for each in (old, new))
    return " ".join(sorted(moved)) if numbers else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value inside of mappings and sequences with its path; an empty one is a value itself."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    if not inside:
        yield path, value
    for name, each in inside:
        yield from _leaves(each, f"{path}.{name}")
