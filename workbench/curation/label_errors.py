"""Probable wrong labels: what a model that has not seen an image says against its label.

Out-of-fold probabilities, compared class by class with what the model says of images that have that label, as confident
learning does (Northcutt, Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels, JAIR 70, 2021).
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.curation.finding import Finding
from workbench.curation.linear import FOLDS, Shares, out_of_fold, standardised
from workbench.curation.pictures import relatives
from workbench.embedding.embed import Vectors
from workbench.embedding.store import Floats
from workbench.embedding.waiting import waited
from workbench.jobs import Event, Noticed, Progress
from workbench.project.ids import LabelValue
from workbench.project.project import Project

FEWEST = 3
"""Images of a class below which nothing can be said about it."""

LISTED = 0.1
"""This share of the labelled images is listed at least, as far as they can be judged."""

WHAT = "Comparing labels"


@dataclass(frozen=True)
class Doubt:
    """How much speaks against the label of each image: ``scores`` 0 to 1, the class ``instead`` and its probability.

    ``own`` is the probability of the label itself; ``wrong`` says where confident learning counts the label as wrong.
    """

    scores: NDArray[np.float64]
    instead: NDArray[np.int64]
    likely: NDArray[np.float64]
    own: NDArray[np.float64]
    wrong: NDArray[np.bool_]


def find(project: Project, vectors: Vectors) -> Iterator[Event]:
    """Yield one finding per image, the most doubtful first, and Noticed about classes too small to judge."""
    yield Progress(0, None, WHAT)
    values = project.labels.of(vectors.ids)
    labelled = np.array([value is not None for value in values], dtype=np.bool_)
    places = np.flatnonzero(labelled)
    rows = project.labels.classes()
    names = [row.name for row in rows]
    index = {int(row.id): number for number, row in enumerate(rows)}
    groups = _groups(project, vectors, places)
    taken = [values[place] for place in places.tolist()]
    if project.labels.task == "multi":
        chosen = yield from _several(vectors.vectors[places], taken, index, names, groups)
    else:
        ordinal = project.labels.task == "ordinal"
        chosen = yield from _one(vectors.vectors[places], taken, index, names, groups, ordinal)
    ids: list[int] = [int(vectors.ids[places[number]]) for number, _, _ in chosen]
    paths = relatives(project, ids)
    for image_id, (_, score, message) in zip(ids, chosen, strict=True):
        yield Finding("label-error", [paths[image_id]], score, message, [image_id])


_Chosen = list[tuple[int, float, str]]
"""Places among the labelled images, strongest first, with score and message."""


def _one(
    vectors: Floats,
    values: Sequence[LabelValue],
    index: dict[int, int],
    names: Sequence[str],
    groups: NDArray[np.int64],
    ordinal: bool,
) -> Generator[Event, None, _Chosen]:
    targets = np.array([index[value] for value in values if isinstance(value, int)], dtype=np.int64)
    counts = np.bincount(targets, minlength=len(names))
    yield from _small(counts, names)
    judged = np.flatnonzero(counts[targets] >= FEWEST)
    if len(np.unique(targets[judged])) < 2:
        yield Noticed(
            f"Labels can be compared where two classes have at least {FEWEST} labelled images each; label more."
        )
        return []
    features = yield from waited(lambda: standardised(vectors[judged]), Progress(0, None, WHAT))
    shares = yield from out_of_fold(features, targets[judged], len(names), groups=groups[judged], what=WHAT)
    doubt = doubts(shares, targets[judged], ordinal=ordinal)
    chosen: _Chosen = []
    for number in _listed(doubt.scores, doubt.wrong, len(targets)):
        label, other = names[targets[judged[number]]], names[doubt.instead[number]]
        own, likely = float(doubt.own[number]), float(doubt.likely[number])
        if likely > own:
            message = f"labelled '{label}', looks like '{other}' ({likely:.2f})"
        else:
            message = f"labelled '{label}' and looks like it ({own:.2f}), though somewhat like '{other}' ({likely:.2f})"
        chosen.append((int(judged[number]), round(float(doubt.scores[number]), 4), message))
    return chosen


def _several(
    vectors: Floats,
    values: Sequence[LabelValue],
    index: dict[int, int],
    names: Sequence[str],
    groups: NDArray[np.int64],
) -> Generator[Event, None, _Chosen]:
    has = np.zeros((len(values), len(names)), dtype=np.bool_)
    for place, value in enumerate(values):
        for class_id in value if isinstance(value, tuple) else ():
            has[place, index[class_id]] = True
    counts = has.sum(axis=0)
    yield from _small(counts, names)
    judged = [c for c in range(len(names)) if FEWEST <= counts[c] <= len(values) - FEWEST]
    if not judged:
        yield Noticed(
            f"Labels can be compared where a class has at least {FEWEST} images with it and without; label more."
        )
        return []
    features = yield from waited(lambda: standardised(vectors), Progress(0, None, WHAT))
    best = np.full(len(values), -1.0)
    wrong = np.zeros(len(values), dtype=np.bool_)
    messages = [""] * len(values)
    for number in judged:
        targets = has[:, number].astype(np.int64)
        what = f"{WHAT}: {names[number]}"
        shares = yield from out_of_fold(features, targets, 2, groups=groups, what=what)
        doubt = doubts(shares, targets)
        wrong |= doubt.wrong
        for place in np.flatnonzero(doubt.scores > best).tolist():
            best[place] = doubt.scores[place]
            probability = float(shares[place, 1])
            if has[place, number]:
                messages[place] = f"labelled '{names[number]}', but seems not to show it ({probability:.2f})"
            else:
                messages[place] = f"not labelled '{names[number]}', but looks like it ({probability:.2f})"
    return [(place, round(float(best[place]), 4), messages[place]) for place in _listed(best, wrong, len(values))]


def doubts(shares: Shares, targets: NDArray[np.int64], *, ordinal: bool = False) -> Doubt:
    """Compare out-of-fold probabilities [N, C] with the labels.

    Of each class it takes off what the model gives it on average where it is the label (Northcutt's threshold), so that a
    class of which the model is never sure is not all doubt. Half of the score is the margin between the best other class
    and the label on that scale, half is what the label lacks of certainty. With ``ordinal`` a neighbouring class counts half of
    the farthest.
    """
    count, classes = shares.shape
    every = np.arange(count)
    there = np.bincount(targets, minlength=classes) > 0
    sums = np.bincount(targets, weights=shares[every, targets], minlength=classes)
    thresholds = np.where(there, sums / np.maximum(1, np.bincount(targets, minlength=classes)), 1.0)
    own = shares[every, targets]
    relative = shares - thresholds
    relative[:, ~there] = -2.0
    margin_own = relative[every, targets].copy()
    relative[every, targets] = -3.0
    instead = relative.argmax(axis=1)
    margin = relative[every, instead] - margin_own
    scores = np.clip(0.5 * (1 - own) + 0.25 * (1 + np.clip(margin, -1, 1)), 0, 1)
    if ordinal and classes > 2:
        scores = scores * (0.5 + 0.5 * (np.abs(instead - targets) - 1) / (classes - 2))
    confident = np.where(shares >= thresholds, shares, -1.0)
    confident[:, ~there] = -1.0
    first = confident.argmax(axis=1)
    wrong = (confident[every, first] >= 0) & (first != targets)
    return Doubt(scores, instead, shares[every, instead], own, wrong)


def _listed(scores: NDArray[np.float64], wrong: NDArray[np.bool_], labelled: int) -> list[int]:
    """Return the places to list, the most doubtful first: the share that is always listed, and all that count as wrong."""
    order = np.argsort(-scores, kind="stable")
    least = int(np.ceil(LISTED * labelled))
    return [place for rank, place in enumerate(order.tolist()) if rank < least or wrong[place]]


def _small(counts: NDArray[np.int64], names: Sequence[str]) -> Iterator[Noticed]:
    few = [f"'{name}' ({count})" for name, count in zip(names, counts.tolist(), strict=True) if 0 < count < FEWEST]
    if few:
        yield Noticed(f"These classes have too few labelled images to judge their labels: {_named(few)}.")
    thin = [
        f"'{name}' ({count})" for name, count in zip(names, counts.tolist(), strict=True) if FEWEST <= count < FOLDS
    ]
    if thin:
        yield Noticed(f"What is said of the labels of classes with few images is uncertain: {_named(thin)}.")


def _named(words: Sequence[str]) -> str:
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def _groups(project: Project, vectors: Vectors, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a group per image: the project's, else its content, so that a copy does not speak for a copy."""
    contents = np.array([vectors.hashes[place] for place in places.tolist()])
    _, groups = np.unique(contents, return_inverse=True)
    if project.groups.by is None or not len(places):
        return groups.astype(np.int64)
    stored = project.groups.of(vectors.ids[places])
    return np.where(stored > 0, stored + len(places), groups).astype(np.int64)
