"""What a chain of augmentation does to a project's images, in figures: cost, marks, sides, decisions, borders, detail.

Joins the questions of `chain_checks`; each is asked on the same sample of the training images, prepared as in training.
"""

import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from workbench.augment import geometry, pipeline
from workbench.augment.chain import Chain
from workbench.data.dataset import Sample
from workbench.errors import WorkbenchError
from workbench.evaluation.evaluate import open_model
from workbench.explain.heat_map import HeatMaps
from workbench.intake import decoding_of
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.models.bundle import Bundle
from workbench.project.project import Project
from workbench.training import devices
from workbench.training.chain_checks import costs, decisions, sample, sides, views, words
from workbench.training.chain_checks.appetite import appetite
from workbench.training.chain_checks.events import ChainChecked, DetailLoss, Laterality, StepCost
from workbench.training.chain_checks.parts import alone, leaves
from workbench.training.chain_checks.sample import Drawn, Picture
from workbench.training.chain_checks.tracks import Mask, mark_of
from workbench.training.checks import unknown_rare
from workbench.training.config import TrainConfig
from workbench.training.locks import in_use
from workbench.training.samples import TrainPixels

IMAGES = 24
SMALLEST_MARK = 8
"""Pixels at the model's size: below it a mark is a few cells of the first feature map."""

MUCH_ENLARGED = 1.3
HOT = 0.5
"""Share of the map's peak from which on a heat map is hot."""

LARGEST_MARK = 0.6
"""Share of the image above which a mark marks nothing."""

_SUBSTITUTES = 4


def check_chain(
    project_folder: Path, config: TrainConfig, *, run: str = "", images: int = IMAGES, smallest: int = SMALLEST_MARK
) -> Job:
    """Return the job that checks the chain of ``config``, and that of its rare classes, on up to ``images`` images.

    Yields Progress, Noticed, the events of `chain_checks.events` and ChainChecked at the end. ``run`` is the trained run that
    is asked (an id or ``last``; "": the newest that has a model, if any; ``none``: no run); marks below ``smallest`` pixels
    at the model's size count as too small. Changes nothing in the project. Raises ChainError for a chain that cannot be
    composed, and WorkbenchError for a backbone, a size or a run that cannot be.
    """

    def job(stop: Stop) -> Iterator[Event]:
        for chain in (config.augment, config.rare.chain):
            pipeline.check(chain)
        with (
            Project.open(project_folder, read_only=True) as project,
            tempfile.TemporaryDirectory(prefix="workbench-check-") as scratch,
        ):
            yield from _Check(project, config, run, Path(scratch), images=max(1, images), smallest=smallest).events()

    return job


@dataclass(frozen=True)
class _Model:
    bundle: Bundle
    run: str
    device: str


class _Check:
    """One check. Its scratch folder holds the prepared images of the sample."""

    def __init__(
        self, project: Project, config: TrainConfig, run: str, scratch: Path, *, images: int, smallest: int
    ) -> None:
        self.project, self.config, self.run, self.scratch = project, config, run, scratch
        self.images, self.smallest = images, smallest
        self.classes = [row.name for row in project.labels.classes()]
        self.pixels = TrainPixels(
            config, self.classes, decoding_of(project), largest=project.images.largest_side(), cache=scratch
        )
        self.seed = config.seed
        self.warnings = 0

    def events(self) -> Iterator[Event]:
        """Yield everything, count the warnings, end with ChainChecked."""
        began = time.monotonic()
        rare = bool(self.config.rare.classes and leaves(self.config.rare.chain))
        if unknown := unknown_rare(self.project, self.config):
            yield Noticed(unknown)
        yield Progress(0, None, "Choosing images")
        pictures = yield from self._pictures(())
        real = bool(pictures)
        if not real:
            yield Noticed(
                f"There are no images to look at, so only speed is measured, on {_SUBSTITUTES} drawn images; add a folder of "
                "images and check again."
            )
            pictures = yield from self._substitutes()
        model = yield from self._model() if real else _nothing()
        yield from self._counted(self._chain(self.config.augment, pictures, model, real=real))
        if rare:
            theirs = (yield from self._pictures(self.config.rare.classes)) if real else pictures
            yield from self._counted(self._chain(self.config.rare.chain, theirs, model, real=real, rare=True))
        steps = len(leaves(self.config.augment)) + (len(leaves(self.config.rare.chain)) if rare else 0)
        found = words.counted(self.warnings, "warning") if self.warnings else "No warning"
        yield ChainChecked(
            place=[],
            severity="warning" if self.warnings else "info",
            message=f"{found}; {words.counted(steps, 'step')} checked on {words.counted(len(pictures), 'image')}.",
            warnings=self.warnings,
            images=len(pictures) if real else 0,
            steps=steps,
            size=self.pixels.size,
            prepared=self.pixels.prepared_side,
            run=model.run if model is not None else "",
            seconds=time.monotonic() - began,
        )

    def _counted(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            self.warnings += getattr(event, "severity", "") == "warning"
            yield event

    def _chain(
        self, chain: Chain, pictures: Sequence[Picture], model: _Model | None, *, real: bool, rare: bool = False
    ) -> Iterator[Event]:
        """Ask everything about one chain."""
        if real:
            yield from self._sides(chain, pictures, rare=rare)
        yield from self._detail(chain, rare=rare)
        found = yield from costs.costs(chain, pictures, size=self.pixels.size, seed=self.seed, rare=rare)
        if not rare:
            yield from self._feeding(pictures, found)
        if real and leaves(chain):
            yield from self._views(chain, pictures, model, rare=rare)
            if model is not None:
                yield from decisions.flips(
                    chain,
                    pictures,
                    self.pixels,
                    model.bundle,
                    run=model.run,
                    device=model.device,
                    seed=self.seed,
                    rare=rare,
                )

    def _pictures(self, wanted: tuple[str, ...]) -> Generator[Event, None, list[Picture]]:
        drawn = sample.draw(self.project, self.images, classes=self.classes, wanted=wanted)
        # Into the scratch folder, as a run would into the project's; what cannot be read is told by `read`.
        for event in self.pixels.prepare([each.sample for each in drawn], []):
            if isinstance(event, Progress):
                yield event
        return (yield from sample.read(drawn, self.pixels))

    def _substitutes(self) -> Generator[Event, None, list[Picture]]:
        random = np.random.default_rng(0)
        side = self.pixels.prepared_side
        drawn = []
        for number in range(_SUBSTITUTES):
            path = self.scratch / f"{number}.png"
            coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(path)
            drawn.append(Drawn(Sample(number + 1, str(path), -1), None))
        for _ in self.pixels.prepare([each.sample for each in drawn], []):
            pass
        return (yield from sample.read(drawn, self.pixels))

    def _model(self) -> Generator[Event, None, _Model | None]:
        """Return the trained model that is asked, or None."""
        if self.run == "none":
            return None
        if self.run:
            folder = self.project.runs.get(self.run)
            bundle = open_model(folder.path)
        else:
            rows = [row for row in self.project.runs.list() if (row.folder.model / "bundle.json").is_file()]
            if not rows:
                return None
            folder = rows[0].folder
            yield Progress(0, None, "Loading the trained model")
            try:
                bundle = open_model(folder.path)
            except WorkbenchError as error:
                yield Noticed(str(error))
                return None
        return _Model(bundle, str(folder.id), self._device())

    def _device(self) -> str:
        try:
            device = devices.choose(self.config.compute.device).name
        except WorkbenchError:
            return "cpu"
        # Beside a run there may be no memory left on the accelerator.
        return "cpu" if in_use(device) else device

    def _sides(self, chain: Chain, pictures: Sequence[Picture], *, rare: bool) -> Iterator[Event]:
        places = geometry.mirrors(chain.active() if not chain.steps else chain)
        if not places:
            return
        yield Progress(0, None, "Looking for left and right")
        found = sides.sides(self.project, [each.drawn.row for each in pictures if each.drawn.row is not None])
        if not found.evidence:
            return
        what = words.capital("; ".join(found.evidence))
        for place in places:
            step = chain.at(place).transform
            why = (
                "turns one class into another"
                if found.by_class
                else "turns a left one into a right one; leave it out if the side matters to the classes"
            )
            yield Laterality(
                place=list(place),
                severity="warning",
                message=f"{what}: {words.titled(step)} mirrors images and {why}.",
                step=step,
                evidence=found.evidence,
                images=found.images,
                rare=rare,
            )

    def _detail(self, chain: Chain, *, rare: bool) -> Iterator[Event]:
        smallest = geometry.smallest_crop(chain)
        if smallest >= 1:
            return
        size, prepared = self.pixels.size, self.pixels.prepared_side
        lost = geometry.detail_lost(chain, size, prepared)
        place, step = min(leaves(chain), key=lambda entry: geometry.smallest_crop(alone(entry[1])))
        title, share = words.titled(step.transform), f"shows {words.percent(smallest)} of the side"
        # Crops multiply along the chain: then no single step is the one that shows so little.
        several = smallest < 0.995 * geometry.smallest_crop(alone(step))
        crop = (
            f"The smallest part that all crops together leave {share}"
            if several
            else f"The smallest crop of {title} {share}"
        )
        if lost <= 1.005:
            message = f"{crop} and keeps all the detail: images are prepared at {prepared} pixels for {size}."
        else:
            detail = self.config.preprocess.detail
            room = prepared < min(size * 4, size / smallest) and detail < 4 and prepared >= size * min(detail, 1.01)
            way = f"raise the detail for crops (now {detail:g}) or crop less" if room else "crop less"
            way += f", first in {title}" if several else ""
            message = f"{crop} and is enlarged {lost:.1f} times to {size} pixels, so it is blurred; {way}."
        yield DetailLoss(
            place=list(place),
            severity="warning" if lost >= MUCH_ENLARGED else "info",
            message=message,
            step=step.transform,
            enlarged=lost,
            size=size,
            prepared=prepared,
            rare=rare,
        )

    def _feeding(self, pictures: Sequence[Picture], found: Sequence[StepCost]) -> Iterator[Event]:
        pace = yield from costs.pace(pictures, self.pixels, self.config)
        hungry = yield from appetite(self.project, self.config, classes=len(self.classes))
        yield costs.feeding(pace, hungry, found, self.config, processors=costs.cores())

    def _views(self, chain: Chain, pictures: Sequence[Picture], model: _Model | None, *, rare: bool) -> Iterator[Event]:
        marked = [views.Marked(each, tuple(self._marks(each))) for each in pictures]
        source = "drawn by hand"
        if not any(each.marks for each in marked):
            if model is None:
                if not rare:
                    yield Noticed(
                        "Whether findings stay in the picture is not known: draw boxes on a few of them, or train a model, "
                        "whose heat maps show where it looks."
                    )
            else:
                yield Progress(0, None, "Making heat maps")
                try:
                    marked = [
                        replace(each, marks=hot) for each, hot in zip(marked, self._hot(pictures, model), strict=True)
                    ]
                    source = f"from heat maps of the run {model.run}"
                    if not any(each.marks for each in marked):
                        yield Noticed(
                            f"The heat maps of the run {model.run} are hot nowhere in particular, so they mark nothing."
                        )
                except WorkbenchError as error:
                    yield Noticed(str(error))
        yield from views.look(
            chain,
            marked,
            size=self.pixels.size,
            smallest=self.smallest,
            source=source,
            seed=self.seed,
            rare=rare,
        )

    def _marks(self, picture: Picture) -> Iterator[Mask]:
        row, side = picture.drawn.row, picture.pixels.shape[0]
        if row is None:
            return
        for region in picture.drawn.regions:
            mark = mark_of(region, row.width, row.height, self.config.preprocess.resize, side)
            if mark is not None and mark.mean() <= LARGEST_MARK:
                yield mark

    def _hot(self, pictures: Sequence[Picture], model: _Model) -> list[tuple[Mask, ...]]:
        maps = HeatMaps(model.bundle.deployable, device=model.device)
        found: list[tuple[Mask, ...]] = []
        for each in pictures:
            side = each.pixels.shape[0]
            heat = maps(self.pixels.plain(each.sample)[None])[0]
            hot = cv2.resize(heat, (side, side), interpolation=cv2.INTER_LINEAR) >= HOT
            found.append((hot,) if 0 < hot.mean() <= LARGEST_MARK else ())
        return found


def _nothing() -> Generator[Event, None, Any]:
    yield from ()
    return None
