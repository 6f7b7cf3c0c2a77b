from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.curation.made import row_project
from workbench.curation.finding import Finding
from workbench.curation.store import CheckEnded, Suggested, save_columns, storing
from workbench.errors import WorkbenchError
from workbench.jobs import Progress, Stop, as_dict, drain
from workbench.project.project import Project


def finding(kind: str, *ids: int, score: float = 0.5) -> Finding:
    return Finding(kind, [f"{n}.png" for n in ids], score, f"{kind} of {ids}", list(ids))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with row_project(tmp_path, ["a" * 64, "b" * 64, "c" * 64]) as project:
        return project.folder


def kept(folder: Path) -> list[tuple[str, tuple[int, ...]]]:
    with Project.open(folder) as project:
        return sorted((row.kind, row.ids) for row in project.findings.list())


def run(folder: Path, events: list[Any], kinds: list[str]) -> list[Any]:
    return list(storing(folder, lambda _: iter(events), kinds)(Stop()))


@pytest.mark.parametrize("plain", [False, True])
def test_findings_replace_those_of_their_kinds_as_events_and_as_dictionaries(folder: Path, plain: bool):
    before = [finding("quality", 1), finding("outlier", 2), CheckEnded("x", ["quality", "outlier"], 2)]
    run(folder, before, ["quality", "outlier"])
    events: list[Any] = [
        Progress(0, None, "x"),
        finding("outlier", 3, score=0.9),
        finding("outlier", 1, score=0.8),
        CheckEnded("outliers", ["outlier"], 2),
    ]
    if plain:
        events = [as_dict(event) for event in events]
    assert run(folder, events, ["outliers"]) == events
    assert kept(folder) == [("outlier", (1,)), ("outlier", (3,)), ("quality", (1,))]


def test_a_check_that_did_not_end_changes_nothing(folder: Path):
    run(folder, [finding("quality", 1)], ["quality"])
    assert kept(folder) == [("quality", (1,))]

    def stopped(_: Stop) -> Iterator[Any]:
        yield finding("outlier", 2)
        yield CheckEnded("outliers", ["outlier"], 1)
        yield finding("quality", 2)
        yield finding("quality", 3)
        yield CheckEnded("quality", ["quality"], 2)

    stop = Stop()
    for event in drain(storing(folder, stopped, ["quality", "outliers"]), stop):
        if getattr(event, "kind", "") == "quality":
            stop.stop()
    assert kept(folder) == [("outlier", (2,)), ("quality", (1,))]

    def failing(_: Stop) -> Iterator[Any]:
        yield finding("quality", 3)
        raise WorkbenchError("no")

    with pytest.raises(WorkbenchError):
        list(storing(folder, failing, ["quality"])(Stop()))
    assert kept(folder) == [("outlier", (2,)), ("quality", (1,))]


def test_a_check_without_findings_clears_its_kinds(folder: Path):
    run(folder, [finding("quality", 1), finding("outlier", 2)], ["quality", "outlier"])
    run(folder, [CheckEnded("quality", ["quality"], 0)], ["quality", "outliers"])
    assert kept(folder) == [("outlier", (2,))]
    run(folder, [], ["outliers"])
    assert kept(folder) == []


def test_a_stopped_job_is_closed(folder: Path):
    closed = []

    def job(_: Stop) -> Iterator[Any]:
        try:
            yield Progress(0, None, "x")
            yield Progress(1, None, "x")
        finally:
            closed.append(True)

    events = storing(folder, job, [])(Stop())
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert closed == [True]


def test_suggestions_become_the_projects_predictions(folder: Path, tmp_path: Path):
    with Project.open(folder) as project:
        class_id = project.labels.classes()[0].id
    save_columns(
        tmp_path / "deep" / "s.npz", ids=[1, 3], class_ids=[class_id] * 2, confidences=[0.5, 0.9], priorities=[1, 0.5]
    )
    run(folder, [as_dict(Suggested(str(tmp_path / "deep" / "s.npz"), 2, "run 7"))], ["suggestions"])
    with Project.open(folder) as project:
        assert project.predictions.source == "run 7"
        classes, confidences, _ = project.predictions.of([1, 2, 3])
    assert classes.tolist() == [class_id, 0, class_id]
    assert np.allclose(confidences[[0, 2]], [0.5, 0.9])
    with pytest.raises(WorkbenchError, match="cannot be read; make them again"):
        run(folder, [Suggested(str(tmp_path / "absent.npz"), 2, "run 7")], [])


def test_an_unknown_kind_is_a_mistake_of_the_caller(folder: Path):
    with pytest.raises(ValueError, match="'blur'"):
        storing(folder, lambda _: iter(()), ["blur"])
