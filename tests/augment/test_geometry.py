"""What geometry says of a chain is held against what albumentations does to a picture of coordinates."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.augment.chain import Chain, Step
from workbench.augment.geometry import detail_lost, mirrors, prepared_side, smallest_crop, turns
from workbench.augment.pipeline import compose

SIDE = 160
PICTURE = np.zeros((SIDE, SIDE, 3), np.uint8)
ACROSS = np.tile(np.arange(1, SIDE + 1, dtype=np.uint16), (SIDE, 1))
DOWN = np.ascontiguousarray(ACROSS.T)


def step(name: str, p: float = 1.0, *steps: Step, **params: Any) -> Step:
    return Step(transform=name, p=p, params=params, steps=steps)


def chain(*steps: Step) -> Chain:
    return Chain(steps=steps)


def seen(made: Chain, seeds: int = 40) -> float:
    """The smallest share of the side that a variant shows."""
    composed = compose(made, side=SIDE)
    shares = []
    for seed in range(seeds):
        _, masks = composed.follow(PICTURE, [ACROSS, DOWN], seed)
        shares += [(int(mask.max()) - int(mask[mask > 0].min()) + 1) / SIDE for mask in masks]
    return min(shares)


LOW = st.floats(0.1, 1.0).map(lambda value: round(value, 2))
CROPS = st.one_of(
    LOW.map(lambda low: step("RandomResizedCrop", scale=[low, 1.0], ratio=[1.0, 1.0])),
    LOW.map(lambda low: step("RandomResizedCrop", scale=[low, low], ratio=[0.75, 1.5])),
    LOW.map(lambda low: step("Affine", scale=[0.8, 1 / low])),
    LOW.map(lambda low: step("Affine", scale={"x": 1.0, "y": [1.0, 1 / low]})),
    LOW.map(lambda low: step("ShiftScaleRotate", scale_limit=[0, 1 / low - 1], rotate_limit=0, shift_limit=0)),
    LOW.map(lambda low: step("CropAndPad", percent=[-0.4 * (1 - low), 0.1])),
    LOW.map(lambda low: step("CropAndPad", percent=-0.4 * (1 - low), keep_size=False)),
    LOW.map(lambda low: step("CropAndPad", percent=[-0.4 * (1 - low), 0.1, 0.0, -0.3])),
    LOW.map(lambda low: step("RandomCropFromBorders", crop_left=0.4 * (1 - low), crop_top=0.2, crop_bottom=0.3)),
    LOW.map(lambda low: step("Rotate", limit=90 * low, crop_border=True)),
    LOW.map(lambda low: step("Perspective", scale=0.1 * low)),
    st.just(step("HorizontalFlip")),
    st.just(step("RandomScale", scale_limit=0.5)),
)


@settings(max_examples=40, deadline=None)
@given(CROPS)
def test_no_crop_keeps_less_than_is_said(crop: Step) -> None:
    said = smallest_crop(chain(crop))
    assert 0 < said <= 1
    assert seen(chain(crop), 8) >= said - 4 / SIDE


@settings(max_examples=25, deadline=None)
@given(
    st.lists(CROPS, min_size=2, max_size=3), st.sampled_from(["chain", "Sequential", "OneOf", "SomeOf", "RandomOrder"])
)
def test_nor_do_several_crops(crops: list[Step], group: str) -> None:
    params = {"n": 2} if group in ("SomeOf", "RandomOrder") else {}
    made = chain(*crops) if group == "chain" else chain(step(group, 1.0, *crops, **params))
    assert seen(made, 12) >= smallest_crop(made) - 8 / SIDE


@pytest.mark.parametrize(
    ("crop", "share"),
    [
        (step("RandomResizedCrop", scale=[0.25, 0.25], ratio=[1, 1]), 0.5),
        (step("Affine", scale=[2.0, 2.0]), 0.5),
        (step("CropAndPad", percent=-0.2), 0.6),
        (step("ShiftScaleRotate", scale_limit=[1.0, 1.0], rotate_limit=0, shift_limit=0), 0.5),
        (step("Rotate", limit=[45, 45], crop_border=True), 2**-0.5),
        (step("RandomCropFromBorders", crop_left=0.3, crop_right=0.3), 0.4),
        (step("RandomResizedCrop"), math.sqrt(0.08 * 0.75)),
        (step("Affine", scale=[2.0, 2.0], fit_output=True), 1.0),
        (step("Rotate", limit=45), 1.0),
        (step("CenterCrop", height=10, width=10), 1.0),
    ],
    ids=lambda value: value.transform if isinstance(value, Step) else "",
)
def test_the_smallest_crop(crop: Step, share: float) -> None:
    assert smallest_crop(chain(crop)) == pytest.approx(share)


def test_the_smallest_crop_is_one_that_happens() -> None:
    for crop in (step("Affine", scale=[2.0, 2.0]), step("CropAndPad", percent=-0.2), step("Affine", scale={"x": 4.0})):
        assert seen(chain(crop), 3) == pytest.approx(smallest_crop(chain(crop)), abs=3 / SIDE)


def test_groups_count_as_they_are_drawn() -> None:
    half, third = step("Affine", scale=[2.0, 2.0]), step("Affine", scale=[3.0, 3.0])
    off = third.model_copy(update={"enabled": False})
    never = third.model_copy(update={"p": 0.0})
    assert smallest_crop(chain(half, third)) == pytest.approx(1 / 6)
    assert smallest_crop(chain(half, off, never)) == 0.5
    assert smallest_crop(chain(step("OneOf", 1.0, half, third, never))) == pytest.approx(1 / 3)
    assert smallest_crop(chain(step("Sequential", 1.0, half, third))) == pytest.approx(1 / 6)
    assert smallest_crop(chain(step("Sequential", 0.0, half, third))) == 1.0
    assert smallest_crop(chain(step("SomeOf", 1.0, half, third))) == pytest.approx(1 / 3)
    assert smallest_crop(chain(step("SomeOf", 1.0, half, third, n=2))) == pytest.approx(1 / 6)
    assert smallest_crop(chain(step("RandomOrder", 1.0, half, third, n=2, replace=True))) == pytest.approx(1 / 9)
    assert smallest_crop(chain(step("OneOf", 1.0))) == 1.0


def test_the_side_follows_from_the_smallest_crop_of_any_chain() -> None:
    half, third = chain(step("Affine", scale=[2.0, 2.0])), chain(step("Affine", scale=[3.0, 3.0]))
    assert prepared_side([], 225, detail=4) == prepared_side([Chain()], 225, detail=4) == 225
    assert prepared_side([half], 224, detail=4) == 448
    assert prepared_side([half, third], 224, detail=4) == 672
    assert prepared_side([half, third], 224, detail=2) == 448
    assert prepared_side([half], 225, detail=4) == 456, "rounded up to a multiple of 8"
    most = chain(step("Affine", scale=[1.6, 1.6]))
    assert prepared_side([most], 224, detail=4) == 392, "a quarter of the size at a time: 1.75 of it"
    assert prepared_side([most], 224, detail=1.7) == 384, "but never above the detail, rounded up to a multiple of 8"
    assert prepared_side([half], 224, detail=1) == 224
    assert prepared_side([half], 224, detail=4, largest=300) == 300
    assert prepared_side([half], 224, detail=4, largest=100) == 224, "never below the model's size"
    assert prepared_side([half], 224, detail=4, largest=9000) == 448


@settings(max_examples=80, deadline=None)
@given(
    st.lists(CROPS, max_size=3), st.integers(32, 1024), st.floats(1, 4), st.one_of(st.just(0), st.integers(16, 4000))
)
def test_prepared_sides_stay_within_bounds_and_lose_what_is_said(
    crops: list[Step], size: int, detail: float, largest: int
) -> None:
    made = chain(*crops)
    side = prepared_side([made], size, detail=detail, largest=largest)
    assert size <= side <= size * 4 + 7
    assert side <= max(size, largest) or not largest
    lost = detail_lost(made, size, side)
    assert lost >= 1.0
    # A step that gives its result a size of its own, before others crop from that, loses detail however it was prepared.
    sized = any(crop.transform in ("RandomScale", "RandomResizedCrop") for crop in crops[:-1]) or "RandomScale" in str(
        crops
    )
    if not largest and detail >= 1 / smallest_crop(made) and not sized:
        assert lost == pytest.approx(1.0), "the prepared image is as large as the smallest crop needs"


def test_the_detail_that_is_lost() -> None:
    half = chain(step("Affine", scale=[2.0, 2.0]))
    assert detail_lost(half, 224, 224) == pytest.approx(2)
    assert detail_lost(half, 224, 336) == pytest.approx(4 / 3)
    assert detail_lost(half, 224, 448) == 1.0
    assert detail_lost(Chain(), 224, 224) == 1.0
    crop = step("CenterCrop", height=56, width=112)
    assert detail_lost(chain(crop), 224, 448) == 4
    assert detail_lost(chain(step("Resize", height=112, width=112)), 224, 448) == 2
    assert detail_lost(chain(step("RandomResizedCrop", scale=[1, 1], ratio=[1, 1], size=[56, 56])), 224, 448) == 4
    assert detail_lost(chain(step("RandomSizedCrop", min_max_height=[56, 100], size=[224, 224])), 224, 448) == 4
    assert detail_lost(chain(step("Crop", x_min=10, x_max=122)), 224, 448) == 2
    assert detail_lost(chain(step("RandomScale", scale_limit=[-0.5, 0])), 224, 224) == 2
    assert detail_lost(chain(step("OneOf", 1.0, crop, step("Blur"))), 224, 448) == 4
    assert detail_lost(chain(step("SomeOf", 1.0, crop, step("Affine", scale=[2.0, 2.0]), n=2)), 224, 448) == 8
    assert detail_lost(chain(crop.model_copy(update={"p": 0.0})), 224, 448) == 1
    assert detail_lost(chain(crop, step("Resize", height=900, width=900)), 224, 448) == 4, (
        "enlarging brings nothing back"
    )


def test_what_mirrors_and_what_turns() -> None:
    made = chain(
        step("HorizontalFlip"),
        step("Rotate", limit=20),
        step("OneOf", 1.0, step("Transpose"), step("Blur"), step("RandomRotate90"), step("Affine", rotate=[-180, 180])),
        step("D4", 0.0),
        step("Affine", scale={"x": [-1.0, 1.0]}),
    )
    assert mirrors(made) == [(0,), (2, 0), (4,)]
    assert turns(made) == [(2, 2), (2, 3)]
    assert turns(made, at_least=15) == [(1,), (2, 2), (2, 3)]
    assert turns(chain(step("Rotate"), step("ShiftScaleRotate"), step("SafeRotate"), step("D4"))) == [(0,), (2,), (3,)]


@pytest.mark.parametrize(
    "name", ["HorizontalFlip", "VerticalFlip", "Transpose", "D4", "SquareSymmetry", "Blur", "Rotate"]
)
def test_mirrors_are_told_from_turns_by_what_happens(name: str) -> None:
    """Three marks run clockwise around the picture; after a mirror they run the other way."""
    marks = np.zeros((SIDE, SIDE), np.uint16)
    for number, (y, x) in enumerate([(50, 80), (110, 60), (90, 110)], start=1):
        marks[y - 4 : y + 5, x - 4 : x + 5] = number
    composed = compose(chain(step(name)), side=SIDE)

    def sense(found: Any) -> float:
        (ay, ax), (by, bx), (cy, cx) = (np.argwhere(found == number).mean(0) for number in (1, 2, 3))
        return math.copysign(1, (bx - ax) * (cy - ay) - (by - ay) * (cx - ax))

    mirrored = any(sense(composed.follow(PICTURE, [marks], seed)[1][0]) != sense(marks) for seed in range(8))
    assert mirrored == bool(mirrors(chain(step(name))))
