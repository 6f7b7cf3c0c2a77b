"""Groups of images that look alike, for a split: nothing that resembles a training image is to be tested on."""

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from workbench.curation import duplicates
from workbench.curation.group_keys import GroupKeys
from workbench.curation.hashes import SignatureStore
from workbench.curation.leakage import components
from workbench.embedding.embed import Vectors, embedded, source_of
from workbench.embedding.neighbours import nearest, unit
from workbench.jobs import Event, Noticed
from workbench.project.links import Ties
from workbench.project.project import Project

NEIGHBOURS = 10
LEAST_COSINE = 0.9
LARGEST = 0.05
"""Share of the images beyond which a group by embeddings is a class rather than a cluster of copies; the limit then rises."""

_STEPS = 12


def near_duplicate_groups(
    project: Project, backbone: str | None, weights: str | None
) -> Generator[Event, None, GroupKeys]:
    """Return the groups of `grouping.group_key` by near-duplicates; images that resemble no other stand alone."""
    vectors = yield from embedded(project, project.links.usable(), source_of(project, backbone, weights))
    store = SignatureStore(project)
    yield from store.complete()
    copies, signatures = duplicates.contents(project, store)
    near = yield from duplicates.near_duplicates(copies, signatures)
    groups = [each.ids for each in near] + [ids for ids in copies if len(ids) > 1]
    how = "near-duplicates by hash"
    if vectors is not None and len(vectors.ids):
        groups += yield from _by_embeddings(vectors)
        how = f"near-duplicates by embeddings ({vectors.source}) and by hash"
    if not groups:
        yield Noticed(f"No two images are {how}, so each stands alone in the split.")
        none = np.empty(0, dtype=np.int64)
        return GroupKeys(none, none, {}, how)
    yield Noticed(f"Images are grouped as {how}.")
    return _joined(groups, how)


def _joined(groups: list[list[int]], how: str) -> GroupKeys:
    ids = np.unique(np.concatenate([np.array(group, dtype=np.int64) for group in groups]))
    places = np.searchsorted(ids, np.concatenate([np.array(group, dtype=np.int64) for group in groups]))
    keys = np.repeat(np.arange(len(groups), dtype=np.int64), [len(group) for group in groups])
    labels = components([Ties(places, keys)], len(ids))
    _, numbers = np.unique(labels, return_inverse=True)
    group_ids = numbers.astype(np.int64) + 1
    return GroupKeys(ids, group_ids, {int(n): f"alike {n}" for n in np.unique(group_ids)}, how)


def _by_embeddings(vectors: Vectors) -> Generator[Event, None, list[list[int]]]:
    """Return the pairs whose embeddings are as near as copies are, by a limit that the set itself sets."""
    scaled = unit(vectors.vectors)
    squared, rows = yield from nearest(scaled, min(NEIGHBOURS, max(1, len(scaled) - 1)), what="Comparing embeddings")
    cosine = 1 - squared / 2
    one, column = np.nonzero(rows >= 0)
    other, likeness = rows[one, column], cosine[one, column]
    for limit in np.linspace(_least(scaled), 0.995, _STEPS):
        near = likeness >= limit
        pairs = np.stack([one[near], other[near]], axis=1)
        if not len(pairs):
            return []
        keys = np.repeat(np.arange(len(pairs), dtype=np.int64), 2)
        labels = components([Ties(pairs.ravel().astype(np.int64), keys)], len(scaled))
        if np.bincount(labels).max() <= max(10, LARGEST * len(scaled)):
            found: list[list[int]] = vectors.ids[pairs].tolist()
            return found
    return []


def _least(scaled: NDArray[np.float32]) -> float:
    """Return the cosine from which on two images of this set are unusually near, at least LEAST_COSINE."""
    count = min(512, len(scaled))
    drawn = scaled[np.random.default_rng(0).choice(len(scaled), count, replace=False)]
    depth = np.arctanh(np.clip((drawn @ drawn.T)[np.triu_indices(count, 1)], -0.9999, 0.9999))
    if not len(depth):
        return LEAST_COSINE
    middle = float(np.median(depth))
    spread = 1.4826 * float(np.median(np.abs(depth - middle)))
    return float(np.clip(np.tanh(middle + 4 * spread), LEAST_COSINE, 0.99))
