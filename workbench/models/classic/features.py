"""What an image says without a network: colours, gradients (HOG), and key points (SIFT) counted as visual words."""

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE = 256
"""Longest side in pixels at which colours are counted and key points sought."""

HUES, SATURATIONS, VALUES = 18, 4, 8

HOG_SIDE, CELL, BINS = 128, 16, 9
_CLIP = 0.2

MOST_KEY_POINTS = 300
_TINY = 1e-12


def scaled(pixels: Pixels) -> Pixels:
    """Return the image [H,W,3] with `SIDE` pixels on its longest side."""
    height, width = pixels.shape[:2]
    factor = SIDE / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return _resized(pixels, size)


def colour(pixels: Pixels) -> Floats:
    """Return histograms of colour (hue and saturation together) and of brightness, of the image and its quarters, [5 * 80].

    Each is the root of shares, so that distances are those of Hellinger. Brightness is counted apart: a colour is the same
    in the shade.
    """
    hsv: Pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV), dtype=np.uint8)
    hue, saturation, value = np.moveaxis(hsv.astype(np.int64), 2, 0)
    tint = hue * HUES // 180 * SATURATIONS + saturation * SATURATIONS // 256
    light = value * VALUES // 256
    down, across = max(1, hue.shape[0] // 2), max(1, hue.shape[1] // 2)
    upper, lower, left, right = slice(down), slice(down, None), slice(across), slice(across, None)
    every = slice(None)
    parts = []
    for place in ((every, every), (upper, left), (upper, right), (lower, left), (lower, right)):
        parts += [_shares(tint[place], HUES * SATURATIONS), _shares(light[place], VALUES)]
    return np.concatenate(parts)


def gradients(pixels: Pixels) -> Floats:
    """Return histograms of oriented gradients (Dalal and Triggs 2005, https://doi.org/10.1109/CVPR.2005.177), [1764].

    Of the image squashed to 128 x 128: 9 unsigned orientations in cells of 16 x 16 pixels, blocks of 2 x 2 cells, L2-Hys.
    """
    grey = np.sqrt(_resized(_grey(pixels), (HOG_SIDE, HOG_SIDE)).astype(np.float32) / 255)
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    down[1:-1] = grey[2:] - grey[:-2]
    strength = np.hypot(across, down)
    angle = np.mod(np.arctan2(down, across), np.pi) * (BINS / np.pi) - 0.5
    below = np.floor(angle)
    above_share = angle - below
    count = HOG_SIDE // CELL
    rows, columns = np.indices(grey.shape) // CELL
    cell, lower = (rows * count + columns) * BINS, below.astype(np.int64)
    bins = np.concatenate([(cell + lower % BINS).ravel(), (cell + (lower + 1) % BINS).ravel()])
    weights = np.concatenate([(strength * (1 - above_share)).ravel(), (strength * above_share).ravel()])
    summed = np.bincount(bins, weights, minlength=count * count * BINS)
    histogram = summed.reshape(count, count, BINS).astype(np.float32)
    blocks = np.concatenate(
        [histogram[:-1, :-1], histogram[:-1, 1:], histogram[1:, :-1], histogram[1:, 1:]], axis=2
    ).reshape(-1, 4 * BINS)
    blocks = np.minimum(_unit(blocks), _CLIP)
    found: Floats = _unit(blocks).ravel().astype(np.float32)
    return found


def key_points(pixels: Pixels) -> NDArray[np.uint8]:
    """Return the SIFT descriptors (Lowe 2004) of at most 300 key points, [K,128]; K is 0 for an image without any."""
    _, descriptors = _sift().detectAndCompute(_grey(scaled(pixels)), None)
    if descriptors is None:
        return np.zeros((0, 128), dtype=np.uint8)
    return np.asarray(descriptors[:MOST_KEY_POINTS], dtype=np.uint8)


def rooted(descriptors: NDArray[np.uint8]) -> Floats:
    """Return RootSIFT (Arandjelovic and Zisserman 2012): the root of each descriptor's shares, [K,128]."""
    values = descriptors.astype(np.float32)
    found: Floats = np.sqrt(values / np.maximum(values.sum(axis=1, keepdims=True), 1.0))
    return found


def counted(descriptors: NDArray[np.uint8], vocabulary: Floats) -> Floats:
    """Return how often each visual word [W,128] is the nearest to a descriptor, the root of shares, [W] (Csurka et al. 2004)."""
    points = rooted(descriptors)
    # The nearest by distance; the length of the point itself is the same for all words.
    distance = (vocabulary**2).sum(axis=1) - 2 * points @ vocabulary.T
    return _shares(distance.argmin(axis=1), len(vocabulary))


def _shares(words: NDArray[np.int64], count: int) -> Floats:
    counts = np.bincount(words.ravel(), minlength=count).astype(np.float32)
    found: Floats = np.sqrt(counts / max(1.0, float(counts.sum())))
    return found


def _unit(rows: Floats) -> Floats:
    found: Floats = rows / np.sqrt((rows**2).sum(axis=1, keepdims=True) + 1e-5)
    return found


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    smaller = size[0] < pixels.shape[1] or size[1] < pixels.shape[0]
    found = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(found, dtype=np.uint8)


@cache
def _sift() -> Any:
    return cv2.SIFT_create(nfeatures=MOST_KEY_POINTS)  # type: ignore[attr-defined] # left out of the stubs
