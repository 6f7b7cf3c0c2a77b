"""What no chain may ask for: parameters that would hang a worker or eat its memory. Imports no albumentations."""

import math
from collections.abc import Iterator
from typing import Any

from workbench.augment.chain import MOST_STEPS, Chain, ChainError, Place, Step

LARGEST_SHEAR = 44.0
"""Degrees. At 45 in both directions the map is singular, and OpenCV mirrors its way out of it for hours."""

LARGEST_SIDE = 4096
"""Pixels: of a result, a crop, a padding, a hole."""

LARGEST_GROWTH = 16.0
"""How many times a side may grow on its way through the chain."""

_KERNEL = 255
_HOLES = 1000
_GRID = 64

_MOST: dict[str, float] = {
    **dict.fromkeys(("height", "width", "size", "max_size", "max_size_hw", "min_height", "min_width"), LARGEST_SIDE),
    **dict.fromkeys(("pad_height_divisor", "pad_width_divisor", "padding", "px", "min_max_height"), LARGEST_SIDE),
    **dict.fromkeys(("x_min", "x_max", "y_min", "y_max", "translate_px", "shift_xy", "unit_size_range"), LARGEST_SIDE),
    **dict.fromkeys(("hole_height_range", "hole_width_range", "mask_x_length", "mask_y_length"), LARGEST_SIDE),
    **dict.fromkeys(("src_radius", "plasma_size", "drop_length"), LARGEST_SIDE),
    **dict.fromkeys(("blur_limit", "kernel_size", "blur_value", "radius", "drop_width", "max_delta"), _KERNEL),
    **dict.fromkeys(("sigma", "sigma_limit", "gauss_sigma", "sigma_x_limit", "sigma_y_limit", "alias_blur"), _KERNEL),
    **dict.fromkeys(("num_holes_range", "num_masks_x", "num_masks_y", "n_segments", "number_of_patches"), _HOLES),
    **dict.fromkeys(("grid", "num_steps", "tile_grid_size", "num_shadows_limit"), _GRID),
    **dict.fromkeys(("shadow_dimension", "num_flare_circles_range"), _HOLES),
    "holes_number_xy": _KERNEL,
    "nb_rows": 32,
    "nb_cols": 32,
    "num_control_points": 8,
    "iterations": 20,
    "percent": 4,
    "num_grid_xy": 32,
    # Where a picture is moved by many times its side, OpenCV mirrors its way back one side at a time.
    **dict.fromkeys(("translate_percent", "shift_limit", "shift_limit_x", "shift_limit_y"), 10),
    **dict.fromkeys(("scale_range", "primary_distortion_limit", "secondary_distortion_limit"), 10),
    "max_factor": 10,
    "n": MOST_STEPS,
    "num_output_channels": 3,
}
"""The largest size of a parameter's numbers, whatever their sign, by the parameter's name."""

_MOST_OF: dict[tuple[str, str], float] = {
    ("Morphological", "scale"): _KERNEL,
    ("Affine", "scale"): 10,
    ("RandomScale", "scale_limit"): 4,
    ("ElasticTransform", "alpha"): 10_000,
    ("PiecewiseAffine", "scale"): LARGEST_SIDE,
    ("Perspective", "scale"): 10,
    ("ShiftScaleRotate", "scale_limit"): 10,
    ("GridElasticDeform", "magnitude"): LARGEST_SIDE,
    ("GridDistortion", "distort_limit"): 0.99,  # at -1 all cells have no width, and OpenCV mirrors for ever
    ("OpticalDistortion", "distort_limit"): 10,
}

_LEAST_OF: dict[tuple[str, str], float] = {
    ("ZoomBlur", "step_factor"): 0.001,
    ("Affine", "scale"): 0.01,
}
"""Below these a loop has no end, or a map no inverse."""


def check_step(step: Step) -> None:
    """Raise ChainError for a parameter of this step alone that is out of all reason."""
    for name, value in step.params.items():
        numbers = list(numbers_in(value))
        if name == "shear" and any(abs(angle) > LARGEST_SHEAR for angle in numbers):
            raise ChainError(
                f"The transform {step.transform} slants by at most {LARGEST_SHEAR:g} degrees; set shear lower.",
                param=name,
            )
        most = _MOST_OF.get((step.transform, name), _MOST.get(name, math.inf))
        largest = max(numbers, key=abs, default=0.0)
        if abs(largest) > most:
            raise ChainError(
                f"The transform {step.transform} cannot be used: {name} is {largest:g}, and {most:g} is the most.",
                param=name,
            )
        least = _LEAST_OF.get((step.transform, name), -math.inf)
        smallest = min(numbers, default=0.0)
        if numbers and smallest < least:
            raise ChainError(
                f"The transform {step.transform} cannot be used: {name} is {smallest:g}, and {least:g} is the least.",
                param=name,
            )


def check_growth(chain: Chain) -> None:
    """Raise ChainError naming the step at which the image would become too large to work on."""
    _grown(chain.steps, 1.0, ())


def numbers_in(value: Any) -> Iterator[float]:
    """Yield every number in a parameter, however nested."""
    if isinstance(value, list | tuple | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(entry)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _grown(steps: tuple[Step, ...], grown: float, above: Place) -> float:
    """Follow the side of the image, in units of its first side, as far as it can grow."""
    for position, step in enumerate(steps):
        place = (*above, position)
        if not step.enabled:
            continue
        if step.transform == "OneOf":
            grown = max((_grown((inner,), grown, place) for inner in step.steps), default=grown)
        elif step.is_group:
            replaced = step.params.get("replace") is True
            for _ in range(int(max(numbers_in(step.params.get("n")), default=1)) if replaced else 1):
                grown = _grown(step.steps, grown, place)
        else:
            grown = _growth(step, grown)
        if grown > LARGEST_GROWTH:
            raise ChainError(
                f"The transform {step.transform} makes the image more than {LARGEST_GROWTH:g} times as large as it was; "
                "let it, or those before it, enlarge less.",
                place=place,
            )
    return grown


_A_SIDE = 256
"""Pixels. What sizes in pixels are measured against."""

_SIZES = ("height", "width", "size", "max_size", "max_size_hw")


def _growth(step: Step, grown: float) -> float:
    params = step.params
    match step.transform:
        case "RandomScale":
            return grown * (1 + _largest(params.get("scale_limit"), 0.1))
        case "Affine" if params.get("fit_output") is True:
            return grown * 2 * max(1.0, _largest(params.get("scale"), 1.0))  # the corners of a turned, slanted image
        case "Perspective" if params.get("fit_output") is True and params.get("keep_size") is False:
            return grown * 2
        case "CropAndPad" if params.get("keep_size") is False:
            return grown * (1 + 2 * _largest(params.get("percent"))) + 2 * _largest(params.get("px")) / _A_SIDE
        case "Pad":
            return grown + 2 * _largest(params.get("padding")) / _A_SIDE
        case "PadIfNeeded":
            return max(grown, _largest([params.get("min_height"), params.get("min_width")]) / _A_SIDE)
        case "Resize" | "LongestMaxSize" | "SmallestMaxSize" | "RandomResizedCrop" | "RandomSizedCrop":
            return _largest([params.get(name) for name in _SIZES]) / _A_SIDE or 1.0
        case _:
            return grown


def _largest(value: Any, missing: float = 0.0) -> float:
    return max(numbers_in(value), default=missing)
