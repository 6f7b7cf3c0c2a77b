"""The project folder: opens the database with everything that protects it, and joins what is in it."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

from workbench.errors import WorkbenchError
from workbench.project import backups, ownership
from workbench.project.backups import DamagedProject
from workbench.project.database import DamagedDatabase, Database
from workbench.project.decisions import Decisions
from workbench.project.fields import Fields
from workbench.project.findings import Findings
from workbench.project.graders import Graders
from workbench.project.groups import Groups
from workbench.project.images import Images
from workbench.project.labels import Labels
from workbench.project.links import Links
from workbench.project.moving import Moving
from workbench.project.notes import Notes
from workbench.project.owner import Owner
from workbench.project.ownership import Ownership
from workbench.project.predictions import Predictions
from workbench.project.regions import Regions
from workbench.project.rejection import Rejection
from workbench.project.roots import Roots
from workbench.project.runs import Runs
from workbench.project.schema import MIGRATIONS
from workbench.project.settings import Settings
from workbench.project.splits import Splits
from workbench.project.tags import Tags

DATABASE = "project.sqlite"

CHECK_ALWAYS = 16_000_000
"""A database of up to so many bytes (about 100 000 images) is checked at each opening, 0.3 s at the most; a larger one
once a day, before its backup."""


def is_project(folder: Path) -> bool:
    """Tell whether the folder is a project folder, sound or not."""
    return (Path(folder) / DATABASE).is_file()


class Project:
    """An open project. It belongs to the thread that opened it: open another one in another thread.

    ``read_only`` is True also where another window owns a project on a network drive; ``notices`` are sentences for the
    user about what happened while it was opened.
    """

    def __init__(self, folder: Path, database: Database, held: Ownership | None, notices: list[str]) -> None:
        self.folder = folder
        self.name = folder.name
        self.read_only = database.read_only
        self.notices = notices
        self._database = database
        self._held = held
        self.settings = Settings(database)
        self.labels = Labels(database)
        roots = Roots(database, folder)
        self.images = Images(database, self.labels, roots)
        self.splits = Splits(database, self.labels, self.settings)
        self.moving = Moving(database, roots)
        self.links = Links(database)
        self.tags = Tags(database)
        self.notes = Notes(database)
        self.rejection = Rejection(database)
        self.regions = Regions(database)
        self.graders = Graders(database, self.labels)
        self.decisions = Decisions(database, self.labels)
        self.groups = Groups(database, self.settings)
        self.fields = Fields(database)
        self.findings = Findings(database)
        self.predictions = Predictions(database, self.settings)
        self.runs = Runs(database, self.runs_folder)

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make a project in a new or existing folder. Raises WorkbenchError where it cannot be written, or is one."""
        folder = _resolved(folder)
        if is_project(folder):
            raise WorkbenchError(f"The folder {folder} already holds a project; open it, or choose another folder.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkbenchError(
                f"The project folder {folder} cannot be made ({error.strerror}); choose another place."
            ) from error
        return cls._open_to_write(folder)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Open a project.

        Raises WorkbenchError where the folder is not a project, was made by a newer version or cannot be written; and
        DamagedProject, which knows the backup that `restore` would put back, where the database is damaged.
        """
        folder = _resolved(folder)
        if not is_project(folder):
            raise WorkbenchError(
                f"The folder {folder} is not a project (it holds no {DATABASE}); choose a project folder or make a new one."
            )
        return cls._open_to_read(folder, []) if read_only else cls._open_to_write(folder)

    @classmethod
    def open_as_it_is(cls, folder: Path) -> Self:
        """Open a project, only to read where its folder lets nobody write: a share, a disc. Raises as `open`."""
        return cls.open(folder, read_only=not os.access(_resolved(folder), os.W_OK))

    @classmethod
    def open_or_create(cls, folder: Path) -> Self:
        return cls.open(folder) if is_project(_resolved(folder)) else cls.create(folder)

    @staticmethod
    def restore(folder: Path) -> str:
        """Restore the newest sound backup of a damaged project that nobody has open; return a sentence that says so."""
        return backups.restore(_resolved(folder))

    def close(self) -> None:
        """Close the project; everything was committed before. It cannot be used afterwards."""
        self._database.close()
        if self._held is not None:
            self._held.release()
            self._held = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all changes in the block one: on the disk at its end, or none of them where it raises."""
        with self._database.transaction():
            yield

    @property
    def cache_folder(self) -> Path:
        """Where anything may be kept that can be made again; made on demand. Elsewhere if the project is read-only."""
        if self.read_only:
            own = hashlib.sha256(str(self.folder).encode("utf-8", "surrogateescape")).hexdigest()[:16]
            return _made(Path(platformdirs.user_cache_dir("workbench")) / "projects" / own)
        return _made(self.folder / "cache")

    @property
    def exports_folder(self) -> Path:
        """Where packages go unless the user says otherwise; made on demand."""
        return _made(self.folder / "exports")

    @property
    def runs_folder(self) -> Path:
        return self.folder / "runs"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @classmethod
    def _open_to_write(cls, folder: Path, *, alone: bool = False) -> Self:
        """Open; ``alone`` as the only process that writes, which is needed where the log (WAL) cannot be shared."""
        _require_writable(folder)
        alone = alone or ownership.on_network_drive(folder)
        held = Ownership.take(folder) if alone else None
        if isinstance(held, Owner):
            notice = (
                f"The project is open on {held.host} (process {held.pid}), so it can only be looked at here; if that window "
                f"is gone, delete {folder / ownership.LOCK} and open the project again."
            )
            return cls._open_to_read(folder, [notice])
        notices: list[str] = []
        with ExitStack() as undo:
            if held is not None:
                undo.callback(held.release)
            undo.enter_context(_damage_told(folder))
            database = _opened(folder, notices)
            undo.callback(database.close)
            if database.use_journal("TRUNCATE" if alone else "WAL") == "wal" or alone:
                project = cls(folder, database, held, notices)
                undo.pop_all()
                return project
        return cls._open_to_write(folder, alone=True)

    @classmethod
    def _open_to_read(cls, folder: Path, notices: list[str]) -> Self:
        with ExitStack() as undo:
            undo.enter_context(_damage_told(folder))
            database = Database(folder / DATABASE, read_only=True)
            undo.callback(database.close)
            if database.version() < len(MIGRATIONS):
                raise WorkbenchError(
                    f"The project {folder} was made by an older Workbench; open it once where it can be written."
                )
            project = cls(folder, database, None, notices)
            undo.pop_all()
            return project


@contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Say about a damaged database which backup there is."""
    try:
        yield
    except DamagedDatabase as error:
        raise DamagedProject(folder) from error


def _resolved(folder: Path) -> Path:
    return Path(folder).expanduser().resolve()


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(
            f"The folder {folder} cannot be made ({error.strerror}); make room on its drive."
        ) from error
    return folder


def _require_writable(folder: Path) -> None:
    database = folder / DATABASE
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".workbench-"):
            pass
        # Never by opening the file: closing it would drop the locks of every connection of this process, and another
        # process would then take the log away from under them (sqlite.org/howtocorrupt.html, 2.2).
        if database.exists() and not os.access(database, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise WorkbenchError(
            f"The project folder {folder} cannot be written ({error.strerror}); change its permissions or choose another."
        ) from error


def _opened(folder: Path, notices: list[str]) -> Database:
    """Return the database, checked, backed up and brought to the newest version."""
    database = Database(folder / DATABASE)
    try:
        version = database.version()
        if version:
            backed_up = backups.has_today(folder)
            if not backed_up or (folder / DATABASE).stat().st_size <= CHECK_ALWAYS:
                database.check()
            if not backed_up or version < len(MIGRATIONS):
                try:
                    backups.back_up(database.connection, folder)
                except WorkbenchError as error:
                    if version < len(MIGRATIONS):
                        raise
                    notices.append(str(error))
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database
