"""Where a new project goes, and what the window remembers between two starts."""

import os
import time
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths

RECENT = 8


def is_project(folder: Path) -> bool:
    """True for a project folder. Costs one stat, and imports nothing."""
    return (folder / "project.sqlite").is_file()


def place_for(images: Path) -> Path:
    """Return the folder of the project for the images in ``images``: beside it, "<name> workbench", never inside it.

    Where nothing can be written beside it, the user's documents are taken. A project of that name is used again; a
    folder of that name that holds something else gets a number.
    """
    name = f"{images.name or 'images'} workbench"
    parent = images.parent
    if parent == images or not os.access(parent, os.W_OK):
        parent = _documents()
    place, number = parent / name, 2
    while place.exists() and not is_project(place) and any(place.iterdir()):
        place, number = parent / f"{name} {number}", number + 1
    return place


def sample_place() -> Path:
    """Return the folder of the sample set and its project."""
    return _documents() / "Workbench sample set"


def _documents() -> Path:
    found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(found or Path.home())


class Preferences:
    """Recent projects, the theme and the shape of the window, in the user's settings."""

    def __init__(self) -> None:
        self._settings = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "workbench", "workbench")

    def recent(self) -> list[Path]:
        """Return the projects opened last that still exist, newest first."""
        stored = self._settings.value("recent", [])
        paths = [stored] if isinstance(stored, str) else list(stored or [])
        return [Path(path) for path in paths if is_project(Path(path))]

    def remember(self, project: Path) -> None:
        paths = [project, *(path for path in self.recent() if path != project)]
        self._settings.setValue("recent", [str(path) for path in paths[:RECENT]])

    def forget(self, project: Path) -> None:
        self._settings.setValue("recent", [str(path) for path in self.recent() if path != project])

    def get(self, key: str, default: object = None) -> object:
        return self._settings.value(key, default)

    def switch(self, key: str, default: bool) -> bool:
        """Return a stored yes or no (the file holds words)."""
        return str(self._settings.value(key, default)).lower() in ("true", "1")

    def set(self, key: str, value: object) -> None:
        self._settings.setValue(key, value)


def when(path: Path) -> str:
    """Return how long ago ``path`` changed: "today", "yesterday", "12 days ago"."""
    try:
        days = int((time.time() - path.stat().st_mtime) // 86_400)
    except OSError:
        return ""
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
