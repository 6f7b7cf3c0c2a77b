"""Nearest neighbours among vectors, by faiss, exact and in steps."""

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from workbench.embedding.store import Floats
from workbench.jobs import Progress

_PAIRS = 1_000_000_000
"""Multiplications that one step may take: about a tenth of a second."""


def unit(vectors: Floats) -> Floats:
    """Return the vectors with length 1; a vector of zeros stays so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Floats = vectors / np.maximum(lengths, np.float32(1e-12))
    return np.ascontiguousarray(scaled, dtype=np.float32)


def nearest(
    vectors: Floats, k: int, *, queries: Floats | None = None, what: str = "Comparing images"
) -> Generator[Progress, None, tuple[Floats, NDArray[np.int64]]]:
    """Return for each query the ``k`` nearest vectors: squared Euclidean distances and rows, both [N, k], nearest first.

    Without ``queries`` the vectors are compared with each other, and none is its own neighbour. Where there are fewer than
    ``k`` the rest are at infinity, row -1. Use it with ``yield from``.
    """
    import faiss

    asked = vectors if queries is None else queries
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    wanted = k + (queries is None)
    step = max(1, min(4096, _PAIRS // max(1, vectors.size)))
    distances = np.full((len(asked), k), np.inf, dtype=np.float32)
    rows = np.full((len(asked), k), -1, dtype=np.int64)
    for start in range(0, len(asked), step):
        part = np.ascontiguousarray(asked[start : start + step], dtype=np.float32)
        found, places = index.search(part, wanted)
        found[places < 0] = np.inf
        if queries is None:
            found, places = _without_self(found, places, start)
        distances[start : start + len(part)] = np.maximum(found[:, :k], 0)
        rows[start : start + len(part)] = places[:, :k]
        yield Progress(start + len(part), len(asked), what)
    return distances, rows


def _without_self(distances: Floats, rows: NDArray[np.int64], start: int) -> tuple[Floats, NDArray[np.int64]]:
    """Move each row itself to the end: among exact copies it need not come first."""
    own = rows == np.arange(start, start + len(rows))[:, None]
    order = np.argsort(own, axis=1, kind="stable")
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(rows, order, axis=1)
