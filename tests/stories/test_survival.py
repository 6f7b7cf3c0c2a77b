"""What is killed loses nothing: the training process under the window, and the window over the training process."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from workbench import launch
from workbench.intake import add_folders
from workbench.jobs import Stop, drain
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training import client, control, events
from workbench.training.config import TrainConfig
from workbench.training.events import CheckpointSaved, EpochEnded, FitEnded, StepEnded

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]
SMALL = ["backbone=timm/test_resnet", "weights=none", "freeze=none", "size=32", "epochs=200", "compute.log_every=1"]


@pytest.fixture
def project_folder(tmp_path: Path, tiny_images: Callable[..., Path]) -> Path:
    images = tiny_images({"good": 24, "scratch": 24})
    folder = tmp_path / "project"
    list(drain(add_folders(folder, [images]), Stop()))
    with Project.open(folder) as project:
        project.splits.make(seed=1)
    (folder / "draft.toml").write_text(TrainConfig().with_settings(SMALL).dumps(), encoding="utf-8")
    return folder


def test_killing_the_training_process_leaves_the_window_usable_and_the_run_resumes(
    open_window: Callable, project_folder: Path
):
    user = open_window(project_folder)
    session = user.window.session
    user.wait(lambda: session.project is not None)
    user.go("training")
    user.click("train.start")
    user.wait(lambda: session.run_state not in ("idle", "preparing"), 120)
    assert session.run_state == "training", session.progress.what
    user.wait(lambda: any(isinstance(event, CheckpointSaved) for event in session.run_events), 60)
    user.wait(lambda: sum(isinstance(event, EpochEnded) for event in session.run_events) >= 2, 60)
    owner = session.run.owner()
    os.kill(owner.pid, signal.SIGKILL)
    user.wait(lambda: session.run_state == "crashed", 30)
    assert "checkpoint" in session.progress.what
    user.shoot("crashed")
    # The window goes on: another panel, a label.
    user.go("dataset")
    user.wait(lambda: session.assign([int(session.project.images.ids()[0])], session.project.labels.classes()[1].id))
    # And the run goes on from its last checkpoint.
    user.go("training")
    seen = max(event.epoch for event in session.run_events if isinstance(event, EpochEnded))
    session.resume_training()
    user.wait(
        lambda: any(isinstance(event, EpochEnded) and event.epoch > seen for event in session.run_events[-50:]), 120
    )
    epochs = [event.epoch for event in session.run_events if isinstance(event, EpochEnded)]
    assert epochs[-1] > seen
    assert session.run_state == "training"


def test_killing_the_window_loses_no_label_and_the_next_finds_the_run_going(
    open_window: Callable, project_folder: Path
):
    window = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "driver.py"), str(project_folder)],
        env={**launch.environment(), "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert window.stdout is not None
    labelled = window.stdout.readline()
    started = window.stdout.readline()
    window.send_signal(signal.SIGKILL)
    window.wait(10)
    window.stdout.close()
    assert labelled.startswith("labelled")
    run_id = started.split()[1]
    with Project.open(project_folder) as project:
        first = project.images.get(int(labelled.split()[1]))
        assert first.class_id == project.labels.classes()[1].id
        assert "user" in [change.source for change in project.labels.history(first.id)]
    user = open_window(project_folder)
    session = user.window.session
    user.wait(lambda: session.run is not None and session.run.id == run_id)
    user.wait(lambda: any(isinstance(event, StepEnded) for event in session.run_events), 120)
    assert session.is_training
    pid = session.run.owner().pid
    user.go("training")
    user.click("train.stop")
    user.wait(lambda: not session.is_training, 60)
    user.wait(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_run_killed_at_any_moment_resumes(project_folder: Path):
    """Kill it while it starts, in an epoch and while it saves; each time it goes on where its last checkpoint was."""
    config = TrainConfig().with_settings([*SMALL, "compute.checkpoint_minutes=0"])
    with Project.open(project_folder) as project:
        run = client.start_run(project, config)
        for moment in (1, 12, 40):
            for count, event in enumerate(client.follow(run, Stop())):
                assert not isinstance(event, FitEnded), event
                if count >= moment:
                    os.kill(run.owner().pid, signal.SIGKILL)
                    break
            died = list(client.follow(run, Stop()))[-1]
            assert isinstance(died, client.Died)
            assert run.state() == "crashed"
            client.resume_run(project, run)
        before = max(event.epoch for event in read_events(run) if isinstance(event, EpochEnded))
        for event in client.follow(run, Stop()):
            if isinstance(event, EpochEnded) and event.epoch > before:
                control.write_command(run.control, "stop")
        assert isinstance(event, FitEnded), event
        assert event.reason == "stopped"
    ended = [event.epoch for event in read_events(run) if isinstance(event, EpochEnded)]
    assert ended[-1] > before
    assert set(ended) == set(range(1, ended[-1] + 1)), "an epoch is missing"


def read_events(run: RunFolder) -> list[object]:
    found = []
    for line in run.events.read_text(encoding="utf-8").splitlines():
        try:
            found.append(events.read(line))
        except ValueError:
            continue  # the header, or a line that a kill cut off
    return found
