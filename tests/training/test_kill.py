"""Kill a run again and again, at moments drawn at random: it always continues, and ends with the same numbers."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from workbench import launch
from workbench.jobs import Stop
from workbench.project.project import Project
from workbench.training import checkpoints, client
from workbench.training import run as training
from workbench.training.client import Died, follow
from workbench.training.config import TrainConfig
from workbench.training.events import FitEnded, FitStarted

KILLS = 12

PHASES = [
    "epochs=20",
    "freeze=backbone",
    'then=[{epochs = 15, freeze = {kind = "stages", train_last = 1}}, {epochs = 5, freeze = {kind = "backbone"}, rate = 0.5}, '
    '{epochs = 20, freeze = {kind = "none"}}]',
]
"""The last stage trains, rests and trains again."""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("children_know_the_tiny_backbone")
def test_a_run_killed_at_any_moment_continues_and_gives_the_same_numbers(
    project_folder: Path, config: TrainConfig
) -> None:
    config = config.with_settings([*PHASES, "compute.checkpoint_minutes=0.0005"])
    whole = training.prepare(project_folder, config)
    expected = list(training.train(project_folder, whole.id)(Stop()))[-1]
    moments = random.Random(5)
    with Project.open(project_folder) as project:
        run = client.start_run(project, config)
        for number in range(KILLS):
            owner = run.owner()
            assert owner is not None
            # Every third one while it still imports and prepares, the others between and within its steps.
            if number % 3 == 0:
                time.sleep(moments.uniform(0, 2))
            else:
                for event in follow(run, Stop()):
                    if isinstance(event, FitStarted | FitEnded | Died) and run.events.stat().st_mtime > owner.started:
                        break
                time.sleep(moments.uniform(0, 0.6))
            os.kill(owner.pid, signal.SIGKILL)
            while launch.is_alive(owner.pid):
                time.sleep(0.01)
            assert run.state() in ("crashed", "finished")
            if run.state() == "finished":
                break
            client.resume_run(project, run)
        owner = run.owner()
        ended = list(follow(run, Stop()))[-1]
        while owner is not None and launch.is_alive(owner.pid):
            time.sleep(0.01)
    assert isinstance(ended, FitEnded)
    assert isinstance(expected, FitEnded)
    assert (ended.reason, ended.best_epoch, ended.live, ended.deployed) == (
        "finished",
        expected.best_epoch,
        expected.live,
        expected.deployed,
    )
    one, other = checkpoints.load(whole.last)["model"], checkpoints.load(run.last)["model"]
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
