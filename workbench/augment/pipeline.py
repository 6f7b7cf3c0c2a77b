"""Chains made to run: compose, trace, check. albumentations is imported by the first of them (1.5 s)."""

import difflib
import random
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError

Pixels = NDArray[np.uint8]
"""An image of shape (height, width, 3), red first."""

BORDERS = {"constant": 0, "edge": 1, "wrap": 3, "mirror": 4}
"""Words for OpenCV's border modes, so that a chain can be read."""

SMALLEST_SIDE = 16
"""Pixels. Smaller images are enlarged for the chain: several transforms divide by zero there."""

LARGEST_SHEAR = 44.0
"""Degrees. At 45 in both directions the map is singular, and OpenCV mirrors its way out of it for hours."""

_FROM_IMAGE = "size"
"""The parameter, the size of the result, that comes from the image where the chain leaves it out."""


class Composed:
    """A chain ready to run. Picklable: a worker process builds the chain again.

    The random state is that of the call alone. The result has the size of the image: what a transform crops or swaps is
    resized back, as squashing to the model's square would do.
    """

    preload = ("workbench.augment.library",)
    """What a fork server imports, so that workers find it there."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._steps = [step for step in chain.steps if step.enabled]
        self._built: dict[tuple[int, int], list[Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"chain": self.chain, "_steps": self._steps, "_built": {}}

    def __call__(self, image: Pixels, seed: int) -> Pixels:
        """Return the augmented image, uint8 and contiguous: the same for the same image and seed.

        Raises WorkbenchError where a transform cannot work on this image.
        """
        result = np.ascontiguousarray(image)
        for result in self._run(image, seed):  # noqa: B007 - the last one counts
            pass
        return result

    def trace(self, image: Pixels, seed: int) -> list[tuple[str, Pixels]]:
        """Return the image before the chain (under an empty name) and after every step, by the transform's name."""
        names = ["", *(step.transform for step in self._steps)]
        return list(zip(names, [np.ascontiguousarray(image), *self._run(image, seed)], strict=True))

    def _run(self, image: Pixels, seed: int) -> Iterator[Pixels]:
        shape = image.shape[:2]
        image = _enlarged(image)
        height, width = image.shape[:2]
        transforms = self._transforms((height, width))
        numbers, python = np.random.default_rng(seed), random.Random(seed)
        for transform in transforms:
            # One random state for the chain: a generator per transform costs more than many a transform.
            transform.set_random_state(numbers, python)
            name = type(transform).__name__
            try:
                found = transform(image=image)["image"]
            except Exception as error:  # whatever albumentations or OpenCV raise for an image they cannot work on
                raise WorkbenchError(
                    f"{name} does not work on an image of {width} x {height} pixels ({_readable(error)}); change its "
                    "parameters or take it out of the chain."
                ) from error
            if found.dtype != np.uint8 or found.ndim != 3 or found.shape[2] != 3:
                raise WorkbenchError(f"The transform {name} gives no 8-bit colour image; take it out of the chain.")
            image = resized(found, (height, width))
            yield resized(image, shape)

    def _transforms(self, shape: tuple[int, int]) -> list[Any]:
        key = shape if any(_takes_size(step) for step in self._steps) else (0, 0)
        if key not in self._built:
            if len(self._built) >= 64:
                self._built.clear()
            self._built[key] = [_build(step, shape) for step in self._steps]
        return self._built[key]


def compose(chain: Chain) -> Composed:
    """Make the chain ready to run. Raises WorkbenchError as `check` does."""
    check(chain)
    return Composed(chain)


def check(chain: Chain) -> None:
    """Raise WorkbenchError, in one sentence, for an unknown transform (with the nearest names) or a wrong parameter."""
    for step in chain.steps:
        _build(step, (64, 64))


def _build(step: Step, shape: tuple[int, int]) -> Any:
    kind = _class(step.transform)
    fields = kind.InitSchema.model_fields
    unknown = [name for name in step.params if name not in fields or name in ("p", "strict")]
    if unknown:
        known = ", ".join(name for name in fields if name not in ("p", "strict")) or "none"
        raise WorkbenchError(
            f"The transform {step.transform} has no parameter '{unknown[0]}'; its parameters are: {known}."
        )
    if any(abs(angle) > LARGEST_SHEAR for angle in _numbers(step.params.get("shear"))):
        raise WorkbenchError(
            f"The transform {step.transform} slants by at most {LARGEST_SHEAR:g} degrees; set shear lower."
        )
    params = {name: _value(name, value) for name, value in step.params.items()}
    if _takes_size(step):
        params[_FROM_IMAGE] = shape
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on parameters that do not matter for the ones chosen
            return kind(**params, p=step.p)
    except (ValueError, TypeError) as error:
        raise WorkbenchError(f"The transform {step.transform} cannot be used: {_readable(error)}.") from error


def _class(name: str) -> Any:
    from workbench.augment.library import albumentations

    offered = {
        found: kind
        for found, kind in vars(albumentations).items()
        if isinstance(kind, type)
        and issubclass(kind, (albumentations.ImageOnlyTransform, albumentations.DualTransform))
        and hasattr(kind, "InitSchema")
    }
    if name not in offered:
        close = ", ".join(difflib.get_close_matches(name, offered, n=3, cutoff=0.4))
        hint = f"did you mean {close}?" if close else "choose one from the list."
        raise WorkbenchError(f"There is no transform named '{name}'; {hint}")
    return offered[name]


def _takes_size(step: Step) -> bool:
    return _FROM_IMAGE not in step.params and _FROM_IMAGE in _class(step.transform).InitSchema.model_fields


def _value(name: str, value: Any) -> Any:
    """Turn what JSON and TOML hold into what albumentations takes: tuples for lists, numbers for words."""
    if name == "border_mode" and isinstance(value, str):
        if value not in BORDERS:
            raise WorkbenchError(f"There is no border mode '{value}'; choose one of {', '.join(BORDERS)}.")
        return BORDERS[value]
    return tuple(_value("", entry) for entry in value) if isinstance(value, list) else value


def _numbers(value: Any) -> list[float]:
    """Return every number in a parameter, however nested."""
    if isinstance(value, (list, tuple)):
        return [number for entry in value for number in _numbers(entry)]
    if isinstance(value, dict):
        return _numbers(list(value.values()))
    return [value] if isinstance(value, (int, float)) else []


def _readable(error: Exception) -> str:
    """Return albumentations' message as the parameters and what is wrong with them, without pydantic's framing."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return " ".join(str(error).split()).rstrip(".")
    wrong: dict[str, str] = {}
    for entry in cause.errors():
        name = str(entry["loc"][0]) if entry["loc"] else "its parameters"
        wrong.setdefault(name, entry["msg"].removeprefix("Value error, ").rstrip("."))
    return "; ".join(f"{name}: {message}" for name, message in wrong.items())


def _enlarged(image: Pixels) -> Pixels:
    """Repeat the pixels of a tiny image; shrinking it by area afterwards gives the same pixels back."""
    factor = -(-SMALLEST_SIDE // min(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1) if factor > 1 else image


def resized(image: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Return the image squashed to ``shape`` (height, width), contiguous; itself where it has that shape."""
    from workbench.augment.library import cv2

    height, width = shape
    if image.shape[:2] != (height, width):
        smaller = image.shape[0] * image.shape[1] > height * width
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        image = cv2.resize(image, (width, height), interpolation=how).astype(np.uint8, copy=False)
    return np.ascontiguousarray(image)
