import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.project.project import Project
from workbench.ui.reader import Reader


@pytest.fixture
def project(project_folder: Path) -> Iterator[Project]:
    with Project.open(project_folder) as made:
        yield made


@pytest.fixture
def reader(project: Project) -> Iterator[Reader]:
    made = Reader()
    yield made
    made.open_project(None)


def thread_of(asked: Project) -> tuple[int, bool, int]:
    return threading.get_ident(), asked.read_only, len(asked.images.ids())


def test_a_small_project_is_asked_at_once(reader: Reader, project: Project) -> None:
    told: list[Any] = []
    reader.open_project(project)
    reader.ask("ids", thread_of, told.append)
    assert told == [(threading.get_ident(), False, 24)]
    assert not reader.is_busy


def test_a_large_one_in_a_thread_with_its_own_connection(reader: Reader, project: Project, qtbot: QtBot) -> None:
    told: list[Any] = []
    reader.at_once = 0
    reader.open_project(project)
    reader.ask("ids", thread_of, told.append)
    assert reader.is_asking("ids")
    qtbot.waitUntil(lambda: bool(told))
    thread, read_only, count = told[0]
    assert thread != threading.get_ident()
    assert (read_only, count) == (True, 24)
    assert not reader.is_asking("ids")


def test_the_last_asked_wins_and_the_urgent_goes_first(reader: Reader, project: Project, qtbot: QtBot) -> None:
    gate, order, told = threading.Event(), [], []
    reader.at_once = 0
    reader.open_project(project)
    reader.ask("gate", lambda _: gate.wait(10), lambda _: None)
    for number in range(3):
        reader.ask("count", lambda _, number=number: order.append(number) or number, told.append)
    reader.ask("ids", lambda _: order.append("urgent"), lambda _: None, urgent=True)
    gate.set()
    qtbot.waitUntil(lambda: not reader.is_busy)
    assert told == [2]
    assert order == ["urgent", 2]


def test_what_was_dropped_is_not_told(reader: Reader, project: Project, qtbot: QtBot) -> None:
    gate, told = threading.Event(), []
    reader.at_once = 0
    reader.open_project(project)
    reader.ask("count", lambda _: gate.wait(10), told.append)
    reader.drop("count")
    gate.set()
    reader.ask("other", lambda _: 1, told.append)
    qtbot.waitUntil(lambda: not reader.is_busy)
    assert told == [1]


@pytest.mark.parametrize("at_once", [0, 10**9])
def test_an_error_is_told_in_its_sentence(reader: Reader, project: Project, qtbot: QtBot, at_once: int) -> None:
    def fail(_: Project) -> None:
        raise WorkbenchError("The drive is gone; plug it in.")

    reader.at_once = at_once
    reader.open_project(project)
    with qtbot.waitSignal(reader.failed) as failed:
        reader.ask("ids", fail, lambda _: pytest.fail("told"))
    assert failed.args == ["The drive is gone; plug it in."]
