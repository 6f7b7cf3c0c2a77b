"""Scanning folders of images into the open project, in the background."""

import os
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.jobs import Event
from workbench.ui import figures
from workbench.ui.background import Background
from workbench.ui.places import sample_place

REFRESH_SECONDS = 1.0
"""While images come in, panels are told at most this often."""


LOOK_SECONDS = 0.3
"""Time that the window may take to see whether a folder holds images at all; after that it is believed."""


def holds_images(folder: Path, seconds: float = LOOK_SECONDS) -> bool:
    """Return False where there is surely no image in ``folder``, so that no project is made for it."""
    # Imported late: it needs numpy and OpenCV, for which the window does not wait.
    from workbench.data.reading import is_image_name

    deadline = time.monotonic() + seconds
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(is_image_name(name) for name in files) or time.monotonic() > deadline:
            return True
    return False


class FolderAdding(QObject):
    """Starts the scans. ``arrived`` follows while images come in and at the end, ``finished`` with a sentence."""

    arrived = Signal()
    finished = Signal(str)
    failed = Signal(str)
    sampleReady = Signal(object)
    """The folder of the sample set's project."""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._told = 0.0

    def add(self, project: Path, folder: Path) -> None:
        # Imported late: it needs numpy and OpenCV, for which the window does not wait.
        from workbench import intake

        self._background.start(
            self.tr("Adding {0}").format(folder.name),
            intake.add_folders(project, [folder]),
            on_event=self._event,
            on_done=self._done,
            on_failed=self._failed,
        )

    def draw_sample(self) -> None:
        """Draw the sample set into the user's documents, split and ready to train; `sampleReady` follows."""
        from workbench import demo

        self._background.start(
            self.tr("Drawing the sample set"),
            demo.prepare(sample_place()),
            on_event=None,
            on_done=self._sample_done,
            on_failed=self.failed.emit,
        )

    def _sample_done(self, _result: Event | None) -> None:
        from workbench import demo

        self.sampleReady.emit(demo.project_folder(sample_place()))

    def _event(self, _event: Event) -> None:
        if time.monotonic() - self._told >= REFRESH_SECONDS:
            self._tell()

    def _done(self, result: Any) -> None:
        self._tell()
        text = self.tr("{0} in {1}").format(
            figures.counted(result.images, self.tr("image"), self.tr("images")),
            figures.counted(len(result.classes), self.tr("class"), self.tr("classes")),
        )
        if result.corrupt:
            text += self.tr(" · {0} could not be read and will be skipped").format(figures.count(result.corrupt))
        self.finished.emit(text)

    def _failed(self, sentence: str) -> None:
        self._tell()
        self.failed.emit(sentence)

    def _tell(self) -> None:
        self._told = time.monotonic()
        self.arrived.emit()
