import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.project import ownership
from workbench.project import project as module
from workbench.project.project import Project, is_project


@contextmanager
def without_permission(folder: Path) -> Iterator[None]:
    """Make the folder unwritable, also for root: who runs the tests becomes nobody in the block."""
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    (folder / "project.sqlite").chmod(0o444)
    root = os.geteuid() == 0
    parents = [parent for parent in folder.parents if parent.stat().st_uid == os.geteuid() and parent != Path("/")]
    modes = [parent.stat().st_mode for parent in parents]
    if root:
        for parent in parents:
            parent.chmod(0o755)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            for parent, old in zip(parents, modes, strict=True):
                parent.chmod(old)
        folder.chmod(mode)


def test_a_project_is_made_opened_and_keeps_its_settings(tmp_path: Path):
    folder = tmp_path / "new" / "my project"
    assert not is_project(folder)
    with Project.open_or_create(folder) as project:
        assert (project.name, project.folder, project.read_only, project.notices) == ("my project", folder, False, [])
        assert project.settings.get("decoding") is None
        assert project.settings.get("decoding", 3) == 3
        project.settings.set("decoding", {"window": [0, 4095], "größe": None})
    assert is_project(folder)
    with Project.open_or_create(folder) as project:
        assert project.settings.get("decoding") == {"window": [0, 4095], "größe": None}
        assert project.cache_folder.is_dir()
        assert project.exports_folder.is_dir()
        assert not project.runs_folder.exists()
    with pytest.raises(WorkbenchError, match="already holds a project"):
        Project.create(folder)


def test_a_folder_that_is_no_project_is_told(tmp_path: Path):
    with pytest.raises(WorkbenchError, match=r"is not a project \(it holds no project.sqlite\); choose"):
        Project.open(tmp_path)
    with pytest.raises(WorkbenchError, match="is not a project"):
        Project.open(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_a_project_inside_a_file_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "project"):
        with pytest.raises(WorkbenchError, match="cannot be made"):
            Project.create(folder)


def test_a_project_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path):
    folder = tmp_path / "project"
    Project.create(folder).close()
    with closing(sqlite3.connect(folder / "project.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = (folder / "project.sqlite").read_bytes()
    for read_only in (False, True):
        with pytest.raises(WorkbenchError, match=r"newer Workbench \(format 99, this one knows 2\); update Workbench"):
            Project.open(folder, read_only=read_only)
    assert (folder / "project.sqlite").read_bytes() == before


def test_a_creation_that_was_cut_off_is_finished(tmp_path: Path):
    (tmp_path / "project.sqlite").write_bytes(b"")
    with Project.open(tmp_path) as project:
        project.labels.add_class("pit")


@pytest.mark.skipif(sys.platform == "win32", reason="the permissions of Windows folders are not set by chmod")
def test_a_folder_that_cannot_be_written_is_refused_but_can_be_looked_at(tmp_path: Path):
    folder = tmp_path / "project"
    with Project.create(folder) as project:
        project.labels.add_class("pit")
    with without_permission(folder):
        with pytest.raises(WorkbenchError, match=r"cannot be written \(Permission denied\); change its permissions"):
            Project.open(folder)
        with pytest.raises(WorkbenchError, match="cannot be made"):
            Project.create(folder / "inside")
        with Project.open(folder, read_only=True) as project:
            assert project.read_only
            assert [row.name for row in project.labels.classes()] == ["pit"]
            assert project.runs.list() == []
            with pytest.raises(WorkbenchError, match="for reading only"):
                project.labels.add_class("crack")
            with pytest.raises(WorkbenchError, match="cannot be made"):
                assert project.exports_folder


def test_a_read_only_project_caches_elsewhere(tmp_path: Path, own_folders: Path):
    Project.create(tmp_path / "project").close()
    with Project.open(tmp_path / "project", read_only=True) as project:
        assert project.cache_folder.is_relative_to(own_folders)
        assert project.cache_folder.is_dir()


def test_a_full_disk_at_creation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.tempfile, "NamedTemporaryFile", full)
    with pytest.raises(WorkbenchError, match=r"cannot be written \(No space left on device\)"):
        Project.create(tmp_path / "project")


def test_a_project_belongs_to_its_thread_and_another_thread_opens_its_own(project: Project):
    told: list[object] = []

    def work() -> None:
        try:
            project.labels.classes()
        except sqlite3.ProgrammingError as error:
            told.append(error)
        with Project.open(project.folder) as own:
            told.append(own.labels.add_class("pit"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(told) == 2
    assert isinstance(told[0], sqlite3.ProgrammingError)
    assert [row.name for row in project.labels.classes()] == ["pit"]


def test_where_the_log_is_refused_the_project_has_one_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    journal = module.Database.use_journal
    monkeypatch.setattr(
        module.Database,
        "use_journal",
        lambda self, wanted: "delete" if wanted == "WAL" else journal(self, wanted),
    )
    with Project.create(tmp_path / "project") as project:
        assert (project.folder / ownership.LOCK).exists()
        assert project._database.value("PRAGMA journal_mode") == "truncate"
        project.labels.add_class("pit")
    assert not (tmp_path / "project" / ownership.LOCK).exists()


def test_on_a_network_drive_a_second_window_reads_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ownership, "on_network_drive", lambda folder: True)
    folder = tmp_path / "project"
    with Project.create(folder) as project, Project.open(folder) as thread:
        assert [project.read_only, thread.read_only] == [False, False]
        project.labels.add_class("pit")
    (folder / ownership.LOCK).write_text('{"host": "another machine", "pid": 1, "started": 1.0}')
    with Project.open(folder) as second:
        assert second.read_only
        assert second.notices[0].startswith("The project is open on another machine (process 1), so it can only be")
        assert [row.name for row in second.labels.classes()] == ["pit"]
    assert (folder / ownership.LOCK).exists()


def test_the_window_can_import_projects_without_anything_heavy():
    heavy = "{'torch', 'sklearn', 'scipy', 'albumentations', 'PySide6', 'cv2', 'pandas'}"
    code = f"import sys, workbench.project.project; sys.exit({heavy} & set(sys.modules) or 0)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_another_process_cannot_take_the_log_away(tmp_path: Path) -> None:
    """Opening again in this process, as every job does, must not drop the locks that the first opening holds."""
    folder = tmp_path / "project"
    code = (
        "import sys; from pathlib import Path; from workbench.project.project import Project\n"
        "with Project.open(Path(sys.argv[1])) as project: project.settings.set('other', 1); "
        "print(project.settings.get('own'))"
    )
    words = [sys.executable, "-c", code, str(folder)]
    with Project.create(folder) as project:
        Project.open(folder).close()
        subprocess.run(words, check=True, cwd=Path(__file__).parents[2])
        project.settings.set("own", "kept")
        told = subprocess.run(words, check=True, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert told.stdout.split() == ["kept"]
