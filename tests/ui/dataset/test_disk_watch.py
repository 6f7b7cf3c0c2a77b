"""Watching the disk: new files come in by themselves where that is asked for, and a rescan says what it found."""

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.dataset import disk_watch
from workbench.ui.dataset.disk_watch import DiskWatch
from workbench.ui.session import Session


@pytest.fixture
def watch(session: Session, project_folder: Path, monkeypatch: pytest.MonkeyPatch) -> DiskWatch:
    monkeypatch.setattr(disk_watch, "SETTLE_MS", 50)
    made = DiskWatch(session, session)
    assert session.open_project(project_folder)
    return made


def a_file(session: Session) -> Path:
    assert session.project is not None
    return session.project.images.page(session.project.images.ids()[:1])[0].path


def images(session: Session) -> int:
    assert session.project is not None
    return session.project.images.count()


def test_a_rescan_finds_a_new_file_and_says_so(qtbot: QtBot, watch: DiskWatch, session: Session) -> None:
    old = a_file(session)
    shutil.copy(old, old.with_name("new.png"))
    told: list[str] = []
    session.toast.connect(told.append)
    watch.rescan()
    qtbot.waitUntil(lambda: images(session) == 25 and watch.handle is None, timeout=10_000)
    assert told == ["1 new"]


def test_nothing_changed_is_said_only_where_it_was_asked(qtbot: QtBot, watch: DiskWatch, session: Session) -> None:
    told: list[str] = []
    session.toast.connect(told.append)
    watch._rescan_quietly()
    qtbot.waitUntil(lambda: watch.handle is None, timeout=10_000)
    assert told == []
    watch.rescan()
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    assert told == ["The folders are as they were."]


def test_watched_folders_bring_new_files_in(qtbot: QtBot, watch: DiskWatch, session: Session) -> None:
    watch.watch(True)
    old = a_file(session)
    qtbot.waitUntil(
        lambda: watch._watcher is not None and str(old.parent) in watch._watcher.directories(), timeout=10_000
    )
    shutil.copy(old, old.with_name("new.png"))
    qtbot.waitUntil(lambda: images(session) == 25 and watch.handle is None, timeout=15_000)


def test_the_choice_is_kept_in_the_project(
    qtbot: QtBot, watch: DiskWatch, session: Session, project_folder: Path
) -> None:
    watch.watch(True)
    session.open_project(project_folder)
    assert watch.watching
    watch.watch(False)
    session.open_project(project_folder)
    assert not watch.watching
