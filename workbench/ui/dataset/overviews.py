"""When the project is counted: some time after what changes it, in the reader's thread, and never while keys come fast."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.ui.dataset.counting import Overview, moved_on, overview
from workbench.ui.session import Session

if TYPE_CHECKING:
    from workbench.project.changes import Change

REFRESH_MS = 30
"""Signals of the session that come together are answered together."""

REST = 4
"""Counting waits this many times as long as it took last: with a million images it stays out of the way of the keys."""

KIND = "overview"


class Overviews(QObject):
    """``counted`` is emitted when `known` was counted anew, ``moved`` when a change has moved it on."""

    counted = Signal()
    moved = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.known = Overview()
        self._asked_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        session.decisionsChanged.connect(self._decided)

    @property
    def is_due(self) -> bool:
        """True while a count is to come."""
        return self._timer.isActive() or self.is_asking

    @property
    def is_asking(self) -> bool:
        return self._session.reader.is_asking(KIND)

    def clear(self) -> None:
        """Another project is open."""
        self.known = Overview()

    @Slot()
    def refresh(self) -> None:
        """Count now; with many images the answer comes a little later."""
        self._timer.stop()
        self._asked_at = time.perf_counter()
        if self._session.project is None:
            self._show(Overview())
        else:
            self._session.reader.ask(KIND, overview, self._show)

    @Slot()
    def soon(self) -> None:
        """Count when the changes have settled."""
        self._timer.start()

    def _show(self, found: Overview) -> None:
        self.known = found
        self.counted.emit()
        self._timer.setInterval(max(REFRESH_MS, round(REST * 1000 * (time.perf_counter() - self._asked_at))))

    @Slot(object)
    def _decided(self, change: "Change") -> None:
        """Move the counts on at once, without counting."""
        self._session.reader.drop(KIND)  # It may have counted before the change.
        self.known = replace(self.known, counts=moved_on(self.known.counts, change))
        self.moved.emit()
        self.soon()
