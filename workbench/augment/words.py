"""The words and numbers of a chain as albumentations takes them, and back. Imports no albumentations."""

from typing import Any

from workbench.augment.chain import ChainError

BORDERS = {"constant": 0, "edge": 1, "wrap": 3, "mirror": 4, "symmetric": 2}
"""Words for OpenCV's border modes, so that a chain can be read."""

INTERPOLATIONS = {
    "nearest": 0,
    "linear": 1,
    "cubic": 2,
    "area": 3,
    "lanczos": 4,
    "linear_exact": 5,
    "nearest_exact": 6,
}
"""Words for OpenCV's ways of interpolating."""

NONE = "none"
"""The text that stands for None. No transform has a parameter in which it could mean anything else."""

SIZED = ("RandomResizedCrop", "RandomSizedCrop")
"""The transforms with a ``size``, that of their result, which is the model's where the chain leaves it out."""

SIZE = "size"

NOT_OURS = (
    "fill_mask",
    "mask_interpolation",
    "mask_drop_value",
    "keypoint_remapping_method",
    "rotate_method",
    "mask",
    "mask_params",
    "num_output_channels",
)
"""Parameters about masks, boxes and points, or without a choice here: files of albumentations carry them, ours need not."""

_WORDS = {
    "border_mode": ("border mode", BORDERS),
    "interpolation": ("interpolation", INTERPOLATIONS),
    "mask_interpolation": ("interpolation", INTERPOLATIONS),
    "interpolation_pair": ("interpolation", INTERPOLATIONS),
}


def for_library(name: str, value: Any) -> Any:
    """Return a parameter's value for albumentations: numbers for words, None for "none", also within lists and tables.

    Lists stay lists, as they are in a file that albumentations reads: pydantic makes the tuples. Raises ChainError for a
    word that is none.
    """
    if isinstance(value, dict):
        return {key: for_library(name, entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [for_library(name, entry) for entry in value]
    if not isinstance(value, str):
        return value
    if value == NONE:
        return None
    if name in _WORDS:
        title, words = _WORDS[name]
        if value not in words:
            raise ChainError(f"There is no {title} '{value}'; choose one of {', '.join(words)}.", param=name)
        return words[value]
    return value


def from_library(name: str, value: Any) -> Any:
    """Return the value as a chain holds it: words for numbers where there are some, "none" for None."""
    if isinstance(value, dict):
        return {key: from_library(name, entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [from_library(name, entry) for entry in value]
    if value is None:
        return NONE
    if name in _WORDS and isinstance(value, int) and not isinstance(value, bool):
        return next((word for word, number in _WORDS[name][1].items() if number == value), value)
    return value
