"""Test-time augmentation: several views of each image, their probabilities averaged, gain and cost beside the plain figure.

The deployment path looks at each image once, and its figure stays the headline: an exported package does not do this.
Imports no torch.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.data.reading import Pixels
from workbench.errors import WorkbenchError

NONE = "none"
CROP = 0.9
"""Share of the side that each of the corner crops keeps."""

MOST = 32
_CHAIN = "chain:"

Shares = NDArray[np.float32]
Run = Callable[[Pixels], Shares]
"""Probabilities [N, C] of images uint8 [N, H, W, 3]."""


@dataclass(frozen=True)
class Views:
    """A named set of views. ``see`` yields the same images again and again, uint8 [N, H', W', 3], first as they are."""

    name: str
    count: int
    mirrors: bool
    """Whether left and right change places in one of them."""
    see: Callable[[Pixels, Sequence[int]], Iterator[Pixels]]
    """Called with the images and their ids."""

    @property
    def is_chain(self) -> bool:
        """Whether they are made by the run's chain; what they see is then filled in by `chain_views`."""
        return self.name.startswith(_CHAIN)


def names() -> list[str]:
    """Return the names that `find` knows, beside chain:N."""
    return list(_VIEWS)


def find(name: str) -> Views:
    """Return the views of this name; chain:N are N views, the image and variants of it by the run's chain.

    Raises WorkbenchError that lists the names.
    """
    count = name.removeprefix(_CHAIN)
    if name.startswith(_CHAIN) and count.isascii() and count.isdecimal() and 2 <= int(count) <= MOST:
        return Views(f"{_CHAIN}{int(count)}", int(count), False, _none)
    if name not in _VIEWS:
        raise WorkbenchError(
            f"There are no views named '{name}'; choose {', '.join(_VIEWS)}, or chain:2 to chain:{MOST}."
        )
    return _VIEWS[name]


class ViewsRunner:
    """Runs each batch once as it is and once for every view, and takes the time of both.

    Times are seconds of the model's work and of making the views, without reading files.
    """

    def __init__(self, views: Views, run: Run) -> None:
        self.views = views
        self._run = run
        self._warm = self._views_first = False
        self.images = 0
        self.plain_seconds = 0.0
        self.seconds = 0.0

    def __call__(self, pixels: Pixels, ids: Sequence[int]) -> Shares:
        """Return [N, 2 C]: the probabilities of the images as they are, then the means over their views."""
        if not self._warm:
            # The very first batch pays for what the next ones find prepared, and would make the plain pass look slow.
            self._warm = True
            self._run(pixels)
        # What comes second finds memory and caches warm, so both take turns at being first.
        self._views_first = not self._views_first
        if self._views_first:
            mean, plain = self._seen(pixels, ids), self._plain(pixels)
        else:
            plain, mean = self._plain(pixels), self._seen(pixels, ids)
        self.images += len(pixels)
        return np.concatenate([plain, mean], axis=1)

    def _plain(self, pixels: Pixels) -> Shares:
        started = time.perf_counter()
        found = self._run(pixels)
        self.plain_seconds += time.perf_counter() - started
        return found

    def _seen(self, pixels: Pixels, ids: Sequence[int]) -> Shares:
        started = time.perf_counter()
        shares = [self._run(np.ascontiguousarray(view)) for view in self.views.see(pixels, ids)]
        mean: Shares = np.mean(shares, axis=0, dtype=np.float32)
        self.seconds += time.perf_counter() - started
        return mean


def halves(both: Shares) -> tuple[Shares, Shares]:
    """Return the plain probabilities and the means of what `ViewsRunner` gives."""
    middle = both.shape[1] // 2
    return np.ascontiguousarray(both[:, :middle]), np.ascontiguousarray(both[:, middle:])


def _none(images: Pixels, _ids: Sequence[int]) -> Iterator[Pixels]:
    yield images


def _flip(images: Pixels, _ids: Sequence[int]) -> Iterator[Pixels]:
    yield images
    yield images[:, :, ::-1]


def _turns(images: Pixels, _ids: Sequence[int]) -> Iterator[Pixels]:
    for quarter in range(4):
        yield np.rot90(images, quarter, axes=(1, 2))


def _d4(images: Pixels, ids: Sequence[int]) -> Iterator[Pixels]:
    yield from _turns(images, ids)
    yield from _turns(images[:, :, ::-1], ids)


def _crops(images: Pixels, _ids: Sequence[int]) -> Iterator[Pixels]:
    yield images
    high, wide = images.shape[1:3]
    kept_high, kept_wide = max(1, round(CROP * high)), max(1, round(CROP * wide))
    for top in (0, high - kept_high):
        for left in (0, wide - kept_wide):
            yield images[:, top : top + kept_high, left : left + kept_wide]


def _by_name(views: Sequence[Views]) -> dict[str, Views]:
    return {each.name: each for each in views}


_VIEWS = _by_name(
    [
        Views(NONE, 1, False, _none),
        Views("flip", 2, True, _flip),
        Views("turns", 4, False, _turns),
        Views("d4", 8, True, _d4),
        Views("crops", 5, False, _crops),
    ]
)
