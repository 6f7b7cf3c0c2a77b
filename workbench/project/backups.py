"""Backups of the project's database: before each migration and once a day, the last seven, and how one is restored."""

import os
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.project.database import DamagedDatabase

KEPT = 7

_STAMP = "%Y-%m-%d_%H%M%S"


class DamagedProject(DamagedDatabase):
    """The project's database is damaged. ``backup`` can be restored with `restore`, unless it is None."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backup = newest_sound(folder)
        if self.backup is None:
            advice = "and has no sound backup; make a new project from the same images"
        else:
            advice = (
                f"but its backup of {_when(self.backup)} is sound; restore that, or copy the folder and ask for help"
            )
        super().__init__(f"The database of the project {folder} is damaged, {advice}.")


def folder_of(project_folder: Path) -> Path:
    """Return where the backups of a project are."""
    return project_folder / "backups"


def has_today(project_folder: Path) -> bool:
    """Tell whether a backup of today (local time) is there."""
    return any(folder_of(project_folder).glob(f"project_{time.strftime('%Y-%m-%d')}_*.sqlite"))


def back_up(connection: sqlite3.Connection, project_folder: Path) -> Path:
    """Copy the database, also while others write to it, and keep the last seven copies.

    Raises WorkbenchError where the copy cannot be written; nothing is left of it then.
    """
    folder = folder_of(project_folder)
    backup = folder / f"project_{time.strftime(_STAMP)}.sqlite"
    unfinished = backup.with_suffix(f".{os.getpid()}.tmp")
    try:
        folder.mkdir(exist_ok=True)
        with closing(sqlite3.connect(unfinished)) as copy:
            connection.backup(copy)
            # A single file that opens without its log, also in a folder that cannot be written.
            copy.execute("PRAGMA journal_mode = DELETE")
        unfinished.replace(backup)
        for old in _listed(project_folder)[KEPT:]:
            old.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        if unfinished.exists():
            unfinished.unlink()
        raise WorkbenchError(
            f"The project {project_folder} could not be backed up ({error}); make room on its drive."
        ) from error
    return backup


def newest_sound(project_folder: Path) -> Path | None:
    """Return the newest backup that is not damaged itself."""
    return next((backup for backup in _listed(project_folder) if _sound(backup)), None)


def restore(project_folder: Path) -> str:
    """Put the newest sound backup in the place of the database; return a sentence that says so.

    What was there is kept in ``backups/damaged_...``. No one may have the project open. Raises WorkbenchError where
    there is no sound backup, or files cannot be moved.
    """
    backup = newest_sound(project_folder)
    if backup is None:
        raise WorkbenchError(
            f"The project {project_folder} has no sound backup; make a new project from the same images."
        )
    aside = folder_of(project_folder) / f"damaged_{time.strftime(_STAMP)}"
    try:
        aside.mkdir(exist_ok=True)
        fresh = project_folder / "project.sqlite.restored"
        with closing(sqlite3.connect(backup)) as source, closing(sqlite3.connect(fresh)) as target:
            source.backup(target)
        # The log first: a log that stays would be played into the restored database.
        for name in ("project.sqlite-wal", "project.sqlite-shm", "project.sqlite-journal", "project.sqlite"):
            if (project_folder / name).exists():
                (project_folder / name).replace(aside / name)
        fresh.replace(project_folder / "project.sqlite")
    except (OSError, sqlite3.Error) as error:
        raise WorkbenchError(
            f"The backup {backup} could not be restored ({error}); close every window of the project and try again."
        ) from error
    return (
        f"The backup of {_when(backup)} was restored; what was changed since is missing, and the damaged database is "
        f"kept in {aside}."
    )


def _listed(project_folder: Path) -> list[Path]:
    """Return the backups, newest first."""
    return sorted(folder_of(project_folder).glob("project_*.sqlite"), reverse=True)


def _when(backup: Path) -> str:
    return datetime.strptime(backup.stem.removeprefix("project_"), _STAMP).strftime("%Y-%m-%d %H:%M")


def _sound(backup: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False
