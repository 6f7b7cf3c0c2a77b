"""Chains made to run: compose, trace, check. albumentations is imported on first use."""

import numpy as np
from numpy.typing import NDArray

from workbench.augment.chain import Chain

Pixels = NDArray[np.uint8]
"""An image of shape (height, width, 3), red first."""


class Composed:
    """A chain ready to run: ``composed(image, seed)``; picklable (rebuilt in the worker)."""

    def __init__(self, chain: Chain) -> None:
        raise NotImplementedError

    def __call__(self, image: Pixels, seed: int) -> Pixels:
        """Return the augmented image: uint8, contiguous, same for the same seed."""
        raise NotImplementedError

    def trace(self, image: Pixels, seed: int) -> list[tuple[str, Pixels]]:
        """Return the image after every step, by transform name, starting with ("", image)."""
        raise NotImplementedError


def compose(chain: Chain) -> Composed:
    """Build the chain. Raises WorkbenchError as `check`."""
    raise NotImplementedError


def check(chain: Chain) -> None:
    """Raise WorkbenchError in a sentence where the chain cannot be composed."""
    raise NotImplementedError
