"""The images on which a chain is checked: some of those that training would see, those with marks first."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.dataset import Sample
from workbench.data.reading import ImageError
from workbench.jobs import Noticed, Progress
from workbench.project.ids import ImageState
from workbench.project.images import ImageRow, Query
from workbench.project.project import Project
from workbench.project.regions import Region
from workbench.training.samples import TrainPixels

Pixels = NDArray[np.uint8]

_USABLE: tuple[ImageState, ...] = ("ok", "unverified")


@dataclass(frozen=True)
class Drawn:
    """An image that was drawn: what training takes, its row in the project (None: made up) and the regions on it."""

    sample: Sample
    row: ImageRow | None
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A drawn image and its pixels as the chain gets them, uint8 [C, C, 3]."""

    drawn: Drawn
    pixels: Pixels

    @property
    def sample(self) -> Sample:
        return self.drawn.sample


def draw(
    project: Project, images: int, *, classes: list[str], wanted: tuple[str, ...] = (), seed: int = 0
) -> list[Drawn]:
    """Return up to ``images`` usable images, the same for the same project; those with regions before all others.

    Of the training split; without one of all that have a label; else of all. ``classes`` are the project's, in its order;
    ``wanted`` limits the images to those of these classes, where they have any.
    """
    rows = {row.name: int(row.id) for row in project.labels.classes()}
    pool = _pool(project)
    if wanted:
        of_wanted = [project.links.of_class(rows[name]) for name in wanted if name in rows]
        narrowed = np.intersect1d(pool, np.concatenate(of_wanted)) if of_wanted else pool[:0]
        pool = narrowed if len(narrowed) else pool
    marked = np.intersect1d(pool, project.images.ids(Query(has_regions=True)))
    random = np.random.default_rng(seed)
    first = random.permutation(marked)[:images]
    rest = random.permutation(np.setdiff1d(pool, first))[: images - len(first)]
    index = {rows[name]: position for position, name in enumerate(classes) if name in rows}
    found = []
    ids = np.sort(np.concatenate([first, rest])).astype(np.int64)
    for row in project.images.page(ids) if len(ids) else []:
        target = index.get(int(row.class_id), -1) if row.class_id is not None else -1
        sample = Sample(int(row.id), str(row.path), target, row.content_hash)
        found.append(Drawn(sample, row, tuple(project.regions.of(row.id)) if row.regions else ()))
    return found


def read(drawn: list[Drawn], pixels: TrainPixels) -> Generator[Any, None, list[Picture]]:
    """Yield Progress, and Noticed for each image that cannot be read; return the others, prepared. Use ``yield from``."""
    found: list[Picture] = []
    for number, each in enumerate(drawn):
        yield Progress(number, len(drawn), "Preparing images")
        try:
            found.append(Picture(each, pixels.prepared(each.sample)))
        except ImageError as error:
            yield Noticed(f"{str(error).rstrip('.')}; the chain is checked without it.", each.sample.path)
    yield Progress(len(drawn), len(drawn), "Preparing images")
    return found


def _pool(project: Project) -> NDArray[np.int64]:
    usable = project.links.usable()
    labelled = np.setdiff1d(usable, project.images.ids(Query(unlabelled=True)))
    for query in (Query(split="train", rejected=False), Query(rejected=False)):
        found = [project.images.ids(replace(query, state=state)) for state in _USABLE]
        pool = np.intersect1d(labelled, np.concatenate(found))
        if len(pool):
            return pool
    return usable
