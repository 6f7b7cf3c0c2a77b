"""What is on both sides of a split: copies, pages of a file, near-duplicates and groups with images in several of its parts.

Numbers from the database and NumPy only, so that it can be asked after each split, before each run and by the window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from workbench.curation.finding import Finding
from workbench.curation.pictures import relatives
from workbench.jobs import Event
from workbench.project.ids import SPLITS
from workbench.project.links import Held, Ties
from workbench.project.project import Project

TIES = ("copies", "pages", "near-duplicates", "groups")
"""What ties images together, the strongest reason first."""

_SCORES = {"copies": 1.0, "pages": 1.0, "groups": 0.95, "near-duplicates": 0.9}


@dataclass(frozen=True)
class Crossing:
    """Images that belong together but are in more than one part of the split.

    ``ids`` ascending, ``splits`` their codes, ``held`` whether each is pinned or in a frozen test set; ``why`` names the
    ties (of TIES) that cross.
    """

    ids: NDArray[np.int64]
    splits: NDArray[np.int8]
    held: NDArray[np.bool_]
    why: tuple[str, ...]


def crossings(project: Project) -> list[Crossing]:
    """Return every group that crosses: of copies, pages and near-duplicates, and of the stored groups.

    Copies within a group that crosses are not named again. 1 000 000 images take less than a second.
    """
    known = _Ties.of(project)
    pictures = known.crossing(("copies", "pages", "near-duplicates"))
    groups = known.crossing(("groups",))
    if not pictures or not groups:
        return [*pictures, *groups]
    inside = {image_id: number for number, group in enumerate(groups) for image_id in group.ids.tolist()}
    apart = []
    for picture in pictures:
        numbers = {inside.get(image_id) for image_id in picture.ids.tolist()}
        number = numbers.pop()
        if numbers or number is None:
            apart.append(picture)
        else:
            why = (*picture.why, *groups[number].why)
            groups[number] = replace(groups[number], why=tuple(name for name in TIES if name in why))
    return [*apart, *groups]


def tangles(project: Project) -> list[Crossing]:
    """Return what crosses with everything that is tied to it in any way: moving it as a whole tears nothing else."""
    return _Ties.of(project).crossing(TIES)


@dataclass(frozen=True)
class _Ties:
    """The images of the split, and each kind of tie with places among them instead of ids."""

    held: Held
    ties: dict[str, Ties]

    @classmethod
    def of(cls, project: Project) -> Self:
        held = project.links.in_splits()
        ties = {
            "copies": project.links.same_content(),
            "pages": project.links.pages(),
            "near-duplicates": project.links.near_duplicates(),
            "groups": project.links.groups(),
        }
        return cls(held, {name: _places(tie, held) for name, tie in ties.items()})

    def crossing(self, names: Sequence[str]) -> list[Crossing]:
        """Return what is tied together by ``names`` and crosses."""
        tied = [self.ties[name] for name in names if len(self.ties[name].ids)]
        if not tied:
            return []
        held = self.held
        labels = components(tied, len(held.ids))
        crossing = _crossing_keys(labels, held.splits)
        why = {name: set(labels[_crossing_places(self.ties[name], held)].tolist()) for name in names}
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], crossing)
        ends = np.searchsorted(labels[order], crossing, side="right")
        found = []
        for label, start, end in zip(crossing.tolist(), starts.tolist(), ends.tolist(), strict=True):
            places = order[start:end]
            reasons = tuple(name for name in TIES if name in names and label in why[name])
            found.append(Crossing(held.ids[places], held.splits[places], held.held[places], reasons))
        return found


def leaks(project: Project, *, limit: int | None = None) -> list[Finding]:
    """Return one finding per group that crosses, strongest first; the first ``limit`` of them where it is given."""
    found = sorted(crossings(project), key=lambda crossing: (-_score(crossing), -len(crossing.ids), crossing.ids[0]))
    found = found[:limit]
    names = relatives(project, np.concatenate([crossing.ids for crossing in found]) if found else [])
    return [
        Finding(
            kind="leakage",
            images=[names[image_id] for image_id in crossing.ids.tolist()],
            score=_score(crossing),
            message=_message(crossing),
            ids=crossing.ids.tolist(),
        )
        for crossing in found
    ]


def warning(project: Project) -> str:
    """Return the sentence for a split that cannot be trusted, "" for one that can."""
    found = crossings(project)
    if not found:
        return ""
    images = sum(len(crossing.ids) for crossing in found)
    groups = f"{len(found):,} group{'s' if len(found) > 1 else ''}"
    return (
        f"{groups} of images that belong together ({images:,} images) are on both sides of the split, so a score on it cannot "
        "be trusted; repair the split (workbench split PROJECT --repair), then train again."
    )


def check(project: Project) -> Iterator[Event]:
    """Yield Progress, Noticed, and the leaks as Findings, after looking for near-duplicates by hash.

    Those that were not known are kept with the project (unless it is read-only), so that a repair moves what was reported.
    """
    from workbench.curation import duplicates  # late: leaks alone needs neither hashes nor faiss
    from workbench.curation.hashes import SignatureStore

    store = SignatureStore(project)
    yield from store.complete()
    copies, signatures = duplicates.contents(project, store)
    groups = yield from duplicates.near_duplicates(copies, signatures)
    if not project.read_only:
        duplicates.remember(project, groups)
    yield from leaks(project)


def components(ties: list[Ties], count: int) -> NDArray[np.int64]:
    """Return for each of ``count`` places the smallest place that it is tied to, directly or through others.

    The ids of the ties are places here (0 to count - 1).
    """
    labels = np.arange(count, dtype=np.int64)
    sorted_ties = []
    for tie in ties:
        order = np.argsort(tie.keys, kind="stable")
        keys = tie.keys[order]
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        sorted_ties.append((tie.ids[order], starts, np.diff(np.append(starts, len(keys)))))
    while True:
        before = labels.copy()
        for places, starts, sizes in sorted_ties:
            smallest = np.minimum.reduceat(labels[places], starts)
            spread = np.repeat(smallest, sizes)
            # The label of the label learns it too, which makes long chains short.
            np.minimum.at(labels, labels[places], spread)
            np.minimum.at(labels, places, spread)
        while not np.array_equal(labels, shorter := labels[labels]):
            labels = shorter
        if np.array_equal(labels, before):
            return labels


def _places(tie: Ties, held: Held) -> Ties:
    """Return the tie with places in ``held`` instead of ids; images without a split are left out."""
    if not len(tie.ids) or not len(held.ids):
        return Ties(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    places = np.searchsorted(held.ids, tie.ids)
    places[places == len(held.ids)] = 0
    there = held.ids[places] == tie.ids
    return Ties(places[there], tie.keys[there])


def _crossing_keys(keys: NDArray[np.int64], splits: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the keys, ascending, under which there is more than one split."""
    if not len(keys):
        return keys
    order = np.argsort(keys, kind="stable")
    ordered, codes = keys[order], splits[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    differ = np.minimum.reduceat(codes, starts) != np.maximum.reduceat(codes, starts)
    crossing: NDArray[np.int64] = ordered[starts[differ]]
    return crossing


def _crossing_places(tie: Ties, held: Held) -> NDArray[np.int64]:
    crossing = _crossing_keys(tie.keys, held.splits[tie.ids])
    return tie.ids[np.isin(tie.keys, crossing)]


def _score(crossing: Crossing) -> float:
    return max(_SCORES[why] for why in crossing.why)


def _message(crossing: Crossing) -> str:
    what = {
        "copies": "copies of one file",
        "pages": "pages of one file",
        "near-duplicates": "near-duplicates",
        "groups": "images of one group",
    }
    counts = np.bincount(crossing.splits, minlength=len(SPLITS)).tolist()
    sides = [f"{count:,} in {split}" for split, count in zip(SPLITS, counts, strict=True) if count]
    return (
        f"{len(crossing.ids):,} images belong together ({', '.join(what[why] for why in crossing.why)}) but are on both "
        f"sides of the split: {' and '.join(sides) if len(sides) == 2 else ', '.join(sides)}."
    )
