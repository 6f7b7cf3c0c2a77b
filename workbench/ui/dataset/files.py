"""What goes between the project and the disk: labels in and out, rescans, watching, folders that lie elsewhere now."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QMenu

from workbench.errors import WorkbenchError
from workbench.ui import figures, icons
from workbench.ui.dataset.disk_watch import DiskWatch
from workbench.ui.drops import LABEL_SUFFIXES

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel

EXPORTS = {
    "csv": "labels.csv",
    "coco": "labels.coco.json",
    "label-studio": "labels.label-studio.json",
    "jsonl": "metadata.jsonl",
}
"""Formats that one file holds, and the name that is proposed for it."""


class FileActions(QObject):
    """Adds the actions to ``panel``; `menu` holds them for the button beside "Add a folder"."""

    def __init__(self, panel: "DatasetPanel") -> None:
        super().__init__(panel)
        self._panel, self._session = panel, panel.session
        self.disk = DiskWatch(panel.session, self)
        tr, add = self.tr, panel.add_action
        self.import_ = add("dataset.importLabels", tr("Import labels from a file…"), self._ask_import, icon="download")
        text = tr("Import labels from a folder of classes…")
        self.import_folder = add("dataset.importFolder", text, self._ask_import_folder, icon="folder")
        self.export = add("dataset.exportLabels", tr("Export the labels…"), self._ask_export, icon="upload")
        text = tr("Export copies in class folders…")
        self.export_folders = add("dataset.exportFolders", text, self._ask_export_folders, icon="copy")
        text = tr("Look for changed files")
        self.rescan = add("dataset.rescan", text, self.disk.rescan, icon="refresh", key="F5")
        self.watch = add("dataset.watch", tr("Watch the folders for changes"), self._watch, icon="eye")
        self.watch.setCheckable(True)
        self.relink = add("dataset.relink", tr("A folder lies elsewhere now…"), self._ask_relink, icon="folder-plus")
        self.disk.changed.connect(self._show)
        self._session.projectChanged.connect(self._look_for_folders)
        self._show()

    def menu(self) -> QMenu:
        """Return a menu of these actions."""
        made = QMenu(self._panel)
        made.addActions(
            [action for action in self._panel.actions() if action.objectName() == "dataset.addFolder.action"]
        )
        made.addSeparator()
        made.addActions([self.import_, self.import_folder, self.export, self.export_folders])
        made.addSeparator()
        made.addActions([self.rescan, self.watch, self.relink])
        return made

    def import_labels(self, file: Path, format: str | None = None) -> None:
        """Show what the labels in ``file`` (or a folder of classes) would change."""
        if self._session.project is None:
            return
        # Imported late: the dialog is rare, and so is what it needs.
        from workbench.ui.dataset.labels_dialog import LabelsDialog

        dialog = LabelsDialog(self._session, file, self._panel, format=format)
        dialog.imported.connect(self._imported)
        dialog.show()

    def export_labels(self, file: Path, format: str | None = None) -> None:
        """Write the labels to ``file``, which does not exist yet, in the background."""
        project = self._session.project
        if project is None:
            return
        from workbench.exchange.exporting import export_labels

        try:
            job = export_labels(project.folder, file, format=format)
        except WorkbenchError as error:
            self._failed(str(error))
            return
        self._session.start_job(self.tr("Exporting labels"), job, on_done=self._exported, on_failed=self._failed)

    @Slot()
    def _ask_import(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in LABEL_SUFFIXES)
        what = self.tr("Labels ({0});;IDX and other files (*)").format(kinds)
        chosen, _ = QFileDialog.getOpenFileName(self._panel, self.tr("Import labels"), "", what)
        if chosen:
            self.import_labels(Path(chosen))

    @Slot()
    def _ask_import_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._panel, self.tr("Import labels from a folder of classes"))
        if chosen:
            self.import_labels(Path(chosen), "folders")

    @Slot()
    def _ask_export(self) -> None:
        names = {
            self.tr("Table (*.csv)"): "csv",
            self.tr("COCO, with the regions (*.json)"): "coco",
            self.tr("Label Studio (*.json)"): "label-studio",
            self.tr("Hugging Face metadata (*.jsonl)"): "jsonl",
        }
        project = self._session.project
        if project is None:
            return
        place = str(project.folder / EXPORTS["csv"])
        chosen, kind = QFileDialog.getSaveFileName(self._panel, self.tr("Export labels"), place, ";;".join(names))
        if chosen:
            self.export_labels(Path(chosen), names.get(kind))

    @Slot()
    def _ask_export_folders(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self._panel, self.tr("A new folder for the copies"))
        if chosen:
            self.export_labels(Path(chosen), "folders")

    @Slot(bool)
    def _watch(self, on: bool = False) -> None:
        if on != self.disk.watching:
            self.disk.watch(on)

    @Slot()
    def _ask_relink(self) -> None:
        project = self._session.project
        if project is None or not project.images.roots():
            return
        folders = [folder for _, folder in project.images.roots()]
        missing = [folder for folder in folders if not folder.is_dir()]
        if len(missing or folders) == 1:
            self._relink((missing or folders)[0])
            return
        menu = QMenu(self._panel)
        for folder in missing or folders:
            menu.addAction(icons.icon("folder"), str(folder)).triggered.connect(partial(self._relink, folder))
        menu.exec(self._panel.mapToGlobal(self._panel.rect().center()))
        menu.deleteLater()

    def _relink(self, old: Path, *_: object) -> None:
        title = self.tr("Where are the images of {0} now?").format(old.name)
        chosen = QFileDialog.getExistingDirectory(self._panel, title)
        if chosen:
            self.disk.relink(old, Path(chosen))

    @Slot()
    def _look_for_folders(self) -> None:
        """Offer to say where a folder is that is gone, as after a move to another disk."""
        self._show()
        project = self._session.project
        if project is None or project.read_only:
            return
        for _, folder in project.images.roots():
            if not folder.is_dir():
                self._session.decision.emit(
                    "dataset",
                    self.tr("The folder {0} is not there any more. Its labels are kept.").format(folder),
                    self.tr("Find it…"),
                    partial(self._relink, folder),
                )

    @Slot()
    def _imported(self) -> None:
        session = self._session
        for news in (session.classesChanged, session.imagesChanged, session.labelsChanged, session.splitChanged):
            news.emit()

    def _exported(self, found: Any) -> None:
        text = figures.counted(found.images, self.tr("image"), self.tr("images"))
        self._session.toast.emit(self.tr("{0} written to {1}").format(text, found.file))
        for sentence in found.lost:
            self._session.problem.emit("dataset", sentence)

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("dataset", sentence)

    @Slot()
    def _show(self) -> None:
        project = self._session.project
        writable = project is not None and not project.read_only
        for action in (self.import_, self.import_folder, self.watch, self.relink):
            action.setEnabled(writable)
        self.rescan.setEnabled(writable and self.disk.handle is None)
        self.export.setEnabled(project is not None)
        self.export_folders.setEnabled(project is not None)
        self.watch.setChecked(self.disk.watching)
