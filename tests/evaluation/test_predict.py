import numpy as np
import pytest
import torch

from tests.trained_run import deployable, draw
from workbench.data.dataset import Sample
from workbench.data.reading import ImageError, read_image
from workbench.evaluation.predict import Predictions, choose_device, predict
from workbench.jobs import Progress


def test_predictions_keep_the_order_of_the_samples_whatever_their_sizes(tmp_path):
    sides = [(20, 20), (30, 20), (20, 20), (9, 40)]
    samples = [
        Sample(10 + i, str(draw(tmp_path / f"{i}.png", i % 3, side=s, seed=i)), i % 3) for i, s in enumerate(sides)
    ]
    module = deployable()
    events = list(predict(module, samples, read=lambda s: read_image(s.path), batch_size=2))
    assert all(isinstance(event, Progress) for event in events[:-1])
    assert events[-2].done == events[-2].total == 4
    found = events[-1]
    assert isinstance(found, Predictions)
    assert found.ids.tolist() == [10, 11, 12, 13]
    assert found.paths == [sample.path for sample in samples]
    assert found.probabilities.dtype == np.float32
    assert found.probabilities.argmax(axis=1).tolist() == found.targets.tolist() == [0, 1, 2, 0]
    alone = module(torch.from_numpy(read_image(samples[3].path)[None]))[0]
    assert found.probabilities[3] == pytest.approx(alone.detach().numpy(), abs=1e-6)


def test_an_unreadable_image_is_left_out_and_named(tmp_path):
    samples = [Sample(1, str(draw(tmp_path / "a.png", 0)), 0), Sample(2, str(tmp_path / "none.png"), 1)]
    *_, found = predict(deployable(), samples, read=lambda s: read_image(s.path))
    assert found.ids.tolist() == [1]
    assert found.errors[0].entry == samples[1]
    assert "none.png" in found.errors[0].message


def test_dropout_is_off(tmp_path):
    module = torch.nn.Sequential(deployable(), torch.nn.Dropout(0.5)).train()
    samples = [Sample(1, str(draw(tmp_path / "a.png", 0)), 0)]
    *_, found = predict(module, samples, read=lambda s: read_image(s.path))
    assert found.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_no_image_at_all_gives_empty_predictions():
    def read(sample: Sample) -> np.ndarray:
        raise ImageError("gone")

    *_, found = predict(deployable(), [Sample(1, "x", 0)], read=read)
    assert len(found.ids) == 0
    assert len(found.errors) == 1


def test_the_device_can_be_named():
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
