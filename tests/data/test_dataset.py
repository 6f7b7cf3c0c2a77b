import subprocess
import sys
from pathlib import Path

import numpy as np

from workbench.data.dataset import ImageDataset, Sample, Unreadable, VariedDataset, sample_seed
from workbench.data.reading import Pixels, read_image


def read(sample: Sample) -> Pixels:
    return read_image(sample.path)


def flat(sample: Sample) -> Pixels:
    return np.full((4, 4, 3), sample.id, np.uint8)


def stamp(sample: Sample, seed: int) -> Pixels:
    return np.full((4, 4, 3), seed % 256, np.uint8)


def test_a_sample_comes_with_target_and_id() -> None:
    dataset = ImageDataset([Sample(7, "a.png", 2), Sample(9, "b.png", 0)], flat)
    pixels, target, image_id = dataset[1]  # type: ignore[misc]
    assert len(dataset) == 2
    assert (target, image_id, int(pixels[0, 0, 0])) == (0, 9, 9)


def test_the_seed_depends_on_run_epoch_and_image_alone() -> None:
    seeds = {sample_seed(run, epoch, image) for run in range(5) for epoch in range(5) for image in range(20)}
    assert len(seeds) == 500
    assert sample_seed(7, 3, 11) == sample_seed(7, 3, 11)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_the_epoch_may_come_with_the_index_or_be_set() -> None:
    dataset = VariedDataset([Sample(1, "a", 0)], stamp, seed=3)
    sent = dataset[(4, 0)]
    dataset.set_epoch(4)
    assert np.array_equal(sent[0], dataset[0][0])  # type: ignore[index]
    assert sent[0][0, 0, 0] == sample_seed(3, 4, 1) % 256  # type: ignore[index]


def test_an_unreadable_image_becomes_a_marker(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no")
    found = ImageDataset([Sample(5, str(tmp_path / "bad.png"), 1)], read)[0]
    assert isinstance(found, Unreadable)
    assert found.id == 5
    assert "bad.png" in found.message


def test_the_core_of_data_imports_neither_torch_nor_qt_nor_opencv() -> None:
    code = (
        "import sys, workbench.data.dataset, workbench.data.scan, workbench.data.thumbnails, workbench.data.prepared, "
        "workbench.augment.catalog, workbench.augment.pipeline, workbench.training.preview;"
        "bad = {'torch', 'PySide6', 'cv2', 'albumentations', 'scipy', 'sklearn'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
