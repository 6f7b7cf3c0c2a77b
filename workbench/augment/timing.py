"""How long each transform of a chain takes, in its place and on what the steps before it leave."""

import random
import time
from typing import Any

import numpy as np

from workbench.augment.building import Built
from workbench.augment.chain import Chain, Place
from workbench.augment.pipeline import Pixels


class Timed:
    """A chain that is run as in training, but for the clock at each transform. One instance for each thread."""

    def __init__(self, chain: Chain, *, side: int) -> None:
        """Build the chain for results of ``side`` x ``side`` pixels. Raises ChainError as `pipeline.check` does."""
        self._spent: dict[Place, float] = {}
        self._built = Built(chain, (side, side))
        for transform in self._built.leaves:
            _put_clock(transform, self._built.places[id(transform)], self._spent)

    def __call__(self, image: Pixels, seed: int) -> dict[Place, float]:
        """Return the milliseconds of each transform that this seed applies to the image.

        Raises whatever albumentations raises for an image that a transform cannot work on.
        """
        self._spent.clear()
        self._built.compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        self._built.compose(image=image)
        return {place: seconds * 1000 for place, seconds in self._spent.items()}


def _put_clock(transform: Any, place: Place, spent: dict[Place, float]) -> None:
    """Make the transform tell how long it took whenever it is applied, its random numbers included."""
    kind = type(transform)
    apply = transform.apply_with_params
    applied: list[bool] = []

    def noticed(*args: Any, **data: Any) -> Any:
        applied.append(True)
        return apply(*args, **data)

    def __call__(self: Any, *args: Any, **data: Any) -> Any:
        applied.clear()
        began = time.perf_counter()
        result = kind.__call__(self, *args, **data)
        if applied:
            spent[place] = spent.get(place, 0.0) + time.perf_counter() - began
        return result

    transform.apply_with_params = noticed
    # Calls are looked up in the class, so the transform gets one of its own.
    transform.__class__ = type(kind.__name__, (kind,), {"__call__": __call__})
