"""Samples, and the dataset that turns them into pixels. Imports no torch."""

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.data.reading import ImageError, Pixels


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a run: ``id`` is the project's, ``target`` the class index (-1: unlabelled)."""

    id: int
    path: str
    target: int
    content_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for an image that could not be read; the loader drops it and reports it in ``Batch.unreadable``."""

    id: int
    path: str
    message: str


Read = Callable[[Sample], Pixels]
"""Gives a sample's pixels, uint8 (height, width, 3). Raises ImageError. Picklable where a loader has workers."""

Augment = Callable[[Pixels, int], Pixels]
"""Gives a variant of the pixels that depends on them and on the seed alone. Picklable likewise."""


def sample_seed(run_seed: int, epoch: int, image_id: int) -> int:
    """Return the 63-bit seed of one image in one epoch, so that no worker and no order has a say in the pixels."""
    digest = hashlib.blake2b(struct.pack("<qqq", run_seed, epoch, image_id), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


class ImageDataset:
    """A map-style dataset: index, or (epoch, index), to (pixels uint8 HxWx3, target, image id), or to `Unreadable`.

    The samplers of `loaders` send the epoch along with the index: a worker that persists holds a copy of the dataset
    that `set_epoch` does not reach.
    """

    def __init__(self, samples: Sequence[Sample], read: Read, *, augment: Augment | None = None, seed: int = 0) -> None:
        self.samples = list(samples)
        self.read = read
        self.augment = augment
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch for indices that come without one."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[Pixels, int, int] | Unreadable:
        epoch, index = key if isinstance(key, tuple) else (self.epoch, key)
        sample = self.samples[index]
        try:
            pixels = self.read(sample)
        except ImageError as error:
            return Unreadable(sample.id, sample.path, str(error))
        if self.augment is not None:
            pixels = self.augment(pixels, sample_seed(self.seed, epoch, sample.id))
        return pixels, sample.target, sample.id
