"""Chains made to run: compose, trace, follow, check. albumentations is imported by the first of them (1.5 s)."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.augment import building
from workbench.augment.building import Built
from workbench.augment.chain import Chain, Place
from workbench.augment.chain import ChainError as ChainError
from workbench.augment.limits import LARGEST_SHEAR as LARGEST_SHEAR
from workbench.augment.words import BORDERS as BORDERS

Pixels = NDArray[np.uint8]
"""An image of shape (height, width, 3), red first."""

Mask = NDArray[np.uint16]
"""A mask of shape (height, width); 0 is what belongs to nothing."""

SMALLEST_SIDE = 16
"""Pixels. Smaller images are enlarged for the chain: several transforms divide by zero there."""

_MOST_SHAPES = 64
"""Composes kept, one for each size of an image."""


class Composed:
    """A chain ready to run. Picklable: a worker process builds the chain again. One instance for each thread.

    One random state serves the whole chain, seeded by the call, and the draws are those of `albumentations.Compose`, so
    albumentations alone gives these pixels for the exported chain after
    ``compose.set_random_state(numpy.random.default_rng(seed), random.Random(seed))``.
    """

    preload = ("workbench.augment.library",)
    """What a fork server imports, so that workers find it there."""

    def __init__(self, chain: Chain, *, side: int = 0) -> None:
        """Results are ``side`` x ``side`` pixels; with 0 they have the size of the image."""
        self.chain = chain
        self.side = side
        self._built: dict[tuple[int, int], Built] = {}
        self._following: dict[tuple[int, int], Built] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"chain": self.chain, "side": self.side, "_built": {}, "_following": {}}

    def __call__(self, image: Pixels, seed: int) -> Pixels:
        """Return the augmented image, uint8 and contiguous: the same for the same image and seed.

        Raises ChainError where a transform cannot work on this image.
        """
        shape, image = self._prepared(image)
        built = self._seeded(self._built, image, seed)
        try:
            found = built.compose(image=image)["image"]
        except Exception as error:  # whatever albumentations or OpenCV raise for an image they cannot work on
            raise self._blamed(built, image, seed, error) from error
        if not _is_plain(found):
            raise self._blamed(built, image, seed)
        return resized(found, shape)

    def trace(self, image: Pixels, seed: int) -> list[tuple[Place, Pixels]]:
        """Return the image before the chain (under an empty place) and after each step of the chain's top level.

        All have the size of the result; only the last is resized on the way to it.
        """
        shape, image = self._prepared(image)
        built = self._seeded(self._built, image, seed)
        found: list[tuple[Place, Pixels]] = [((), resized(image, shape))]
        data = {"image": image}
        try:
            built.compose.py_random.random()  # for the probability of the Compose itself, which is 1
            for place, transform in zip(built.top, built.compose.transforms, strict=True):
                data = transform(**data)
                if not _is_plain(data["image"]):
                    raise self._blamed(built, image, seed)
                found.append((place, resized(data["image"], shape)))
        except ChainError:
            raise
        except Exception as error:
            raise self._blamed(built, image, seed, error) from error
        return found

    def follow(self, image: Pixels, masks: Sequence[Mask], seed: int) -> tuple[Pixels, list[Mask]]:
        """Return the augmented image and where ``masks``, each of the image's height and width, have gone.

        Masks go through what moves, crops or covers pixels, by nearest neighbour; what comes from outside the image, be it
        a border that mirrors, and what is covered are 0 in them. The image is that of the call.
        """
        from workbench.augment.library import cv2

        shape, image = self._prepared(image)
        built = self._seeded(self._following, image, seed, _follow)
        stack = np.stack([_enlarged(mask) for mask in masks]) if masks else np.zeros((0, 1, 1), np.uint16)
        try:
            found = built.compose(image=image, **{_MASKS: stack})
        except Exception as error:
            raise self._blamed(built, image, seed, error) from error
        if not _is_plain(found["image"]):
            raise self._blamed(built, image, seed)
        size = shape[::-1]
        moved = [
            np.ascontiguousarray(
                mask if mask.shape == shape else cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
            )
            for mask in found[_MASKS]
        ]
        return resized(found["image"], shape), moved

    def _prepared(self, image: Pixels) -> tuple[tuple[int, int], Pixels]:
        """Return the shape of the result, and the image as the chain gets it."""
        height, width = (self.side, self.side) if self.side else image.shape[:2]
        return (height, width), np.ascontiguousarray(_enlarged(image))

    def _seeded(
        self,
        kept: dict[tuple[int, int], Built],
        image: Pixels,
        seed: int,
        changed: Callable[[Built], None] | None = None,
    ) -> Built:
        shape = (self.side, self.side) if self.side else (image.shape[0], image.shape[1])
        built = kept.get(shape)
        if built is None:
            if len(kept) >= _MOST_SHAPES:
                kept.clear()
            built = kept[shape] = Built(self.chain, shape)
            if changed is not None:
                changed(built)
        built.compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        return built

    def _blamed(self, built: Built, image: Pixels, seed: int, error: Exception | None = None) -> ChainError:
        """Return what to tell: the step that gave no image of 8 bits, as a second run finds out, or the one that failed."""
        if (spoilt := self._spoilt(image, seed)) is not None:
            name = self.chain.at(spoilt).transform
            return ChainError(
                f"The transform {name} gives no 8-bit colour image; take it out of the chain.", place=spoilt
            )
        place, shape = _failed(built, error) if error is not None else (None, None)
        height, width = shape or image.shape[:2]
        name = self.chain.at(place).transform if place else "The chain"
        reason = building.readable(error) if error is not None else "its result is no image"
        return ChainError(
            f"{name} does not work on an image of {width} x {height} pixels ({reason}); change its parameters or take it "
            "out of the chain.",
            place=place,
        )

    def _spoilt(self, image: Pixels, seed: int) -> Place | None:
        found: list[Place] = []

        def watch(built: Built) -> None:
            for transform in built.leaves:
                transform.apply_with_params = watched(transform, built.places[id(transform)])

        def watched(transform: Any, place: Place) -> Callable[..., Any]:
            apply = transform.apply_with_params

            def run(*args: Any, **data: Any) -> Any:
                result = apply(*args, **data)
                if not found and not _is_plain(result["image"]):
                    found.append(place)
                return result

            return run

        built = self._seeded({}, image, seed, watch)
        try:
            result = built.compose(image=image)["image"]
        except Exception:  # told by the caller, unless what came before it is to blame
            return found[0] if found else None
        return found[0] if found and not _is_plain(result) else None


def compose(chain: Chain, *, side: int = 0) -> Composed:
    """Make the chain ready to run; results are ``side`` x ``side`` pixels. Raises ChainError as `check` does."""
    check(chain)
    return Composed(chain, side=side)


def check(chain: Chain) -> None:
    """Raise ChainError, in one sentence, for an unknown transform (with the nearest names) or a wrong parameter.

    What is switched off is checked too.
    """
    building.check(chain)


def albumentations_chain(chain: Chain, side: int) -> Any:
    """Return the chain as an ``albumentations.Compose`` that ends with a `Resize` to ``side`` x ``side`` pixels."""
    from workbench.augment.library import albumentations, cv2

    built = Built(chain, (side, side))
    resize = albumentations.Resize(
        side,
        side,
        interpolation=cv2.INTER_LINEAR,
        area_for_downscale="image",
        mask_interpolation=cv2.INTER_NEAREST,
        p=1,
    )
    return albumentations.Compose([*built.compose.transforms, resize])


def resized(image: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Return the image squashed to ``shape`` (height, width), contiguous; itself where it has that shape.

    Area where a side shrinks, else linear: as albumentations' ``Resize`` with ``area_for_downscale``.
    """
    from workbench.augment.library import cv2

    height, width = shape
    if image.shape[:2] != (height, width):
        smaller = height < image.shape[0] or width < image.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        image = cv2.resize(image, (width, height), interpolation=how).astype(np.uint8, copy=False)
    return np.ascontiguousarray(image)


def _is_plain(image: Any) -> bool:
    return isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3


def _enlarged(image: NDArray[Any]) -> NDArray[Any]:
    """Repeat the pixels of a tiny image; shrinking it by area afterwards gives the same pixels back."""
    factor = -(-SMALLEST_SIDE // min(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1) if factor > 1 else image


def _failed(built: Built, error: Exception) -> tuple[Place | None, tuple[int, int] | None]:
    """Return the step in which the error arose and the height and width of its image."""
    place, shape = None, None
    traceback = error.__traceback__
    while traceback is not None:
        found = traceback.tb_frame.f_locals
        reached = built.places.get(id(found.get("self")))
        if reached is not None:
            place = reached
            image = found.get("kwargs", {}).get("image") if isinstance(found.get("kwargs"), dict) else None
            shape = image.shape[:2] if isinstance(image, np.ndarray) else shape
        traceback = traceback.tb_next
    return place, shape


_MASKS = "followed"
"""Not albumentations' own key: some transforms draw otherwise where they are given masks."""

_IN_PLACE = ("Morphological", "PixelDropout")
"""These change what pixels hold, not where they are, though albumentations lets them change masks."""

_FOR_MASKS = {"border_mode": 0, "fill_mask": 0, "mask_interpolation": 0}


def _follow(built: Built) -> None:
    """Let the chain's transforms move the masks under `_MASKS`."""
    from workbench.augment.library import albumentations

    for transform in built.leaves:
        if isinstance(transform, albumentations.DualTransform) and type(transform).__name__ not in _IN_PLACE:
            transform._key2func[_MASKS] = _mover(transform)


def _mover(transform: Any) -> Callable[..., Any]:
    changes: dict[str, Any] = {name: value for name, value in _FOR_MASKS.items() if hasattr(transform, name)}
    if getattr(transform, "area_for_downscale", None) == "image_mask":
        changes["area_for_downscale"] = "image"

    def move(masks: NDArray[np.uint16], **params: Any) -> NDArray[np.uint16]:
        kept = {name: getattr(transform, name) for name in changes}
        vars(transform).update(changes)
        try:
            if "fill_mask" in params:
                params = {**params, "fill_mask": 0}
            return np.stack([transform.apply_to_mask(mask, **params) for mask in masks]) if len(masks) else masks
        finally:
            vars(transform).update(kept)

    return move
