"""Logistic regression on embeddings: what label errors and suggestions go by. Imports scikit-learn late."""

import warnings
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.embedding.store import Floats
from workbench.embedding.waiting import waited
from workbench.jobs import Progress

C = 0.01
"""Inverse strength of the penalty; on standardised features of a frozen backbone it fits well (the project's reference)."""

FOLDS = 5
DIRECTIONS = 256
"""Features are projected on so many principal directions where there are more images than four times that."""

_CHUNK = 8192
_BY_STRATA = 50_000

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Classifier:
    """A fitted model; classes without an example have probability 0."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    known: NDArray[np.int64]
    classes: int

    def probabilities(self, features: Floats) -> Shares:
        """Return the probabilities [N, classes]."""
        shares = np.zeros((len(features), self.classes))
        if len(self.known) == 1:
            shares[:, self.known[0]] = 1.0
            return shares
        logits = features @ self.weights.T + self.bias
        if logits.shape[1] == 1:  # scikit-learn keeps one row for two classes
            logits = np.concatenate([-logits / 2, logits / 2], axis=1)
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        shares[:, self.known] = exponentials / exponentials.sum(axis=1, keepdims=True)
        return shares


def standardised(vectors: Floats) -> Floats:
    """Return features of mean 0 and deviation 1; of many images along their principal directions only.

    Reads the vectors in parts, so that what it holds beside them is small.
    """
    count, width = vectors.shape
    parts = range(0, count, _CHUNK)
    mean = np.zeros(width)
    for start in parts:
        mean += vectors[start : start + _CHUNK].sum(axis=0, dtype=np.float64)
    mean /= max(1, count)
    variance = np.zeros(width)
    for start in parts:
        variance += np.square(vectors[start : start + _CHUNK] - mean).sum(axis=0)
    scale = np.sqrt(variance / max(1, count))
    # A feature that never moves, or by rounding alone, says nothing.
    scale[scale <= 1e-6 * (np.abs(mean) + 1e-30)] = np.inf

    def part(start: int) -> Floats:
        scaled: Floats = ((vectors[start : start + _CHUNK] - mean) / scale).astype(np.float32)
        return scaled

    if width <= DIRECTIONS or count <= 4 * DIRECTIONS:
        return np.concatenate([part(start) for start in parts]) if count else vectors.astype(np.float32)
    covariance = np.zeros((width, width))
    for start in parts:
        rows = part(start)
        covariance += rows.T @ rows
    directions = _leading(covariance, DIRECTIONS)
    return np.concatenate([part(start) @ directions for start in parts])


def narrowed(vectors: Floats, directions: int) -> Floats:
    """Return the vectors along so many principal directions of them (not centred); their distances hardly change."""
    if vectors.shape[1] <= directions:
        return vectors
    parts = range(0, len(vectors), _CHUNK)
    products = np.zeros((vectors.shape[1], vectors.shape[1]))
    for start in parts:
        rows = vectors[start : start + _CHUNK]
        products += rows.T @ rows
    kept = _leading(products, directions)
    return np.concatenate([vectors[start : start + _CHUNK] @ kept for start in parts])


def _leading(products: NDArray[np.float64], count: int) -> Floats:
    _, directions = np.linalg.eigh(products / max(1.0, float(np.trace(products))))
    return directions[:, -count:].astype(np.float32)


def fit(features: Floats, targets: NDArray[np.int64], classes: int) -> Classifier:
    """Return a classifier of ``classes`` classes; ``targets`` are their indices."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    known = np.unique(targets)
    if len(known) < 2:
        return Classifier(np.zeros((1, features.shape[1])), np.zeros(1), known, classes)
    with warnings.catch_warnings():
        # Nearly converged is good enough to rank by.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=C, max_iter=200).fit(features, targets)
    return Classifier(
        np.asarray(model.coef_, dtype=np.float64), np.asarray(model.intercept_, dtype=np.float64), known, classes
    )


def out_of_fold(
    features: Floats, targets: NDArray[np.int64], classes: int, *, groups: NDArray[np.int64] | None = None, what: str
) -> Generator[Progress, None, Shares]:
    """Return the probabilities [N, classes] of each image by a model that saw neither it nor its group.

    Use it with ``yield from``. There must be at least two images and, with groups, two groups.
    """
    shares = np.zeros((len(features), classes))
    folds = yield from waited(lambda: _folds(targets, groups), Progress(0, FOLDS, what))
    for number in range(int(folds.max()) + 1):
        yield Progress(number, int(folds.max()) + 1, what)
        held = folds == number
        told = Progress(number, int(folds.max()) + 1, what)

        def judged(held: NDArray[np.bool_] = held) -> Shares:
            return fit(features[~held], targets[~held], classes).probabilities(features[held])

        shares[held] = yield from waited(judged, told)
    yield Progress(int(folds.max()) + 1, int(folds.max()) + 1, what)
    return shares


def _folds(targets: NDArray[np.int64], groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the fold of each image, of at most `FOLDS`."""
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, StratifiedKFold

    count = max(2, min(FOLDS, int(np.bincount(targets).max())))
    together = groups if groups is not None and 2 <= len(np.unique(groups)) < len(groups) else None
    if together is not None:
        count = min(count, len(np.unique(together)))
    # Beyond that the careful one takes minutes, and chance alone keeps the shares.
    careful = len(targets) <= _BY_STRATA
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes with fewer images than folds: told in a sentence
        if together is None:
            splitter = StratifiedKFold(count, shuffle=True, random_state=0)
        elif careful:
            splitter = StratifiedGroupKFold(count, shuffle=True, random_state=0)
        else:
            splitter = GroupKFold(count, shuffle=True, random_state=0)
        folds = np.zeros(len(targets), dtype=np.int64)
        for number, (_, held) in enumerate(splitter.split(np.zeros((len(targets), 1)), targets, together)):
            folds[held] = number
    return folds
