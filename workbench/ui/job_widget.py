"""A widget with one job: the same button starts it and stops it, and a bar says how far it is."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QProgressBar, QWidget


class JobWidget(QWidget):
    """What such widgets share. They make the button, connect it to `_clicked`, and lay out ``bar``."""

    asked = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)

    @property
    def running(self) -> bool:
        return self._running

    def _take_progress(self, share: float | None) -> None:
        """The job runs; ``share`` of it, from 0 to 1, is done, None where that is not known."""
        self._running = True
        self.bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.bar.setValue(round(1000 * share))

    @Slot()
    def _clicked(self) -> None:
        if self._running:
            self.stopped.emit()
        else:
            self.asked.emit()
