"""Making confidence mean what it says: temperature scaling (Guo et al. 2017) and the calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15
_LOWEST, _HIGHEST = 0.05, 20.0
_TINY = 1e-12


@dataclass(frozen=True)
class Calibration:
    """``error`` is the expected calibration error (0 to 1): the mean gap between confidence and accuracy, by bins.

    Each bin is a dictionary of low, high (confidence), images, confidence and accuracy (means; 0 in an empty bin).
    """

    error: float
    bins: list[dict[str, float]]


def fit_temperature(logits_or_probs: ArrayLike, targets: ArrayLike) -> float:
    """Return the temperature T that makes softmax(logits / T) most likely on these images; 1.0 without images.

    Takes logits or probabilities [N, C] (probabilities stand for their logarithm) and class indices [N]. The targets
    are smoothed by one image: 1 - 1 / (N + 2) for the true class, the rest for the others (Platt 1999, for any number
    of classes), so that a small set without mistakes does not drive T to 0 and every confidence to 1. Always between
    0.05 and 20.
    """
    # scipy takes a quarter of a second to import, and only fitting needs it
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    scores = np.asarray(logits_or_probs, dtype=np.float64)
    true = np.asarray(targets, dtype=np.int64)
    if len(true) == 0:
        return 1.0
    if _are_probabilities(scores):
        scores = np.log(np.maximum(scores, _TINY))
    images, classes = scores.shape
    smooth = np.full_like(scores, 1.0 / (images + 2) / max(1, classes - 1))
    smooth[np.arange(images), true] = 1.0 - 1.0 / (images + 2)

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        return float(-(smooth * (scaled - logsumexp(scaled, axis=1, keepdims=True))).sum() / images)

    found = minimize_scalar(loss, bounds=(np.log(_LOWEST), np.log(_HIGHEST)), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def calibration(probabilities: ArrayLike, targets: ArrayLike, *, bins: int = BINS) -> Calibration:
    """Return the expected calibration error of the most probable class over ``bins`` bins of equal width (Guo et al. 2017)."""
    shares = np.asarray(probabilities, dtype=np.float64)
    true = np.asarray(targets, dtype=np.int64)
    edges = np.linspace(0.0, 1.0, bins + 1)
    confidence: NDArray[np.float64] = shares.max(axis=1) if len(shares) else np.zeros(0)
    right = shares.argmax(axis=1) == true if len(shares) else np.zeros(0, dtype=bool)
    which = np.clip(np.digitize(confidence, edges[1:-1], right=True), 0, bins - 1)
    rows: list[dict[str, float]] = []
    error = 0.0
    for i in range(bins):
        inside = which == i
        images = int(inside.sum())
        mean = float(confidence[inside].mean()) if images else 0.0
        accuracy = float(right[inside].mean()) if images else 0.0
        error += images / max(1, len(true)) * abs(mean - accuracy)
        rows.append(
            {
                "low": float(edges[i]),
                "high": float(edges[i + 1]),
                "images": images,
                "confidence": mean,
                "accuracy": accuracy,
            }
        )
    return Calibration(error=error, bins=rows)


def _are_probabilities(scores: NDArray[np.float64]) -> bool:
    return bool(scores.min() >= 0 and np.allclose(scores.sum(axis=1), 1.0, atol=1e-3))
