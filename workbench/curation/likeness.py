"""How alike two images are: candidates by the distance of their hashes, judged by the detail of their thumbnails.

Both limits follow the set itself: pictures of one fixed camera or of one organ are alike without being copies.
"""

import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.curation.hashes import HASH_BITS, Signatures
from workbench.jobs import Event, Progress

NEIGHBOURS = 64
"""At most so many candidates per image, the nearest: a long video would give a pair for each pair of its frames."""

FARTHEST = 40
"""Bits of 256 in which copies may differ. Copies of NEU, ants and bees and IDRiD, scaled by 0.4 without a filter and encoded
at quality 60, differ in 26 (90 %) to 46 bits; different images of NEU in 92 at the least."""

LEAST_DETAIL = 0.75
"""Correlation of the thumbnails' detail that copies have at the least (NEU, the same copies: 0.81; others: up to 0.72)."""

FLAT = 2.0
"""Standard deviation of grey levels below which there is nothing to compare."""

_BLOCK = 2048
_SAMPLED = 512


@dataclass(frozen=True)
class Pairs:
    """Pairs that look alike: places in the signatures, first < second, and how alike they are (0 to 1)."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    score: NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """From where on two images of a set count as copies: the most bits of difference, the least correlation."""

    bits: int
    detail: float


def pairs(signatures: Signatures) -> Generator[Event, None, Pairs]:
    """Return the pairs among ``signatures`` that look alike; use it with ``yield from``."""
    usable = np.flatnonzero(signatures["contrast"] >= FLAT)
    if len(usable) < 2:
        none = np.empty(0, dtype=np.int64)
        return Pairs(none, none, np.empty(0))
    limits = limits_of(signatures[usable])
    codes: list[NDArray[np.int64]] = []
    distances: list[NDArray[np.int64]] = []
    for event in candidates(np.ascontiguousarray(signatures["hash"][usable]), farthest=limits.bits):
        if isinstance(event, Progress):
            yield event
        else:
            codes.append(event[0])
            distances.append(event[1])
    unique, at = np.unique(np.concatenate(codes), return_index=True)
    bits = np.concatenate(distances)[at]
    first, second = usable[unique // len(usable)], usable[unique % len(usable)]
    likeness = np.empty(len(first))
    for start in range(0, len(first), _BLOCK):
        part = slice(start, start + _BLOCK)
        likeness[part] = alike(signatures["thumbnail"], first[part], second[part])
        yield Progress(min(start + _BLOCK, len(first)), len(first), "Comparing what looks alike")
    kept = likeness >= limits.detail
    score = 0.5 * (1 - bits / 64) + 0.5 * likeness
    return Pairs(first[kept], second[kept], np.clip(score[kept], 0, 1))


def candidates(
    hashes: NDArray[np.uint8],
    *,
    farthest: int,
    queries: NDArray[np.uint8] | None = None,
) -> Iterator[Progress | tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield Progress, and per block the pairs within ``farthest`` bits as (one * count + other, bits).

    ``hashes``: shape (count, 32). ``queries`` are other hashes of the same images; pairs are then (image, image of the
    query), else the smaller place comes first. 100 000 take 5 s on two idle cores; the work grows with the square.
    """
    count = len(hashes)
    workers = min(8, os.cpu_count() or 1)
    starts = list(range(0, count, _BLOCK))
    with ThreadPoolExecutor(workers, "neighbours", initializer=_one_thread_each) as pool:
        for first in range(0, len(starts), workers):
            blocks = starts[first : first + workers]
            yield from pool.map(lambda start: _near_block(hashes, queries, start, farthest), blocks)
            yield Progress(min(blocks[-1] + _BLOCK, count), count, "Looking for near-duplicates")


def _one_thread_each() -> None:
    import faiss

    # faiss's own threads wait for each other by spinning: beside other work that took five times the processor's time.
    faiss.omp_set_num_threads(1)


def _near_block(
    hashes: NDArray[np.uint8], queries: NDArray[np.uint8] | None, start: int, farthest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what `candidates` yields for the block of queries from ``start`` on."""
    import faiss

    count = len(hashes)
    first = start if queries is None else 0  # what comes before is compared with these by its own block
    index = faiss.IndexBinaryFlat(HASH_BITS)
    index.add(hashes[first:])
    asked = (hashes if queries is None else queries)[start : start + _BLOCK]
    bits, places = index.search(asked, min(NEIGHBOURS, count - first))
    rows, columns = np.nonzero((bits <= farthest) & (places >= 0))
    query, found = rows + start, places[rows, columns].astype(np.int64) + first
    keep = query != found
    if queries is None:
        query, found = np.maximum(query, found), np.minimum(query, found)
    return found[keep] * count + query[keep], bits[rows, columns][keep].astype(np.int64)


def alike(thumbnails: NDArray[np.uint8], first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far the detail of the thumbnails at these places agrees, -1 to 1."""
    places, inverse = np.unique(np.concatenate([first, second]), return_inverse=True)
    vectors = detail(thumbnails[places])
    one, other = vectors[inverse[: len(first)]], vectors[inverse[len(first) :]]
    agreement: NDArray[np.float64] = np.einsum("ij,ij->i", one, other).astype(np.float64)
    return agreement


def detail(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the thumbnails (n, side, side) less their blur, as unit vectors (n, side * side): what light and shade hide."""
    levels = thumbnails.astype(np.float32)
    side = levels.shape[1]
    padded = np.pad(levels, ((0, 0), (2, 2), (2, 2)), mode="edge")
    weights = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16
    rows = sum(weight * padded[:, k : k + side] for k, weight in enumerate(weights))
    blurred = sum(weight * rows[:, :, k : k + side] for k, weight in enumerate(weights))
    fine = (levels - blurred).reshape(len(levels), -1)
    fine -= fine.mean(axis=1, keepdims=True)
    unit: NDArray[np.float32] = fine / np.maximum(np.linalg.norm(fine, axis=1, keepdims=True), 1e-6)
    return unit


def limits_of(signatures: Signatures) -> Limits:
    """Return the limits for a set, from how alike images of it are that were drawn at random."""
    count = min(_SAMPLED, len(signatures))
    drawn = signatures[np.random.default_rng(0).choice(len(signatures), count, replace=False)]
    pair = np.triu_indices(count, 1)
    if len(pair[0]) < 10:
        return Limits(FARTHEST, LEAST_DETAIL)
    bits = np.unpackbits(drawn["hash"], axis=1).astype(np.float32)
    same = bits @ bits.T + (1 - bits) @ (1 - bits).T
    typical = float(np.median(HASH_BITS - same[pair]))
    vectors = detail(drawn["thumbnail"])
    depth = np.arctanh(np.clip((vectors @ vectors.T)[pair], -0.9999, 0.9999))  # Fisher's z: nearly normal
    middle = float(np.median(depth))
    spread = 1.4826 * float(np.median(np.abs(depth - middle)))
    return Limits(
        bits=int(min(FARTHEST, max(4.0, 0.35 * typical))),
        detail=float(np.clip(np.tanh(middle + 5 * spread), LEAST_DETAIL, 0.985)),
    )


def stars(found: Pairs) -> list[tuple[list[int], float]]:
    """Return groups (places, the centre first, and the least score in it) that cover every pair.

    All members of a group look like its centre: chains of images that only look like their neighbour are not joined. An
    image may be in two groups then.
    """
    near: dict[int, dict[int, float]] = {}
    for one, other, score in zip(found.first.tolist(), found.second.tolist(), found.score.tolist(), strict=True):
        near.setdefault(one, {})[other] = score
        near.setdefault(other, {})[one] = score
    covered: set[tuple[int, int]] = set()
    groups: list[tuple[list[int], float]] = []
    for centre in sorted(near, key=lambda place: (-len(near[place]), place)):
        open_ = [other for other in near[centre] if (min(centre, other), max(centre, other)) not in covered]
        if not open_:
            continue
        members = [centre, *sorted(open_)]
        groups.append((members, min(near[centre][other] for other in open_)))
        group = set(members)
        covered.update((min(one, other), max(one, other)) for one in members for other in near[one] if other in group)
    return groups
