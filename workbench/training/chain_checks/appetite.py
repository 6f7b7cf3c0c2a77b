"""How many images per second the chosen model consumes: from the record of a run, or from a few real steps. Imports torch."""

import json
import time
from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Any

import torch
from torch import nn

from workbench.errors import WorkbenchError
from workbench.jobs import Progress
from workbench.models.preprocess import Preprocess
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training import devices, optim
from workbench.training.config import TrainConfig
from workbench.training.locks import in_use
from workbench.training.network import make_network, make_spec
from workbench.training.phases import Timeline
from workbench.training.samples import model_size

WARM_UP, STEPS = 2, 5
SECONDS = 20.0
"""What the steps may take about: a large model on the processor is measured with a smaller batch."""

_RUNS = 20
_HUNGRY = 0.9
"""Share of waiting above which a run tells nothing of the model's own pace."""

_WHAT = "Measuring the model"


@dataclass(frozen=True)
class Appetite:
    """Images per second (0: not known), on ``device``; ``source`` is "steps", "run ID" or ""; ``note`` says how, or why not."""

    rate: float
    device: str
    source: str
    note: str


def appetite(project: Project, config: TrainConfig, *, classes: int) -> Generator[Progress, None, Appetite]:
    """Return what a run of this config would consume if images were always ready; use it with ``yield from``.

    A finished run with the same backbone, size, freeze plan, batch size and device tells it; else a few steps are made, with
    random weights, which are as fast as any.
    """
    yield Progress(0, None, _WHAT)
    try:
        device = devices.choose(config.compute.device)
    except WorkbenchError as error:
        return Appetite(0.0, config.compute.device, "", str(error))
    known = recorded(project, config, device.name)
    if known is not None:
        return known
    holder = in_use(device.name)
    if holder:
        # A probe beside a run could take the memory that the run is about to ask for.
        return Appetite(0.0, device.name, "", f"{device.name} is in use by {holder}; check again when it has ended.")
    try:
        rate, batch = yield from _measured(config, device, classes=max(2, classes))
    except WorkbenchError as error:
        return Appetite(0.0, device.name, "", str(error))
    except (RuntimeError, MemoryError) as error:
        size, batch = model_size(config), config.compute.batch_size
        words = devices.in_words(error, device=device.name, batch_size=batch, size=size)
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        return Appetite(0.0, device.name, "", str(words or f"The model could not be run ({first})."))
    finally:
        if device.kind == "cuda":
            torch.cuda.empty_cache()
    phase = " in the phase in which least trains" if config.then else ""
    note = f"The model: measured in training steps of {batch} images with random weights on {device.name}{phase}."
    return Appetite(rate, device.name, "steps", note)


def recorded(project: Project, config: TrainConfig, device: str) -> Appetite | None:
    """Return what the newest finished run that is alike recorded, its waiting for images left out; None without one."""
    for row in islice((row for row in project.runs.list() if row.state == "finished"), _RUNS):
        try:
            alike = _alike(TrainConfig.load(row.folder.config), config)
        except WorkbenchError:
            continue
        rate = _recorded_rate(row.folder, device) if alike else 0.0
        if rate > 0:
            return Appetite(rate, device, f"run {row.id}", f"The model: recorded by the run {row.id} on {device}.")
    return None


def _alike(one: TrainConfig, other: TrainConfig) -> bool:
    return (
        one.backbone.name == other.backbone.name
        and model_size(one) == model_size(other)
        and [phase.freeze for phase in one.phases] == [phase.freeze for phase in other.phases]
        and one.compute.batch_size == other.compute.batch_size
        and one.compute.precision == other.compute.precision
    )


def _recorded_rate(run: RunFolder, device: str) -> float:
    rates: list[float] = []
    try:
        with run.events.open(encoding="utf-8") as lines:
            for line in lines:
                if '"FitStarted"' in line and json.loads(line).get("device") != device:
                    return 0.0
                if '"StepEnded"' in line:
                    event: dict[str, Any] = json.loads(line)
                    if event["data_wait"] < _HUNGRY:
                        rates.append(event["images_per_second"] / (1 - event["data_wait"]))
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
    return median(rates[len(rates) // 4 :]) if rates else 0.0


def _measured(
    config: TrainConfig, device: devices.Device, *, classes: int
) -> Generator[Progress, None, tuple[float, int]]:
    """Return images per second, in the phase that asks for most of them, and the batch size with which they were measured."""
    with torch.random.fork_rng(devices=[]):
        yield Progress(0, None, _WHAT)
        step = Step(config, device, classes=classes)
        step.enter(min(range(len(step.trainable)), key=step.trainable.__getitem__))
        batch = config.compute.batch_size
        if device.kind == "cpu":
            small = min(batch, 4)
            step(small)
            began = time.monotonic()
            step(small)
            each = (time.monotonic() - began) / small
            batch = max(small, min(batch, int(SECONDS / (WARM_UP + STEPS) / max(each, 1e-9))))
        yield Progress(1, 1 + STEPS, _WHAT)
        for _ in range(WARM_UP):
            step(batch)
        spent = []
        for number in range(STEPS):
            began = time.perf_counter()
            step(batch)
            spent.append(time.perf_counter() - began)
            yield Progress(2 + number, 1 + STEPS, _WHAT)
        return batch / median(spent), batch


class Step:
    """One step of training as the engine makes it, on random pixels. It begins in the first phase of the config.

    ``trainable`` counts the numbers that train in each phase.
    """

    def __init__(self, config: TrainConfig, device: devices.Device, *, classes: int) -> None:
        self.size, self.classes, self.clip_norm = model_size(config), classes, config.optimizer.clip_norm
        self.fabric = devices.open_fabric(device, devices.choose_precision(config.compute.precision, device))
        network, _ = make_network(config, classes, weights="none")
        network = network.to(device=self.fabric.device).to(memory_format=torch.channels_last)
        self.timeline = Timeline(network, config.phases, batch_norm=config.batch_norm)
        counts = {name: parameter.numel() for name, parameter in network.named_parameters()}
        self.trainable = [sum(counts[name] for name in names) for names in self.timeline.trained]
        self._raw = optim.create(config.optimizer, self.timeline.groups(config.optimizer))
        self.preprocess = Preprocess(make_spec(config)).to(self.fabric.device)
        self.model, self.optimizer = self.fabric.setup(network, self._raw)
        self.loss = nn.CrossEntropyLoss()
        self._images = torch.empty(0)
        self.enter(0)

    def enter(self, phase: int) -> None:
        """Let train what trains in a phase (from 0)."""
        self.timeline.enter(phase, self._raw)
        self.timeline.train_mode()

    def __call__(self, batch: int) -> None:
        """Make a step with ``batch`` images and wait until it is done. Raises what the device raises without memory."""
        device = self.fabric.device
        if len(self._images) != batch:
            self._images = torch.randint(0, 256, (batch, self.size, self.size, 3), dtype=torch.uint8)
        images = self._images.to(device)
        targets = torch.randint(0, self.classes, (batch,)).to(device)
        pixels = self.preprocess(images).contiguous(memory_format=torch.channels_last)
        loss = self.loss(self.model(pixels), targets)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        if self.clip_norm > 0:
            self.fabric.clip_gradients(self.model, self.optimizer, max_norm=self.clip_norm, error_if_nonfinite=False)
        self.optimizer.step()
        float(loss.detach())  # waits for the device
