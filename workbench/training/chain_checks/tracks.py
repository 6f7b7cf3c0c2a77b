"""Where the pixels of an image go in a chain: what is left of a mark, how much shows nothing, how much is cut off.

The chain is followed with two masks that hold the row and the column of each pixel, so that each pixel of the result
tells where it came from.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.augment.pipeline import Composed
from workbench.models.preprocess import Resize
from workbench.project.regions import Region

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Track:
    """Where the result's pixels come from: ``rows`` and ``columns`` [S, S] in the prepared image, -1 for nowhere; ``seen``
    [C, C] is what of it is in view.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    seen: Mask

    @property
    def border(self) -> float:
        """Share of the result that shows nothing of the image."""
        return float((self.rows < 0).mean())

    @property
    def cut(self) -> float:
        """Share of the image that is not in view."""
        return 1.0 - float(self.seen.mean())

    @property
    def moved(self) -> bool:
        """False where every pixel stayed at its place."""
        side, whole = self.rows.shape[0], self.seen.shape[0]
        plain = (np.arange(side) * whole // side).astype(np.int32)
        # Nearest neighbours may be taken from either side of a middle.
        slack = -(-whole // side)
        rows = np.abs(self.rows - plain[:, None]).max() <= slack
        return not (rows and np.abs(self.columns - plain[None, :]).max() <= slack)

    def left(self, mark: Mask) -> float:
        """Return the share of the mark [C, C] that is in view."""
        return float((self.seen & mark).sum() / max(1, mark.sum()))

    def side(self, mark: Mask) -> float:
        """Return the side in pixels of a square as large as what is left of the mark in the result."""
        inside = (self.rows >= 0) & (self.columns >= 0)
        return float(np.sqrt(mark[self.rows[inside], self.columns[inside]].sum()))


def track(composed: Composed, pixels: Pixels, seed: int) -> Track:
    """Follow the places of an image's pixels [C, C, 3] through the chain. Raises ChainError where it cannot work on it."""
    whole = pixels.shape[0]
    grid = np.arange(1, whole + 1, dtype=np.uint16)
    rows = np.repeat(grid[:, None], whole, axis=1)
    _, (first, second) = composed.follow(pixels, [rows, np.ascontiguousarray(rows.T)], seed)
    nowhere = (first == 0) | (second == 0)
    found = first.astype(np.int32) - 1, second.astype(np.int32) - 1
    for each in found:
        each[nowhere] = -1
    return Track(found[0], found[1], _seen(found[0], found[1], whole))


def mark_of(region: Region, width: int, height: int, resize: Resize, side: int) -> Mask | None:
    """Return a region of an image as a mask of its prepared pixels [side, side]; None where preparing cuts it off."""
    points = np.array(region.points, dtype=np.float64)
    if region.shape == "box":
        (left, top), (right, bottom) = points
        points = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    if resize == "squash":
        points *= (side / width, side / height)
    else:
        square = min(width, height) if resize == "crop" else max(width, height)
        # As the layer does it: whole pixels left of and above the middle square.
        points = (points - ((width - square) // 2, (height - square) // 2)) * (side / square)
    mask = np.zeros((side, side), dtype=np.uint8)
    if region.shape == "box":
        (left, top), (right, bottom) = np.round(points[[0, 2]]).astype(int).clip(0, side)
        mask[top:bottom, left:right] = 1
    # Whole pixels along the outline too, so that a mark thinner than a pixel is one.
    if not mask.any():
        cv2.fillPoly(mask, [np.floor(points).astype(np.int32)], 1)
    return mask.astype(np.bool_) if mask.any() else None


def _seen(rows: NDArray[np.int32], columns: NDArray[np.int32], whole: int) -> Mask:
    """Return what is in view: where a pixel was taken, and as far round it as the pixels lie apart there."""
    taken = np.zeros((whole, whole), dtype=np.uint8)
    inside = rows >= 0
    taken[rows[inside], columns[inside]] = 1
    reach = max(1, int(np.ceil(_spacing(rows, columns, inside) / 2)))
    return cv2.dilate(taken, np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8)).astype(np.bool_)


def _spacing(rows: NDArray[np.int32], columns: NDArray[np.int32], inside: Mask) -> float:
    """Return how far apart in the image two neighbours of the result are, the larger of the two directions."""
    apart = []
    for axis in (0, 1):
        both = np.logical_and(*_neighbours(inside, axis))
        steps = [np.subtract(*_neighbours(part, axis))[both] for part in (rows, columns)]
        if len(steps[0]):
            # The mean of a tenth to nine tenths: whole pixels make a median jump, and seams of a grid are no spacing.
            distance = np.sort(np.hypot(steps[0], steps[1]))
            apart.append(float(distance[len(distance) // 10 : max(1, len(distance) * 9 // 10)].mean()))
    return max(apart, default=1.0)


def _neighbours(part: NDArray[np.generic], axis: int) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    return (part[1:], part[:-1]) if axis == 0 else (part[:, 1:], part[:, :-1])
