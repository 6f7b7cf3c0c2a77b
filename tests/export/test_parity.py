import numpy as np
import pytest

from tests.trained_run import CLASSES, deployable, draw
from workbench.data.dataset import Sample
from workbench.data.reading import ImageError, read_image
from workbench.evaluation.predict import run_torch
from workbench.export.parity import compare, short_names


class Runs:
    """Stands for an ONNX session: torch's own answers, changed by ``change``."""

    def __init__(self, change):
        self.module = deployable()
        self.change = change

    def run(self, pixels):
        return self.change(pixels, run_torch(self.module, pixels))


@pytest.fixture
def samples(tmp_path):
    return [Sample(i, str(draw(tmp_path / "a" / f"{i}.png", i % 3, seed=i)), i % 3) for i in range(6)]


def check(samples, change, read=lambda sample: read_image(sample.path)):
    *_, found = compare(deployable(), Runs(change), samples, read=read, classes=CLASSES, split="test", batch_size=4)
    return found


def test_the_same_answers_pass(samples):
    parity, predictions = check(samples, lambda _, shares: shares)
    assert parity.passed
    assert (parity.images, parity.flips, parity.max_abs_diff, parity.skipped) == (6, 0, 0.0, 0)
    assert predictions.targets.tolist() == [0, 1, 2, 0, 1, 2]
    assert predictions.ids.tolist() == list(range(6))


def test_a_difference_above_the_tolerance_fails_without_a_flip(samples):
    parity, _ = check(samples, lambda _, shares: shares + np.float32(2e-4))
    assert not parity.passed
    assert parity.flips == 0
    assert parity.max_abs_diff == pytest.approx(2e-4, rel=0.01)


def test_a_flip_is_counted_named_and_first(samples):
    wanted = read_image(samples[4].path)

    def change(pixels, shares):
        shares = shares.copy()
        for row, image in enumerate(pixels):
            if np.array_equal(image, wanted):
                shares[row] = shares[row][::-1].copy() if shares[row].argmax() != 1 else shares[row][[1, 0, 2]]
        return shares

    parity, _ = check(samples, change)
    assert parity.flips == 1
    assert not parity.passed
    assert parity.worst[0]["image"] == "4.png"
    assert parity.worst[0]["flip"]
    assert parity.worst[0]["torch"] == CLASSES[1]
    assert parity.worst[0]["onnx"] == CLASSES[0]


def test_no_number_is_no_parity(samples):
    parity, _ = check(samples, lambda _, shares: shares * np.float32("nan"))
    assert not parity.passed
    assert parity.max_abs_diff == float("inf")


def test_images_that_cannot_be_read_do_not_count(samples):
    def read(sample):
        if sample.id < 2:
            raise ImageError("gone")
        return read_image(sample.path)

    parity, predictions = check(samples, lambda _, shares: shares, read)
    assert (parity.images, parity.skipped, parity.passed) == (4, 2, True)
    assert [error.entry.id for error in predictions.errors] == [0, 1]
    nothing, _ = check(samples[:2], lambda _, shares: shares, read)
    assert not nothing.passed


def test_names_are_relative_to_what_the_images_share():
    assert short_names(["/x/y/a/1.png", "/x/y/b/c/1.png"]) == ["a/1.png", "b/c/1.png"]
    assert short_names(["/x/y/1.png"]) == ["1.png"]
    assert short_names([]) == []
    assert short_names(["/x/1.png", "y/2.png"]) == ["1.png", "2.png"]
