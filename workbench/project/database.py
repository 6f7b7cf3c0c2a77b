"""The connection to ``project.sqlite``: opening, migrations, transactions, and SQLite's errors in plain words."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project.schema import APPLICATION_ID, MIGRATIONS

WAIT_SECONDS = 10.0
"""How long a connection waits while another one writes."""


class DamagedDatabase(WorkbenchError):
    """The file is no longer a sound database: a backup has to be restored."""


class BusyDatabase(WorkbenchError):
    """Another connection writes, and went on for longer than this one waits."""


class Database:
    """One connection, for the thread that opened it. Everything it raises for the user is a WorkbenchError."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        try:
            self.connection = _connect_read_only(path) if read_only else _connect(path)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def close(self) -> None:
        self.connection.close()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self.connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self.connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return all rows as tuples."""
        try:
            return self.connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._told(error) from error

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """Yield the rows one by one: a million of them as a list would take hundreds of megabytes."""
        try:
            yield from self.connection.execute(sql, parameters)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the first column of the first row, or None where there is no row."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def integers(self, sql: str, parameters: Sequence[Any] = ()) -> NDArray[np.int64]:
        """Return the integer column that ``sql`` selects ``AS value``, in its order, as an array. NULL is left out.

        SQLite joins them to one text, which NumPy parses: four times as fast as a Python object per row (8 ms for
        100 000). SQLite keeps the order of a subquery for every aggregate but count, min and max.
        """
        text = self.value(f"SELECT group_concat(value) FROM ({sql})", parameters)
        if text is None:
            return np.empty(0, dtype=np.int64)
        return np.fromstring(text, dtype=np.int64, sep=",")

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """Do not wait in the block for a connection that writes, but raise BusyDatabase at once."""
        self.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            self.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000:.0f}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything in the block at its end, or nothing. Inside another transaction it joins that one."""
        if self.connection.in_transaction:
            yield
            return
        if self.read_only:
            raise WorkbenchError(f"The project {self.path.parent} is open for reading only, so nothing can be changed.")
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # SQLite has already rolled back by itself after some errors (a full disk).
            if self.connection.in_transaction:
                self.connection.rollback()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make all reads in the block see the same state, whatever other connections write meanwhile."""
        if self.connection.in_transaction:
            yield
            return
        self.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            if self.connection.in_transaction:
                self.connection.rollback()

    def version(self) -> int:
        """Return the version of the tables, 0 for an empty file.

        Raises WorkbenchError where a newer Workbench or another program made the file.
        """
        version = int(self.value("PRAGMA user_version"))
        foreign = self.value("PRAGMA application_id") != APPLICATION_ID
        if foreign and (version or self.value("SELECT count(*) FROM sqlite_master")):
            raise WorkbenchError(f"The file {self.path} was not made by Workbench; choose another project folder.")
        if version > len(MIGRATIONS):
            raise WorkbenchError(
                f"The project {self.path.parent} was made by a newer Workbench (format {version}, this one knows "
                f"{len(MIGRATIONS)}); update Workbench to open it."
            )
        return version

    def migrate(self) -> None:
        """Bring the tables to the newest version, each step in a transaction of its own."""
        for number in range(self.version() + 1, len(MIGRATIONS) + 1):
            with self.transaction():
                if int(self.value("PRAGMA user_version")) >= number:
                    continue  # another process was faster
                for statement in MIGRATIONS[number - 1]:
                    self.execute(statement)
                self.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self.execute(f"PRAGMA user_version = {number}")

    def use_journal(self, wanted: str) -> str:
        """Set the journal mode and the most careful syncing; return the mode the file system allowed ('wal', ...)."""
        mode = str(self.value(f"PRAGMA journal_mode = {wanted}"))
        self.execute("PRAGMA synchronous = FULL")
        self.execute("PRAGMA journal_size_limit = 67108864")
        return mode

    def check(self) -> None:
        """Raise DamagedDatabase unless the file is sound. Reads all of it: about 20 ms for each MB."""
        found = self.value("PRAGMA quick_check(1)")
        if found != "ok":
            raise self._damaged(found)

    def _told(self, error: sqlite3.Error) -> Exception:
        """Return what to raise for SQLite's error: a sentence where the user can act, else the error itself: a bug."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
        folder = self.path.parent
        if code == sqlite3.SQLITE_FULL:
            return WorkbenchError(
                f"There is no space left for the project {folder}; free some space on that drive and try again."
            )
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return WorkbenchError(
                f"The project {folder} cannot be written ({error}); change its permissions or copy it elsewhere."
            )
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return BusyDatabase(f"Another program is writing to the project {folder}; wait for it, then try again.")
        if code == sqlite3.SQLITE_IOERR:
            return WorkbenchError(
                f"The project {folder} could not be read or written ({error}); check that its drive is there and not full."
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self._damaged(error)
        return error

    def _damaged(self, reason: object) -> DamagedDatabase:
        return DamagedDatabase(
            f"The project database {self.path} is damaged ({reason}); close the project and open it again to restore a "
            "backup."
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA cache_size = -65536")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _connect_read_only(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri() + "?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error as error:
        connection.close()
        if not isinstance(error, sqlite3.OperationalError) or path.with_name(path.name + "-wal").exists():
            raise
        # WAL needs a file beside the database even to read. Without one to read nobody is writing: open it as it is.
        connection = sqlite3.connect(uri + "&immutable=1", uri=True, isolation_level=None)
    return connection
