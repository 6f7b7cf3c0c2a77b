"""Run folders as the training process leaves them, written by hand."""

from collections.abc import Callable, Sequence

import pytest

from workbench.jobs import to_json
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training.config import TrainConfig
from workbench.training.events import CheckpointSaved, EpochEnded, FitEnded, FitStarted, StepEnded, TrainingEvent

STEPS = 4


def events_of(
    run: str = "r",
    *,
    epochs: int = 3,
    done: int = 3,
    reason: str = "finished",
    stages: Sequence[str] = ("stem", "head"),
) -> list[TrainingEvent]:
    """What a run of ``epochs`` that did ``done`` of them tells; without a reason it ends in the middle of nowhere."""
    told: list[TrainingEvent] = [
        FitStarted(run, "cpu", epochs, STEPS, 20, 8, ["good", "bad"], 10, 1000, list(stages), list(stages[:-1]))
    ]
    for epoch in range(1, done + 1):
        for number in range(1, STEPS + 1):
            step = (epoch - 1) * STEPS + number
            told.append(StepEnded(step, epoch, 1.0 / step, 1e-3, 50.0, 0.1, float(step)))
        best = 0.5 + 0.1 * epoch
        left = float((epochs - epoch) * STEPS)
        told.append(
            EpochEnded(epoch, epoch * STEPS, 0.3, best, 0.4, best, best, [best, best], True, epoch * 4.0, left, "cache")
        )
        told.append(CheckpointSaved("checkpoints/last.pt", epoch, epoch * STEPS, "last"))
    if reason:
        message = {"failed": "The device ran out of memory; set the batch size to 16.", "stopped": "Stopped."}
        told.append(FitEnded(reason, message.get(reason, ""), done, 0.8, 0.78, 12.0))
    return told


@pytest.fixture
def write_run() -> Callable[..., RunFolder]:
    """Return a function that writes a run into a project; ``crashed`` ends its events without a last word."""

    def write(project: Project, *, reason: str = "finished", crashed: bool = False, **what: object) -> RunFolder:
        run = project.runs.create(TrainConfig(epochs=3).dumps())
        told = events_of(run.id, reason="" if crashed else reason, **what)
        lines = "".join(to_json(event) + "\n" for event in told)
        run.events.write_text('{"format": 1}\n' + lines, encoding="utf-8")
        run.last.write_bytes(b"a checkpoint")
        if crashed:
            run.stderr.write_text("Killed\n", encoding="utf-8")
        return run

    return write
