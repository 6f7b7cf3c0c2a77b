"""What a run of a config will take on this machine: a few real steps of each of its phases, measured.

The parts are the run's own: its loader, its chain, its loop, its optimizer. Only the weights are random, which are as fast
as any, and the images are some of the project's.
"""

import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from workbench.data.dataset import Sample
from workbench.data.loaders import choose_workers
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.project.project import Project
from workbench.training import devices, memory
from workbench.training.build import Built, build
from workbench.training.checks import check_folders, check_labels, check_plan, check_rare
from workbench.training.config import TrainConfig
from workbench.training.events import Preparing
from workbench.training.inputs import Inputs
from workbench.training.locks import in_use
from workbench.training.parts import Freeze, FreezeBackbone, Phase
from workbench.training.pixels import Resized, open_cache
from workbench.training.probing.answer import Found, answer
from workbench.training.probing.answer import Probed as Probed
from workbench.training.probing.pace import pace
from workbench.training.probing.room import room
from workbench.training.probing.steps import Steps, let_go
from workbench.training.samples import TrainPixels, model_size

WARM_UP, STEPS = 2, 5
SECONDS = 12.0
"""What the timed steps of a phase may take about: a large model on the processor is measured with smaller batches."""

COPIES_AT_THE_END = 3
"""So many times more a run holds its weights while it saves its model: as it loaded the best ones, as the model's, and as
the bytes of the file. Of a network with many weights and small batches that is the most it ever takes."""
BESIDE_THEM = 64 << 20
"""Bytes that the measuring of the model takes beside them, images of any size among them: 20 to 40 MB in runs of ResNet-18
and a small ViT."""

IMAGES = 96
"""Of the project's images so many are read, again and again."""


def probe(project_folder: Path, config: TrainConfig, *, importing: float = 0.0, scratch: Path | None = None) -> Job:
    """Return the job that measures a few steps of a run of ``config`` on the images of the project.

    ``importing`` are the seconds that it took to import this module: a run takes them too. What is prepared meanwhile lies
    in ``scratch``, whose owner clears it, else in a temporary folder. Yields Progress, Noticed, and Probed at the end.
    Changes nothing in the project and needs no weights. Raises WorkbenchError where such a run could not start, where the
    device is in use by one, and for a way without a network.
    """

    def job(stop: Stop) -> Iterator[Event]:
        yield Progress(0, None, "Looking at the images")
        if config.method.kind == "baseline":
            raise WorkbenchError(
                "A baseline has no network, so there are no steps to measure; start it, it takes seconds to minutes."
            )
        model_size(config)
        check_plan(config)
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
        with (
            tempfile.TemporaryDirectory(prefix="workbench-probe-", dir=scratch) as folder,
            torch.random.fork_rng(devices=[]),
        ):
            yield from _Probe(project_folder, config, everything, device, Path(folder), importing).events()

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


class _Probe:
    """One probe, on one device. Its scratch folder holds the prepared images."""

    def __init__(
        self,
        project_folder: Path,
        config: TrainConfig,
        everything: Inputs,
        device: devices.Device,
        scratch: Path,
        importing: float,
    ) -> None:
        self.project_folder, self.everything, self.device, self.scratch = project_folder, everything, device, scratch
        self.config = config
        self.batch = min(config.compute.batch_size, len(everything.train))
        self.trains = config.method.kind == "train"
        random = np.random.default_rng(0)
        self.train = _some(everything.train, random)
        self.validation = _some(everything.validation, random)
        self.told: set[int] = set()
        self.notes = [device.problem] if device.problem else []
        self.preparing = 0.0
        """Seconds that a run would take for the images that are not prepared yet."""
        self.starting = importing

    def events(self) -> Iterator[Event]:
        """Yield everything; the last is Probed."""
        yield from self._prepare()
        phases = self.config.phases if self.trains else (Phase(epochs=1, freeze=FreezeBackbone()),)
        found: dict[str, Found] = {}
        for number, phase in enumerate(phases):
            key = phase.freeze.model_dump_json()
            if key not in found:
                what = f"Measuring phase {number + 1} of {len(phases)}" if len(phases) > 1 else "Measuring steps"
                found[key] = yield from self._measure(phase.freeze, what)
        if holder := in_use(self.device.name):  # started meanwhile, in another window or by command
            self.notes.insert(
                0,
                f"{self.device.name} is in use by {holder} since: measure again when that has ended, it was disturbed.",
            )
        yield answer(
            self.config,
            self.everything,
            self.device,
            [(phase, found[phase.freeze.model_dump_json()]) for phase in phases],
            batch=self.batch,
            preparing=self.preparing,
            starting=self.starting,
            notes=self.notes,
        )

    def _prepare(self) -> Iterator[Progress | Noticed]:
        """Prepare the images as a run would, into the scratch folder; see how long the others will take."""
        everything, config = self.everything, self.config
        pixels = TrainPixels(
            config, everything.classes, everything.decoding, largest=everything.largest, cache=self.scratch
        )
        began = time.monotonic()
        yield from pixels.prepare(self.train, self.validation)
        if not config.compute.prepared_cache:
            return
        each = (time.monotonic() - began) / (len(self.train) + len(self.validation))
        resized = Resized(pixels.prepared_side, config.preprocess.resize, everything.decoding)
        kept = open_cache(self.project_folder / "cache", resized)
        missing = sum(kept.find(sample) is None for sample in self.train) / len(self.train)
        self.preparing = each * missing * (len(everything.train) + len(everything.validation))

    def _measure(self, freeze: Freeze, what: str) -> Generator[Event, None, Found]:
        """Measure one phase with the parts of a run that has no other."""
        yield Progress(0, None, what)
        # Batches that the loader had ready before the first step say nothing of its pace.
        warm = WARM_UP + 2 * choose_workers(self.config.compute.workers)
        began = time.monotonic()
        built = yield from self._built(freeze, self.batch, steps=warm + STEPS)
        building = time.monotonic() - began
        try:
            found = yield from room(Steps(built, trains=self.trains, told=self.told), self.batch, SECONDS / 3, what)
            affordable = int(SECONDS / (warm + STEPS) / max(found.seconds, 1e-9))
            timed = max(min(found.batch, 2), min(found.batch, affordable))
            if timed < self.batch:
                built.close()
                built = yield from self._built(freeze, timed, steps=warm + STEPS)
            if timed < found.batch:
                self.notes.append(f"Timed with batches of {timed} images, as larger ones take long here.")
            with memory.Peak(self.device.name, every=0.05) as meanwhile:  # seldom: it takes time itself
                steps = Steps(built, trains=self.trains, told=self.told)
                times = yield from pace(steps, timed, warm=warm, count=STEPS, what=what)
            trainable = sum(each.numel() for each in built.network.parameters() if each.requires_grad)
            ending = self._at_the_end(built)
        finally:
            built.close()
            del built
            let_go(self.device)
        return Found(
            train=times.train,
            validation=times.validation,
            memory=max(found.peak, meanwhile.bytes, ending),
            trainable=trainable,
            batch=found.batch,
            largest=found.largest,
            tried=found.tried,
            start=building + times.start,
        )

    def _at_the_end(self, built: Built) -> int:
        """Return the bytes of main memory that a run takes while it saves its model; 0 on a device with memory of its own."""
        if self.device.kind != "cpu":
            return 0
        weights: int = sum(value.nbytes for value in built.network.state_dict().values())
        return memory.in_use() + COPIES_AT_THE_END * weights + BESIDE_THEM

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


def _some(samples: Sequence[Sample], random: np.random.Generator) -> list[Sample]:
    return [samples[number] for number in sorted(random.permutation(len(samples))[:IMAGES])]


def _repeated(samples: Sequence[Sample], count: int) -> list[Sample]:
    return [samples[number % len(samples)] for number in range(count)]
