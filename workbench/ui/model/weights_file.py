"""The choice of a weights file: its path, typed, pasted, dropped or looked up."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QUrl, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from workbench.ui import theme
from workbench.ui.layouts import row
from workbench.ui.model.weights_start import SUFFIXES, source_of
from workbench.ui.widgets import tool_button


class WeightsFile(QWidget):
    """A path that is complete counts at once; a part of one waits until the field is left."""

    chosen = Signal(str)
    """A path, which may be of no file; "" where the field was emptied and left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = QLineEdit()
        self.path.setObjectName("model.weights")
        self.path.setAccessibleName(self.tr("Path of the weights file"))
        self.path.setPlaceholderText(self.tr("Drop a weights file, or paste its path"))
        self.path.setClearButtonEnabled(True)
        self.browse = tool_button("folder", self.tr("Choose a weights file"), self._browse, name="model.browseWeights")
        self.setLayout(row(self.path, self.browse, spacing=theme.HALF))
        self.path.textChanged.connect(self._text_changed)
        self.path.editingFinished.connect(self._editing_finished)

    def text(self) -> str:
        return self.path.text().strip()

    def show_path(self, path: str) -> None:
        """Show a path with its end in view, without announcing it."""
        if self.text() != path:
            with QSignalBlocker(self.path):
                self.path.setText(path)
            self.path.setCursorPosition(len(path))

    def show_wrong(self, wrong: bool) -> None:
        """Mark the path as one that leads nowhere."""
        self.path.setProperty("invalid", "true" if wrong else "false")
        self.path.style().unpolish(self.path)
        self.path.style().polish(self.path)

    @Slot(str)
    def _text_changed(self, text: str) -> None:
        text = text.strip()
        if text and source_of(text) == "file" and Path(text).expanduser().is_file():
            self.chosen.emit(text)

    @Slot()
    def _editing_finished(self) -> None:
        self.chosen.emit(self.text())

    @Slot()
    def _browse(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        path, _kind = QFileDialog.getOpenFileName(
            self, self.tr("Choose a weights file"), self.text(), self.tr("Weights ({0});;All files (*)").format(kinds)
        )
        if path:
            self.chosen.emit(path)


def dropped_file(urls: Sequence[QUrl]) -> str:
    """Return the first weights file among what is dropped, "" where there is none."""
    paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
    return next((path for path in paths if Path(path).is_file() and Path(path).suffix.lower() in SUFFIXES), "")
