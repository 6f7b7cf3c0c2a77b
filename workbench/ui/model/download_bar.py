"""How far a download of weights is."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from workbench.ui import figures
from workbench.ui.layouts import row
from workbench.ui.widgets import ElidedLabel, tool_button


class DownloadBar(QWidget):
    """A bar, the bytes that have come, and a stop."""

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Download"))
        self.bytes = ElidedLabel("", "secondary")
        self.stop = tool_button(
            "stop", self.tr("Stop the download; what has come is kept"), self.stopped, name="model.stopFetching"
        )
        self.setLayout(row(self.bar, self.bytes, self.stop))

    def show_progress(self, done: int, total: int | None, *, stopping: bool) -> None:
        """Show that ``done`` of ``total`` bytes have come; a total of None is not known yet."""
        self.bar.setRange(0, 1000 if total else 0)
        if total:
            self.bar.setValue(round(1000 * done / total))
            self.bytes.setText(self.tr("{0} of {1}").format(figures.size(done), figures.size(total)))
        else:
            self.bytes.setText(figures.size(done) if done else self.tr("Connecting"))
        self.stop.setEnabled(not stopping)
