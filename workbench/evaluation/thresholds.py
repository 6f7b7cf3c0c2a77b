"""A threshold for each class: the probability from which an image is called that class when classes are asked one by one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

DEFAULT = 0.5


def best_f1(targets: ArrayLike, probabilities: ArrayLike) -> list[float]:
    """Return, per class, the threshold with the best F1 of that class against the rest.

    Choose them on validation images, never on test images. The threshold lies halfway between the last score it
    takes in and the first it leaves out, and among equally good ones it is the nearest to 0.5. A class without
    images, or with nothing but its own, keeps 0.5.
    """
    from sklearn.metrics import precision_recall_curve  # heavy; this module is also imported where nothing is fitted

    true = np.asarray(targets, dtype=np.int64)
    shares = np.asarray(probabilities, dtype=np.float64)
    thresholds = []
    for index in range(shares.shape[1]):
        mine = true == index
        if not mine.any() or mine.all():
            thresholds.append(DEFAULT)
            continue
        precision, recall, scores = precision_recall_curve(mine, shares[:, index])
        precision, recall = precision[:-1], recall[:-1]
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        below = np.concatenate([[0.0], scores[:-1]])
        middles = (scores + below) / 2
        best = np.flatnonzero(f1 >= f1.max() - 1e-9)
        thresholds.append(float(middles[best[np.abs(middles[best] - DEFAULT).argmin()]]))
    return thresholds


def by_class(classes: Sequence[str], thresholds: Sequence[float]) -> dict[str, float]:
    """Return class name -> threshold, rounded to six digits, as bundles and packages store them."""
    return {name: round(float(value), 6) for name, value in zip(classes, thresholds, strict=True)}
