"""The events of a training run. They travel as JSON lines in the run folder and stay exact there.

Every panel that shows them matches all of them and ends in ``assert_never``, so that a new event cannot be forgotten.
Losses and metrics are plain floats; ``seconds`` are seconds since the start of the run's process, monotonic.
"""

from dataclasses import dataclass
from typing import Literal

from workbench.jobs import from_json

FORMAT = 1

Reason = Literal["finished", "stopped", "early_stopping", "failed"]


@dataclass(frozen=True)
class Tick:
    """One training step is done. Cheap, never written to disk: the place where stop and pause act."""

    step: int


@dataclass(frozen=True)
class Preparing:
    """What happens before the first step (reading the list, building the cache, loading weights) or after the last."""

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class FitStarted:
    """The first step is about to begin; also of a run that continues, with ``first_epoch`` epochs behind it."""

    run: str
    device: str
    epochs: int
    steps_per_epoch: int
    train_images: int
    validation_images: int
    classes: list[str]
    trainable_parameters: int
    parameters: int
    stages: list[str]
    frozen_stages: list[str]
    first_epoch: int = 0
    first_step: int = 0
    """Steps done before; a run that continues repeats those after its checkpoint, so drop later points."""


@dataclass(frozen=True)
class StepEnded:
    """Every ``log_every`` steps. ``loss`` is the mean since the last StepEnded, ``images_per_second`` likewise."""

    step: int
    epoch: int
    loss: float
    learning_rate: float
    images_per_second: float
    data_wait: float
    """Share of the time (0 to 1) in which the step waited for images."""
    seconds: float


@dataclass(frozen=True)
class EpochEnded:
    """``epoch`` counts from 1. The validation figures are live figures: see ``shortcut``.

    The training figures are of augmented images. Where images are mixed, ``train_loss`` counts both labels by their
    shares, and ``train_accuracy`` asks for the class that shows most.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    validation_balanced_accuracy: float
    per_class_recall: list[float]
    best: bool
    seconds: float
    seconds_left: float
    shortcut: str = ""
    """What the live validation leaves out against the deployment path; empty where it is the deployment path."""


@dataclass(frozen=True)
class StageChanged:
    """The freeze plan moved on: from this epoch (counted from 1) these stages train."""

    epoch: int
    training_stages: list[str]


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint is on the disk, whole."""

    path: str
    """Relative to the run folder."""
    epoch: int
    step: int
    kind: Literal["last", "best"]


@dataclass(frozen=True)
class Paused:
    """The run waits; it holds its device and its memory."""

    step: int


@dataclass(frozen=True)
class Resumed:
    """The run goes on after a pause."""

    step: int


@dataclass(frozen=True)
class Warned:
    """Something the user should hear although training goes on."""

    message: str


@dataclass(frozen=True)
class FitEnded:
    """The last event. ``live`` and ``deployed`` are the best checkpoint's balanced accuracy on the validation images in
    training and measured again on the deployment path; NaN is never written, -1 means not measured."""

    reason: Reason
    message: str
    best_epoch: int
    live: float
    deployed: float
    seconds: float


TrainingEvent = (
    Tick
    | Preparing
    | FitStarted
    | StepEnded
    | EpochEnded
    | StageChanged
    | CheckpointSaved
    | Paused
    | Resumed
    | Warned
    | FitEnded
)

TYPES: tuple[type, ...] = (
    Tick,
    Preparing,
    FitStarted,
    StepEnded,
    EpochEnded,
    StageChanged,
    CheckpointSaved,
    Paused,
    Resumed,
    Warned,
    FitEnded,
)


def read(line: str) -> TrainingEvent:
    """Rebuild an event from a line of ``events.jsonl``. Raises ValueError for anything else."""
    event: TrainingEvent = from_json(line, TYPES)
    return event
