"""The panels of the open project: imported and built one at a time, the one in view first."""

import importlib
import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.ui.rail import Stage
from workbench.ui.session import Session
from workbench.ui.widgets import Panel

PAUSE_MS = 30
MOST_WAITS = 50
"""So many pauses the other panels wait for the one in view: a drive that does not answer must not keep them away."""


class Panels(QObject):
    """Panels by key. One that cannot be built is reported as a bug and left out; the others go on."""

    built = Signal(str)
    missing = Signal(str)
    stateChanged = Signal(str)
    allBuilt = Signal()

    def __init__(self, session: Session, stages: Sequence[Stage], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._stages = {stage.key: stage for stage in stages}
        self._built: dict[str, Panel] = {}
        self._broken: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._build_next)
        self._waits = 0

    def get(self, key: str) -> Panel | None:
        """Return a panel, built now if need be; None without a project or where it cannot be built."""
        if self._session.project is None or key not in self._stages or key in self._broken:
            return None
        if key not in self._built:
            self._build(key)
        return self._built.get(key)

    def existing(self) -> dict[str, Panel]:
        """Return the panels built so far."""
        return dict(self._built)

    def gestures(self, key: str) -> list[tuple[str, str, str]]:
        """Return what the mouse and the arrows do in a panel, as (panel, what, how)."""
        panel = self._built.get(key)
        return [(panel.title, *gesture) for gesture in panel.gestures()] if panel is not None else []

    def is_broken(self, key: str) -> bool:
        return key in self._broken

    def complete(self) -> bool:
        """True once every panel is built, or known not to be possible."""
        return len(self._built) + len(self._broken) == len(self._stages)

    def build_rest(self) -> None:
        """Build the other panels while nothing else happens, so that their dots and actions are there."""
        self._waits = 0
        self._timer.start()

    def close(self) -> None:
        """Close the panels, so that those with threads or children of their own end them."""
        self._timer.stop()
        for panel in self._built.values():
            panel.close()

    def _build(self, key: str) -> None:
        stage = self._stages[key]
        try:
            made = getattr(importlib.import_module(stage.module), stage.class_name)(self._session)
        except Exception as error:
            # One broken panel must not take the others with it; the bug is reported like any other.
            self._broken.add(key)
            self.missing.emit(key)
            sys.excepthook(type(error), error, error.__traceback__)
            return
        self._built[key] = made
        made.stateChanged.connect(self._panel_changed)
        self.built.emit(key)

    @Slot()
    def _build_next(self) -> None:
        left = [key for key in self._stages if key not in self._built and key not in self._broken]
        if left and self._session.project is not None:
            self._waits += 1
            if self._waits > MOST_WAITS or all(panel.settled() for panel in self._built.values()):
                self._build_or_import(left[0])
            self._timer.start()
        elif not left:
            self.allBuilt.emit()

    def _build_or_import(self, key: str) -> None:
        """Take one of the two steps to a panel: to import it can take as long as to build it."""
        module = self._stages[key].module
        if module in sys.modules:
            self._build(key)
            return
        try:
            importlib.import_module(module)
        except Exception:
            self._build(key)  # which meets the error again, and tells it

    @Slot()
    def _panel_changed(self) -> None:
        for key, panel in self._built.items():
            if panel is self.sender():
                self.stateChanged.emit(key)
