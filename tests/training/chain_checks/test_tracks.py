"""Where pixels go: shares that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.augment import pipeline
from workbench.augment.chain import Chain, Step
from workbench.models.preprocess import Preprocess, PreprocessSpec, Resize
from workbench.project.ids import ImageId
from workbench.project.regions import Region
from workbench.training.chain_checks.tracks import Mask, Track, mark_of, track

BOX = Region(1, ImageId(1), None, "box", ((10.0, 20.0), (30.0, 60.0)), "user", "", 0.0)


def followed(name: str, *, side: int = 64, whole: int = 64, **params: object) -> Track:
    chain = Chain(steps=(Step(transform=name, p=1.0, params=params),) if name else ())
    return track(pipeline.compose(chain, side=side), np.full((whole, whole, 3), 90, np.uint8), 1)


def square(top: int, left: int, side: int, *, whole: int = 64) -> Mask:
    mark = np.zeros((whole, whole), np.bool_)
    mark[top : top + side, left : left + side] = True
    return mark


@pytest.mark.parametrize("whole", [64, 96, 128])
def test_nothing_is_lost_where_nothing_moves(whole: int) -> None:
    for name in ("", "ToGray", "Blur"):
        found = followed(name, whole=whole)
        assert not found.moved
        assert (found.border, found.cut) == (0, 0)
        mark = square(whole // 4, whole // 4, whole // 4, whole=whole)
        assert found.left(mark) == 1
        assert found.side(mark) == pytest.approx(16, abs=0.6)


def test_a_flip_moves_and_keeps_everything() -> None:
    found = followed("HorizontalFlip")
    assert found.moved
    assert (found.border, found.cut) == (0, 0)
    assert found.left(square(3, 5, 4)) == 1
    assert found.side(square(3, 5, 4)) == pytest.approx(4)


def test_a_crop_cuts_off_what_is_outside_and_enlarges_the_rest() -> None:
    found = followed("Crop", x_min=0, y_min=0, x_max=32, y_max=64, pad_if_needed=False)
    assert found.border == 0
    assert found.cut == pytest.approx(0.5, abs=0.03)
    inside, half, outside = square(10, 4, 16), square(10, 24, 16), square(10, 40, 16)
    assert [found.left(mark) for mark in (inside, outside)] == [1, 0]
    assert found.left(half) == pytest.approx(0.5, abs=0.1)
    assert found.side(inside) == pytest.approx(16 * 2**0.5, abs=1)


def test_a_smaller_picture_keeps_every_mark_but_smaller_and_has_a_border() -> None:
    found = followed("Affine", scale=[0.25, 0.25], rotate=[0, 0], translate_percent=[0, 0], shear=[0, 0])
    assert found.border == pytest.approx(15 / 16, abs=0.02)
    assert found.cut == pytest.approx(0, abs=0.02)
    mark = square(20, 20, 24)
    assert found.left(mark) > 0.95
    assert found.side(mark) == pytest.approx(6, abs=1)


def test_a_mirrored_border_shows_nothing_of_the_image_and_brings_no_mark_back() -> None:
    shift = {"scale": [1, 1], "rotate": [0, 0], "shear": [0, 0], "translate_percent": [0.5, 0.5]}
    found = followed("Affine", border_mode="mirror", **shift)
    assert found.border == pytest.approx(0.75, abs=0.03)
    assert found.cut == pytest.approx(0.75, abs=0.04)


def test_a_hole_takes_the_mark_under_it_away() -> None:
    holes = {"num_holes_range": [1, 1], "hole_height_range": [64, 64], "hole_width_range": [64, 64]}
    found = followed("CoarseDropout", **holes)
    assert found.left(square(30, 30, 8)) == 0
    assert found.border > 0.9


def test_a_turned_picture_has_no_gaps() -> None:
    found = followed("Rotate", limit=[45, 45])
    inside = square(16, 16, 32)
    assert found.left(inside) == 1
    assert found.side(inside) == pytest.approx(32, abs=1)


@pytest.mark.parametrize(
    ("resize", "size"), [("squash", (100, 200)), ("crop", (100, 80)), ("crop", (90, 200)), ("pad", (100, 200))]
)
def test_regions_go_where_the_model_puts_them(resize: Resize, size: tuple[int, int]) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[20:60, 10:30] = 255
    layer = Preprocess(PreprocessSpec(size=100, resize=resize))
    reference = layer.resize(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0, 0].numpy() > 127
    mark = mark_of(BOX, width, height, resize, 100)
    found = np.zeros((100, 100), np.bool_) if mark is None else mark
    assert (found ^ reference).sum() <= 60
    assert bool(found.any()) == bool(reference.any())


def test_an_outline_is_filled_and_one_outside_is_no_mark() -> None:
    outline = replace(BOX, shape="freehand", points=((0.0, 0.0), (50.0, 0.0), (0.0, 50.0)))
    mark = mark_of(outline, 100, 100, "squash", 100)
    assert mark is not None
    assert mark.sum() == pytest.approx(1250, rel=0.07)
    assert mark_of(replace(BOX, points=((0.0, 0.0), (9.0, 9.0))), 300, 100, "crop", 100) is None
