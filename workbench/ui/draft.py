"""The draft of the next run, kept as ``draft.toml`` in the project folder a moment after each change."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.training.config import TrainConfig

SAVE_DELAY_MS = 300


class Draft(QObject):
    """One config and its file. Without a folder the config lives in memory only."""

    changed = Signal()
    saved = Signal()
    problem = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._writable = False
        self._config: TrainConfig | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_DELAY_MS)
        self._timer.timeout.connect(self.save)

    def move_to(self, folder: Path | None, *, writable: bool) -> None:
        """Save what is not saved, then read the draft in ``folder`` when it is asked for."""
        self.save()
        self._folder, self._writable, self._config = folder, writable, None

    @property
    def config(self) -> "TrainConfig":
        if self._config is None:
            self._config = self._load()
        return self._config

    def set_config(self, config: "TrainConfig") -> None:
        if config != self.config:
            self._config = config
            self._timer.start()
            self.changed.emit()

    @Slot()
    def save(self) -> None:
        """Write the draft now if it has changed; the file of before stays until the new one is complete."""
        if not self._timer.isActive() and self.sender() is not self._timer:
            return
        self._timer.stop()
        if self._folder is None or self._config is None or not self._writable:
            return
        draft = self._folder / "draft.toml"
        partial = draft.with_suffix(".partial")
        try:
            partial.write_text(self._config.dumps(), encoding="utf-8")
            os.replace(partial, draft)
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem.emit(self.tr("The settings cannot be saved to {0}: {1}.").format(draft, reason))
            return
        self.saved.emit()

    def _load(self) -> "TrainConfig":
        # Imported late: pydantic comes after the window is on the screen.
        from workbench.training.config import TrainConfig

        draft = self._folder / "draft.toml" if self._folder is not None else None
        if draft is None or not draft.exists():
            return TrainConfig()
        try:
            return TrainConfig.load(draft)
        except WorkbenchError as error:
            kept = draft.with_name("draft.unreadable.toml")
            with contextlib.suppress(OSError):
                os.replace(draft, kept)
            self.problem.emit(self.tr("{0} It was kept as {1}; the defaults are used.").format(error, kept.name))
            return TrainConfig()
