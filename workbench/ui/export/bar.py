"""The line on top: which run, into which folder, Export, and how far it is."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.run_job import RunJobBar
from workbench.ui.widgets import label, tool_button


class ExportBar(RunJobBar):
    """Says what the user wants; the panel does it."""

    runChanged = Signal()
    folderChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "export",
            self.tr("Export"),
            icon="export",
            stop_tip=self.tr("End the export; nothing is left behind"),
            parent=parent,
        )
        self.folder = QLineEdit()
        self.folder.setObjectName("export.folder")
        self.folder.setPlaceholderText(self.tr("Folder of the package"))
        self.folder.setAccessibleName(self.tr("Folder of the package"))
        self.browse = tool_button(
            "folder", self.tr("Choose the folder of the package"), self._browse, name="export.browse"
        )
        self._inputs += [self.folder, self.browse]
        self.why = label("", "warning", wrap=True, name="export.why")
        self._progress = row(self.what, self.bar, spacing=theme.GRID * 2)
        first = row(self.run, self.folder, self.browse, self.go)
        first.setStretch(1, 1)
        self.setLayout(column(first, self.why, self._progress, spacing=theme.HALF))
        self.run.chosen.connect(self.runChanged)
        self.folder.textChanged.connect(self._folder_edited)
        self.show_idle()

    def out(self) -> Path | None:
        """Return the folder the user wants, or None where the field is empty."""
        text = self.folder.text().strip()
        return Path(text).expanduser() if text else None

    def suggest(self, folder: Path) -> None:
        """Put a folder into the field without announcing it."""
        with QSignalBlocker(self.folder):
            self.folder.setText(str(folder))
            self.folder.setCursorPosition(len(str(folder)))
        self._check()

    def show_progress(self, what: str, share: float | None) -> None:
        super().show_progress(what, share)
        self.why.hide()

    def show_idle(self) -> None:
        """No export runs."""
        self.end_progress(self.tr("Export"))
        self._check()

    def _check(self) -> None:
        if self.running:
            return
        why = self._hindrance()
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.go.setEnabled(not why and self.run.run() is not None)
        self.go.setToolTip(why or self.tr("Write the package and compare it with the trained model"))

    def _hindrance(self) -> str:
        row, out = self.run.row(), self.out()
        if row is not None and row.backbone == "baseline":
            return self.tr("The baseline has no network that could be exported: choose another run.")
        if out is None:
            return self.tr("Choose a folder for the package.")
        if out.is_file():
            return self.tr("{0} is a file: choose a folder.").format(out.name)
        if not out.is_absolute():
            return self.tr("Give the whole path of the folder.")
        try:
            if out.is_dir() and any(out.iterdir()):
                return self.tr("This folder is not empty: a package gets a folder of its own. Change its name.")
        except OSError as error:
            return self.tr("This folder cannot be read: {0}.").format(error.strerror)
        return ""

    @Slot(str)
    def _folder_edited(self, text: str) -> None:
        self._check()
        self.folderChanged.emit(text)

    @Slot()
    def _browse(self) -> None:
        out = self.out()
        start = str(out.parent if out is not None else Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Folder of the package"), start)
        if chosen:
            self.folder.setText(chosen)
