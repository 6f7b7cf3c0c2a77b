from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.ui.model.anatomies import small
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop
from workbench.ui.model.anatomy_source import AnatomySource, Question
from workbench.ui.session import Session


class Child:
    """Stands for the warm child: answers at once, or fails."""

    def __init__(self, failure: str = "") -> None:
        self.asked: list[list[str]] = []
        self.failure = failure

    def job(self, argv: list[str]) -> Job:
        self.asked.append(argv)

        def run(_stop: Stop) -> Iterator[Any]:
            yield {"event": "Progress", "done": 0, "total": 1, "what": "Looking"}
            if self.failure:
                raise WorkbenchError(self.failure)
            yield {"event": "Anatomy", **small(argv[2]).as_dict()}

        return run

    def close(self) -> None: ...


@pytest.fixture
def child(session: Session, project_folder: Path) -> Child:
    session.open_project(project_folder)
    made = Child()
    session._warm = made
    return made


@pytest.fixture
def source(session: Session, child: Child, known_anatomies: dict[str, object]) -> AnatomySource:
    known_anatomies["timm/new"] = None
    return AnatomySource(session)


def test_what_was_found_before_is_there_at_once(source: AnatomySource, child: Child) -> None:
    source.set_awake(True)
    source.ask(Question("timm/resnet18", 0, 3))
    assert source.anatomy is not None
    assert child.asked == []
    assert not source.waiting


def test_a_new_one_is_found_by_a_child(source: AnatomySource, child: Child, qtbot: QtBot) -> None:
    source.set_awake(True)
    source.ask(Question("timm/new", 96, 1))
    assert source.waiting
    qtbot.waitUntil(lambda: source.anatomy is not None)
    assert child.asked == [["models", "show", "timm/new", "--size", "96", "--channels", "1"]]
    assert [stage.name for stage in source.anatomy.stages] == ["stem", "layer1", "layer2", "head"]


def test_nobody_looks_so_no_child_is_started(source: AnatomySource, child: Child, qtbot: QtBot) -> None:
    source.ask(Question("timm/new", 0, 3))
    qtbot.wait(20)
    assert not source.waiting
    source.set_awake(True)
    qtbot.waitUntil(lambda: source.anatomy is not None)
    assert len(child.asked) == 1


def test_who_walks_on_asks_only_for_where_they_stay(source: AnatomySource, child: Child, qtbot: QtBot) -> None:
    source.set_awake(True)
    source.ask(Question("timm/new", 64, 3))
    source.ask(Question("timm/new", 128, 3))
    qtbot.waitUntil(lambda: source.anatomy is not None)
    assert [argv[4] for argv in child.asked] == ["128"]


def test_a_failure_is_a_sentence_and_is_not_tried_again(source: AnatomySource, child: Child, qtbot: QtBot) -> None:
    child.failure = "It takes images of 224 pixels only."
    source.set_awake(True)
    source.ask(Question("timm/new", 96, 3))
    qtbot.waitUntil(lambda: bool(source.problem))
    assert source.problem == child.failure
    qtbot.waitUntil(lambda: not source.waiting)
    assert len(child.asked) == 1


def test_an_unknown_backbone_is_said_without_a_child(
    source: AnatomySource, child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cached(*_question: object) -> None:
        raise WorkbenchError("There is no backbone named 'x'.")

    monkeypatch.setattr("workbench.ui.model.anatomy_source.anatomy_cache", SimpleNamespace(cached=cached))
    source.set_awake(True)
    source.ask(Question("x", 0, 3))
    assert (source.problem, source.waiting, child.asked) == ("There is no backbone named 'x'.", False, [])
