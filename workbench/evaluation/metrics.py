"""The figures a split is judged by, with 95 % intervals. Imports scikit-learn and scipy: never from the window."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support, recall_score

RESAMPLES = 2000
CONFIDENCE = 0.95
_CHUNK = 4_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """All figures of one split, as plain data; shares are 0 to 1.

    ``per_class`` has one dictionary per class in class order: class, precision, recall, f1, support, and
    ``intervals`` of the three. ``confusion[i][j]`` counts images of class i predicted as class j. ``intervals``
    maps accuracy, balanced_accuracy and macro_f1 to [low, high]. A class without images in the split has recall
    0 with the interval [0, 1], and does not count in the balanced accuracy; macro F1 averages the classes that
    have images or predictions.
    """

    images: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    per_class: list[dict[str, Any]]
    confusion: list[list[int]]
    intervals: dict[str, list[float]]


def measure(targets: ArrayLike, probabilities: ArrayLike, classes: Sequence[str], *, seed: int = 0) -> Metrics:
    """Measure predictions (the most probable class) against the true class indices.

    ``targets`` has shape [N] with values in 0..C-1, ``probabilities`` [N, C]. Accuracy, recall and precision
    get Wilson intervals (Wilson 1927), the rest bootstrap percentile intervals over images (Efron 1979),
    seeded. Raises ValueError without images.
    """
    true = np.asarray(targets, dtype=np.int64)
    predicted = np.asarray(probabilities).argmax(axis=1)
    if len(true) == 0:
        raise ValueError("no images to measure")
    labels = list(range(len(classes)))
    confusion: NDArray[np.int64] = confusion_matrix(true, predicted, labels=labels)
    precision, recall, f1, support = precision_recall_fscore_support(true, predicted, labels=labels, zero_division=0)
    present = np.unique(true)
    boot = _bootstrap(confusion, seed=seed)
    right = confusion.diagonal()
    accuracy = float(accuracy_score(true, predicted))
    balanced = float(recall_score(true, predicted, labels=present, average="macro", zero_division=0))
    macro_f1 = float(f1_score(true, predicted, average="macro", zero_division=0))
    per_class = [
        {
            "class": name,
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
            "support": int(support[i]),
            "intervals": {
                "precision": wilson(int(right[i]), int(confusion[:, i].sum())),
                "recall": wilson(int(right[i]), int(support[i])),
                "f1": _interval(boot.f1[:, i], float(f1[i]), float(support[i])),
            },
        }
        for i, name in enumerate(classes)
    ]
    effective = len(present) ** 2 / float((1.0 / support[present]).sum())
    return Metrics(
        images=len(true),
        accuracy=accuracy,
        balanced_accuracy=balanced,
        macro_f1=macro_f1,
        per_class=per_class,
        confusion=confusion.tolist(),
        intervals={
            "accuracy": wilson(int(right.sum()), len(true)),
            "balanced_accuracy": _interval(boot.balanced, balanced, effective),
            "macro_f1": _interval(boot.macro_f1, macro_f1, effective),
        },
    )


def gain_of(targets: ArrayLike, before: ArrayLike, after: ArrayLike, *, seed: int = 0) -> tuple[float, list[float]]:
    """Return by how much the balanced accuracy of ``after`` is above that of ``before``, and the 95 % interval of that.

    All three are class indices [N] of the same images. The interval is a percentile of the bootstrap over images, both
    predictions of an image drawn together: what both get right or wrong says nothing about their difference. Where no
    prediction differs it is as wide as the share of images (Wilson 1927) that may still differ.
    """
    true, first, second = (np.asarray(values, dtype=np.int64) for values in (targets, before, after))
    cells, counts = np.unique(np.stack([true, first, second]), axis=1, return_counts=True)
    of_true = np.eye(int(true.max()) + 1)[cells[0]]
    gained = of_true * ((cells[2] == cells[0]).astype(np.float64) - (cells[1] == cells[0]))[:, None]
    support = counts @ of_true
    gain = float(_mean(_ratio(counts @ gained, support)[None])[0])
    generator = np.random.default_rng(seed)
    parts: list[Floats] = []
    while sum(map(len, parts)) < RESAMPLES:
        size = min(RESAMPLES - sum(map(len, parts)), max(1, _CHUNK // len(counts)))
        drawn = generator.multinomial(len(true), counts / len(true), size=size).astype(np.float64)
        parts.append(_mean(_ratio(drawn @ gained, drawn @ of_true)))
    resampled = np.concatenate(parts)
    if resampled.min() == resampled.max():
        present = support[support > 0]
        room = wilson(0, int(len(present) ** 2 / float((1.0 / present).sum())))[1]
        return gain, [max(-1.0, gain - room), min(1.0, gain + room)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return gain, [min(float(low), gain), max(float(high), gain)]


def wilson(right: int, count: int) -> list[float]:
    """Return the 95 % Wilson interval [low, high] of a share; [0, 1] where nothing was counted."""
    if count == 0:
        return [0.0, 1.0]
    interval = binomtest(right, count).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return [max(0.0, float(interval.low)), min(1.0, float(interval.high))]


@dataclass(frozen=True)
class _Resampled:
    """The figures of each resample; NaN where a resample has no image for one."""

    balanced: Floats
    macro_f1: Floats
    f1: Floats


def _bootstrap(confusion: NDArray[np.int64], *, seed: int) -> _Resampled:
    """Resample the images with replacement.

    Drawing N images with replacement is drawing the cells of the confusion matrix from a multinomial, which
    costs the same for a hundred images and for a million.
    """
    rows, columns = np.nonzero(confusion)
    counts = confusion[rows, columns]
    total = int(counts.sum())
    classes = len(confusion)
    of_true, of_predicted = np.eye(classes)[rows], np.eye(classes)[columns]
    on_diagonal = of_true * (rows == columns)[:, None]
    generator = np.random.default_rng(seed)
    parts = []
    done = 0
    while done < RESAMPLES:
        size = min(RESAMPLES - done, max(1, _CHUNK // len(counts)))
        drawn = generator.multinomial(total, counts / total, size=size).astype(np.float64)
        parts.append(np.stack([drawn @ on_diagonal, drawn @ of_true, drawn @ of_predicted]))
        done += size
    right, support, predicted = np.concatenate(parts, axis=1)
    f1 = _ratio(2 * right, support + predicted)
    return _Resampled(balanced=_mean(_ratio(right, support)), macro_f1=_mean(f1), f1=f1)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _mean(values: Floats) -> Floats:
    """Return the mean of each row over the classes that occur in it."""
    occurs = ~np.isnan(values)
    mean: Floats = np.where(occurs, values, 0.0).sum(axis=1) / occurs.sum(axis=1)
    return mean


def _interval(resampled: Floats, value: float, count: float) -> list[float]:
    """Return the 95 % percentile interval of the resamples, widened to hold ``value``.

    Where every image is right (or every one wrong) the resamples cannot differ and would claim certainty; the Wilson
    interval of ``count`` images, the effective number behind the figure, is given instead.
    """
    known = resampled[~np.isnan(resampled)]
    if len(known) == 0 or known.min() == known.max():
        images = int(count)
        return wilson(round(value * images), images)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return [min(float(low), value), max(float(high), value)]
