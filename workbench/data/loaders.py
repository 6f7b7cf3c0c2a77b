"""Batches of images for training and evaluation: start method, seeds, samplers. Imports torch."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from workbench.data.dataset import SampleDataset, Unreadable
from workbench.data.reading import Pixels
from workbench.errors import WorkbenchError

_ORDER = 0x0DE5
"""Keeps the order's random numbers apart from those of the images."""


class Batch(NamedTuple):
    """What a loader yields; N may be smaller than the batch size, even 0, where images could not be read.

    ``images`` is uint8 [N, H, W, 3], or a list of [H, W, 3] where the sizes differ; ``targets`` and ``ids`` are int64
    [N].
    """

    images: Tensor | list[Tensor]
    targets: Tensor
    ids: Tensor
    unreadable: Sequence[Unreadable]


class EpochBatches(Sampler[list[tuple[int, int]]]):
    """The batches of an epoch as lists of (epoch, index), the same for the same seed and epoch.

    Its length is that of a whole epoch, wherever the epoch starts.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        weights: Sequence[float] | None = None,
        drop_last: bool = False,
    ) -> None:
        if weights is not None and len(weights) != count:
            raise ValueError(f"{len(weights)} weights for {count} samples")
        self.count = count
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.weights = None if weights is None else np.asarray(weights, dtype=np.float64) / np.sum(weights)
        self.drop_last = drop_last
        self.epoch = 0
        self.start = 0

    def set_epoch(self, epoch: int, *, start: int = 0) -> None:
        """Choose the epoch; its first ``start`` batches are skipped without being read."""
        self.epoch = epoch
        self.start = start

    def __len__(self) -> int:
        whole, rest = divmod(self.count, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        epoch, order = self.epoch, self._order()
        for batch in range(self.start, len(self)):
            indices = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            yield [(epoch, int(index)) for index in indices]

    def _order(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        random = np.random.default_rng((self.seed, self.epoch, _ORDER))
        if self.weights is not None:
            return random.choice(self.count, size=self.count, p=self.weights)
        return random.permutation(self.count) if self.shuffle else np.arange(self.count)


def make_loader(
    dataset: SampleDataset,
    *,
    batch_size: int,
    workers: int = 0,
    shuffle: bool = False,
    seed: int = 0,
    weights: Sequence[float] | None = None,
    drop_last: bool = False,
    pin_memory: bool = False,
) -> "DataLoader[Any]":
    """Return a loader of `Batch`; call `set_epoch` before each epoch.

    ``weights`` (one per sample, any scale) draws with replacement instead of shuffling: balanced sampling. ``workers``
    processes read ahead and persist between epochs; they start from a fork server (or afresh), never by forking this
    process. An image that cannot be read is left out of its batch and named in it.
    """
    batches = EpochBatches(len(dataset), batch_size, shuffle=shuffle, seed=seed, weights=weights, drop_last=drop_last)
    return DataLoader(
        cast("Dataset[Any]", dataset),
        batch_sampler=cast("Sampler[list[Any]]", batches),
        num_workers=workers,
        collate_fn=collate,
        multiprocessing_context=_context(dataset) if workers else None,
        worker_init_fn=_begin_worker if workers else None,
        persistent_workers=workers > 0,
        pin_memory=pin_memory,
        # Its own generator: a loader that starts would otherwise draw from the run's random numbers.
        generator=torch.Generator().manual_seed(seed),
    )


def set_epoch(loader: "DataLoader[Any]", epoch: int, *, start: int = 0) -> None:
    """Choose the epoch (order and random states) of the next iteration, and the first batch of it (resume)."""
    batches = loader.batch_sampler
    if not isinstance(batches, EpochBatches):
        raise TypeError(f"the loader comes from elsewhere: {type(batches).__name__}")
    batches.set_epoch(epoch, start=start)


def choose_workers(asked: int) -> int:
    """Return ``asked``, or for -1 what suits this machine: none on two processors, which the model needs, else half."""
    if asked >= 0:
        return asked
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if processors <= 2 else min(8, processors // 2)


def sentence_of(error: WorkbenchError) -> str:
    """Return what the error says, without torch's words and the traceback that one from a worker comes wrapped in."""
    message = str(error)
    if "Original Traceback" not in message:
        return message
    return message.rstrip().rpartition(f"{type(error).__name__}: ")[2]


def collate(found: Sequence[tuple[Pixels, int, int] | Unreadable]) -> Batch:
    """Make a batch of a dataset's answers, leaving out what could not be read."""
    read = [answer for answer in found if not isinstance(answer, Unreadable)]
    unreadable = tuple(answer for answer in found if isinstance(answer, Unreadable))
    pixels = [image for image, _, _ in read]
    images: Tensor | list[Tensor]
    if len({image.shape for image in pixels}) > 1:
        images = [torch.from_numpy(image) for image in pixels]
    else:
        images = torch.from_numpy(np.stack(pixels) if pixels else np.empty((0, 1, 1, 3), np.uint8))
    targets = torch.tensor([target for _, target, _ in read], dtype=torch.int64)
    ids = torch.tensor([image_id for _, _, image_id in read], dtype=torch.int64)
    return Batch(images, targets, ids, unreadable)


def _begin_worker(_: int) -> None:
    """Leave Ctrl+C, which reaches every process of a terminal, to the run, and end with it however it ends.

    Torch's own watch does not see the run killed: a worker's parent is the fork server, which lives while workers do.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end with the run", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _context(dataset: SampleDataset) -> Any:
    """Return the start method of the workers. A fork server that has done the imports once makes a worker cheap."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch.utils.data", "workbench.data.loaders", *dataset.preload])
    return context
