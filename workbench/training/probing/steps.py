"""Steps of a run that is only looked at: its own loop goes over a few batches, and nothing is kept."""

import gc
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from workbench.data.loaders import Batch
from workbench.jobs import Event
from workbench.training import devices, memory
from workbench.training.build import Built
from workbench.training.engine import Surroundings, fit
from workbench.training.events import EpochEnded, Tick, Warned
from workbench.training.state import State


class Steps:
    """Makes steps of ``built``, or only looks at the images where nothing ``trains``.

    ``told`` are the images of which it was told already that they cannot be read; those that come up are added.
    """

    def __init__(self, built: Built, *, trains: bool, told: set[int] | None = None) -> None:
        self.built, self.trains = built, trains
        self.told = set() if told is None else told
        self.told |= built.warned
        self.device = built.device

    def over(self, train: Any, validation: Any) -> Iterator[Event]:
        """Let the run's own loop go over these batches once; yield its Tick, Warned and EpochEnded."""
        built = self.built
        plan = replace(built.plan, steps_per_epoch=len(train), log_every=1_000_000, patience=0, checkpoint_seconds=0.0)
        around = Surroundings(
            train=lambda *_: train, validation=lambda: validation, save=lambda _: "", warned=self.told
        )
        for event in fit(built.fabric, built.parts, plan, State(built.fabric.device), around):
            if isinstance(event, Tick | Warned | EpochEnded):
                yield event

    def once(self, count: int) -> float:
        """Make one step with ``count`` drawn images, then validate with a batch as the run would; return the seconds.

        A run validates in batches twice as large, which with a frozen backbone need more room than its steps.
        """
        began = time.perf_counter()
        looked = 2 * count if self.trains else count
        validation = self._drawn(max(1, min(looked, len(self.built.frozen.validation))))
        for _ in self.over([self._drawn(count)] if self.trains else [], [validation]):
            pass
        wait(self.device)
        return time.perf_counter() - began

    def watched(self, count: int) -> tuple[float, int]:
        """Return what `once` does, and the bytes at its peak."""
        with memory.Peak(self.device.name) as peak:
            seconds = self.once(count)
        return seconds, peak.bytes

    def tried(self, count: int) -> int:
        """Return the bytes at the peak of `once`, or 0 where there is not enough memory for it."""
        try:
            _seconds, peak = self.watched(count)
        except (RuntimeError, MemoryError) as error:
            size = self.built.spec.size
            if devices.in_words(error, device=self.device.name, batch_size=count, size=size) is None:
                raise
            error.__traceback__ = None  # its frames hold the tensors
            peak = 0
        finally:
            self.built.network.zero_grad(set_to_none=True)
            let_go(self.device)
        # Windows lends main memory to a full card, where the step is many times slower.
        return peak if peak <= memory.capacity(self.device.name) else 0

    def _drawn(self, count: int) -> Batch:
        side, classes = self.built.spec.size, len(self.built.frozen.classes)
        images = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8)
        return Batch(images, torch.randint(0, classes, (count,)), torch.arange(count), ())


def wait(device: devices.Device) -> None:
    """Wait until an accelerator has done what it was given."""
    if device.kind == "cuda":
        torch.cuda.synchronize(device.name)
    elif device.kind == "mps":
        torch.mps.synchronize()


def let_go(device: devices.Device) -> None:
    """Give back the memory that nothing uses any more."""
    gc.collect()
    if device.kind == "cuda":
        torch.cuda.empty_cache()
    elif device.kind == "mps":
        torch.mps.empty_cache()
