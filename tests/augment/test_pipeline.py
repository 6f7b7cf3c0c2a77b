import pickle
import time
from typing import Any

import numpy as np
import pytest

from workbench.augment.catalog import presets
from workbench.augment.chain import Chain, Place, Step
from workbench.augment.pipeline import ChainError, check, compose, resized
from workbench.errors import WorkbenchError

IMAGE = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)


SMALL = {"height": 12, "width": 12}
NOTHING = Step(transform="HorizontalFlip", p=0)


def chain(*steps: Step) -> Chain:
    return Chain(steps=steps)


def test_an_empty_chain_gives_the_image() -> None:
    assert np.array_equal(compose(Chain())(IMAGE, 1), IMAGE)
    assert np.array_equal(compose(chain(Step(transform="InvertImg", p=1, enabled=False)))(IMAGE, 1), IMAGE)


def test_steps_run_in_order_with_their_parameters() -> None:
    composed = compose(chain(Step(transform="InvertImg", p=1), Step(transform="HorizontalFlip", p=1)))
    assert np.array_equal(composed(IMAGE, 1), 255 - IMAGE[:, ::-1])
    constant = Step(
        transform="Affine", p=1, params={"translate_percent": [0.5, 0.5], "border_mode": "constant", "fill": 9}
    )
    moved = compose(chain(constant))(IMAGE, 1)
    assert (moved[:20, :30] == 9).all()
    assert np.array_equal(moved[20:, 30:], IMAGE[:20, :30])


def test_probability_counts() -> None:
    composed = compose(chain(Step(transform="InvertImg", p=0.25)))
    applied = sum(not np.array_equal(composed(IMAGE, seed), IMAGE) for seed in range(400))
    assert 70 < applied < 130


def test_steps_draw_independently() -> None:
    composed = compose(chain(Step(transform="HorizontalFlip", p=0.5), Step(transform="VerticalFlip", p=0.5)))
    assert len({composed(IMAGE, seed).tobytes() for seed in range(40)}) == 4


def test_the_result_does_not_depend_on_what_ran_before() -> None:
    composed = compose(presets()["strong"])
    first = composed(IMAGE, 11)
    composed(IMAGE[:20], 12)
    assert np.array_equal(composed(IMAGE, 11), first)
    assert np.array_equal(pickle.loads(pickle.dumps(composed))(IMAGE, 11), first)


def test_a_trace_ends_in_the_result() -> None:
    composed = compose(presets()["strong"])
    trace = composed.trace(IMAGE, 4)
    assert [place for place, _ in trace] == [(), *((number,) for number in range(len(presets()["strong"].steps)))]
    assert np.array_equal(trace[0][1], IMAGE)
    assert np.array_equal(trace[-1][1], composed(IMAGE, 4))


def test_prefixes_of_a_chain_draw_alike() -> None:
    full = presets()["medium"]
    trace = compose(full).trace(IMAGE, 9)
    for count in range(len(full.steps) + 1):
        assert np.array_equal(compose(Chain(steps=full.steps[:count]))(IMAGE, 9), trace[count][1])


def test_sides_that_change_come_back_to_the_images_size() -> None:
    for step in (
        Step(transform="Transpose", p=1),
        Step(transform="CenterCrop", p=1, params={"height": 10, "width": 10}),
    ):
        assert compose(chain(step))(IMAGE, 1).shape == IMAGE.shape
    crop = compose(chain(Step(transform="RandomResizedCrop", p=1, params={"scale": [0.3, 0.3]})))
    assert crop(IMAGE, 1).shape == IMAGE.shape
    assert crop(IMAGE[:30, :30], 1).shape == (30, 30, 3)


def test_tiny_images_keep_their_pixels() -> None:
    flip = compose(chain(Step(transform="HorizontalFlip", p=1)))
    tiny = np.ascontiguousarray(IMAGE[:3, :5])
    assert np.array_equal(flip(tiny, 1), tiny[:, ::-1])


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(transform="HorizontlFlip"), "no transform named 'HorizontlFlip'; did you mean HorizontalFlip"),
        (Step(transform="qqqq"), "choose one from the list"),
        (Step(transform="os"), "no transform named 'os'"),
        (Step(transform="Compose"), "no transform named 'Compose'"),
        (Step(transform="Affine", params={"rotation": [0, 1]}), "no parameter 'rotation'; its parameters are: scale"),
        (Step(transform="HorizontalFlip", params={"strength": 1}), "its parameters are: none"),
        (Step(transform="GaussNoise", params={"std_range": [0.5, 0.1]}), "GaussNoise cannot be used: std_range: "),
        (Step(transform="MotionBlur", params={"blur_limit": "far"}), "blur_limit: "),
        (Step(transform="Affine", params={"border_mode": "mirrored"}), "choose one of constant, edge, wrap, mirror"),
        (Step(transform="Affine", params={"shear": [-45, 45]}), "slants by at most 44 degrees"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(step: Step, words: str) -> None:
    with pytest.raises(WorkbenchError, match=words) as caught:
        compose(chain(step))
    assert "\n" not in str(caught.value)
    assert "pydantic" not in str(caught.value)
    with pytest.raises(WorkbenchError):
        check(chain(step))


def test_a_step_that_is_off_is_checked_too() -> None:
    with pytest.raises(WorkbenchError):
        check(chain(Step(transform="Nothing", enabled=False)))


def test_a_transform_that_leaves_8_bits_is_refused() -> None:
    grey = Step(transform="ToGray", p=1, params={"num_output_channels": 1})
    for made in (chain(grey), chain(NOTHING, Step(transform="Sequential", p=1, steps=(NOTHING, grey)), NOTHING)):
        with pytest.raises(ChainError, match="ToGray gives no 8-bit colour image") as caught:
            compose(made)(IMAGE, 1)
        assert made.at(caught.value.place) == grey


def test_a_transform_that_fails_on_an_image_is_named() -> None:
    step = Step(transform="RandomCrop", p=1, params={"height": 500, "width": 500})
    with pytest.raises(ChainError, match="RandomCrop does not work on an image of 60 x 40 pixels") as caught:
        compose(chain(step))(IMAGE, 1)
    assert caught.value.place == (0,)


def group(name: str, p: float, *steps: Step, **params: Any) -> Step:
    return Step(transform=name, p=p, steps=steps, params=params)


INVERT, FLIP = Step(transform="InvertImg", p=1), Step(transform="HorizontalFlip", p=1)


def test_one_of_draws_by_weight() -> None:
    composed = compose(
        chain(group("OneOf", 1, INVERT.model_copy(update={"p": 0.75}), FLIP.model_copy(update={"p": 0.25})))
    )
    found = [composed(IMAGE, seed) for seed in range(200)]
    inverted = sum(np.array_equal(image, 255 - IMAGE) for image in found)
    assert 120 < inverted < 180
    assert inverted + sum(np.array_equal(image, IMAGE[:, ::-1]) for image in found) == 200


def test_groups_run_as_albumentations_runs_them() -> None:
    both = 255 - IMAGE[:, ::-1]
    assert np.array_equal(compose(chain(group("Sequential", 1, INVERT, FLIP)))(IMAGE, 1), both)
    assert np.array_equal(compose(chain(group("SomeOf", 1, INVERT, FLIP, n=2)))(IMAGE, 1), both)
    assert np.array_equal(compose(chain(group("SomeOf", 1, INVERT, FLIP, n=9)))(IMAGE, 1), both), "there are no more"
    assert np.array_equal(compose(chain(group("RandomOrder", 1, INVERT, FLIP, n=2)))(IMAGE, 1), both)
    one = compose(chain(group("SomeOf", 1, INVERT, FLIP)))
    assert {one(IMAGE, seed).tobytes() for seed in range(20)} == {(255 - IMAGE).tobytes(), IMAGE[:, ::-1].tobytes()}
    twice = compose(chain(group("SomeOf", 1, INVERT, n=2, replace=True)))
    assert np.array_equal(twice(IMAGE, 1), IMAGE)
    never = compose(chain(group("Sequential", 0, INVERT)))
    assert np.array_equal(never(IMAGE, 1), IMAGE)


def test_what_is_off_in_a_group_is_not_drawn() -> None:
    off = INVERT.model_copy(update={"enabled": False})
    composed = compose(chain(group("OneOf", 1, off, FLIP), group("OneOf", 1, off), group("SomeOf", 1)))
    assert all(np.array_equal(composed(IMAGE, seed), IMAGE[:, ::-1]) for seed in range(10))
    assert [place for place, _ in composed.trace(IMAGE, 1)] == [(), (0,)], "groups that hold nothing are no steps"


def test_a_side_is_the_size_of_results_and_of_crops_without_one() -> None:
    square = IMAGE[:40, :40]
    for step in (Step(transform="RandomResizedCrop", p=0.5), Step(transform="CenterCrop", p=1, params=SMALL), FLIP):
        composed = pickle.loads(pickle.dumps(compose(chain(step), side=24)))
        assert {composed(square, seed).shape for seed in range(6)} == {(24, 24, 3)}
        assert {found.shape for _, found in composed.trace(IMAGE, 1)} == {(24, 24, 3)}
    crop = Step(
        transform="RandomResizedCrop", p=1, params={"scale": [1, 1], "ratio": [1, 1], "area_for_downscale": "image"}
    )
    assert np.array_equal(compose(chain(crop), side=24)(square, 1), resized(square, (24, 24)))
    assert compose(Chain(), side=24)(IMAGE, 1).shape == (24, 24, 3)
    tiny = compose(chain(FLIP), side=24)(np.ascontiguousarray(IMAGE[:3, :5]), 1)
    assert tiny.shape == (24, 24, 3)


def test_sizes_between_the_steps_are_the_chains_own() -> None:
    """As in albumentations: a step gets what the one before it left, not an image squashed to the size of the result."""
    crop = Step(transform="CenterCrop", p=1, params={"height": 20, "width": 20})
    corner = Step(transform="Crop", p=1, params={"x_max": 5, "y_max": 10})
    found = compose(chain(crop, corner), side=10)(IMAGE, 1)
    assert np.array_equal(found, resized(IMAGE[10:20, 20:25], (10, 10)))


def test_words_and_none_reach_albumentations() -> None:
    nearest = Step(transform="Resize", p=1, params={"height": 80, "width": 120, "interpolation": "nearest"})
    half = Step(transform="Crop", p=1, params={"x_max": 120, "y_max": 80, "border_mode": "edge", "pad_if_needed": True})
    assert np.array_equal(compose(chain(nearest, half))(IMAGE, 1), IMAGE)
    by_number = nearest.model_copy(
        update={"params": {**nearest.params, "interpolation": 0, "area_for_downscale": "none"}}
    )
    assert np.array_equal(compose(chain(by_number))(IMAGE, 1), IMAGE)


@pytest.mark.parametrize(
    ("step", "place", "param"),
    [
        (Step(transform="Blurr"), (1, 0), None),
        (Step(transform="Blur", params={"limit": 3}), (1, 0), "limit"),
        (Step(transform="Blur", params={"blur_limit": "far"}), (1, 0), "blur_limit"),
        (Step(transform="Blur", params={"blur_limit": [3, 100000]}), (1, 0), "blur_limit"),
        (Step(transform="GaussNoise", params={"mean_range": [0, 0], "std_range": [0.5, 0.1]}), (1, 0), "std_range"),
        (Step(transform="Affine", params={"interpolation": "best"}), (1, 0), "interpolation"),
        (Step(transform="RandomCrop", params={"height": 5}), (1, 0), "width"),
        (Step(transform="CropAndPad"), (1, 0), None),
        (Step(transform="CropAndPad", params={"percent": 0.1, "px": 3}), (1, 0), None),
        (group("OneOf", 1, n=2), (1, 0), "n"),
        (group("SomeOf", 1, n=0), (1, 0), "n"),
        (group("SomeOf", 1, n=65), (1, 0), "n"),
        (group("SomeOf", 1, n=True), (1, 0), "n"),
        (group("RandomOrder", 1, replace="yes"), (1, 0), "replace"),
        (group("OneOf", 1, NOTHING), (1, 0), None),
        (Step(transform="Normalize"), (1, 0), None),
        (Step(transform="Lambda"), (1, 0), None),
        (Step(transform="ImageOnlyTransform"), (1, 0), None),
        (Step(transform="DualTransform"), (1, 0), None),
    ],
)
def test_the_step_and_the_parameter_to_blame_are_known(step: Step, place: Place, param: str | None) -> None:
    made = chain(FLIP, group("Sequential", 1, step))
    with pytest.raises(ChainError) as caught:
        check(made)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.place, copy.param, str(copy)) == (place, param, str(caught.value))
    assert step.transform in str(copy) or "interpolation" in str(copy)
    assert "\n" not in str(copy)
    assert "pydantic" not in str(copy)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(transform="Blur", params={"blur_limit": "far"}), "a list of numbers or a whole number, not 'far'"),
        (Step(transform="RandomCrop", params={"height": 5}), "width: a value is needed"),
        (Step(transform="Rotate", params={"crop_border": "perhaps"}), "crop_border: it should be true or false"),
        (Step(transform="ToGray", params={"method": "best"}), "it should be one of weighted_average, from_lab"),
        (Step(transform="CLAHE", params={"tile_grid_size": [8]}), "a list of another length"),
        (
            Step(transform="Solarize", params={"threshold_range": [0.6, 0.2]}),
            "threshold_range: First value should be less than",
        ),
        (Step(transform="OneOf", p=1, steps=(NOTHING,)), "none of its steps is ever drawn; raise the p of one"),
        (Step(transform="Resize", params={"height": 5000, "width": 10}), "height is 5000, and 4096 is the most"),
        (Step(transform="CoarseDropout", params={"num_holes_range": [1, 100000]}), "100000, and 1000 is the most"),
        (Step(transform="ZoomBlur", params={"step_factor": [0, 0.1]}), "step_factor is 0, and 0.001 is the least"),
        (Step(transform="ElasticTransform", params={"alpha": 1e8}), r"alpha is 1e\+08, and 10000 is the most"),
    ],
)
def test_messages_say_what_is_wanted(step: Step, words: str) -> None:
    with pytest.raises(ChainError, match=words):
        compose(chain(step))


def test_a_chain_that_grows_beyond_all_bounds_is_refused_where_it_does() -> None:
    double = Step(transform="RandomScale", p=1, params={"scale_limit": [1.0, 1.0]})
    compose(chain(double, double, double, double))
    grown = chain(double, group("SomeOf", 1, double, n=9, replace=True), FLIP)
    with pytest.raises(ChainError, match="more than 16 times as large") as caught:
        check(grown)
    assert caught.value.place in ((1,), (1, 0))
    smaller = Step(transform="Resize", p=1, params={"height": 64, "width": 64})
    check(chain(double, double, double, smaller, double, double, double))
    with pytest.raises(ChainError, match="Pad makes the image"):
        check(chain(Step(transform="Pad", p=1, params={"padding": 4000})))
    check(chain(*(double.model_copy(update={"enabled": False}) for _ in range(9))))


def test_a_failing_step_is_found_in_its_group() -> None:
    crop = Step(transform="RandomCrop", p=1, params={"height": 500, "width": 500})
    small = Step(transform="CenterCrop", p=1, params=SMALL)
    made = chain(small, group("Sequential", 1, FLIP, group("OneOf", 1, crop)))
    for call in (compose(made), compose(made).trace, lambda image, seed: compose(made).follow(image, [], seed)):
        with pytest.raises(ChainError, match="RandomCrop does not work on an image of 12 x 12 pixels") as caught:
            call(IMAGE, 1)
        assert caught.value.place == (1, 1, 0)


def test_the_random_numbers_of_the_process_are_left_alone() -> None:
    import random

    import torch

    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    expected = (random.random(), np.random.rand(), torch.rand(1).item())
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    compose(presets()["strong"])(IMAGE, 1)
    assert (random.random(), np.random.rand(), torch.rand(1).item()) == expected


def test_reseeding_is_cheap() -> None:
    composed = compose(presets()["light"])
    image = np.zeros((32, 32, 3), np.uint8)
    composed(image, 0)
    start = time.perf_counter()
    for seed in range(100):
        composed(image, seed)
    assert (time.perf_counter() - start) / 100 < 0.005
