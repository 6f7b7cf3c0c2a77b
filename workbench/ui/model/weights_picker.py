"""Which weights a backbone starts from: the hub's, a file's, or none."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from workbench.models.catalog import BackboneInfo
from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import Segmented, label, tool_button

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")


class WeightsPicker(QWidget):
    """A choice of three, a field for the file, and a sentence on what will happen. A file can be dropped on all of it."""

    changed = Signal(str)
    """``hub``, ``none`` or the path of a file, as the config has it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._weights = "hub"
        self._backbone: BackboneInfo | None = None
        self._here = False
        self._file_for = ""
        self.source = Segmented(
            [("hub", self.tr("Hub")), ("file", self.tr("File")), ("none", self.tr("None"))], parent=self
        )
        self.source.setObjectName("model.weightsSource")
        self.source.button("hub").setToolTip(
            self.tr("The published weights, fetched once and then kept on this machine")
        )
        self.source.button("file").setToolTip(self.tr("A weights file on this machine"))
        self.source.button("none").setToolTip(self.tr("Random numbers: training starts from nothing"))
        self.path = QLineEdit(self)
        self.path.setObjectName("model.weights")
        self.path.setPlaceholderText(self.tr("Drop a weights file here, or paste its path"))
        self.path.setClearButtonEnabled(True)
        self.browse = tool_button("folder", self.tr("Choose a weights file"), self._browse, name="model.browseWeights")
        self.says = label("", "secondary", wrap=True, name="model.weightsSays")
        self.setLayout(column(self.source, row(self.path, self.browse, spacing=theme.HALF), self.says))
        self.source.changed.connect(self._source_changed)
        self.path.textChanged.connect(self._text_changed)
        self.path.editingFinished.connect(self._editing_finished)

    def show_weights(self, weights: str, backbone: BackboneInfo | None, *, here: bool) -> None:
        """Show what the config says, without announcing it."""
        self._weights, self._backbone, self._here = weights, backbone, here
        source = weights if weights in ("hub", "none") else "file"
        for widget in (self.source, self.path):
            widget.blockSignals(True)
        self.source.set_value(source)
        if source == "file" and self.path.text().strip() != weights:
            self.path.setText(weights)
            self.path.setCursorPosition(len(weights))
        for widget in (self.source, self.path):
            widget.blockSignals(False)
        self._say()

    def weights(self) -> str:
        return self._weights

    def is_missing(self) -> bool:
        """Whether the config names a file that is not there."""
        return self._weights not in ("hub", "none") and not Path(self._weights).expanduser().is_file()

    @Slot(str)
    def _source_changed(self, source: str) -> None:
        if source == "file":
            text = self.path.text().strip()
            if text:
                self._choose(text)
            else:
                self._say()
                self.path.setFocus()
        else:
            self._choose(source)

    @Slot(str)
    def _text_changed(self, text: str) -> None:
        """A path that is complete counts at once; a part of one waits until the field is left."""
        text = text.strip()
        if text and text not in ("hub", "none") and Path(text).expanduser().is_file():
            self._choose(text)

    @Slot()
    def _editing_finished(self) -> None:
        text = self.path.text().strip()
        if text:
            self._choose(text)
        elif self._weights not in ("hub", "none"):
            self._choose("hub")

    @Slot()
    def _browse(self) -> None:
        start = self._weights if self._weights not in ("hub", "none") else ""
        kinds = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        path, _kind = QFileDialog.getOpenFileName(
            self, self.tr("Choose a weights file"), start, self.tr("Weights ({0});;All files (*)").format(kinds)
        )
        if path:
            self._choose(path)

    def _choose(self, weights: str) -> None:
        if weights == self._weights:
            self._say()
            return
        if weights not in ("hub", "none"):
            self._file_for = self._backbone.name if self._backbone is not None else ""
        self.show_weights(weights, self._backbone, here=self._here)
        self.changed.emit(weights)

    # -- the sentence

    def _say(self) -> None:
        sentence, role = self._sentence()
        self.says.setText(sentence)
        theme.set_role(self.says, role)
        self.path.setProperty("invalid", "true" if role == "error" else "false")
        self.path.style().unpolish(self.path)
        self.path.style().polish(self.path)

    def _sentence(self) -> tuple[str, str]:
        source = self.source.value()
        if source == "none":
            return self.tr(
                "Starts from random numbers. Needs many images and epochs; do not freeze the backbone."
            ), "warning"
        if source == "file":
            return self._file_sentence()
        backbone = self._backbone
        if backbone is None:
            return "", "secondary"
        if not backbone.weights:
            return self.tr("Nobody publishes weights for this backbone: choose a file, or none."), "error"
        if self._here:
            return self.tr("On this machine already ({0}).").format(backbone.weights[0]), "secondary"
        return (
            self.tr("Not on this machine: the start of a run downloads {0}. Without a network, choose a file.").format(
                backbone.weights[0]
            ),
            "warning",
        )

    def _file_sentence(self) -> tuple[str, str]:
        text = self.path.text().strip()
        if not text:
            return self.tr(
                "Choose a .safetensors file, or a PyTorch checkpoint. Nothing in it is ever run."
            ), "secondary"
        path = Path(text).expanduser()
        if not path.is_file():
            return self.tr("There is no file at this path."), "error"
        if self._backbone is not None and self._file_for not in ("", self._backbone.name):
            return self.tr("Chosen for {0}; another backbone needs its own file.").format(self._file_for), "warning"
        return self.tr("{0}: what fits is reported when the run starts.").format(path.name), "secondary"

    # -- dropping a file

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData().urls()):
            event.acceptProposedAction()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._light(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._light(False)
        path = _dropped(event.mimeData().urls())
        if path:
            event.acceptProposedAction()
            self._choose(path)

    def _light(self, on: bool) -> None:
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, on)
        self.setProperty("surface", "raised" if on else "")
        self.style().unpolish(self)
        self.style().polish(self)


def _dropped(urls: list[QUrl]) -> str:
    paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
    return next((path for path in paths if Path(path).is_file() and Path(path).suffix.lower() in SUFFIXES), "")
