"""A support vector machine as plain arrays, with a decision function of its own. Needs no scikit-learn to decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kernel = Literal["linear", "rbf"]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """Makes features comparable: each of mean 0 and deviation 1 (``scale`` inf where it never moves), all kinds equally heavy."""

    mean: Doubles
    scale: Doubles

    @classmethod
    def of(cls, features: NDArray[np.float32], lengths: Sequence[int]) -> "Scaling":
        """Return that of training features [N,D], in which kinds of features follow each other with these ``lengths``.

        A scaled image has a squared length of about 1, so that a kernel's width does not depend on D.
        """
        mean = features.mean(axis=0, dtype=np.float64)
        scale = features.std(axis=0, dtype=np.float64)
        still = scale <= 1e-6 * (np.abs(mean) + 1e-6)
        start = 0
        for length in lengths:
            part = slice(start, start + length)
            scale[part] *= np.sqrt(max(1, int((~still[part]).sum())) * len(lengths))
            start += length
        scale[still] = np.inf
        return cls(mean, scale)

    def __call__(self, features: NDArray[np.float32]) -> Doubles:
        found: Doubles = (features - self.mean) / self.scale
        return found


@dataclass(frozen=True)
class Machine:
    """One support vector machine per class against the rest (a single one for two classes).

    ``support`` [S,D] are scaled training images, ``weight`` [R,S] what each says for each machine, ``bias`` [R].
    """

    kernel: Kernel
    gamma: float
    support: Doubles
    weight: Doubles
    bias: Doubles

    def scores(self, scaled: Doubles) -> Doubles:
        """Return a score for each class, [N,C], of scaled features [N,D]; the highest decides."""
        found = similarity(scaled, self.support, kernel=self.kernel, gamma=self.gamma) @ self.weight.T + self.bias
        return by_class(found)


def by_class(scores: Doubles) -> Doubles:
    """Return scores [N,C] of machines [N,R]: for two classes one machine speaks for both."""
    return np.concatenate([-scores, scores], axis=1) if scores.shape[1] == 1 else scores


def similarity(one: Doubles, other: Doubles, *, kernel: Kernel, gamma: float) -> Doubles:
    """Return the kernel of each row of ``one`` [N,D] with each of ``other`` [S,D]."""
    products: Doubles = one @ other.T
    if kernel == "linear":
        return products
    distance = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * products
    found: Doubles = np.exp(-gamma * np.maximum(distance, 0.0))
    return found
