"""Where the followed run stands, folded from its events. No Qt."""

from dataclasses import dataclass, field
from typing import Literal, assert_never

from workbench.training.events import (
    CheckpointSaved,
    EpochEnded,
    FitEnded,
    FitStarted,
    Paused,
    Preparing,
    Resumed,
    StageChanged,
    StepEnded,
    Tick,
    TrainingEvent,
    Warned,
)

RunStateName = Literal["idle", "preparing", "training", "paused", "stopping", "finished", "failed", "crashed"]
ACTIVE: tuple[RunStateName, ...] = ("preparing", "training", "paused", "stopping")
"""The states in which a process is at work."""


@dataclass
class RunProgress:
    """State and figures of one run. `take` every event in order."""

    state: RunStateName = "idle"
    what: str = ""
    """What is being prepared, or why the run ended."""
    prepared: float | None = None
    """Share of the preparation that is done, where it is known."""
    epoch: int = 0
    """The epoch in work, from 1."""
    epochs: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    images_per_second: float = 0.0
    best: float | None = None
    """Best balanced accuracy on the validation images so far."""
    best_epoch: int = 0
    device: str = ""
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
    _epoch_left: tuple[int, float] | None = None
    """The step at which an epoch ended, and the seconds that were left then."""
    _images: int = 0
    _after_epoch: bool = False
    """Between epochs, or after the last: what is prepared then belongs to the end of the run."""

    @property
    def share(self) -> float | None:
        """How much of the run is done, 0 to 1."""
        if self.state == "preparing":
            return self.prepared
        total = self.epochs * self.steps_per_epoch
        return min(1.0, self.step / total) if total else None

    @property
    def seconds_left(self) -> float | None:
        """What the last epoch's end said, less the steps since; before the first, from the pace of the images."""
        total = self.epochs * self.steps_per_epoch
        steps_left = max(0, total - self.step)
        if self._epoch_left is not None:
            step, seconds = self._epoch_left
            return seconds * steps_left / (total - step) if total > step else 0.0
        if self.state in ("training", "paused") and self.images_per_second > 0 and total:
            return self._images * self.epochs * steps_left / total / self.images_per_second
        return None

    def take(self, event: TrainingEvent) -> None:
        match event:
            case Tick():
                self.step = event.step
            case Preparing():
                self.what = event.what
                self.prepared = event.done / event.total if event.total else None
                if not (self._after_epoch and self.state in ("training", "stopping")):
                    self._move("preparing")
            case FitStarted():
                self._move("training")
                self._after_epoch = False
                self.device, self.epochs = event.device, event.epochs
                self.steps_per_epoch = event.steps_per_epoch
                self.epoch = min(event.first_epoch + 1, event.epochs)
                self.step = event.first_epoch * event.steps_per_epoch
                self.what, self._epoch_left, self._images = "", None, event.train_images
            case StepEnded():
                if self.state == "preparing":
                    self.state = "training"
                self.step, self.epoch, self.what = event.step, event.epoch, ""
                self.images_per_second = event.images_per_second
                self._after_epoch = False
            case EpochEnded():
                self.step, self._epoch_left = event.step, (event.step, event.seconds_left)
                self._after_epoch = True
                self.epoch = min(event.epoch + 1, self.epochs) if self.epochs else event.epoch
                if event.best:
                    self.best, self.best_epoch = event.validation_balanced_accuracy, event.epoch
            case Paused():
                self.step = event.step
                self._move("paused")
            case Resumed():
                self.step = event.step
                self._move("training")
            case Warned():
                self.warnings.append(event.message)
            case FitEnded():
                self.state = "failed" if event.reason == "failed" else "finished"
                self.reason, self.what = event.reason, event.message
                self.best_epoch = event.best_epoch
                self.best = next((value for value in (event.deployed, event.live) if value >= 0), self.best)
            case StageChanged() | CheckpointSaved():
                pass
            case _:
                assert_never(event)

    def _move(self, state: RunStateName) -> None:
        """A run that was told to stop stays "stopping" until it ends."""
        if self.state != "stopping":
            self.state = state
