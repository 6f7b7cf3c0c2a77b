"""What a run of a config will take on this machine: a few real steps of each of its phases, measured.

The parts are the run's own: its loader, its chain, its loop, its optimizer. Only the weights are random, which are as fast
as any, and the images are some of the project's.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from workbench.data.dataset import Sample
from workbench.data.loaders import Batch, choose_workers
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.project.project import Project
from workbench.training import devices, memory
from workbench.training.build import Built, build
from workbench.training.checks import check_folders, check_labels, check_rare
from workbench.training.config import TrainConfig
from workbench.training.engine import Surroundings, fit
from workbench.training.events import EpochEnded, Preparing, Tick
from workbench.training.inputs import Inputs
from workbench.training.locks import in_use
from workbench.training.parts import Freeze, FreezeBackbone, Phase
from workbench.training.pixels import Resized, open_cache
from workbench.training.samples import TrainPixels, model_size
from workbench.training.state import State

WARM_UP, STEPS = 2, 5
SECONDS = 12.0
"""What the timed steps of a phase may take about: a large model on the processor is measured with smaller batches."""

IMAGES = 96
"""Of the project's images so many are read, again and again."""

LARGEST_BATCH = 4096
SPARE = 0.9
"""Share of the free main memory that a run may take: the window and the loader want some too."""

_CLEAR = 64 << 20
"""Bytes by which memory must have grown for its growth to be told from the allocator's own ways."""


@dataclass(frozen=True)
class PhaseProbed:
    """One phase: ``seconds_per_epoch`` with its validation, ``images_per_second`` in training."""

    epochs: int
    seconds_per_epoch: float
    images_per_second: float
    memory_bytes: int
    trainable_parameters: int


@dataclass(frozen=True)
class Probed:
    """What was measured, and what follows from it for the whole run.

    ``seconds_per_epoch`` is the mean over all epochs, validation included; ``minutes`` are those of the whole run, with the
    preparing of images that are not prepared yet. ``memory_bytes`` is the peak in the hungriest phase with batches of
    ``batch_size``, of the device, or of the whole process (``memory_kind``). ``largest_batch`` is the largest that fits
    there, 4096 at most; 0 where it is not known. ``trainable_parameters`` are those of the phase that trains most.
    """

    device: str
    seconds_per_epoch: float
    minutes: float
    memory_bytes: int
    memory_kind: str
    largest_batch: int
    images_per_second: float
    trainable_parameters: int
    notes: list[str]
    phases: list[PhaseProbed] = field(default_factory=list)
    batch_size: int = 0


def probe(project_folder: Path, config: TrainConfig) -> Job:
    """Return the job that measures a few steps of a run of ``config`` on the images of the project.

    Yields Progress, Noticed, and Probed at the end. Changes nothing in the project and needs no weights. Raises
    WorkbenchError where such a run could not start, where the device is in use by one, and for a way without a network.
    """

    def job(stop: Stop) -> Iterator[Event]:
        yield Progress(0, None, "Looking at the images")
        if config.method.kind == "baseline":
            raise WorkbenchError(
                "A baseline has no network, so there are no steps to measure; start it, it takes seconds to minutes."
            )
        model_size(config)
        with Project.open(project_folder, read_only=True) as project:
            check_labels(project)
            check_folders(project)
            check_rare(project, config)
            everything = _inputs(project)
        device = devices.choose(config.compute.device)
        holder = in_use(device.name)
        if holder:
            # A probe beside a run could take the memory that the run is about to ask for, and neither would be as fast.
            raise WorkbenchError(f"{device.name} is in use by {holder}; measure again when that has ended.")
        with tempfile.TemporaryDirectory(prefix="workbench-probe-") as scratch, torch.random.fork_rng(devices=[]):
            yield from _Probe(project_folder, config, everything, device, Path(scratch)).events()

    return job


def _inputs(project: Project) -> Inputs:
    """Return what a run would freeze now."""
    rows = [row for row in project.images.samples(None) if row.split is not None]
    used = {row.class_id for row in rows}
    names = {row.id: row.name for row in project.labels.classes() if row.id in used}
    index = {kind: number for number, kind in enumerate(names)}
    samples: dict[str, list[Sample]] = {"train": [], "validation": [], "test": []}
    for row in rows:
        assert row.split is not None
        samples[row.split].append(Sample(row.id, row.path.as_posix(), index[row.class_id], row.content_hash))
    return Inputs(
        list(names.values()),
        decoding_of(project),
        samples["train"],
        samples["validation"],
        project.images.largest_side(),
    )


@dataclass(frozen=True)
class _Found:
    """What a phase was measured to take: seconds for an image in training and in validation, bytes at the peak."""

    train: float
    validation: float
    memory: int
    trainable: int
    batch: int
    largest: int


class _Probe:
    """One probe, on one device. Its scratch folder holds the prepared images."""

    def __init__(
        self, project_folder: Path, config: TrainConfig, everything: Inputs, device: devices.Device, scratch: Path
    ) -> None:
        self.project_folder, self.everything, self.device, self.scratch = project_folder, everything, device, scratch
        self.config = config
        self.batch = min(config.compute.batch_size, len(everything.train))
        self.trains = config.method.kind == "train"
        random = np.random.default_rng(0)
        self.train = _some(everything.train, random)
        self.validation = _some(everything.validation, random)
        self.notes = [device.problem] if device.problem else []
        self.seconds_to_prepare = 0.0

    def events(self) -> Iterator[Event]:
        """Yield everything; the last is Probed."""
        yield from self._prepare()
        phases = self.config.phases if self.trains else (Phase(epochs=1, freeze=FreezeBackbone()),)
        found: dict[str, _Found] = {}
        for number, phase in enumerate(phases):
            key = phase.freeze.model_dump_json()
            if key not in found:
                what = f"Measuring phase {number + 1} of {len(phases)}" if len(phases) > 1 else "Measuring steps"
                found[key] = yield from self._measure(phase.freeze, what)
        yield self._told([(phase, found[phase.freeze.model_dump_json()]) for phase in phases])

    def _prepare(self) -> Iterator[Progress | Noticed]:
        """Prepare the images as a run would, into the scratch folder; see how long the others will take."""
        everything, config = self.everything, self.config
        pixels = TrainPixels(
            config, everything.classes, everything.decoding, largest=everything.largest, cache=self.scratch
        )
        began = time.monotonic()
        for event in pixels.prepare(self.train, self.validation):
            if isinstance(event, Progress):
                yield event
        if not config.compute.prepared_cache:
            return
        each = (time.monotonic() - began) / (len(self.train) + len(self.validation))
        resized = Resized(pixels.prepared_side, config.preprocess.resize, everything.decoding)
        kept = open_cache(self.project_folder / "cache", resized)
        missing = sum(kept.find(sample) is None for sample in self.train) / len(self.train)
        count = missing * (len(everything.train) + len(everything.validation))
        self.seconds_to_prepare = each * count

    def _measure(self, freeze: Freeze, what: str) -> Generator[Event, None, _Found]:
        """Measure one phase with the parts of a run that has no other."""
        yield Progress(0, None, what)
        # Batches that the loader had ready before the first step say nothing of its pace.
        warm = WARM_UP + 2 * choose_workers(self.config.compute.workers)
        built = yield from self._built(freeze, self.batch, steps=warm + STEPS)
        try:
            batch, each, peak, largest = yield from self._memory(built, what)
            affordable = int(SECONDS / (warm + STEPS) / max(each, 1e-9))
            timed = max(min(batch, 2), min(batch, affordable))
            if timed < self.batch:
                built.close()
                built = yield from self._built(freeze, timed, steps=warm + STEPS)
            if timed < batch:
                self._note(f"Timed with batches of {timed} images, as larger ones take long here.")
            with memory.Peak(self.device.name) as meanwhile:
                train, validation = yield from self._times(built, timed, warm, what)
            trainable = sum(each.numel() for each in built.network.parameters() if each.requires_grad)
        finally:
            built.close()
            del built
            _let_go(self.device)
        return _Found(train, validation, max(peak, meanwhile.bytes), trainable, batch, largest)

    def _built(self, freeze: Freeze, batch: int, *, steps: int) -> Generator[Event, None, Built]:
        config = self.config
        alone = config.model_copy(
            update={
                "epochs": 1,
                "freeze": freeze,
                "then": (),
                "backbone": config.backbone.model_copy(update={"weights": "none"}),
                "compute": config.compute.model_copy(update={"batch_size": batch, "device": self.device.name}),
                # Random weights could run off the scale; what they are does not change the time that a step takes.
                "optimizer": config.optimizer.model_copy(update={"learning_rate": 1e-8}),
            }
        )
        frozen = replace(
            self.everything,
            train=_repeated(self.train, batch * steps),
            validation=_repeated(self.validation, max(min(2 * batch, 64), 16)),
        )
        built: Built | None = None
        for event in build(alone, frozen, self.device, cache=self.scratch, checkpoint=None):
            if isinstance(event, Built):
                built = event
            elif isinstance(event, Preparing):
                yield Progress(0, None, "Building the network")
        assert built is not None
        return built

    # -- memory

    def _memory(self, built: Built, what: str) -> Generator[Event, None, tuple[int, float, int, int]]:
        """Return the batch that fits (the one asked for, or less), seconds per image, bytes at its peak, the largest batch."""
        if self.device.kind == "cuda":
            return (yield from self._memory_of_device(built, what))
        return (yield from self._memory_of_process(built, what))

    def _memory_of_process(self, built: Built, what: str) -> Generator[Event, None, tuple[int, float, int, int]]:
        """Take larger and larger batches until the growth of the process is plain, and go on by it."""
        limit = memory.in_use() + int(SPARE * memory.available())
        count = min(2, self.batch)
        self._step(built, count)
        first = peak = self._peak(built, count)
        smallest, each = count, self._seconds(built, count)
        while count < 2 * self.batch and peak - first < _CLEAR and each * 2 * count < SECONDS / 3:
            if peak + 2 * (peak - first) > limit:
                break
            count *= 2
            yield Progress(count, None, what)
            began = time.perf_counter()
            peak = max(peak, self._peak(built, count))
            each = (time.perf_counter() - began) / count
        # The pixels themselves are there as numbers of one and of four bytes, whatever the network keeps.
        least = 5 * self.config.backbone.channels * built.spec.size**2
        growth = max((peak - first) / (count - smallest) if count > smallest else 0.0, least)
        largest = int(count + (limit - peak) / growth)
        batch = max(1, min(self.batch, largest))
        at_batch = peak if count >= batch else int(peak + growth * (batch - count))
        return batch, each, at_batch, max(0, min(LARGEST_BATCH, largest))

    def _memory_of_device(self, built: Built, what: str) -> Generator[Event, None, tuple[int, float, int, int]]:
        """Take larger and larger batches until one does not fit."""
        peaks: dict[int, int] = {}

        def fits(count: int) -> bool:
            peaks[count] = self._tried(built, count)
            return peaks[count] > 0

        largest = 0
        for count, good in largest_that_fits(fits, self.batch):
            largest = good
            yield Progress(count, None, what)
        if not largest:
            raise WorkbenchError(
                f"The memory of {self.device.name} is not enough for a single image of {built.spec.size} pixels; choose a "
                "smaller network or a smaller image size."
            )
        batch = min(self.batch, largest)
        return batch, self._seconds(built, batch), peaks[batch], largest

    def _tried(self, built: Built, count: int) -> int:
        """Return the peak of a step with so many images, 0 where it does not fit."""
        try:
            return self._peak(built, count)
        except (RuntimeError, MemoryError) as error:
            words = devices.in_words(error, device=self.device.name, batch_size=count, size=built.spec.size)
            if words is None:
                raise
            error.__traceback__ = None  # its frames hold the tensors
        finally:
            built.network.zero_grad(set_to_none=True)
            _let_go(self.device)
        return 0

    def _peak(self, built: Built, count: int) -> int:
        with memory.Peak(self.device.name) as peak:
            self._step(built, count)
        return peak.bytes

    def _seconds(self, built: Built, count: int) -> float:
        began = time.perf_counter()
        self._step(built, count)
        return (time.perf_counter() - began) / count

    def _step(self, built: Built, count: int) -> None:
        """Make one step on drawn pixels, or only look at them where nothing trains."""
        side, classes = built.spec.size, len(self.everything.classes)
        batch, little = _drawn(count, side, classes), _drawn(1, side, classes)
        for _ in self._fitted(built, [batch], [little]) if self.trains else self._fitted(built, [], [batch]):
            pass
        _wait(self.device)

    # -- time

    def _times(self, built: Built, batch: int, warm: int, what: str) -> Generator[Event, None, tuple[float, float]]:
        """Return the seconds that an image takes in training, read by the run's own loader, and in validation."""
        ticks: list[float] = []
        steps = warm + STEPS if self.trains else 0
        train = built.train_batches(0, 0) if self.trains else []
        for event in self._fitted(built, train, built.validation_loader):
            if isinstance(event, Tick) and len(ticks) < steps:
                if len(ticks) in (warm - 1, steps - 1):
                    _wait(self.device)
                ticks.append(time.perf_counter())
                yield Progress(len(ticks), steps, what)
        validation = self._validated(built)
        if not self.trains:
            return validation, validation
        spent = np.diff(ticks[warm - 1 :])
        # An accelerator works on after the step has returned: only the whole of them is known.
        seconds = float(np.mean(spent)) if self.device.kind == "cuda" else median(spent.tolist())
        return seconds / batch, validation

    def _validated(self, built: Built) -> float:
        """Return the seconds per image of a validation whose loader runs already."""
        images = len(built.frozen.validation)
        began = time.perf_counter()
        for _ in self._fitted(built, [], built.validation_loader):
            pass
        _wait(self.device)
        return (time.perf_counter() - began) / images

    def _fitted(self, built: Built, train: Any, validation: Any) -> Iterator[Event]:
        """Let the run's own loop go over these batches once."""
        steps = len(train)
        plan = replace(built.plan, steps_per_epoch=steps, log_every=1_000_000, patience=0, checkpoint_seconds=0.0)
        around = Surroundings(train=lambda *_: train, validation=lambda: validation, save=lambda _: "")
        for event in fit(built.fabric, built.parts, plan, State(built.fabric.device), around):
            if isinstance(event, Tick | EpochEnded):
                yield event

    # -- telling

    def _told(self, measured: Sequence[tuple[Phase, _Found]]) -> Probed:
        everything = self.everything
        train, validation = len(everything.train), len(everything.validation)
        kind = self.config.method.kind
        phases = [
            PhaseProbed(
                epochs=phase.epochs,
                seconds_per_epoch=found.train * train + found.validation * validation,
                images_per_second=1 / found.train,
                memory_bytes=found.memory,
                trainable_parameters=found.trainable,
            )
            for phase, found in measured
        ]
        least = min((found for _, found in measured), key=lambda found: found.largest)
        if least.batch < self.batch:
            self._note(f"Batches of {self.batch} images do not fit into memory; measured with {least.batch}.")
        if kind == "train":
            epochs = sum(phase.epochs for phase in phases)
            seconds = sum(phase.epochs * phase.seconds_per_epoch for phase in phases)
            images = train * epochs / sum(phase.epochs * found.train * train for phase, found in measured)
            # The best epoch is measured once more, on the deployment path.
            whole = seconds + measured[-1][1].validation * validation
        else:
            epochs, images = 1, phases[0].images_per_second
            seconds = (validation + (train if kind == "features" else 0)) * measured[0][1].validation
            whole = seconds
            self._note(_ONCE[kind])
        if self.seconds_to_prepare >= 1:
            self._note(f"Preparing the images takes about {self.seconds_to_prepare:.0f} s of it, once.")
        if self.config.stopping.patience and kind == "train":
            self._note(f"It may end earlier: after {self.config.stopping.patience} epochs without a better one.")
        return Probed(
            device=self.device.name,
            seconds_per_epoch=seconds / epochs,
            minutes=(whole + self.seconds_to_prepare) / 60,
            memory_bytes=max(phase.memory_bytes for phase in phases),
            memory_kind=f"memory of {self.device.name}" if self.device.kind == "cuda" else "main memory",
            largest_batch=least.largest,
            images_per_second=images,
            trainable_parameters=max(phase.trainable_parameters for phase in phases),
            notes=self.notes,
            phases=phases if kind == "train" else [],
            batch_size=least.batch,
        )

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


_ONCE = {
    "features": "Every image is looked at once; the classifier on top is fitted afterwards, which is not measured.",
    "as-is": "Nothing is trained: only the validation images are looked at.",
}


def largest_that_fits(fits: Callable[[int], bool], first: int, most: int = LARGEST_BATCH) -> Iterator[tuple[int, int]]:
    """Find the largest count that ``fits``: from ``first`` on by doubling or halving, then by halving the gap three times.

    Yields after each try what was tried and the largest that has fitted so far, 0 where none has.
    """
    good, bad, count = 0, most + 1, min(first, most)
    while count and count < bad and count > good:
        if fits(count):
            good = count
        else:
            bad = count
        yield count, good
        count = min(most, 2 * good) if good else bad // 2
    for _ in range(3):
        middle = (good + bad) // 2
        if not good or middle == good or bad > most:
            return
        if fits(middle):
            good = middle
        else:
            bad = middle
        yield middle, good


def _some(samples: Sequence[Sample], random: np.random.Generator) -> list[Sample]:
    return [samples[number] for number in sorted(random.permutation(len(samples))[:IMAGES])]


def _repeated(samples: Sequence[Sample], count: int) -> list[Sample]:
    return [samples[number % len(samples)] for number in range(count)]


def _drawn(count: int, side: int, classes: int) -> Batch:
    images = torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8)
    return Batch(images, torch.randint(0, classes, (count,)), torch.arange(count), ())


def _wait(device: devices.Device) -> None:
    if device.kind == "cuda":
        torch.cuda.synchronize(device.name)
    elif device.kind == "mps":
        torch.mps.synchronize()


def _let_go(device: devices.Device) -> None:
    gc.collect()
    if device.kind == "cuda":
        torch.cuda.empty_cache()
