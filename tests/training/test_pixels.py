import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from workbench.data.dataset import Sample
from workbench.data.reading import Decoding
from workbench.models.preprocess import Preprocess, PreprocessSpec
from workbench.training.pixels import Resized, open_cache


def spec(resize: str) -> PreprocessSpec:
    return PreprocessSpec(size=24, resize=resize)  # type: ignore[arg-type]


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    rows, columns = np.mgrid[0:40, 0:60]
    pixels = np.stack([rows * 4, columns * 3, (rows + columns) * 2], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "ramp.png")
    return Sample(1, str(tmp_path / "ramp.png"), 0)


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_prepared_pixels_are_those_of_the_deployment_path_but_for_rounding(sample: Sample, resize: str) -> None:
    resized = Resized(24, resize, Decoding())
    pixels = resized(sample)
    assert (pixels.shape, pixels.dtype) == ((24, 24, 3), np.uint8)
    whole = torch.from_numpy(np.asarray(Image.open(sample.path)).copy())[None]
    preprocess = Preprocess(spec(resize))
    difference = preprocess(torch.from_numpy(pixels)[None]) - preprocess(whole)
    assert float((difference * preprocess.std).abs().max()) <= 0.5 + 1e-3


def test_a_large_image_decoded_reduced_stays_close_to_the_deployment_path(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:800, 0:800]
    pixels = np.stack([rows / 4, columns / 4, (rows + columns) / 8], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "large.jpg", quality=95)
    sample = Sample(1, str(tmp_path / "large.jpg"), 0)
    whole = torch.from_numpy(np.asarray(Image.open(sample.path)).copy())[None]
    exact = Preprocess(spec("squash")).resize(whole.permute(0, 3, 1, 2).float())[0].permute(1, 2, 0)
    assert float((torch.from_numpy(Resized(24, "squash", Decoding())(sample)) - exact).abs().max()) <= 3


def test_it_travels_to_loader_processes(sample: Sample) -> None:
    resized = Resized(24, "pad", Decoding())
    again = pickle.loads(pickle.dumps(resized))
    np.testing.assert_array_equal(again(sample), resized(sample))


def test_another_geometry_is_another_cache(sample: Sample, tmp_path: Path) -> None:
    one, other = (Resized(24, resize, Decoding()) for resize in ("squash", "pad"))
    cache = open_cache(tmp_path, one)
    list(cache.build([sample], one))
    fill: Callable[[], np.ndarray] = lambda: open_cache(tmp_path, other).get(sample)  # noqa: E731
    with pytest.raises(Exception, match="not in the prepared cache"):
        fill()
    assert one.geometry != Resized(24, "squash", Decoding(window=(0, 4095))).geometry
