"""IDX files and torchvision's data sets come in as PNG in folders of the project's own."""

import gzip
import hashlib
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.exchange.projects import bring, dump, labels, look
from workbench.errors import WorkbenchError
from workbench.project.project import Project


class Forged:
    """What leaves a folder behind where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = str(trace)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.trace,)


def idx(values: np.ndarray) -> bytes:
    head = bytes((0, 0, 8, values.ndim)) + b"".join(struct.pack(">I", side) for side in values.shape)
    return head + values.astype(np.uint8).tobytes()


def mnist(folder: Path, *, packed: bool = False) -> Path:
    folder.mkdir(parents=True)
    for name, count in (("train", 4), ("t10k", 2)):
        images = np.arange(count * 6 * 5).reshape(count, 6, 5)
        for kind, values in (("images-idx3", images), ("labels-idx1", np.arange(count) % 3)):
            content = idx(values)
            name_ = f"{name}-{kind}-ubyte" + (".gz" if packed else "")
            (folder / name_).write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_idx(tmp_path: Path, packed: bool) -> None:
    source, project = mnist(tmp_path / "digits", packed=packed), tmp_path / "project"
    dry = bring(project, source, dry_run=True)
    assert (dry.added, dry.classes, project.exists()) == (6, ["0", "1", "2"], False)
    done = bring(project, source)
    assert (done.format, done.added, done.splits) == ("idx", 6, {"train": 4, "test": 2})
    assert (done.labelled, done.unchanged) == (6, 0)
    assert labels(project)["train/1/00001.png"] == "1"
    second = np.asarray(Image.open(project / "unpacked" / "digits" / "train" / "1" / "00001.png"))
    assert np.array_equal(second, np.arange(30, 60).reshape(6, 5))
    assert bring(project, source).added == 0, "the same files are not unpacked twice"
    assert len(list((project / "unpacked").iterdir())) == 1


def test_damaged_idx_changes_nothing(tmp_path: Path) -> None:
    source, project = mnist(tmp_path / "digits"), tmp_path / "project"
    Project.create(project).close()
    before = dump(project)
    images, named = source / "train-images-idx3-ubyte", source / "train-labels-idx1-ubyte"
    sound = images.read_bytes()
    for content, why in (
        (sound[:-3], "ends too early"),
        (idx(np.zeros((4, 0, 5))), "without a pixel"),
        (sound + b"x", "goes on too long"),
        (b"\0\0\7\3" + sound[4:], "does not begin as IDX"),
        (bytes((0, 0, 8, 3)) + b"\xff" * 12, "more than can be unpacked"),
        (idx(np.zeros((3, 6, 5))), "4 labels but"),
        (b"\x1f\x8b" + sound, "damaged|cannot be read"),
    ):
        images.write_bytes(content)
        with pytest.raises(WorkbenchError, match=why) as refusal:
            bring(project, source)
        assert images.name in str(refusal.value) or named.name in str(refusal.value)
    assert dump(project) == before
    assert not (project / "unpacked").exists()


def test_torchvision_mnist(tmp_path: Path) -> None:
    mnist(tmp_path / "root" / "MNIST" / "raw")
    project = tmp_path / "project"
    options: dict[str, Any] = {"format": "torchvision", "mapping": {"dataset": "mnist"}}
    assert bring(project, tmp_path / "root", dry_run=True, **options).added == 6
    done = bring(project, tmp_path / "root", **options)
    assert (done.added, done.splits) == (6, {"train": 4, "test": 2})
    seen = look(project)
    assert (seen["classes"][0], len(seen["classes"])) == ("0 - zero", 10)
    assert seen["images"]["test/1 - one/00001.png"]["label"] == "1 - one"


def test_a_pickle_is_loaded_only_where_its_sum_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets

    folder, trace = tmp_path / "root" / "cifar-10-batches-py", tmp_path / "trace"
    folder.mkdir(parents=True)
    kind = torchvision.datasets.CIFAR10
    content = pickle.dumps(Forged(trace))
    for name in [*(name for name, _ in kind.train_list + kind.test_list), kind.meta["filename"]]:
        (folder / name).write_bytes(content)
    options: dict[str, Any] = {"format": "torchvision", "mapping": {"dataset": "CIFAR10"}}
    with pytest.raises(WorkbenchError, match="finds no sound CIFAR10"):
        bring(tmp_path / "project", tmp_path / "root", **options)
    assert not trace.exists()
    assert not (tmp_path / "project").exists()
    # With the sum of the forgery torchvision does load it, so the sums are what holds it back.
    right = hashlib.md5(content).hexdigest()
    for name in ("train_list", "test_list"):
        monkeypatch.setattr(kind, name, [[each, right] for each, _ in getattr(kind, name)])
    with pytest.raises(WorkbenchError, match="finds no sound CIFAR10"):
        bring(tmp_path / "project", tmp_path / "root", **options)
    assert trace.exists()


def test_data_sets_that_would_be_unpickled_unchecked_are_not_offered(tmp_path: Path) -> None:
    for name in ("LSUN", "ImageNet", "PhotoTour", "SBU"):
        with pytest.raises(WorkbenchError, match="is not offered"):
            bring(tmp_path / "project", tmp_path, format="torchvision", mapping={"dataset": name})
    with pytest.raises(WorkbenchError, match="--map dataset=MNIST"):
        bring(tmp_path / "project", tmp_path, format="torchvision")
