import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench import launch
from workbench.errors import WorkbenchError
from workbench.jobs import Stop, to_json
from workbench.project.owner import Owner
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training import client, log
from workbench.training.client import Died, follow
from workbench.training.config import TrainConfig
from workbench.training.control import write_command
from workbench.training.events import EpochEnded, FitEnded, FitStarted, Paused, Preparing, Resumed, StepEnded, Tick
from workbench.training.locks import write_lock

REPOSITORY = Path(__file__).resolve().parents[2]
ENDED = FitEnded(reason="stopped", message="Stopped.", best_epoch=1, live=0.5, deployed=-1.0, seconds=1.0)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    run = RunFolder(tmp_path / "runs" / "2026-11-21-001")
    run.path.mkdir(parents=True)
    return run


def preparing(what: str) -> str:
    return to_json(Preparing(what))


def test_following_an_ended_run_yields_its_events(folder: RunFolder) -> None:
    log.append(folder, [preparing("one"), to_json(ENDED)])
    assert list(follow(folder, Stop())) == [Preparing("one"), ENDED]


def test_the_end_before_a_run_was_continued_is_left_out(folder: RunFolder) -> None:
    log.append(folder, [preparing("one"), to_json(ENDED), preparing("two"), to_json(ENDED)])
    assert list(follow(folder, Stop())) == [Preparing("one"), Preparing("two"), ENDED]


def test_a_run_whose_process_is_gone_without_an_end_has_died(folder: RunFolder) -> None:
    log.append(folder, [preparing("one")])
    with folder.events.open("a") as file:
        file.write('{"event": "StepEn')
    folder.stderr.write_text("Traceback\nMemoryError: no more\n")
    first, died = follow(folder, Stop())
    assert first == Preparing("one")
    assert isinstance(died, Died)
    assert "MemoryError: no more" in died.message


def test_a_line_cut_off_by_a_kill_does_not_swallow_the_next_one(folder: RunFolder) -> None:
    log.append(folder, [preparing("one")])
    with folder.events.open("a") as file:
        file.write('{"event": "StepEn')
    log.append(folder, [preparing("two"), to_json(ENDED)])
    assert list(follow(folder, Stop())) == [Preparing("one"), Preparing("two"), ENDED]


def test_a_run_that_is_written_is_waited_for(folder: RunFolder) -> None:
    write_lock(folder, os.getpid())

    def write() -> None:
        time.sleep(0.1)
        events = log.EventLog(folder)
        events.write(Preparing("one"))
        events.write(Tick(step=1))
        time.sleep(0.1)
        events.write(ENDED)
        events.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert list(follow(folder, Stop())) == [Preparing("one"), ENDED]
    writer.join()


def test_following_can_be_stopped(folder: RunFolder) -> None:
    write_lock(folder, os.getpid())
    log.append(folder, [preparing("one")])
    stop = Stop()
    events = follow(folder, stop)
    assert next(events) == Preparing("one")
    threading.Timer(0.1, stop.stop).start()
    assert list(events) == []


def test_a_run_that_cannot_succeed_is_refused_before_it_is_made(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        with pytest.raises(WorkbenchError, match="does not exist"):
            client.start_run(project, config.with_settings(["weights=nowhere.pt"]))
        assert project.runs.list() == []


def test_a_finished_or_running_run_is_not_continued(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        run = project.runs.create(config.dumps())
        write_lock(run, os.getpid())
        with pytest.raises(WorkbenchError, match="being trained already"):
            client.resume_run(project, run)
        run.lock.unlink()
        log.append(run, [to_json(FitEnded("finished", "", 1, 1.0, 1.0, 1.0))])
        with pytest.raises(WorkbenchError, match="has finished"):
            client.resume_run(project, run)


def numbers(events: list[Any]) -> dict[tuple[str, int], dict[str, Any]]:
    """The figures by kind and step: steps after the last checkpoint are repeated by the run that continues."""
    times = {"seconds", "seconds_left", "images_per_second", "data_wait"}
    return {
        (type(event).__name__, event.step): {key: value for key, value in vars(event).items() if key not in times}
        for event in events
        if isinstance(event, StepEnded | EpochEnded)
    }


def wait_for(owner: Owner | None) -> None:
    assert owner is not None
    while launch.is_alive(owner.pid):
        time.sleep(0.01)


def kill(run: RunFolder) -> None:
    owner = run.owner()
    assert owner is not None
    os.kill(owner.pid, signal.SIGKILL)
    wait_for(owner)


def events_until(events: Iterator[Any], kind: type) -> list[Any]:
    found = []
    for event in events:
        found.append(event)
        if isinstance(event, kind):
            break
    return found


@pytest.mark.usefixtures("children_know_the_tiny_backbone")
def test_a_killed_run_is_called_crashed_and_continues_with_the_same_numbers(
    project_folder: Path, config: TrainConfig
) -> None:
    from workbench.training import run as training

    whole = list(training.train(project_folder, training.prepare(project_folder, config).id)(Stop()))
    config = config.with_settings(["compute.checkpoint_minutes=0.0001"])
    with Project.open(project_folder) as project:
        run = client.start_run(project, config)
        assert run.state() == "running"
        before = follow(run, Stop())
        first = events_until(before, EpochEnded)
        kill(run)
        first += before
        assert isinstance(first[-1], Died)
        assert run.state() == "crashed"

        client.resume_run(project, run)
        assert run.state() == "running"
        owner = run.owner()
        events = list(follow(run, Stop()))
    wait_for(owner)
    assert isinstance(events[-1], FitEnded)
    assert events[-1].reason == "finished"
    assert run.state() == "finished"
    assert [event.first_step for event in events if isinstance(event, FitStarted)][1] > 0
    assert numbers(events) == numbers(whole)


@pytest.mark.usefixtures("children_know_the_tiny_backbone")
def test_a_run_in_a_child_pauses_resumes_and_stops_on_command(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        run = client.start_run(project, config.with_settings(["epochs=10000"]))
        owner = run.owner()
        events = follow(run, Stop())
        events_until(events, EpochEnded)
        write_command(run.control, "pause")
        events_until(events, Paused)
        assert run.state() == "paused"
        write_command(run.control, "resume")
        events_until(events, Resumed)
        write_command(run.control, "stop")
        ended = list(events)[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "stopped"
    assert run.last.is_file()
    wait_for(owner)
    assert run.state() == "stopped"
    assert json.loads(run.events.read_text().splitlines()[0])["format"] == 1


def test_what_the_window_imports_brings_no_heavy_library() -> None:
    modules = "client, control, config, events, checks, locks, log"
    code = f"from workbench.training import {modules}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    heavy = {"torch", "timm", "onnx", "onnxruntime", "sklearn", "albumentations", "scipy", "PySide6"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.usefixtures("children_know_the_tiny_backbone")
def test_a_run_that_the_system_asks_to_end_saves_first(project_folder: Path, config: TrainConfig) -> None:
    with Project.open(project_folder) as project:
        run = client.start_run(project, config.with_settings(["epochs=10000"]))
        owner = run.owner()
        assert owner is not None
        events = follow(run, Stop())
        events_until(events, EpochEnded)
        os.kill(owner.pid, signal.SIGTERM)
        ended = list(events)[-1]
    wait_for(owner)
    assert isinstance(ended, FitEnded)
    assert ended.reason == "stopped"
    assert run.last.is_file()
