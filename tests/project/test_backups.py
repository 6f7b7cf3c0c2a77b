import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.project import backups
from workbench.project.backups import DamagedProject
from workbench.project.project import Project


def labelled(folder: Path) -> list[str]:
    with Project.open(folder) as project:
        return [row.name for row in project.labels.classes()]


def damage(folder: Path) -> None:
    database = folder / "project.sqlite"
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one class in its backup, and another one since."""
    folder = tmp_path / "project"
    with Project.create(folder) as project:
        project.labels.add_class("in the backup")
    with Project.open(folder) as project:
        project.labels.add_class("since")
    return folder


def test_one_backup_a_day(folder: Path, monkeypatch: pytest.MonkeyPatch):
    assert len(list((folder / "backups").iterdir())) == 1
    assert labelled(folder) == ["in the backup", "since"]
    assert len(list((folder / "backups").iterdir())) == 1
    monkeypatch.setattr(backups.time, "strftime", lambda form: f"2099-01-01{form.removeprefix('%Y-%m-%d')}"[:17])
    labelled(folder)
    assert len(list((folder / "backups").iterdir())) == 2


def test_the_last_seven_are_kept(folder: Path):
    for day in range(1, 10):
        (folder / "backups" / f"project_2020-01-0{day}_120000.sqlite").write_bytes(b"")
    with Project.open(folder) as project:
        newest = backups.back_up(project._database.connection, folder)
    kept = sorted(path.name for path in (folder / "backups").iterdir())
    assert len(kept) == 7
    assert newest.name in kept
    assert "project_2020-01-09_120000.sqlite" in kept
    assert "project_2020-01-03_120000.sqlite" not in kept


def test_a_backup_is_one_sound_file_that_also_has_what_is_only_in_the_log(project: Project):
    project.labels.add_class("pit")
    backup = backups.back_up(project._database.connection, project.folder)
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]
    with closing(sqlite3.connect(f"{backup.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("SELECT name FROM class").fetchall() == [("pit",)]


def test_a_damaged_project_names_its_backup_and_is_restored_from_it(folder: Path):
    damage(folder)
    with pytest.raises(DamagedProject, match=r"^The database of the project .* is damaged, but its backup of 20"):
        Project.open(folder)
    sentence = Project.restore(folder)
    assert sentence.startswith("The backup of 20")
    assert labelled(folder) == ["in the backup"]
    (aside,) = (folder / "backups").glob("damaged_*")
    assert (aside / "project.sqlite").exists()
    assert str(aside) in sentence


def test_a_log_that_was_left_behind_is_not_played_into_the_restored_database(folder: Path):
    damage(folder)
    (folder / "project.sqlite-wal").write_bytes(b"stale")
    (folder / "project.sqlite-shm").write_bytes(b"stale")
    Project.restore(folder)
    assert not (folder / "project.sqlite-wal").exists()
    assert labelled(folder) == ["in the backup"]


def test_text_in_the_place_of_the_database_is_damage(folder: Path):
    (folder / "project.sqlite").write_bytes(b"not a database at all" * 500)
    for read_only in (False, True):
        with pytest.raises(DamagedProject) as told:
            Project.open(folder, read_only=read_only)
        assert told.value.backup is not None


def test_a_damaged_backup_is_passed_over(folder: Path):
    (folder / "backups" / "project_2999-01-01_120000.sqlite").write_bytes(b"not a database" * 100)
    damage(folder)
    Project.restore(folder)
    assert labelled(folder) == ["in the backup"]


def test_without_a_sound_backup_that_is_said(folder: Path):
    for backup in (folder / "backups").iterdir():
        backup.write_bytes(b"not a database" * 100)
    damage(folder)
    with pytest.raises(DamagedProject, match="has no sound backup; make a new project"):
        Project.open(folder)
    with pytest.raises(WorkbenchError, match="has no sound backup"):
        Project.restore(folder)


def test_a_daily_backup_that_cannot_be_written_is_a_notice(folder: Path, monkeypatch: pytest.MonkeyPatch):
    for backup in (folder / "backups").iterdir():
        backup.unlink()
    (folder / "backups").rmdir()
    (folder / "backups").write_bytes(b"a file in the way")
    with Project.open(folder) as project:
        assert len(project.notices) == 1
        assert "could not be backed up" in project.notices[0]


def test_a_migration_is_backed_up_first_and_does_not_run_without(folder: Path, monkeypatch: pytest.MonkeyPatch):
    from workbench.project import database, project, schema

    later = (*schema.MIGRATIONS, ("CREATE TABLE extra (x INTEGER) STRICT",))
    monkeypatch.setattr(database, "MIGRATIONS", later)
    monkeypatch.setattr(project, "MIGRATIONS", later)
    with pytest.raises(WorkbenchError, match="was made by an older Workbench"):
        Project.open(folder, read_only=True)

    def refuse(*_: object) -> Path:
        raise WorkbenchError("The project could not be backed up.")

    with monkeypatch.context() as patch:
        patch.setattr(backups, "back_up", refuse)
        with pytest.raises(WorkbenchError, match="could not be backed up"):
            Project.open(folder)
    before = set((folder / "backups").iterdir())
    for backup in before:
        backup.rename(backup.with_name("project_2020-01-01_120000.sqlite"))
    with Project.open(folder) as opened:
        assert opened._database.version() == len(later)
    (made,) = [path for path in (folder / "backups").iterdir() if "2020-01-01" not in path.name]
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
