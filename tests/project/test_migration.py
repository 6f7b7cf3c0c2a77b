import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.project.history import UndoStack
from workbench.project.id_ranges import as_ids, pack
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.project.schema import APPLICATION_ID, MIGRATIONS

IMAGES = 300


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """Return a project folder as version 1 left it: three classes, every third image without a label, a split."""
    folder = tmp_path / "project"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "project.sqlite", isolation_level=None)) as database:
        for statement in MIGRATIONS[0]:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute("PRAGMA user_version = 1")
        database.execute("BEGIN")
        database.execute("INSERT INTO root VALUES (1, ?, '..')", (str(tmp_path),))
        database.executemany(
            "INSERT INTO class VALUES (?, ?, ?, ?)", [(n, f"c{n}", n - 1, "#000000") for n in (1, 2, 3)]
        )
        database.execute("INSERT INTO class_alias VALUES ('old', 2)")
        for n in range(1, IMAGES + 1):
            class_id = n % 3 or None
            source = None if class_id is None else ("folder", "user")[n % 2]
            database.execute(
                "INSERT INTO image VALUES (?, ?, ?, ?, ?)", (n, class_id, source, n % 4 if n % 4 < 3 else None, 1)
            )
            database.execute(
                "INSERT INTO file VALUES (?, 1, ?, 4, 3, 3, 8, 100, 1, 'hash', NULL)", (n, f"c{class_id}/{n:03}.png")
            )
        for class_id in (1, 2):
            ids = as_ids([n for n in range(1, IMAGES + 1) if n % 3 == class_id])
            for first, last, packed in pack(ids):
                row = (time.time(), class_id, "folder", "ann", first, last, packed)
                database.execute("INSERT INTO label_history VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", row)
        database.execute("INSERT INTO setting VALUES ('split', '{\"seed\": 7}')")
        database.execute("COMMIT")
    return folder


def test_a_project_of_the_first_version_is_backed_up_and_keeps_everything(first_version: Path):
    database = first_version / "project.sqlite"
    with closing(sqlite3.connect(database)) as old:
        images = old.execute("SELECT id, class_id, label_source, split, state FROM image").fetchall()
        others = {
            name: old.execute(f"SELECT * FROM {name}").fetchall() for name in ("file", "class", "class_alias", "root")
        }
    with pytest.raises(WorkbenchError, match="made by an older Workbench"):
        Project.open(first_version, read_only=True)
    with Project.open(first_version) as project:
        assert project._database.version() == len(MIGRATIONS)
        assert project._database.rows("SELECT id, class_id, label_source, split, state FROM image") == images
        for name, rows in others.items():
            assert project._database.rows(f"SELECT * FROM {name}") == rows
        assert project.labels.task == "single"
        assert project.labels.counts() == {1: 100, 2: 100, 3: 0, None: 100}
        assert project.rejection.count() == 0
        assert project.graders.names() == []
        assert project.tags.counts() == {}
        assert [(row.value, row.source, row.grader) for row in project.labels.history(4)] == [(1, "folder", "ann")]
        assert len(project.images.ids(Query(class_id=2, split="train"))) == 25
        project._database.check()
    [backup] = (first_version / "backups").iterdir()
    with closing(sqlite3.connect(backup)) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (1,)
        assert kept.execute("SELECT * FROM image").fetchall() == images


def test_a_migrated_project_takes_every_kind_of_edit(first_version: Path):
    with Project.open(first_version) as project:
        undo = UndoStack()
        undo.push(project.labels.assign(range(1, 200, 2), 3, grader="ann"))
        undo.push(project.labels.merge([1], 2))
        undo.push(project.rejection.set([5], True))
        while undo.can_undo:
            undo.undo(project)
        project.labels.set_task("multi")
        undo.push(project.labels.toggle([1, 2, 3], 3, True))
        undo.undo(project)
        project.labels.set_task("single")
        assert project.labels.counts() == {1: 100, 2: 100, 3: 0, None: 100}
        assert project._database.value("SELECT count(*) FROM image WHERE label_source = 'folder'") == 100


def test_a_migration_that_breaks_off_leaves_the_first_version(first_version: Path, monkeypatch: pytest.MonkeyPatch):
    broken = (MIGRATIONS[0], (*MIGRATIONS[1], "this is no SQL"))
    with monkeypatch.context() as patch:
        patch.setattr("workbench.project.database.MIGRATIONS", broken)
        with pytest.raises(sqlite3.OperationalError):
            Project.open(first_version)
    with closing(sqlite3.connect(first_version / "project.sqlite")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'grade'").fetchone() == (0,)
    with Project.open(first_version) as project:
        assert project.labels.counts()[1] == 100
