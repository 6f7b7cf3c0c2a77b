"""DataLoader: start method, seeds, samplers. Imports torch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor
from torch.utils.data import DataLoader

from workbench.data.dataset import ImageDataset, Unreadable


class Batch(NamedTuple):
    """images uint8 [N,H,W,3] (a list of [H,W,3] where sizes differ), targets int64 [N], ids int64 [N]; N may be 0."""

    images: Tensor | list[Tensor]
    targets: Tensor
    ids: Tensor
    unreadable: tuple[Unreadable, ...]


def make_loader(
    dataset: ImageDataset,
    *,
    batch_size: int,
    workers: int = 0,
    shuffle: bool = False,
    seed: int = 0,
    weights: Sequence[float] | None = None,
    drop_last: bool = False,
    pin_memory: bool = False,
) -> "DataLoader[Any]":
    """Return a DataLoader of `Batch`; call `set_epoch` before each epoch. ``weights``: one per sample, balanced sampling."""
    raise NotImplementedError


def set_epoch(loader: "DataLoader[Any]", epoch: int, *, start: int = 0) -> None:
    """Choose the epoch (order and random states) and the first batch (``start`` batches are skipped: resume)."""
    raise NotImplementedError


def choose_workers(asked: int) -> int:
    """-1 -> a number for this machine; otherwise what was asked."""
    raise NotImplementedError
