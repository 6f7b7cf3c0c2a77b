import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.ui import places
from workbench.ui.places import Preferences, place_for, sample_place


def make_project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "project.sqlite").touch()
    return folder


def test_a_project_goes_beside_its_images(tmp_path: Path) -> None:
    images = tmp_path / "castings"
    images.mkdir()
    assert place_for(images) == tmp_path / "castings workbench"
    assert images not in place_for(images).parents


def test_the_project_of_before_is_used_again(tmp_path: Path) -> None:
    make_project(tmp_path / "castings workbench")
    assert place_for(tmp_path / "castings") == tmp_path / "castings workbench"


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    taken = tmp_path / "castings workbench"
    taken.mkdir()
    assert place_for(tmp_path / "castings") == taken
    (taken / "thesis.docx").touch()
    assert place_for(tmp_path / "castings") == tmp_path / "castings workbench 2"


def test_where_nothing_can_be_written_the_documents_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def no(path: object, mode: int) -> bool:
        return False

    monkeypatch.setattr(os, "access", no)
    found = place_for(tmp_path / "castings")
    assert found.name == "castings workbench"
    assert tmp_path not in found.parents
    assert found.parent == sample_place().parent


def test_recent_projects_are_newest_first_and_only_those_that_exist(tmp_path: Path) -> None:
    preferences = Preferences()
    first, second = make_project(tmp_path / "first"), make_project(tmp_path / "second")
    assert preferences.recent() == []
    for project in (first, second, first):
        preferences.remember(project)
    assert Preferences().recent() == [first, second]
    (second / "project.sqlite").unlink()
    assert preferences.recent() == [first]


def test_switches_survive_as_switches() -> None:
    Preferences().set("inspector", False)
    assert Preferences().switch("inspector", True) is False
    assert Preferences().switch("other", True) is True


def test_when_says_how_long_ago(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert places.when(file) == "today"
    old = file.stat().st_mtime - 3 * 86_400 - 60
    os.utime(file, (old, old))
    assert places.when(file) == "3 days ago"
    assert places.when(tmp_path / "absent") == ""
