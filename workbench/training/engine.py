"""The training loop and nothing else: `fit` yields what happens, step by step.

It knows no project, no folder and no window. Stop and pause act between two steps; a state that was saved there
continues with the same numbers as if nothing had happened.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from workbench.data.mixing import Mixed
from workbench.errors import WorkbenchError
from workbench.training import optim
from workbench.training.clock import Clock
from workbench.training.config import ScheduleConfig
from workbench.training.control import Command
from workbench.training.events import (
    CheckpointSaved,
    EpochEnded,
    Paused,
    Resumed,
    StageChanged,
    StepEnded,
    Tick,
    TrainingEvent,
    Warned,
)
from workbench.training.phases import Span, at
from workbench.training.state import State, Sums

POLL_SECONDS = 0.05


class Unreadable(Protocol):
    """An image that was left out of its batch."""

    @property
    def id(self) -> int: ...
    @property
    def message(self) -> str: ...


class Batch(Protocol):
    """What a loader yields: uint8 images [N, H, W, 3], class indices and image ids [N], and what could not be read.

    N may be 0.
    """

    @property
    def images(self) -> Any: ...
    @property
    def targets(self) -> Tensor: ...
    @property
    def ids(self) -> Tensor: ...
    @property
    def unreadable(self) -> Sequence[Unreadable]: ...


@dataclass(frozen=True)
class Parts:
    """What is trained. ``preprocess`` turns uint8 [N, H, W, 3] into floats, ``network`` those into logits [N, C], ``loss``
    those and the class indices [N] into a scalar.
    """

    network: nn.Module
    preprocess: nn.Module
    loss: nn.Module
    optimizer: Optimizer
    train_mode: Callable[[], None]
    """Puts the network into training mode, its frozen parts excepted."""
    mix: Callable[[Tensor, Sequence[int], int], Mixed] | None = None
    """Mixes uint8 images [N, H, W, 3] of these ids in an epoch (from 0); ``loss`` then takes partners and shares too."""
    enter: Callable[[int], list[str]] | None = None
    """Moves the network and the optimizer on to a phase (from 0); returns the names of the stages that then train."""


@dataclass(frozen=True)
class Plan:
    """How long and how. ``checkpoint_seconds`` 0: only at the ends of epochs. ``patience`` 0: no early stopping.

    ``phases`` divide the epochs; without any there is one. The schedule of the rate begins anew in each. Patience counts
    in the last phase only: what comes later in the timeline is to have its turn.
    """

    epochs: int
    steps_per_epoch: int
    classes: int
    schedule: ScheduleConfig
    clip_norm: float = 0.0
    log_every: int = 5
    patience: int = 0
    checkpoint_seconds: float = 0.0
    shortcut: str = ""
    phases: tuple[Span, ...] = ()

    @property
    def timeline(self) -> tuple[Span, ...]:
        return self.phases or (Span(0, self.epochs),)


@dataclass(frozen=True)
class Surroundings:
    """What the loop asks of its surroundings."""

    train: Callable[[int, int], Iterable[Batch]]
    """The batches of an epoch (from 0), from a batch (from 0) on; the same ones each time it is asked."""
    validation: Callable[[], Iterable[Batch]]
    save: Callable[[Literal["last", "best"]], str]
    """Writes a checkpoint of the state as it is; returns its path, relative to the run."""
    poll: Callable[[], Sequence[Command]] = lambda: ()
    """The commands that came since it was last asked."""
    warned: set[int] = field(default_factory=set)
    """Images that were reported already."""


Stopped = Literal["finished", "early_stopping", "stopped"]
Events = Generator[TrainingEvent, None, bool]
"""Yields events and returns whether a stop was asked for."""


def fit(
    fabric: Fabric, parts: Parts, plan: Plan, state: State, around: Surroundings
) -> Generator[TrainingEvent, None, Stopped]:
    """Train from ``state`` on until the epochs are done, patience runs out or a stop is asked for.

    Returns (as the generator's value) the reason: "finished", "early_stopping" or "stopped". The best epoch is that
    with the highest balanced accuracy on the validation images; among equals, with the lowest loss. Raises
    WorkbenchError where the loss stops being a number.
    """
    return (yield from _Loop(fabric, parts, plan, state, around).run())


class _Loop:
    def __init__(self, fabric: Fabric, parts: Parts, plan: Plan, state: State, around: Surroundings) -> None:
        self.fabric, self.parts, self.plan, self.state, self.around = fabric, parts, plan, state, around
        self.model, self.optimizer = fabric.setup(parts.network, parts.optimizer)
        self.clock = Clock()
        self.saved_at = time.monotonic()
        self.commands: deque[Command] = deque()

    def run(self) -> Generator[TrainingEvent, None, Stopped]:
        state, plan = self.state, self.plan
        first_epoch, started = state.epoch, time.monotonic() - self.clock.paused
        while state.epoch < plan.epochs:
            if self._out_of_patience():
                return "early_stopping"
            for event in self._moved_on():
                # A phase has a pace of its own.
                first_epoch, started = state.epoch, time.monotonic() - self.clock.paused
                yield event
            self.parts.train_mode()
            if (yield from self._train_epoch()):
                return "stopped"
            found = yield from self._validate()
            if found is None:
                return "stopped"
            elapsed = time.monotonic() - self.clock.paused - started
            per_epoch = elapsed / (state.epoch + 1 - first_epoch)
            ended = self._epoch_ended(*found, seconds_left=per_epoch * (plan.epochs - state.epoch - 1))
            state.epoch, state.batch, state.epoch_sums = state.epoch + 1, 0, Sums.zero(state.device)
            # Whoever closes the loop at the next event finds the best checkpoint on disk, as the state says.
            saved = [self._save("best")] if ended.best else []
            yield ended
            yield from saved
            yield self._save("last")
        return "finished"

    def _out_of_patience(self) -> bool:
        last = self.plan.timeline[-1].first
        waited = self.state.epoch - max(self.state.best_epoch, last)
        return waited >= self.plan.patience > 0

    def _moved_on(self) -> Iterator[TrainingEvent]:
        """Enter the phase of the epoch where it is not the one that trains."""
        state = self.state
        phase = at(self.plan.timeline, state.epoch)
        if phase == state.phase:
            return
        training = self.parts.enter(phase) if self.parts.enter is not None else []
        state.phase = phase
        yield StageChanged(epoch=state.epoch + 1, training_stages=training)

    def _train_epoch(self) -> Events:
        """Train what is left of the epoch; return whether a stop was asked for."""
        state, plan = self.state, self.plan
        if state.batch >= plan.steps_per_epoch:
            return False
        with _random_state_kept():
            batches = iter(self.around.train(state.epoch, state.batch))
        while state.batch < plan.steps_per_epoch:
            with self.clock.waiting():
                batch = next(batches, None)
            if batch is None:
                break
            yield from self._warn(batch)
            rate = optim.set_rate(self.parts.optimizer, self._rate())
            if len(batch.targets):
                self._step(batch)
            state.step, state.batch = state.step + 1, state.batch + 1
            if state.step % plan.log_every == 0 and state.log_sums.images:
                yield self._step_ended(rate)
            yield Tick(step=state.step)
            if (yield from self._obey()):
                return True
            if 0 < plan.checkpoint_seconds <= time.monotonic() - self.saved_at:
                yield self._save("last")
        state.batch = plan.steps_per_epoch
        return False

    def _step(self, batch: Batch) -> None:
        images = batch.images.to(self.state.device, non_blocking=True)
        targets = batch.targets.to(self.state.device, non_blocking=True)
        labels: tuple[Tensor, ...] = (targets,)
        if self.parts.mix is not None:
            images, partners, shares = self.parts.mix(images, batch.ids.tolist(), self.state.epoch)
            labels = (targets, partners, shares)
            # The training accuracy counts the class that a mixed image shows most of: comparable with other runs.
            targets = torch.where(shares >= 0.5, targets, targets[partners])
        logits = self.model(self.parts.preprocess(images))
        loss = self.parts.loss(logits, *labels)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        if self.plan.clip_norm > 0:
            self.fabric.clip_gradients(
                self.model, self.optimizer, max_norm=self.plan.clip_norm, error_if_nonfinite=False
            )
        self.optimizer.step()
        for sums in (self.state.epoch_sums, self.state.log_sums):
            sums.add(loss, logits, targets)
        self.clock.images += len(targets)

    def _step_ended(self, rate: float) -> StepEnded:
        state = self.state
        sums, state.log_sums = state.log_sums, Sums.zero(state.device)
        loss = self._finite(float(sums.loss) / sums.images)
        speed, wait = self.clock.lap()
        return StepEnded(
            step=state.step,
            epoch=state.epoch + 1,
            loss=loss,
            learning_rate=rate,
            images_per_second=speed,
            data_wait=wait,
            seconds=self.clock.seconds(),
        )

    def _validate(self) -> Generator[TrainingEvent, None, tuple[Tensor, Tensor] | None]:
        """Return the logits and targets of the validation images, or None where a stop was asked for."""
        self.parts.network.eval()
        began = time.monotonic()
        logits: list[Tensor] = []
        targets: list[Tensor] = []
        with _random_state_kept():
            batches = iter(self.around.validation())
        for batch in batches:
            yield from self._warn(batch)
            if len(batch.targets):
                with torch.no_grad():
                    found = self.model(self.parts.preprocess(batch.images.to(self.state.device, non_blocking=True)))
                logits.append(found.float())
                targets.append(batch.targets)
            yield Tick(step=self.state.step)
            if (yield from self._obey()):
                return None
        self.clock.leave_out_since(began)
        if not logits:
            raise WorkbenchError(
                "None of the validation images can be read; check where the images are, then train again."
            )
        return torch.cat(logits).cpu(), torch.cat(targets).cpu()

    def _epoch_ended(self, logits: Tensor, targets: Tensor, *, seconds_left: float) -> EpochEnded:
        state = self.state
        loss = self._finite(float(nn.functional.cross_entropy(logits, targets)))
        right = logits.argmax(1) == targets
        per_class = torch.bincount(targets, minlength=self.plan.classes)
        recall = torch.bincount(targets[right], minlength=self.plan.classes).double() / per_class.clamp(min=1)
        balanced = float(recall[per_class > 0].mean())
        best = (balanced, -loss) > (state.best_score, -state.best_loss)
        if best:
            state.best_epoch, state.best_score, state.best_loss = state.epoch + 1, balanced, loss
            state.best_logits, state.best_targets = logits, targets
        sums = state.epoch_sums
        images = max(1, sums.images)
        return EpochEnded(
            epoch=state.epoch + 1,
            step=state.step,
            train_loss=self._finite(float(sums.loss) / images),
            train_accuracy=int(sums.correct) / images,
            validation_loss=loss,
            validation_accuracy=float(right.double().mean()),
            validation_balanced_accuracy=balanced,
            per_class_recall=[float(value) for value in recall],
            best=best,
            seconds=self.clock.seconds(),
            seconds_left=seconds_left,
            shortcut=self.plan.shortcut,
        )

    def _obey(self) -> Events:
        """Do what was commanded since the last step; return whether to stop."""
        self.commands.extend(self.around.poll())
        while self.commands:
            command = self.commands.popleft()
            if command == "stop":
                yield self._save("last")
                return True
            if command == "checkpoint":
                yield self._save("last")
            elif command == "pause" and (yield from self._pause()):
                return True
        return False

    def _pause(self) -> Events:
        """Wait for resume or stop; return whether it was stop. A checkpoint first: a pause may outlive the process."""
        yield self._save("last")
        yield Paused(step=self.state.step)
        with self.clock.pausing():
            # What was asked in the same step as the pause still waits in the queue: a resume there ends it too.
            while True:
                self.commands.extend(self.around.poll())
                if "stop" in self.commands:
                    return True
                if "resume" in self.commands:
                    while self.commands.popleft() != "resume":
                        pass
                    break
                time.sleep(POLL_SECONDS)
                yield Tick(step=self.state.step)
        yield Resumed(step=self.state.step)
        return False

    def _save(self, kind: Literal["last", "best"]) -> CheckpointSaved:
        path = self.around.save(kind)
        self.saved_at = time.monotonic()
        epoch = self.state.best_epoch if kind == "best" else self.state.epoch
        return CheckpointSaved(path=path, epoch=epoch, step=self.state.step, kind=kind)

    def _warn(self, batch: Batch) -> Iterator[TrainingEvent]:
        for image in batch.unreadable:
            if image.id not in self.around.warned:
                self.around.warned.add(image.id)
                yield Warned(message=f"{image.message.rstrip('.')}; it is skipped in this run.")

    def _rate(self) -> float:
        """Return what all learning rates are multiplied with at the next step."""
        span, per_epoch = self.plan.timeline[self.state.phase], self.plan.steps_per_epoch
        step = (self.state.epoch - span.first) * per_epoch + self.state.batch
        return span.rate * optim.factor(self.plan.schedule, step, span.epochs * per_epoch)

    def _finite(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise WorkbenchError(
                f"The loss is not a number any more after step {self.state.step}; lower the learning rate "
                "(optimizer.learning_rate), or choose the precision 32-true."
            )
        return loss


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """A loader draws a seed for its workers when it starts; that must not move the state drop-out draws from."""
    state = torch.get_rng_state()
    yield
    torch.set_rng_state(state)
