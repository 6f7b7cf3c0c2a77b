"""What a chain does to the size and the sense of a picture, read from the chain alone. Imports no albumentations."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from workbench.augment.chain import Chain, Place, Step
from workbench.augment.limits import numbers_in

_STEP = 8
"""Prepared sides are multiples of it, so that small changes of a crop keep the cache."""

_SMALLEST_SHARE = 0.01

_FARTHEST_CORNER = 0.32
"""Of the side: albumentations folds the corners of a Perspective back below it."""

_DEVIATIONS = 3.0
"""A corner of a Perspective lies nearer than so many standard deviations, but for 3 in 1000."""

_MIRRORING = ("HorizontalFlip", "VerticalFlip", "Transpose", "D4", "SquareSymmetry", "TimeReverse")
_ANY_TURN = ("D4", "SquareSymmetry", "RandomRotate90")
_ANGLES = {"Rotate": ("limit", 90.0), "SafeRotate": ("limit", 90.0), "ShiftScaleRotate": ("rotate_limit", 45.0)}
_CROPS_IN_PIXELS = ("RandomCrop", "CenterCrop")

_QUARTERS = 4


def smallest_crop(chain: Chain) -> float:
    """Return the share of the picture's side that the smallest crop keeps, > 0; 1.0 where nothing is cropped.

    The shorter side of a crop counts. Crops of a share of the image and enlargements count, and they multiply along the
    chain; crops to a number of pixels do not, for a larger image would make their share smaller still: see `detail_lost`.
    """
    return max(_SMALLEST_SHARE, _kept(chain.active().steps))


def prepared_side(chains: Sequence[Chain], size: int, *, detail: float, largest: int = 0) -> int:
    """Return the side in pixels at which images are prepared, so that the smallest crop of any chain is not enlarged.

    At least the model's ``size``, and ``detail`` times it at most, in steps of a quarter of it: a crop's slider that is
    dragged should not have every image prepared anew, nor leave a cache for each place it was at. A multiple of 8 where
    it is more than the size. ``largest`` is the longest side among the images, in pixels: nothing is prepared larger than
    that (0: unknown).
    """
    smallest = min((smallest_crop(chain) for chain in chains), default=1.0)
    wanted = math.ceil(_QUARTERS / smallest - 1e-9) / _QUARTERS
    factor = max(1.0, min(float(detail), wanted))
    side = size if factor == 1.0 else math.ceil(size * factor / _STEP) * _STEP
    return min(side, max(size, largest)) if largest > 0 else side


def detail_lost(chain: Chain, size: int, prepared: int) -> float:
    """Return how many times the smallest crop of an image prepared at ``prepared`` pixels is enlarged; 1.0: not at all.

    Crops to a number of pixels and steps that make the image smaller count here too.
    """
    shown, _ = _through(chain.active().steps, (float(prepared), float(prepared)), size)
    return max(1.0, size / max(shown, 1.0))


def mirrors(chain: Chain) -> list[Place]:
    """Return the steps that can mirror the picture, as a left eye becomes a right one."""
    return [place for place, step in chain.walk(enabled=True) if step.p > 0 and _mirrors(step)]


def turns(chain: Chain, *, at_least: float = 90.0) -> list[Place]:
    """Return the steps that can turn the picture by ``at_least`` degrees to either side."""
    return [place for place, step in chain.walk(enabled=True) if step.p > 0 and _largest_turn(step) >= at_least]


def _mirrors(step: Step) -> bool:
    negative = step.transform == "Affine" and any(number < 0 for number in numbers_in(step.params.get("scale")))
    return step.transform in _MIRRORING or negative


def _largest_turn(step: Step) -> float:
    if step.transform in _ANY_TURN:
        return 180.0
    name, default = _ANGLES.get(step.transform, ("rotate", 0.0))
    angles = numbers_in(step.params.get(name, default)) if step.transform in (*_ANGLES, "Affine") else ()
    return max((abs(angle) for angle in angles), default=0.0)


def _kept(steps: Sequence[Step]) -> float:
    shares = [_share(step) for step in steps if step.p > 0]
    return math.prod(shares)


def _share(step: Step) -> float:
    if step.transform == "OneOf":
        return min((_share(inner) for inner in step.steps if inner.p > 0), default=1.0)
    if step.transform in ("SomeOf", "RandomOrder"):
        shares = sorted(_share(inner) for inner in step.steps if inner.p > 0)
        drawn = _drawn(step)
        again = step.params.get("replace") is True and shares
        return shares[0] ** drawn if again else math.prod(shares[:drawn])
    if step.is_group:
        return _kept(step.steps)
    find = _SHARES.get(step.transform)
    return min(1.0, max(_SMALLEST_SHARE, find(step.params))) if find is not None else 1.0


def _drawn(step: Step) -> int:
    return max(1, int(max(numbers_in(step.params.get("n")), default=1)))


def _random_resized(params: dict[str, Any]) -> float:
    area = min(numbers_in(params.get("scale", 0.08)), default=0.08)
    ratios = list(numbers_in(params.get("ratio", [3 / 4, 4 / 3]))) or [1.0]
    longer = max(max(ratio, 1 / ratio) if ratio > 0 else 1.0 for ratio in ratios)
    return math.sqrt(max(0.0, area) / longer)


def _from_borders(params: dict[str, Any]) -> float:
    def taken(one: str, other: str) -> float:
        return sum(max(numbers_in(params.get(name, 0.1)), default=0.1) for name in (one, other))

    return 1 - max(taken("crop_left", "crop_right"), taken("crop_top", "crop_bottom"))


def _crop_and_pad(params: dict[str, Any]) -> float:
    percent = params.get("percent")
    if isinstance(percent, list | tuple) and len(percent) == 4:
        top, right, bottom, left = (min(0.0, min(numbers_in(side), default=0.0)) for side in percent)
        return 1 + min(top + bottom, left + right)
    return 1 + 2 * min(0.0, min(numbers_in(percent), default=0.0))


def _affine(params: dict[str, Any]) -> float:
    if params.get("fit_output") is True:
        return 1.0
    return 1 / max(1.0, max((abs(number) for number in numbers_in(params.get("scale"))), default=1.0))


def _shift_scale_rotate(params: dict[str, Any]) -> float:
    limit = params.get("scale_limit", 0.1)
    return 1 / (1 + max(0.0, max(numbers_in(limit), default=0.1)))


def _perspective(params: dict[str, Any]) -> float:
    if params.get("fit_output") is True:
        return 1.0
    scale = max((abs(number) for number in numbers_in(params.get("scale"))), default=0.1)
    return 1 - 2 * min(_FARTHEST_CORNER, _DEVIATIONS * scale)


def _cropped_turn(params: dict[str, Any]) -> float:
    if params.get("crop_border") is not True:
        return 1.0
    limits = list(numbers_in(params.get("limit", 90.0)))
    low, high = (-abs(limits[0]), abs(limits[0])) if len(limits) == 1 else (min(limits), max(limits))
    angles = [low, high, *(angle for angle in range(-315, 360, 90) if low <= angle <= high)]
    return 1 / max(abs(math.sin(math.radians(angle))) + abs(math.cos(math.radians(angle))) for angle in angles)


_SHARES: dict[str, Callable[[dict[str, Any]], float]] = {
    "RandomResizedCrop": _random_resized,
    "RandomCropFromBorders": _from_borders,
    "CropAndPad": _crop_and_pad,
    "Affine": _affine,
    "ShiftScaleRotate": _shift_scale_rotate,
    "Perspective": _perspective,
    "Rotate": _cropped_turn,
}
"""Of transforms that crop a share of the image, or enlarge it within its frame: the smallest share of the side."""


_Raster = tuple[float, float]
"""Pixels of the prepared image that the picture's side spans, and pixels of the side it is drawn on by now."""


def _through(steps: Sequence[Step], raster: _Raster, size: int) -> _Raster:
    for step in steps:
        if step.p <= 0:
            continue
        done = _after(step, raster, size)
        raster = min(done, raster) if step.p < 1 else done
    return raster


def _after(step: Step, raster: _Raster, size: int) -> _Raster:
    if step.transform == "OneOf":
        inner = [other.model_copy(update={"p": 1.0}) for other in step.steps if other.p > 0]
        return min((_after(other, raster, size) for other in inner), default=raster)
    if step.transform in ("SomeOf", "RandomOrder"):
        left = [other for other in step.steps if other.p > 0]
        for _ in range(_drawn(step)):  # what loses most comes first, for any order can be drawn
            if not left:
                break
            worst = min(left, key=lambda other: _after(other, raster, size))
            raster = _after(worst, raster, size)
            if step.params.get("replace") is not True:
                left.remove(worst)
        return raster
    if step.is_group:
        return _through(step.steps, raster, size)
    shown, side = raster
    share, side_then = _cut(step, side, size)
    return min(shown * share, side_then), side_then


def _cut(step: Step, side: float, size: int) -> tuple[float, float]:
    """Return the share of ``side`` that stays, and the side in pixels of what it is drawn on then."""
    params = step.params
    name = step.transform
    if name in _CROPS_IN_PIXELS:
        crop = min(numbers_in([params.get("height"), params.get("width")]), default=side)
        return min(1.0, crop / side), crop
    if name == "Crop":
        ends = [min(numbers_in(params.get(f"{axis}_max")), default=1024) for axis in "xy"]
        starts = [max(numbers_in(params.get(f"{axis}_min")), default=0) for axis in "xy"]
        crop = max(1.0, min(min(end, side) - start for start, end in zip(starts, ends, strict=True)))
        return min(1.0, crop / side), crop
    if name == "RandomSizedCrop":
        lowest = min(numbers_in(params.get("min_max_height")), default=side)
        crop = lowest * min(1.0, max(numbers_in(params.get("w2h_ratio")), default=1.0))
        return min(1.0, crop / side), min(numbers_in(params.get("size")), default=float(size))
    if name == "RandomResizedCrop":
        return _share(step), min(numbers_in(params.get("size")), default=float(size))
    if name in ("Resize", "LongestMaxSize", "SmallestMaxSize"):
        wanted = [params.get(key) for key in ("height", "width", "max_size", "max_size_hw")]
        return 1.0, min(numbers_in(wanted), default=side)
    if name == "RandomScale":
        limits = list(numbers_in(params.get("scale_limit", 0.1)))
        low = -abs(limits[0]) if len(limits) == 1 else min(limits, default=0.0)
        return 1.0, max(1.0, side * (1 + min(0.0, low)))
    share = _share(step)
    smaller = name in ("RandomCropFromBorders", "Rotate") or params.get("keep_size") is False
    return share, max(1.0, side * share) if smaller else side
