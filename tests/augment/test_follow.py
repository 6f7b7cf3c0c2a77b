"""Masks go where the pixels go, and nowhere else."""

from typing import Any

import numpy as np
import pytest

from workbench.augment import catalog
from workbench.augment.catalog import TransformInfo
from workbench.augment.chain import Chain, Step
from workbench.augment.pipeline import compose

SIDE = 48
IMAGE = np.random.default_rng(2).integers(1, 256, (SIDE, SIDE, 3), dtype=np.uint8)
WHOLE = np.ones((SIDE, SIDE), np.uint16)
NUMBERED = np.arange(1, SIDE * SIDE + 1, dtype=np.uint16).reshape(SIDE, SIDE)


def step(name: str, p: float = 1.0, *steps: Step, **params: Any) -> Step:
    return Step(transform=name, p=p, params=params, steps=steps)


def chain(*steps: Step) -> Chain:
    return Chain(steps=steps)


@pytest.mark.parametrize("info", catalog.transforms(), ids=lambda info: info.name)
def test_the_picture_is_that_of_the_call_whatever_the_masks(info: TransformInfo) -> None:
    composed = compose(chain(info.step().model_copy(update={"p": 0.8}), step("HorizontalFlip", 0.5)), side=40)
    for seed in range(3):
        image, masks = composed.follow(IMAGE, [NUMBERED, WHOLE, WHOLE * 7, WHOLE, WHOLE], seed)
        assert np.array_equal(image, composed(IMAGE, seed))
        assert np.array_equal(composed.follow(IMAGE, [], seed)[0], image)
        assert [(mask.dtype, mask.shape) for mask in masks] == [(np.uint16, (40, 40))] * 5
        assert set(np.unique(masks[0])) <= {0, *np.unique(NUMBERED)}, "nothing is blended"
        assert set(np.unique(masks[2])) <= {0, 7}
        assert np.array_equal(masks[0] > 0, masks[1] > 0)


@pytest.mark.parametrize(
    "made", ["HorizontalFlip", "VerticalFlip", "Transpose", "D4", "RandomRotate90", "RandomGridShuffle"]
)
def test_pixels_that_only_move_take_their_numbers_along(made: str) -> None:
    composed = compose(chain(step(made), step("Transpose", 0.5)))
    for seed in range(8):
        image, (mask,) = composed.follow(IMAGE, [NUMBERED], seed)
        assert np.array_equal(IMAGE.reshape(-1, 3)[mask.reshape(-1).astype(int) - 1], image.reshape(-1, 3))


@pytest.mark.parametrize(
    "name", ["RandomFog", "RandomSunFlare", "GaussianBlur", "Morphological", "PixelDropout", "ToGray"]
)
def test_what_only_changes_colours_leaves_masks(name: str) -> None:
    _, (mask,) = compose(chain(step(name))).follow(IMAGE, [NUMBERED], 3)
    assert np.array_equal(mask, NUMBERED)


@pytest.mark.parametrize(
    "cover",
    [
        step("CoarseDropout", num_holes_range=[3, 3], fill=0),
        step("Erasing", fill=0),
        step("GridDropout", fill=0),
        step("XYMasking", num_masks_x=[2, 2], num_masks_y=[1, 1], mask_x_length=[6, 6], mask_y_length=[6, 6], fill=0),
    ],
    ids=lambda cover: cover.transform,
)
def test_what_is_covered_is_lost(cover: Step) -> None:
    composed = compose(chain(cover))
    for seed in range(4):
        image, (mask,) = composed.follow(IMAGE, [WHOLE], seed)
        assert 0 < (mask == 0).sum() < mask.size
        assert np.array_equal(mask == 0, (image == 0).all(axis=2)), "exactly the pixels that are black now"


@pytest.mark.parametrize("border", ["constant", "edge", "mirror", "wrap", "symmetric"])
@pytest.mark.parametrize(
    "move",
    [
        step("Affine", translate_percent=[0.25, 0.25]),
        step("ShiftScaleRotate", shift_limit=[0.25, 0.25], scale_limit=0, rotate_limit=0),
        step("Rotate", limit=[45, 45]),
        step("Perspective", scale=0.1, fit_output=True),
        step("CropAndPad", percent=[0.2, 0.2]),
        step("GridDistortion", distort_limit=[0.6, 0.6], normalized=False),
        step("Pad", padding=12),
    ],
    ids=lambda move: move.transform,
)
def test_outside_there_is_nothing_whatever_the_border(move: Step, border: str) -> None:
    params = {**move.params, "border_mode": border}
    composed = compose(chain(move.model_copy(update={"params": params})), side=SIDE)
    bordered = compose(chain(move.model_copy(update={"params": {**params, "border_mode": "constant"}})), side=SIDE)
    image, (mask,) = composed.follow(IMAGE, [WHOLE], 1)
    assert 0 < (mask == 0).sum() < mask.size
    assert np.array_equal(mask, bordered.follow(IMAGE, [WHOLE], 1)[1][0])
    assert np.array_equal(image, composed(IMAGE, 1)), "the picture keeps its border"
    if border not in ("constant", "wrap"):
        assert image.min() > 0


def test_a_quarter_moved_out_is_a_quarter_lost() -> None:
    _, (mask,) = compose(chain(step("Affine", translate_percent=[0.25, 0.25], border_mode="mirror"))).follow(
        IMAGE, [WHOLE], 1
    )
    assert (mask[:12] == 0).all()
    assert (mask[:, :12] == 0).all()
    assert (mask[12:, 12:] == 1).all()


def test_masks_follow_through_groups_and_sizes() -> None:
    crop = step("Crop", x_min=10, x_max=40, y_min=5, y_max=35)
    made = chain(
        step("Sequential", 1.0, crop, step("OneOf", 1.0, step("HorizontalFlip"))), step("Resize", height=60, width=60)
    )
    image, (mask,) = compose(made, side=30).follow(IMAGE, [NUMBERED], 4)
    assert image.shape == (30, 30, 3)
    assert np.array_equal(mask, NUMBERED[5:35, 10:40][:, ::-1])


def test_masks_of_tiny_images_keep_their_pixels() -> None:
    tiny, mask = np.ascontiguousarray(IMAGE[:3, :5]), np.ascontiguousarray(NUMBERED[:3, :5])
    image, (moved,) = compose(chain(step("HorizontalFlip"))).follow(tiny, [mask], 1)
    assert np.array_equal(image, tiny[:, ::-1])
    assert np.array_equal(moved, mask[:, ::-1])


def test_following_changes_nothing_for_later_calls() -> None:
    composed = compose(chain(step("Rotate", border_mode="mirror"), step("CoarseDropout"), step("ElasticTransform")))
    before = [composed(IMAGE, seed) for seed in range(4)]
    followed = [composed.follow(IMAGE, [WHOLE], seed) for seed in range(4)]
    assert all(np.array_equal(composed(IMAGE, seed), image) for seed, image in enumerate(before))
    again = [composed.follow(IMAGE, [WHOLE], seed)[1][0] for seed in range(4)]
    assert all(np.array_equal(mask, masks[0]) for mask, (_, masks) in zip(again, followed, strict=True))
