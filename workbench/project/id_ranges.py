"""Sorted ids as ranges: bulk changes of images then take a few statements, and their history a few bytes."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[int] | NDArray[np.int64]
"""Ids of images, in any order."""

PACK = 65_536
"""The most ids in one row of the history, so that reading one image's history stays cheap."""


def as_ids(ids: Ids) -> NDArray[np.int64]:
    """Return the ids sorted, each once."""
    ordered = np.sort(np.asarray(ids, dtype=np.int64))
    # np.unique takes thirty times as long: it hashes.
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def ranges(ids: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers in sorted ids, as (first, last)."""
    if not len(ids):
        return []
    breaks = np.flatnonzero(np.diff(ids) != 1)
    firsts = ids[np.concatenate([[0], breaks + 1])]
    lasts = ids[np.concatenate([breaks, [len(ids) - 1]])]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def pack(ids: NDArray[np.int64]) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield sorted ids as (first, last, offsets from first); the offsets are None where every id between is meant."""
    spans = ranges(ids)
    if len(spans) <= 8:
        yield from ((first, last, None) for first, last in spans)
        return
    for start in range(0, len(ids), PACK):
        part = ids[start : start + PACK]
        yield int(part[0]), int(part[-1]), (part - part[0]).astype("<u4").tobytes()


def unpack(first: int, offsets: bytes) -> NDArray[np.int64]:
    """Return the ids that `pack` wrote."""
    return np.frombuffer(offsets, dtype="<u4").astype(np.int64) + first
