"""What the preview looks at: the chains, the image, the dice; and the questions to the project behind it. No Qt."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.augment.chain import Chain, Place
from workbench.project.images import ImageRow, Query
from workbench.project.project import Project
from workbench.training.config import MixConfig
from workbench.training.preview import Picture

MOST_CLASSES = 100
"""More classes are not shown one by one."""
_TRIED = 4
"""Images of a class that are looked at for one that can be read."""


@dataclass(frozen=True)
class View:
    """What is looked at now. ``chain`` is the one that is edited, ``opened`` that as it was when the project came.

    Training takes ``common``, and ``rare_chain`` for the classes whose names are ``rare``. ``place`` and ``param`` say which
    parameter a sweep is about; ``partners`` are training images to mix with, each with the name of its class.
    """

    chain: Chain = field(default_factory=Chain)
    common: Chain = field(default_factory=Chain)
    rare_chain: Chain = field(default_factory=Chain)
    rare: frozenset[str] = frozenset()
    opened: Chain = field(default_factory=Chain)
    picture: Picture | None = None
    class_name: str = ""
    seed: int = 7
    place: Place = ()
    param: str = ""
    mix: MixConfig = field(default_factory=MixConfig)
    partners: tuple[tuple[Picture, str], ...] = ()


@dataclass(frozen=True)
class Choice:
    """The images that can be stepped through, and the one to begin with: the first to train on, if there is one.

    ``classes`` are the names in the project's order with their ids; ``largest`` is the longest side of any image.
    """

    ids: NDArray[np.int64]
    first: int | None
    classes: tuple[tuple[int, str], ...]
    largest: int


def choice(project: Project) -> Choice:
    """Return what can be looked at."""
    ids = project.images.ids(Query(rejected=False))
    training = project.images.ids(Query(split="train", rejected=False))
    candidates = training if len(training) else ids
    first = int(candidates[0]) if len(candidates) else None
    classes = tuple((int(row.id), row.name) for row in project.labels.classes())
    return Choice(ids, first, classes, project.images.largest_side())


def one_of_each(project: Project, draw: int) -> list[tuple[str, ImageRow | None]]:
    """Return for each class its name and a random image to train on; None where it has no image that can be read."""
    found: list[tuple[str, ImageRow | None]] = []
    for known in project.labels.classes()[:MOST_CLASSES]:
        ids = project.images.ids(Query(class_id=known.id, split="train", rejected=False))
        if not len(ids):
            ids = project.images.ids(Query(class_id=known.id, rejected=False))
        found.append((known.name, next(iter(_readable(project, ids, f"{draw} {known.id}", 1)), None)))
    return found


def to_mix_with(project: Project, draw: int, count: int = 8) -> list[ImageRow]:
    """Return up to ``count`` random training images with a label."""
    ids = project.images.ids(Query(split="train", rejected=False))
    if not len(ids):
        ids = project.images.ids(Query(rejected=False))
    return [row for row in _readable(project, ids, str(draw), 2 * count) if row.class_id is not None][:count]


def _readable(project: Project, ids: NDArray[np.int64], seed: str, count: int) -> list[ImageRow]:
    tried = min(len(ids), max(count, _TRIED))
    positions = random.Random(seed).sample(range(len(ids)), tried)
    rows = project.images.page([int(ids[position]) for position in positions])
    return [row for row in rows if is_readable(row)][:count]


def is_readable(row: ImageRow) -> bool:
    """Tell whether nothing is known that speaks against reading the image."""
    return row.state in ("ok", "unverified")


def picture_of(row: ImageRow, positions: Mapping[int, int]) -> Picture:
    """Return the image as the preview child takes it; ``positions`` are those of the class ids."""
    target = positions.get(int(row.class_id), -1) if row.class_id is not None else -1
    return Picture(str(row.path), target, int(row.id), row.content_hash)


def positions_of(classes: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Return the position of each class id."""
    return {class_id: position for position, (class_id, _) in enumerate(classes)}
