import pickle
import time

import numpy as np
import pytest

from workbench.augment.catalog import presets
from workbench.augment.chain import Chain, Step
from workbench.augment.pipeline import ChainError, check, compose
from workbench.errors import WorkbenchError

IMAGE = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)


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
