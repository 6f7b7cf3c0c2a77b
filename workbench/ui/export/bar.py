"""The line on top: which run, into which folder, Export, and how far it is."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QProgressBar, QWidget

from workbench.ui import figures, icons, theme
from workbench.ui.layouts import column, row
from workbench.ui.run_choice import RunChoice
from workbench.ui.widgets import button, label, tool_button


class ExportBar(QWidget):
    """Says what the user wants; the panel does it."""

    exported = Signal()
    stopped = Signal()
    runChanged = Signal()
    folderChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self._possible = False
        self.run = RunChoice()
        self.run.setObjectName("export.choice")
        self.folder = QLineEdit()
        self.folder.setObjectName("export.folder")
        self.folder.setPlaceholderText(self.tr("Folder of the package"))
        self.folder.setAccessibleName(self.tr("Folder of the package"))
        self.browse = tool_button(
            "folder", self.tr("Choose the folder of the package"), self._browse, name="export.browse"
        )
        self.go = button(self.tr("Export"), self._clicked, role="primary", icon="export", name="export.run")
        self.why = label("", "warning", wrap=True, name="export.why")
        self.what = label("", "secondary", name="export.progress")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self._progress = QWidget()
        self._progress.setLayout(row(self.what, self.bar, spacing=theme.GRID * 2))
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
        """Show a running export; Export has become Stop."""
        self._running = True
        self.go.setText(self.tr("Stop"))
        self.go.setIcon(icons.icon("stop"))
        theme.set_role(self.go, "")
        self.go.setEnabled(True)
        self.go.setToolTip(self.tr("End the export; nothing is left behind"))
        self.what.setText(what if share is None else f"{what} · {figures.percent(share)}")
        self.bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.bar.setValue(round(1000 * share))
        self._progress.show()
        for widget in (self.run, self.folder, self.browse):
            widget.setEnabled(False)
        self.why.hide()

    def show_idle(self) -> None:
        """No export runs."""
        self._running = False
        self.go.setText(self.tr("Export"))
        self.go.setIcon(icons.icon("export", "on_accent"))
        theme.set_role(self.go, "primary")
        self._progress.hide()
        for widget in (self.run, self.folder, self.browse):
            widget.setEnabled(True)
        self._check()

    def _check(self) -> None:
        if self._running:
            return
        why = self._hindrance()
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.go.setEnabled(not why and self.run.run() is not None)
        self.go.setToolTip(why or self.tr("Write the package and compare it with the trained model"))

    def _hindrance(self) -> str:
        out = self.out()
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

    @Slot()
    def _clicked(self) -> None:
        if self._running:
            self.stopped.emit()
        else:
            self.exported.emit()
