import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from workbench import launch
from workbench.augment.chain import Chain, Step
from workbench.augment.pipeline import compose
from workbench.data.dataset import ImageDataset, Sample, VariedDataset
from workbench.data.loaders import Batch, EpochBatches, choose_workers, make_loader, set_epoch
from workbench.data.reading import ImageError, Pixels

CHAIN = Chain(
    steps=(
        Step(transform="HorizontalFlip", p=0.5),
        Step(transform="Affine", p=0.9, params={"rotate": [-20, 20]}),
        Step(transform="GaussNoise", p=0.9),
    )
)


def drawn(sample: Sample) -> Pixels:
    """Return noise, or fail for the ids 5 and 6. Reports what the worker has imported in its first pixel."""
    if sample.id in (5, 6):
        raise ImageError(f"The image {sample.path} is damaged; replace it.")
    return np.random.default_rng(sample.id).integers(0, 256, (16, 16, 3), dtype=np.uint8)


class Vary:
    def __init__(self) -> None:
        self.composed = compose(CHAIN)

    def __call__(self, sample: Sample, seed: int) -> Pixels:
        return self.composed(drawn(sample), seed)


def imported(sample: Sample) -> Pixels:
    found = [name in sys.modules for name in ("PySide6", "shiboken6", "pyqtgraph")]
    return np.array([[[*found]]], np.uint8)


def sized(sample: Sample) -> Pixels:
    return np.zeros((4, sample.id % 2 + 4, 3), np.uint8)


def samples(count: int) -> list[Sample]:
    return [Sample(number, f"{number}.png", number % 3) for number in range(count)]


def pixels_by_id(batches: list[Batch]) -> dict[int, bytes]:
    return {
        int(image_id): image.numpy().tobytes()
        for batch in batches
        for image_id, image in zip(batch.ids, batch.images, strict=True)
    }


def test_pixels_and_order_are_the_same_whatever_the_number_of_workers() -> None:
    runs = []
    for workers in (0, 2):
        dataset = VariedDataset(samples(20), Vary(), seed=7)
        loader = make_loader(dataset, batch_size=4, workers=workers, shuffle=True, seed=7)
        epochs = []
        for epoch in (0, 1, 2):
            set_epoch(loader, epoch)
            epochs.append([Batch(*batch) for batch in loader])
        runs.append(epochs)
        del loader
    for alone, shared in zip(*runs, strict=True):
        assert [batch.ids.tolist() for batch in alone] == [batch.ids.tolist() for batch in shared]
        assert pixels_by_id(alone) == pixels_by_id(shared)
    first, second, _ = runs[0]
    assert pixels_by_id(first) != pixels_by_id(second)
    assert [batch.ids.tolist() for batch in first] != [batch.ids.tolist() for batch in second]


def test_workers_never_import_qt() -> None:
    loader = make_loader(ImageDataset(samples(2), imported), batch_size=2, workers=1)
    (batch,) = loader
    assert not batch.images.any()


@pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl+C in another way")
@pytest.mark.timeout(60)
def test_ctrl_c_in_the_terminal_does_not_end_the_workers() -> None:
    loader = make_loader(ImageDataset(samples(40), sized), batch_size=2, workers=1)
    batches = iter(loader)
    found = [Batch(*next(batches))]
    os.kill(batches._workers[0].pid, signal.SIGINT)  # type: ignore[attr-defined]
    found += [Batch(*batch) for batch in batches]
    assert [i for batch in found for i in batch.ids.tolist()] == list(range(40))


LOADS = """
import time
from tests.data.test_loaders import ImageDataset, make_loader, samples, sized
if __name__ == "__main__":
    loader = make_loader(ImageDataset(samples(40), sized), batch_size=2, workers=1)
    batches = iter(loader)
    next(batches)
    print(batches._workers[0].pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.timeout(60)
def test_workers_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "loads.py"
    script.write_text(LOADS)
    loading = subprocess.Popen(
        [sys.executable, str(script)], cwd=tmp_path, env=launch.environment(), stdout=subprocess.PIPE
    )
    assert loading.stdout is not None
    with loading.stdout:
        worker = psutil.Process(int(loading.stdout.readline()))
        server = worker.parent()
    loading.kill()
    loading.wait()
    deadline = time.monotonic() + 20
    left = [process for process in (worker, server) if process is not None]
    try:
        while (left := [process for process in left if launch.is_alive(process.pid)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left
    finally:
        for process in left:
            process.kill()


def test_resume_starts_where_the_epoch_stood() -> None:
    dataset = VariedDataset(samples(20), Vary(), seed=1)
    loader = make_loader(dataset, batch_size=3, shuffle=True, seed=1)
    set_epoch(loader, 4)
    whole = list(loader)
    set_epoch(loader, 4, start=5)
    rest = list(loader)
    assert len(loader) == len(whole) == 7
    assert [batch.ids.tolist() for batch in rest] == [batch.ids.tolist() for batch in whole[5:]]
    assert all(torch.equal(a.images, b.images) for a, b in zip(rest, whole[5:], strict=True))


def test_unreadable_images_are_dropped_and_named() -> None:
    batches = list(make_loader(ImageDataset(samples(8), drawn), batch_size=4))
    assert [batch.ids.tolist() for batch in batches] == [[0, 1, 2, 3], [4, 7]]
    assert [found.id for found in batches[1].unreadable] == [5, 6]
    assert "5.png" in batches[1].unreadable[0].message
    (alone,) = make_loader(ImageDataset([Sample(5, "5.png", 0)], drawn), batch_size=4)
    assert alone.images.shape[0] == len(alone.targets) == len(alone.ids) == 0


def test_a_batch_is_uint8_and_int64_or_a_list_where_sizes_differ() -> None:
    (batch,) = make_loader(ImageDataset(samples(3), drawn), batch_size=3)
    assert (batch.images.dtype, tuple(batch.images.shape)) == (torch.uint8, (3, 16, 16, 3))
    assert batch.targets.dtype == batch.ids.dtype == torch.int64
    assert batch.targets.tolist() == [0, 1, 2]
    (mixed,) = make_loader(ImageDataset(samples(3), sized), batch_size=3)
    assert [tuple(image.shape) for image in mixed.images] == [(4, 4, 3), (4, 5, 3), (4, 4, 3)]


def test_weights_balance_what_is_drawn() -> None:
    weights = [1.0] * 90 + [9.0] * 10
    batches = EpochBatches(100, 10, seed=3, weights=weights)
    drawn_indices = []
    for epoch in range(20):
        batches.set_epoch(epoch)
        drawn_indices += [index for batch in batches for _, index in batch]
    assert len(drawn_indices) == 2000
    assert 0.45 < np.mean(np.array(drawn_indices) >= 90) < 0.55
    with pytest.raises(ValueError, match="weights"):
        EpochBatches(3, 1, weights=[1.0])


def test_every_image_is_seen_once_per_epoch_and_the_rest_may_be_dropped() -> None:
    batches = EpochBatches(10, 4, shuffle=True, seed=0)
    assert sorted(index for batch in batches for _, index in batch) == list(range(10))
    assert len(batches) == 3
    dropping = EpochBatches(10, 4, drop_last=True)
    assert [[index for _, index in batch] for batch in dropping] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(dropping) == 2


def test_a_loader_leaves_the_random_numbers_of_the_run_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    list(make_loader(VariedDataset(samples(4), Vary(), seed=0), batch_size=2, shuffle=True))
    assert torch.equal(torch.rand(3), expected)


def test_choose_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_workers(3) == 3
    assert choose_workers(0) == 0
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(2), raising=False)
    assert choose_workers(-1) == 0
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(32), raising=False)
    assert choose_workers(-1) == 8


def test_a_foreign_loader_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        set_epoch(torch.utils.data.DataLoader([1, 2]), 0)  # type: ignore[arg-type]
