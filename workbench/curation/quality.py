"""Bad pictures: blurred, too dark, too bright, empty, of an odd size or shape. Judged by limits of their own and by the set."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.curation.finding import Finding
from workbench.curation.hashes import SignatureStore
from workbench.curation.pictures import pages, relatives
from workbench.jobs import Event
from workbench.project.project import Project

SET = 20
"""From so many images on the set says what is usual."""

BLURRED = 0.12
"""Sharpness: NEU has 0.145 to 1.8, ants and bees 0.19 to 1.6, IDRiD 0.15 to 0.35; blurred by a radius of 3 px 0.02 to 0.18."""

DARK, DARK_HIGH = 20.0, 60.0
"""Mean grey level, and the level that 99 % are below, of a picture with nothing to see in it."""

BRIGHT, BRIGHT_LOW = 245.0, 225.0
"""Mean grey level, and the level that 99 % are above, of a picture that is white."""

EMPTY = 4.0
"""Standard deviation of the grey levels; the plainest steel of NEU has 7."""

TINY = 16
"""Pixels of the shorter side, below which there is hardly a picture."""

LONG = 6.0
"""Ratio of the sides from which on a picture is a strip."""

_FAR = 4.0
"""Robust standard deviations from the set's median that count as far."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """What is known of each image; all arrays of one length. Levels 0 to 255, sides in pixels."""

    ids: NDArray[np.int64]
    sharpness: Floats
    brightness: Floats
    contrast: Floats
    low: Floats
    high: Floats
    width: Floats
    height: Floats


@dataclass(frozen=True)
class Fault:
    """A kind of fault: 0 where an image has none, else 0.5 to 1 by how bad it is; and the words for an image's figures."""

    scores: Floats
    words: str
    figures: Floats

    def told(self, place: int) -> str:
        return self.words.format(self.figures[place])


def find(project: Project) -> Iterator[Event]:
    """Yield Progress, Noticed, and a Finding per bad picture, the worst first, with all that is wrong with it."""
    store = SignatureStore(project)
    yield from store.complete()
    measures = _measured(project, store)
    faults = faults_of(measures)
    worst = np.max([fault.scores for fault in faults], axis=0, initial=0)
    bad = np.argsort(-worst, kind="stable")[: int((worst > 0).sum())]
    for start in range(0, len(bad), 1000):
        places = bad[start : start + 1000]
        names = relatives(project, measures.ids[places])
        for place in places.tolist():
            told = [fault.told(place) for fault in faults if fault.scores[place] > 0]
            image_id = int(measures.ids[place])
            message = f"The picture is {' and '.join(told)}."
            yield Finding("quality", [names[image_id]], round(float(worst[place]), 4), message, [image_id])


def faults_of(m: Measures) -> list[Fault]:
    """Return every kind of fault with the images that have it."""
    empty = _below(m.contrast, EMPTY)
    plain = empty > 0  # nothing in it could be sharp
    blurred = np.where(plain, 0, _below(m.sharpness, _sharpness_limit(m.sharpness[~plain])))
    dark = _below(m.brightness, _dark_limit(m))
    dark[m.high > np.maximum(DARK_HIGH, 0.5 * _median(m.high))] = 0
    bright = _below(255 - m.brightness, 255 - _bright_limit(m))
    bright[m.low < np.minimum(BRIGHT_LOW, 0.5 * (255 + _median(m.low)))] = 0
    short, long = np.minimum(m.width, m.height), np.maximum(m.width, m.height)
    side = np.sqrt(m.width * m.height)
    usual = _median(side)
    ratio = long / np.maximum(short, 1)
    return [
        Fault(empty, "empty: hardly any difference between its grey levels (deviation {:.1f} of 255)", m.contrast),
        Fault(
            blurred,
            "blurred (sharpness {:.2f}; sharp ones of this set have " + f"{_median(m.sharpness):.2f})",
            m.sharpness,
        ),
        Fault(dark, "very dark (mean level {:.0f} of 255)", m.brightness),
        Fault(bright, "very bright (mean level {:.0f} of 255)", m.brightness),
        Fault(_below(short, TINY), "tiny ({:.0f} px on its shorter side)", short),
        Fault(
            _odd(np.log(np.maximum(side, 1)), math.log(2)),
            "of an odd size ({:.0f} px across, where " + f"{usual:.0f} is usual)",
            side,
        ),
        Fault(
            np.maximum(_odd(np.log(ratio), math.log(1.6)), _strips(ratio)),
            "of an odd shape (sides 1 to {:.1f}, where 1 to " + f"{_median(ratio):.1f} is usual)",
            ratio,
        ),
    ]


def _measured(project: Project, store: SignatureStore) -> Measures:
    ids: list[int] = []
    rows_of: list[Floats] = []
    for rows in pages(project, size=1000):
        signatures, there = store.load(rows)
        kept = [row for row, known in zip(rows, there, strict=True) if known]
        ids += [int(row.id) for row in kept]
        columns = [signatures[name][there] for name in ("sharpness", "brightness", "contrast", "low", "high")]
        columns += [np.array([row.width for row in kept]), np.array([row.height for row in kept])]
        rows_of.append(np.array(columns, dtype=np.float64))
    table = np.concatenate(rows_of, axis=1) if rows_of else np.empty((7, 0))
    return Measures(np.array(ids, dtype=np.int64), *table)


def _below(values: Floats, limit: float) -> Floats:
    """Return 0.5 just below the limit to 1 at 0, and 0 above it."""
    if limit <= 0:
        return np.zeros(len(values))
    return np.where(values < limit, 1 - 0.5 * np.clip(values, 0, limit) / limit, 0.0)


def _sharpness_limit(values: Floats) -> float:
    """A set whose sharp pictures are soft (ultrasound) is judged by itself, any other by BLURRED at the least."""
    if len(values) < SET:
        return BLURRED
    logs = np.log(np.maximum(values, 1e-3))
    far = float(np.exp(np.median(logs) - _FAR * _spread(logs, 0.1)))
    return min(max(BLURRED, far), 0.55 * float(np.median(values)))


def _dark_limit(m: Measures) -> float:
    if len(m.ids) < SET:
        return DARK
    middle = _median(m.brightness)
    far = min(middle - _FAR * _spread(m.brightness, 5.0), 0.5 * middle)
    return max(min(DARK, 0.5 * middle), far)


def _bright_limit(m: Measures) -> float:
    if len(m.ids) < SET:
        return BRIGHT
    middle = _median(m.brightness)
    far = max(middle + _FAR * _spread(m.brightness, 5.0), 0.5 * (middle + 255))
    return min(max(BRIGHT, 0.5 * (middle + 255)), far)


def _odd(values: Floats, least: float) -> Floats:
    """Return 0.5 to 1 where a value is far from the median: by ``least``, and by what is usual in the set."""
    if len(values) < SET:
        return np.zeros(len(values))
    away = np.abs(values - np.median(values))
    limit = max(least, 1.5 * _FAR * _spread(values, 0.01))
    return np.where(away > limit, np.clip(0.5 * away / limit, 0.5, 1), 0.0)


def _strips(ratio: Floats) -> Floats:
    usual = _median(ratio)
    return np.where((ratio > LONG) & (ratio > 2 * usual), np.clip(ratio / (4 * LONG), 0.5, 1), 0.0)


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _spread(values: Floats, least: float) -> float:
    """Return a standard deviation that outliers do not move, at least ``least``."""
    return max(least, 1.4826 * float(np.median(np.abs(values - np.median(values)))))
