import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import WorkbenchError
from workbench.project.database import Database
from workbench.project.ids import RunId
from workbench.project.owner import Owner
from workbench.project.project import Project
from workbench.project.run_events import TAIL
from workbench.project.runs import RunFolder

CONFIG = 'format = 1\nepochs = 5\n[backbone]\nname = "tests/tiny"\n'

STARTED = {"event": "FitStarted", "epochs": 5}
PAUSED, RESUMED = {"event": "Paused", "step": 3}, {"event": "Resumed", "step": 3}


def epoch(number: int, balanced: float) -> dict[str, Any]:
    return {"event": "EpochEnded", "epoch": number, "validation_balanced_accuracy": balanced}


def ended(reason: str, deployed: float = -1) -> dict[str, Any]:
    return {"event": "FitEnded", "reason": reason, "deployed": deployed, "live": 0.8}


def write(run: RunFolder, *events: dict[str, Any], torn: str = "") -> None:
    lines = [json.dumps(event) + "\n" for event in ({"format": 1}, *events)]
    run.events.write_text("".join(lines) + torn)


def lock(run: RunFolder, *, alive: bool, started: float | None = None) -> None:
    here = Owner.here()
    owner = here if alive else Owner(here.host, here.pid, here.started - 1000, time.time())
    run.lock.write_text(owner.dumps())
    if started is not None:
        before = started - 5
        os.utime(run.events, (before, before))


def test_runs_are_numbered_within_their_day(project: Project):
    first, second = project.runs.create(CONFIG), project.runs.create(CONFIG)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-001", first.id)
    assert second.id == first.id[:-1] + "2"
    assert first.config.read_text() == CONFIG
    assert first.exists
    assert first.path == project.folder / "runs" / first.id
    (first.path.parent / (first.id[:-3] + "017")).mkdir()
    assert project.runs.create(CONFIG).id.endswith("-018")


def test_a_run_that_cannot_be_made_is_told(project: Project):
    project.runs_folder.write_text("a file in the way")
    with pytest.raises(WorkbenchError, match="No run could be made in"):
        project.runs.create(CONFIG)


@pytest.mark.parametrize(
    ("events", "alive", "state"),
    [
        (None, None, "new"),
        (None, True, "running"),
        (None, False, "crashed"),
        ([STARTED], None, "crashed"),
        ([STARTED], True, "running"),
        ([STARTED], False, "crashed"),
        ([STARTED, PAUSED, {"event": "CheckpointSaved", "kind": "last"}], True, "paused"),
        ([STARTED, PAUSED], False, "crashed"),
        ([STARTED, PAUSED, RESUMED], True, "running"),
        ([STARTED, epoch(1, 0.5), ended("finished")], None, "finished"),
        ([STARTED, ended("early_stopping")], True, "finished"),
        ([STARTED, ended("stopped")], False, "stopped"),
        ([STARTED, ended("failed")], None, "failed"),
        ([STARTED, ended("stopped"), STARTED, epoch(2, 0.5)], True, "running"),
        ([], None, "new"),
    ],
)
def test_states(project: Project, events: list[dict[str, Any]] | None, alive: bool | None, state: str):
    run = project.runs.create(CONFIG)
    if events is not None:
        write(run, *events)
    if alive is not None:
        lock(run, alive=alive)
    assert run.state() == state
    assert project.runs.list()[0].state == state


def test_a_stopped_run_whose_new_process_has_said_nothing_yet_is_running(project: Project):
    run = project.runs.create(CONFIG)
    write(run, STARTED, ended("stopped"))
    lock(run, alive=True, started=Owner.here().started)
    assert run.state() == "running"


def test_a_line_that_is_not_complete_says_nothing(project: Project):
    run = project.runs.create(CONFIG)
    write(run, STARTED, epoch(1, 0.5), torn='{"event": "FitEnded", "reason": "finis')
    assert run.state() == "crashed"
    assert project.runs.list()[0].epochs_done == 1


def test_the_state_is_found_behind_a_long_tail(project: Project):
    run = project.runs.create(CONFIG)
    filler = {"event": "Warned", "message": "x" * 1000}
    write(run, STARTED, PAUSED, *[filler] * (2 * TAIL // 1000))
    lock(run, alive=True)
    assert run.state() == "paused"


def test_the_list_says_what_is_in_the_folders(project: Project):
    first, second, third = [project.runs.create(CONFIG) for _ in range(3)]
    write(second, STARTED, epoch(1, 0.7), epoch(2, 0.6), ended("stopped"))
    write(third, STARTED, epoch(1, 0.7), ended("finished", deployed=0.65))
    for age, run in enumerate((third, second, first)):
        os.utime(run.config, (1e9 - age, 1e9 - age))
    rows = project.runs.list()
    assert [row.id for row in rows] == [third.id, second.id, first.id]
    assert [row.best for row in rows] == [0.65, 0.7, None]
    assert [(row.epochs, row.epochs_done) for row in rows] == [(5, 1), (5, 2), (5, 0)]
    assert {row.backbone for row in rows} == {"tests/tiny"}
    assert project.runs.get("last") == third
    assert rows[0].created == 1e9


def test_a_run_that_trains_no_network_has_no_epochs(project: Project):
    at_once = project.runs.create(CONFIG + '[method]\nkind = "features"\n')
    baseline = project.runs.create(CONFIG + '[method]\nkind = "baseline"\n')
    rows = {row.id: (row.epochs, row.backbone) for row in project.runs.list()}
    assert rows == {at_once.id: (0, "tests/tiny"), baseline.id: (0, "baseline")}


def test_ended_runs_are_remembered_until_their_events_change(project: Project, monkeypatch: pytest.MonkeyPatch):
    run = project.runs.create(CONFIG)
    write(run, STARTED, epoch(1, 0.7), ended("stopped"))
    before = project.runs.list()
    with monkeypatch.context() as patch:
        patch.setattr("workbench.project.runs.summary", lambda path: pytest.fail("read again"))
        with Project.open(project.folder) as reopened:
            assert reopened.runs.list() == before
    with run.events.open("a") as file:
        file.write(json.dumps(epoch(2, 0.9)) + "\n")
    assert project.runs.list()[0].best == 0.9


def test_the_list_does_without_its_memory_while_another_connection_writes(project: Project):
    run = project.runs.create(CONFIG)
    write(run, STARTED, ended("finished"))
    other = Database(project.folder / "project.sqlite")
    start = time.monotonic()
    with other.transaction():
        assert [row.state for row in project.runs.list()] == ["finished"]
    assert time.monotonic() - start < 2
    other.close()


def test_notes_and_stars(project: Project):
    run = project.runs.create(CONFIG)
    project.runs.set_note(run.id, "with the new lamp")
    project.runs.set_star(run.id, True)
    (row,) = project.runs.list()
    assert (row.note, row.star) == ("with the new lamp", True)
    write(run, STARTED, ended("finished"))
    (row,) = project.runs.list()
    assert (row.note, row.star, row.state) == ("with the new lamp", True, "finished")
    with pytest.raises(WorkbenchError, match="There is no run"):
        project.runs.set_note(RunId("other"), "x")


def test_a_run_that_is_not_there_is_answered_with_what_is(project: Project):
    with pytest.raises(WorkbenchError, match="has no runs yet; train one first"):
        project.runs.get("last")
    run = project.runs.create(CONFIG)
    assert project.runs.get(run.id) == run
    with pytest.raises(WorkbenchError, match=f"no run 'x' in .*; choose {run.id} or last"):
        project.runs.get("x")


def test_the_epochs_of_all_phases_are_counted(project: Project):
    project.runs.create(CONFIG + "[[then]]\nepochs = 2\n[[then]]\nepochs = 3\n")
    assert project.runs.list()[0].epochs == 10


def test_a_folder_without_a_config_is_no_run_and_a_broken_config_is_one(project: Project):
    run = project.runs.create("this is not toml [")
    (project.runs_folder / "notes").mkdir()
    (row,) = project.runs.list()
    assert (row.id, row.backbone, row.epochs) == (run.id, "", 0)


def test_the_places_in_a_run_folder(tmp_path: Path):
    run = RunFolder(tmp_path / "2026-11-21-001")
    assert not run.exists
    assert run.owner() is None
    assert run.state() == "new"
    assert [path.relative_to(run.path).as_posix() for path in (run.best, run.last, run.model, run.result("test"))] == [
        "checkpoints/best.pt",
        "checkpoints/last.pt",
        "model",
        "results/test.json",
    ]
    assert run.predictions("test").name == "test_predictions.csv"
    assert {run.samples.name, run.stderr.name, run.control.name} == {"samples.csv", "stderr.log", "control"}
