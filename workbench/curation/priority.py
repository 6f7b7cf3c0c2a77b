"""Which labels would help most: uncertain images, but not many of one sort.

Diverse mini-batches as in Zhdanov, Diverse mini-batch Active Learning, 2019 (https://arxiv.org/abs/1901.05954): the images are
put into clusters, and the most uncertain one of each cluster comes before the second of any.
"""

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from workbench.embedding.store import Floats
from workbench.embedding.waiting import waited
from workbench.jobs import Progress

CLUSTERS = 50
_TRAINED = 20_000
WHAT = "Choosing what helps most"


def entropy(shares: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how unsure each row of probabilities [N, C] is: its entropy, 0 (sure) to 1 (all classes alike)."""
    classes = shares.shape[1]
    if classes < 2:
        return np.zeros(len(shares))
    clipped = np.clip(np.asarray(shares, dtype=np.float64), 1e-12, 1)
    found: NDArray[np.float64] = -(clipped * np.log(clipped)).sum(axis=1) / np.log(classes)
    return np.clip(found, 0, 1)


def priorities(
    uncertainty: NDArray[np.float64], features: NDArray[np.floating]
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Return 1 for the image to label first, down to nearly 0; use it with ``yield from``.

    ``features`` [N, F] say what is of one sort: embeddings, or probabilities where there are none.
    """
    count = len(uncertainty)
    if not count:
        return np.zeros(0)
    yield Progress(0, None, WHAT)
    sorts = yield from waited(lambda: _clusters(np.asarray(features, dtype=np.float32)), Progress(0, None, WHAT))
    by_sort = np.lexsort((-uncertainty, sorts))
    first = np.concatenate([[True], sorts[by_sort][1:] != sorts[by_sort][:-1]])
    starts = np.maximum.accumulate(np.where(first, np.arange(count), 0))
    turn = np.empty(count, dtype=np.int64)
    turn[by_sort] = np.arange(count) - starts
    order = np.lexsort((-uncertainty, turn))
    found = np.empty(count)
    found[order] = 1 - np.arange(count) / count
    return found


def _clusters(features: Floats) -> NDArray[np.int64]:
    from sklearn.cluster import MiniBatchKMeans

    several = len(np.unique(features[:1000], axis=0))
    count = min(CLUSTERS, max(1, len(features) // 4), several)
    if count < 2:
        return np.zeros(len(features), dtype=np.int64)
    sample = features
    if len(features) > _TRAINED:
        sample = features[np.random.default_rng(0).choice(len(features), _TRAINED, replace=False)]
    model = MiniBatchKMeans(count, random_state=0, n_init=1, batch_size=1024).fit(sample)
    return np.asarray(model.predict(features), dtype=np.int64)
