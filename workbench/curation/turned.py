"""Copies that were mirrored or turned without an EXIF flag that says so: looked for in sets that are not too large.

The hash of each variant follows from the signs of the cosine transform, so that nothing is decoded again.
"""

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from workbench.curation.hashes import Signatures
from workbench.curation.likeness import FLAT, Pairs, candidates, detail, limits_of
from workbench.jobs import Event, Progress

MOST = 30_000
"""Images up to which they are looked for: six searches instead of one, 5 s for so many on two cores."""

_KEPT = 16
_BLOCK = 4096

Bytes = NDArray[np.uint8]

VARIANTS = ("mirrored", "flipped", "turned by 180", "transposed", "turned by 90", "transposed the other way")
"""With those turned by 270, which are those by 90 seen from the other image, every way to lay a picture on its frame."""


def turned_pairs(signatures: Signatures, upright: Pairs) -> Generator[Event, None, Pairs]:
    """Return the pairs that look alike once one is mirrored or turned, less the ``upright`` ones; use with ``yield from``."""
    usable = np.flatnonzero(signatures["contrast"] >= FLAT)
    none = np.empty(0, dtype=np.int64)
    if not 2 <= len(usable) <= MOST:
        return Pairs(none, none, np.empty(0))
    limits = limits_of(signatures[usable])
    thumbnails: Bytes = np.ascontiguousarray(signatures["thumbnail"][usable])
    coefficients = _coefficients(thumbnails)
    hashes = _hashes(coefficients)
    known = upright.first * len(signatures) + upright.second
    found: dict[int, float] = {}
    for number in range(len(VARIANTS)):
        queries = _hashes(_varied(coefficients, number))
        for event in candidates(hashes, farthest=limits.bits, queries=queries):
            if isinstance(event, Progress):
                total = len(VARIANTS) * len(usable)
                yield Progress(number * len(usable) + event.done, total, "Looking for mirrored and turned copies")
                continue
            code, bits = event
            base, query = code // len(usable), code % len(usable)
            for start in range(0, len(code), _BLOCK):
                part = slice(start, start + _BLOCK)
                one = detail(thumbnails[base[part]])
                other = detail(varied_thumbnails(thumbnails[query[part]], number))
                likeness = np.einsum("ij,ij->i", one, other)
                first, second = usable[np.minimum(base[part], query[part])], usable[np.maximum(base[part], query[part])]
                codes = first * len(signatures) + second
                score = np.clip(0.5 * (1 - bits[part] / 64) + 0.5 * likeness, 0, 1)
                for place in np.flatnonzero((likeness >= limits.detail) & ~np.isin(codes, known)).tolist():
                    key = int(codes[place])
                    found[key] = max(found.get(key, 0.0), float(score[place]))
    keys = np.array(sorted(found), dtype=np.int64)
    scores = np.array([found[key] for key in keys.tolist()])
    return Pairs(keys // max(1, len(signatures)), keys % max(1, len(signatures)), scores)


def varied_thumbnails(thumbnails: Bytes, variant: int) -> Bytes:
    """Return thumbnails (n, side, side) mirrored or turned as VARIANTS says."""
    turned = thumbnails.swapaxes(1, 2) if variant >= 3 else thumbnails
    rows, columns = _signs(variant)
    return turned[:, :: -1 if rows else 1, :: -1 if columns else 1]


def _varied(coefficients: NDArray[np.float32], variant: int) -> NDArray[np.float32]:
    """Return the transform of the varied picture: turning its rows round changes the sign of every second frequency."""
    turned = coefficients.swapaxes(1, 2) if variant >= 3 else coefficients
    rows, columns = _signs(variant)
    sign = np.where(np.arange(_KEPT) % 2 == 1, -1, 1).astype(np.float32)
    varied: NDArray[np.float32] = turned * (sign[:, None] if rows else 1) * (sign[None, :] if columns else 1)
    return varied


def _signs(variant: int) -> tuple[bool, bool]:
    """Return whether the rows and the columns are turned round (after the transposition)."""
    return (
        (False, True),
        (True, False),
        (True, True),
        (False, False),
        (False, True),
        (True, True),
    )[variant]


def _coefficients(thumbnails: Bytes) -> NDArray[np.float32]:
    from scipy.fft import dctn

    low = [
        dctn(thumbnails[start : start + _BLOCK].astype(np.float32), axes=(1, 2))[:, :_KEPT, :_KEPT]
        for start in range(0, len(thumbnails), _BLOCK)
    ]
    return np.concatenate(low)


def _hashes(coefficients: NDArray[np.float32]) -> Bytes:
    """Return 256 bits per image: which frequencies count positively. The mean level, always positive, says nothing."""
    return np.packbits(coefficients.reshape(len(coefficients), -1) > 0, axis=1)
