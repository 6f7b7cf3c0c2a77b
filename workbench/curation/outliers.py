"""Images unlike the others of their class: far from their nearest neighbours among the embeddings."""

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from workbench.curation.finding import Finding
from workbench.curation.linear import narrowed, standardised
from workbench.curation.pictures import relatives
from workbench.embedding.embed import Vectors
from workbench.embedding.neighbours import nearest, unit
from workbench.embedding.store import Floats
from workbench.embedding.waiting import waited
from workbench.jobs import Event, Noticed, Progress
from workbench.project.project import Project

NEIGHBOURS = 10
FEWEST = 15
"""Images from which on a class is compared with itself; those of a smaller one, and unlabelled ones, with all images."""

LIMIT = 3.5
"""Robust z-score from which on an image is an outlier (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993)."""

MOST = 0.05
"""At most this share of the images is listed, the farthest: more of them would be no outliers."""

WHAT = "Looking for outliers"
_NEARLY_ONE = 0.02
_SAMPLED = 2000
_COMPARED = 25_000
"""Images that one is compared with at the most."""
_MANY, _NARROW = 20_000, 64
"""From so many images on they are compared along so many directions: a twentieth of the work."""


def find(project: Project, vectors: Vectors) -> Iterator[Event]:
    """Yield Progress and one finding per outlier, the farthest first."""
    yield Progress(0, None, WHAT)
    if len(vectors.ids) < FEWEST:
        yield Noticed(
            f"Outliers can be found among {FEWEST} images or more; there are {len(vectors.ids)} with embeddings."
        )
        return
    rows = {int(row.id): row.name for row in project.labels.classes()}
    values = project.labels.of(vectors.ids)
    # In a project of several labels the set of classes is what images share.
    keys = {value: number for number, value in enumerate(dict.fromkeys(values))}
    kinds = np.array([-1 if value is None else keys[value] for value in values], dtype=np.int64)
    scores = yield from distances(vectors.vectors, kinds)
    found = [place for place in np.argsort(-scores, kind="stable").tolist() if scores[place] >= LIMIT]
    found = found[: max(20, int(MOST * len(scores)))]
    paths = relatives(project, vectors.ids[found])
    sizes = dict(zip(*np.unique(kinds, return_counts=True), strict=True))
    for place in found:
        image_id, value = int(vectors.ids[place]), values[place]
        names = [rows[class_id] for class_id in (value if isinstance(value, tuple) else (value,)) if class_id in rows]
        alone = not names or sizes[kinds[place]] < FEWEST
        whom = "the other images" if alone else f"the other images of '{', '.join(names)}'"
        message = f"unlike {whom}: {scores[place]:.1f} spreads farther than usual from its nearest ones"
        yield Finding("outlier", [paths[image_id]], round(score_of(float(scores[place])), 4), message, [image_id])


def score_of(distance: float) -> float:
    """Return a robust z-score as 0 to 1: a half at the limit, 0.9 at three times that."""
    ratio = max(0.0, distance) / LIMIT
    return ratio**2 / (1 + ratio**2)


def distances(vectors: Floats, kinds: NDArray[np.int64]) -> Generator[Progress, None, NDArray[np.float64]]:
    """Return the robust z-score of each image's mean distance to its nearest neighbours; use it with ``yield from``.

    ``kinds`` [N] are numbers of what images are compared with, -1 for all. The z-score is
    0.6745 (d - median) / MAD over the images of the kind, d the distance between directions of vectors.
    """
    features = yield from waited(lambda: _directions(vectors), Progress(0, None, WHAT))
    scores = np.zeros(len(vectors))
    rest = np.zeros(len(vectors), dtype=np.bool_)
    for kind, count in zip(*np.unique(kinds, return_counts=True), strict=True):
        mine = kinds == kind
        if kind < 0 or count < FEWEST:
            rest |= mine
            continue
        if count <= _COMPARED:
            near, _ = yield from nearest(features[mine], NEIGHBOURS, what=WHAT)
            scores[mine] = _robust(np.sqrt(near).mean(axis=1))
        else:
            far = yield from _among(features[mine], features[mine])
            scores[mine] = _robust(far)
    if rest.any():
        # What is usual is told by a sample of all.
        step = max(1, len(features) // _SAMPLED)
        asked = np.concatenate([features[::step], features[rest]])
        far = yield from _among(features, asked)
        scores[rest] = _robust(far, usual=far[: -int(rest.sum())])[-int(rest.sum()) :]
    return scores


def _among(vectors: Floats, asked: Floats) -> Generator[Progress, None, NDArray[np.floating]]:
    """Return the mean distance of each one asked for to its nearest vectors, of at most `_COMPARED`."""
    some = vectors[:: -(-len(vectors) // _COMPARED)]
    near, _ = yield from nearest(some, NEIGHBOURS + 1, queries=asked, what=WHAT)
    # One more than needed: an image among the vectors finds itself first.
    far: NDArray[np.floating] = np.sqrt(near)[:, 1:].mean(axis=1)
    return far


def _directions(vectors: Floats) -> Floats:
    """Return vectors of length 1; where they hardly differ, as those of random weights do, their differences count alone."""
    scaled = unit(vectors)
    centre = scaled.mean(axis=0)
    typical = float(np.median(np.linalg.norm(scaled[:: max(1, len(scaled) // 2000)] - centre, axis=1)))
    found = scaled if typical > _NEARLY_ONE else unit(standardised(vectors))
    return narrowed(found, _NARROW) if len(found) > _MANY else found


def _robust(values: NDArray[np.floating], usual: NDArray[np.floating] | None = None) -> NDArray[np.float64]:
    """Return the robust z-scores of ``values`` by the median and spread of ``usual`` (default: of themselves)."""
    known = values if usual is None else usual
    middle = np.median(known)
    spread = np.median(np.abs(known - middle))
    # A class of copies has no spread: what differs at all from them then is far away, but rounding is not.
    floor = 1e-3 * float(middle) + 1e-6
    found: NDArray[np.float64] = 0.6745 * (values - middle) / max(float(spread), floor)
    return found
