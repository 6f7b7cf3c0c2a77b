"""What the events of a run add up to: the series the plots draw and the words of the headline. No Qt."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import assert_never

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


@dataclass
class RunHistory:
    """The events of one run so far. `apply` takes them in order; a resumed run overwrites what it repeats."""

    started: FitStarted | None = None
    preparing: Preparing | None = None
    ended: FitEnded | None = None
    paused: bool = False
    steps: list[StepEnded] = field(default_factory=list)
    epochs: list[EpochEnded] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    training_stages: list[str] = field(default_factory=list)
    phase_starts: list[int] = field(default_factory=list)
    """The epochs, counted from 1, with which the plan moved on to its second phase, its third and so on."""
    last_checkpoint: CheckpointSaved | None = None

    def apply(self, event: TrainingEvent) -> None:
        """Take the next event of the run."""
        match event:
            case Tick():
                pass
            case Preparing():
                self.preparing = event
            case FitStarted():
                self._start(event)
            case StepEnded():
                self.preparing = None
                del self.steps[bisect_left(self.steps, event.step, key=lambda step: step.step) :]
                self.steps.append(event)
            case EpochEnded():
                self.preparing = None
                del self.epochs[bisect_left(self.epochs, event.epoch, key=lambda epoch: epoch.epoch) :]
                self.epochs.append(event)
            case StageChanged():
                self.training_stages = list(event.training_stages)
                del self.phase_starts[bisect_left(self.phase_starts, event.epoch) :]
                self.phase_starts.append(event.epoch)
            case CheckpointSaved():
                self.last_checkpoint = event
            case Paused():
                self.paused = True
            case Resumed():
                self.paused = False
            case Warned():
                self.warnings.append(event.message)
            case FitEnded():
                self.preparing, self.paused = None, False
                self.ended = event
            case _:
                assert_never(event)

    def _start(self, event: FitStarted) -> None:
        self.started = event
        self.ended, self.preparing, self.paused = None, None, False
        self.training_stages = [stage for stage in event.stages if stage not in event.frozen_stages]
        del self.epochs[bisect_left(self.epochs, event.first_epoch + 1, key=lambda epoch: epoch.epoch) :]
        # The phase of the epoch that is gone on with was told before; those after it are told again.
        del self.phase_starts[bisect_left(self.phase_starts, event.first_epoch + 2) :]

    @property
    def has_epochs(self) -> bool:
        """Whether the network is trained, epoch by epoch; a run that has not begun may be."""
        return self.started is None or self.started.epochs > 0

    @property
    def phase(self) -> int:
        """The phase of the plan that was reached, counted from 1."""
        return 1 + len(self.phase_starts)

    @property
    def best(self) -> EpochEnded | None:
        """The best epoch so far, or None before the first."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def epoch_now(self) -> int:
        """The epoch at work, counted from 1; 0 before the first step."""
        if self.steps and (not self.epochs or self.steps[-1].step > self.epochs[-1].step):
            return self.steps[-1].epoch
        return self.epochs[-1].epoch if self.epochs else 0

    @property
    def share_done(self) -> float:
        """How much of the planned steps is done, 0 to 1."""
        if self.started is None:
            return 0.0
        total = self.started.epochs * self.started.steps_per_epoch
        step = max(self.steps[-1].step if self.steps else 0, self.epochs[-1].step if self.epochs else 0)
        return min(1.0, step / total) if total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the planned end, from the last epoch's word or from the pace so far; None where nobody knows."""
        if self.started is None or self.ended is not None:
            return None
        if self.epochs:
            since = self.steps[-1].seconds - self.epochs[-1].seconds if self.steps else 0.0
            return max(0.0, self.epochs[-1].seconds_left - max(0.0, since))
        share = self.share_done
        if not self.steps or share <= 0.0:
            return None
        return self.steps[-1].seconds * (1.0 - share) / share
