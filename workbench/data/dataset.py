"""Samples, and the dataset that turns them into pixels. Imports no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.data.reading import Pixels


@dataclass(frozen=True)
class Sample:
    """One labelled image of a run: ``id`` is the project's, ``target`` the class index (-1: unlabelled)."""

    id: int
    path: str
    target: int
    content_hash: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """Stands for an image that could not be read; the loader's collate drops it and reports it in ``Batch.unreadable``."""

    id: int
    path: str
    message: str


Read = Callable[[Sample], Pixels]
Augment = Callable[[Pixels, int], Pixels]


class ImageDataset:
    """Map-style dataset: index (or (epoch, index)) -> (uint8 HxWx3, target, id) or `Unreadable`."""

    def __init__(self, samples: Sequence[Sample], read: Read, *, augment: Augment | None = None, seed: int = 0) -> None:
        raise NotImplementedError

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that the random state of each sample comes from."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[Pixels, int, int] | Unreadable:
        raise NotImplementedError
