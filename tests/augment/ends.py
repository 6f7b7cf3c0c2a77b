"""The values at the ends of a parameter's control: what a user can set with a slider, a list or a switch."""

from collections.abc import Iterator
from typing import Any

from workbench.augment.catalog import NONE, ParamInfo, TransformInfo
from workbench.augment.chain import Step

SPECIAL: dict[tuple[str, str], list[Any]] = {
    ("PlanckianJitter", "temperature_limit"): [[4000, 6000], [6000, 15000], [4000, 15000]],
    ("AdvancedBlur", "beta_limit"): [[0.1, 1.5], [0.5, 10.0], [0.1, 10.0]],
    ("RandomShadow", "shadow_roi"): [[0, 0, 1, 1], [0, 0, 0.1, 0.1], [0.9, 0.9, 1, 1]],
    ("RandomSunFlare", "flare_roi"): [[0, 0, 1, 1], [0, 0, 0.05, 0.05], [0.95, 0.95, 1, 1]],
    ("RandomGravel", "gravel_roi"): [[0, 0, 1, 1], [0, 0, 0.05, 0.05], [0.95, 0.95, 1, 1]],
    ("LongestMaxSize", "max_size_hw"): [[8, 8], [512, 512], [64, NONE]],
    ("SmallestMaxSize", "max_size_hw"): [[8, 8], [512, 512], [NONE, 64]],
    ("AdditiveNoise", "noise_params"): [{"mean_range": [0.0, 0.0], "std_range": [0.05, 0.15]}],
    ("GridDropout", "unit_size_range"): [[4, 5], [4, 16]],
    ("Downscale", "interpolation_pair"): [
        {"downscale": "area", "upscale": "linear"},
        {"downscale": "nearest_exact", "upscale": "lanczos"},
    ],
}
"""Where the ends are tied to each other or to a third value, or where the value is no number."""

INSTEAD = {
    ("Affine", "translate_px"): {"translate_percent": NONE},
    ("Affine", "translate_percent"): {},
    ("CropAndPad", "px"): {"percent": NONE},
    ("CropAndPad", "percent"): {},
    ("PadIfNeeded", "min_height"): {},
    ("PadIfNeeded", "min_width"): {},
    ("LongestMaxSize", "max_size"): {},
    ("SmallestMaxSize", "max_size"): {},
    ("PadIfNeeded", "pad_height_divisor"): {"min_height": NONE},
    ("PadIfNeeded", "pad_width_divisor"): {"min_width": NONE},
    ("LongestMaxSize", "max_size_hw"): {"max_size": NONE},
    ("SmallestMaxSize", "max_size_hw"): {"max_size": NONE},
    ("HEStain", "preset"): {"method": "preset"},
    ("Sharpen", "kernel_size"): {"method": "gaussian"},
    ("Sharpen", "sigma"): {"method": "gaussian"},
}
"""What is set with a parameter, where one of two must be and only one can, or where it matters only then."""


def ends(transform: TransformInfo, param: ParamInfo) -> list[Any]:
    """Return the values at the ends of a parameter's control."""
    found = SPECIAL.get((transform.name, param.name)) or _ends(param)
    return [*found, NONE] if param.optional and (transform.name, param.name) not in INSTEAD else list(found)


def changes(transform: TransformInfo) -> Iterator[tuple[str, Step]]:
    """Yield the steps of a transform with its defaults, the library's, and with each parameter at each of its ends."""
    step = transform.step().model_copy(update={"p": 1.0})
    yield "our defaults", step
    needed = {
        param.name: param.default for param in transform.params if param.omitted is None or _both_none(transform, param)
    }
    yield "albumentations' defaults", step.model_copy(update={"params": needed})
    for param in transform.params:
        for value in ends(transform, param):
            more = INSTEAD.get((transform.name, param.name), {}) if value != NONE else {}
            yield (
                f"{param.name} = {value}",
                step.model_copy(update={"params": {**step.params, **more, param.name: value}}),
            )


def _both_none(transform: TransformInfo, param: ParamInfo) -> bool:
    return (transform.name, param.name) in {
        ("CropAndPad", "percent"),
        ("LongestMaxSize", "max_size"),
        ("SmallestMaxSize", "max_size"),
    }


def _ends(param: ParamInfo) -> list[Any]:
    low, high = param.low, param.high
    match param.kind:
        case "range" | "int_range":
            return [[low, low], [high, high], [low, high]]
        case "number" | "integer":
            return [low, high]
        case "values":
            return [[low] * param.length, [high] * param.length]
        case "choice":
            return list(param.choices)
        case "choices":
            return [list(param.choices)]
        case "switch":
            return [False, True]
        case "colour":
            return [*([] if param.length else [low, high]), [low, 128, high], *param.choices]
        case _:
            return []
