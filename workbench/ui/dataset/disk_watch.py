"""Keeping in step with the disk: watches the folders of a project, if asked, and rescans them. No widgets."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal, Slot

from workbench.ui import figures
from workbench.ui.session import Session
from workbench.ui.worker import JobHandle

SETTLE_MS = 2000
"""A camera that writes one image after another is let finish: the rescan waits for a pause of so long."""

MOST_WATCHED = 2000
"""Folders watched at most: the system's own limit is shared by all programs."""


class DiskWatch(QObject):
    """``arrived`` follows a rescan that changed something."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.handle: JobHandle | None = None
        self._again = False
        self._watcher: QFileSystemWatcher | None = None
        self._quiet = False
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLE_MS)
        self._settled.timeout.connect(self._rescan_quietly)
        session.projectChanged.connect(self._project_changed)

    @property
    def watching(self) -> bool:
        return self._watcher is not None

    @Slot(bool)
    def watch(self, on: bool) -> None:
        """Watch the folders of the open project from now on, or stop. Remembered in the project."""
        project = self._session.project
        if project is None:
            return
        if not project.read_only:
            project.settings.set("watch", on)
        self._set(on)

    @Slot()
    def rescan(self) -> None:
        """Look for new, changed, moved and missing files now, and say what was found."""
        self._quiet = False
        self._start(None)

    def relink(self, old: Path, new: Path) -> None:
        """Say that the images of the folder ``old`` lie in ``new`` now."""
        self._quiet = False
        self._start((old, new))

    def _set(self, on: bool) -> None:
        if self._watcher is not None:
            self._watcher.deleteLater()
            self._watcher = None
        if on:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.directoryChanged.connect(self._settled.start)
            self._follow_folders()
        self.changed.emit()

    def _follow_folders(self) -> None:
        """Watch the folders there are; a job lists them, since a tree may be large or on a slow drive."""
        project = self._session.project
        if project is None or self._watcher is None:
            return
        from workbench.data.folders import folders_of

        self._session.start_job(
            self.tr("Looking at the folders"),
            folders_of([folder for _, folder in project.images.roots()], most=MOST_WATCHED),
            on_done=self._watch_folders,
            on_failed=self._failed,
        )

    def _watch_folders(self, found: Any) -> None:
        if self._watcher is not None and found is not None:
            new = sorted(set(found.folders) - set(self._watcher.directories()))
            if new:
                self._watcher.addPaths(new)

    @Slot()
    def _project_changed(self) -> None:
        self._settled.stop()
        project = self._session.project
        self._set(bool(project is not None and project.settings.get("watch")))

    @Slot()
    def _rescan_quietly(self) -> None:
        self._quiet = True
        self._start(None)

    def _start(self, relink: tuple[Path, Path] | None) -> None:
        project = self._session.project
        if project is None:
            return
        if self.handle is not None:
            self._again = True
            return
        from workbench.rescan import rescan

        self.handle = self._session.start_job(
            self.tr("Looking for changed files"),
            rescan(project.folder, relink=relink),
            on_done=self._done,
            on_failed=self._failed,
        )
        self.handle.ended.connect(self._ended)
        self.changed.emit()

    def _done(self, found: Any) -> None:
        parts = [
            text.format(figures.count(number))
            for number, text in (
                (found.new, self.tr("{0} new")),
                (found.changed, self.tr("{0} changed")),
                (found.moved, self.tr("{0} moved")),
                (found.missing, self.tr("{0} missing")),
                (found.found_again, self.tr("{0} found again")),
            )
            if number
        ]
        if parts:
            self._session.imagesChanged.emit()
            self._session.classesChanged.emit()
            self._session.labelsChanged.emit()
            self._session.toast.emit(" · ".join(parts))
            self._follow_folders()
        elif not self._quiet:
            self._session.toast.emit(self.tr("The folders are as they were."))

    def _failed(self, sentence: str) -> None:
        self._session.problem.emit("dataset", sentence)

    @Slot()
    def _ended(self) -> None:
        self.handle = None
        self.changed.emit()
        if self._again:
            self._again = False
            self._settled.start()
