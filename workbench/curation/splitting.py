"""Splits as jobs: made, checked for leaks, repaired, their test images frozen."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.curation.grouping import group_key
from workbench.curation.leakage import Crossing, leaks, tangles
from workbench.curation.pictures import relatives
from workbench.jobs import Event, Job, Noticed, Stop
from workbench.project.ids import SPLITS
from workbench.project.project import Project

MOST_READ = 2000
"""Images that are read after a split to see whether they are copies; a minute at the most."""

LARGEST = 0.34
"""Share of all images in splits; a group above it is not moved to one side."""


@dataclass(frozen=True)
class Leaky:
    """The split cannot be trusted: so many ``groups`` of images that belong together are on both sides of it."""

    groups: int
    images: int


@dataclass(frozen=True)
class Repaired:
    """So many ``groups`` crossed, each with all that is tied to it; ``moved`` images changed their side; ``left`` names one
    image of each group that stays on both sides: held images are on both, or it is too large for one."""

    groups: int
    moved: int
    left: list[str]


@dataclass(frozen=True)
class TestFrozen:
    """The test images of now are the test set ``name``: they stay in the test split whatever is split anew."""

    __test__ = False  # no test class, whatever pytest thinks of its name

    name: str
    images: int


def split(
    project_folder: Path,
    *,
    validation: float,
    test: float,
    seed: int,
    group_by: str | None = None,
    folds: int = 0,
    fold: int = 1,
    backbone: str | None = None,
    weights: str | None = None,
) -> Job:
    """Return the job that splits the project anew: SplitOutcome, then the leaks that are left as Findings and Leaky.

    ``group_by`` as in `grouping.group_key`; the grouping is kept, so that leaks of a later split are found. Without one the
    earlier grouping stays what leaks are measured by.
    """

    def job(_: Stop) -> Iterator[Event]:
        with Project.open(project_folder) as project:
            keys = None
            if group_by:
                keys = yield from group_key(project, group_by, backbone=backbone, weights=weights)
            outcome = project.splits.make(
                validation=validation,
                test=test,
                seed=seed,
                groups=(keys.ids, keys.group_ids) if keys else None,
                grouped_by=keys.how if keys else "",
                folds=folds,
                fold=fold,
            )
            if keys:  # only now: a split that is refused changes nothing
                project.groups.set(keys.how, keys.ids, keys.group_ids, keys.names)
            yield outcome
            yield from _read_copies(project)
            yield from check_split(project)

    return job


def repair(project_folder: Path) -> Job:
    """Return the job that moves each group that crosses to one side, ending with Repaired; nothing else changes."""

    def job(_: Stop) -> Iterator[Event]:
        with Project.open(project_folder) as project:
            yield repair_split(project)

    return job


def freeze_test(project_folder: Path, name: str) -> Job:
    """Return the job that keeps the test images of now as a test set of this name, ending with TestFrozen."""

    def job(_: Stop) -> Iterator[Event]:
        with Project.open(project_folder) as project:
            yield TestFrozen(name, project.splits.freeze_test(name))

    return job


def release_test(project_folder: Path, name: str) -> Job:
    """Return the job that lets later splits use the images of a frozen test set again."""

    def job(_: Stop) -> Iterator[Event]:
        with Project.open(project_folder) as project:
            project.splits.release_test(name)
        yield from ()

    return job


def look(project_folder: Path) -> Job:
    """Return the job that looks for leaks in the split as it is: a Finding per group, then Leaky; nothing is changed."""

    def job(_: Stop) -> Iterator[Event]:
        with Project.open(project_folder, read_only=True) as project:
            yield from check_split(project)

    return job


def _read_copies(project: Project) -> Iterator[Event]:
    """Read the images that may be copies of others and were never read (``scan --no-verify``), where they are not many."""
    ids = project.links.perhaps_copies()
    if len(ids) > MOST_READ:
        yield Noticed(
            f"{len(ids):,} images were never read, so copies among them are not known; look for them with workbench curate "
            "PROJECT --only leakage."
        )
    elif len(ids):
        from workbench.curation.hashes import SignatureStore

        yield from SignatureStore(project).complete(ids)


def check_split(project: Project) -> Iterator[Event]:
    """Yield what leaks: a Finding per group, then Leaky; nothing where the split is clean."""
    found = leaks(project)
    yield from found
    if found:
        yield Leaky(len(found), sum(len(finding.ids) for finding in found))


def repair_split(project: Project) -> Repaired:
    """Move each group that crosses to one side: that of its held images, else one that it is on.

    That is the side of most of its images while there is room: the splits stay about as large as they were. What is tied
    to a group by another tie moves with it. Where so much hangs together that one side would take more than LARGEST of all
    images, it is left: a split anew, grouped, is what helps then.
    """
    found = tangles(project)
    asked = np.bincount(project.links.in_splits().splits, minlength=len(SPLITS))
    now = asked.copy()
    moves: dict[int, list[int]] = {code: [] for code in range(len(SPLITS))}
    left: list[int] = []
    free: list[Crossing] = []
    for tangle in found:
        held = np.unique(tangle.splits[tangle.held])
        too_large = len(tangle.ids) > LARGEST * asked.sum() and len(tangle.ids) > 10
        if len(held) > 1 or too_large:
            left.append(int(tangle.ids[0]))
            continue
        now -= np.bincount(tangle.splits, minlength=len(SPLITS))
        if len(held):
            now[held[0]] += len(tangle.ids)
            moves[int(held[0])] += tangle.ids[tangle.splits != held[0]].tolist()
        else:
            free.append(tangle)
    for tangle in sorted(free, key=lambda tangle: -len(tangle.ids)):
        code = _side(tangle, asked - now, asked)
        now[code] += len(tangle.ids)
        moves[code] += tangle.ids[tangle.splits != code].tolist()
    for code, ids in moves.items():
        if ids:
            project.splits.assign(ids, SPLITS[code])
    names = relatives(project, left)
    return Repaired(len(found), sum(map(len, moves.values())), [names[image_id] for image_id in left])


def _side(crossing: Crossing, room: NDArray[np.int64], asked: NDArray[np.int64]) -> int:
    """Return the code of the split that the group goes to, of those that it is in.

    Where there is ``room`` for at least half of it, that of most of its images; else that with the most room, for its size.
    """
    counts = np.bincount(crossing.splits, minlength=len(SPLITS))
    size = len(crossing.ids)
    present = [code for code in range(len(SPLITS)) if counts[code]]
    fitting = [code for code in present if 2 * room[code] >= size]
    if fitting:
        return max(fitting, key=lambda code: (counts[code], room[code] / asked[code]))
    return max(present, key=lambda code: float(room[code] / asked[code]))
