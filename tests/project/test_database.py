import sqlite3
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.project import schema
from workbench.project.database import BusyDatabase, DamagedDatabase, Database


@pytest.fixture
def database(tmp_path: Path):
    database = Database(tmp_path / "project.sqlite")
    database.migrate()
    database.use_journal("WAL")
    yield database
    database.close()


def test_a_new_database_has_the_newest_version_and_the_careful_settings(database: Database):
    assert database.version() == len(schema.MIGRATIONS)
    assert database.value("PRAGMA journal_mode") == "wal"
    assert database.value("PRAGMA synchronous") == 2  # FULL


def test_migrations_run_once_and_in_order(database: Database, monkeypatch: pytest.MonkeyPatch):
    later = (*schema.MIGRATIONS, ("CREATE TABLE extra (x INTEGER) STRICT", "INSERT INTO extra VALUES (1)"))
    monkeypatch.setattr("workbench.project.database.MIGRATIONS", later)
    database.migrate()
    database.migrate()
    assert database.version() == len(later)
    assert database.value("SELECT count(*) FROM extra") == 1


def test_a_failed_migration_leaves_the_version_before_it(database: Database, monkeypatch: pytest.MonkeyPatch):
    broken = (*schema.MIGRATIONS, ("CREATE TABLE extra (x INTEGER) STRICT", "this is no SQL"))
    monkeypatch.setattr("workbench.project.database.MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        database.migrate()
    assert database.version() == len(schema.MIGRATIONS)
    assert database.value("SELECT count(*) FROM sqlite_master WHERE name = 'extra'") == 0


def test_a_transaction_commits_all_or_nothing(database: Database):
    def fill(fail: bool) -> None:
        with database.transaction():
            database.execute("INSERT INTO setting VALUES ('outer', '1')")
            with database.transaction():
                database.execute("INSERT INTO setting VALUES ('inner', '1')")
            if fail:
                raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fill(fail=True)
    assert database.value("SELECT count(*) FROM setting") == 0
    fill(fail=False)
    assert database.value("SELECT count(*) FROM setting") == 2


def test_a_snapshot_does_not_see_what_others_write_meanwhile(database: Database):
    other = Database(database.path)
    with database.snapshot():
        assert database.value("SELECT count(*) FROM setting") == 0
        with other.transaction():
            other.execute("INSERT INTO setting VALUES ('key', '1')")
        assert database.value("SELECT count(*) FROM setting") == 0
    assert database.value("SELECT count(*) FROM setting") == 1
    other.close()


def test_integers_keep_order_and_large_values(database: Database):
    with database.transaction():
        database.execute_many("INSERT INTO root (id, absolute) VALUES (?, 'x')", ((n,) for n in (3, 1, 2**62 + 1)))
    found = database.integers("SELECT id AS value FROM root ORDER BY id DESC")
    assert found.dtype == np.int64
    assert found.tolist() == [2**62 + 1, 3, 1]
    assert database.integers("SELECT id AS value FROM root WHERE id = 7").tolist() == []


def test_a_full_disk_is_one_sentence_and_loses_nothing(database: Database):
    with database.transaction():
        database.execute("INSERT INTO setting VALUES ('before', '1')")
    database.execute(f"PRAGMA max_page_count = {database.value('PRAGMA page_count')}")

    def fill() -> None:
        with database.transaction():
            database.execute_many("INSERT INTO setting VALUES (?, ?)", ((str(n), "x" * 1000) for n in range(1000)))

    with pytest.raises(WorkbenchError, match=r"^There is no space left for the project .*; free some space .*\.$"):
        fill()
    assert database.rows("SELECT key FROM setting") == [("before",)]
    database.execute("PRAGMA max_page_count = 1000000")
    fill()
    assert database.value("SELECT count(*) FROM setting") == 1001


def test_another_writer_is_waited_for_and_then_named(database: Database):
    other = Database(database.path)
    with other.transaction(), pytest.raises(BusyDatabase, match="Another program is writing"), database.impatient():
        database.execute("BEGIN IMMEDIATE")
    assert database.value("PRAGMA busy_timeout") == 10_000
    other.close()


def test_an_integer_that_is_not_pythons_own_is_refused_rather_than_stored_as_bytes(database: Database):
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO root (id, absolute, relative) VALUES (1, 'x', ?)", (np.int64(3),))


def test_a_read_only_database_can_be_read_and_refuses_changes(database: Database):
    with database.transaction():
        database.execute("INSERT INTO setting VALUES ('key', '1')")
    reader = Database(database.path, read_only=True)
    assert reader.value("SELECT value FROM setting") == "1"
    with pytest.raises(WorkbenchError, match="for reading only"), reader.transaction():
        pass
    with pytest.raises(WorkbenchError, match="cannot be written"):
        reader.execute("INSERT INTO setting VALUES ('other', '1')")
    reader.close()


def test_a_file_of_another_program_is_refused(tmp_path: Path):
    path = tmp_path / "project.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    database = Database(path)
    with pytest.raises(WorkbenchError, match="was not made by Workbench"):
        database.migrate()
    database.close()


def test_bytes_that_are_no_database_are_damage(tmp_path: Path):
    path = tmp_path / "project.sqlite"
    path.write_bytes(b"this is text" * 1000)
    with pytest.raises(DamagedDatabase, match="is damaged"):
        Database(path)
