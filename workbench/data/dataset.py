"""Samples, and the dataset that turns them into pixels. Imports no torch."""

import hashlib
import struct
from abc import ABC, abstractmethod
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

Vary = Callable[[Sample, int], Pixels]
"""Gives a variant of a sample's pixels that depends on its image, its class and the seed alone. Picklable likewise."""


def sample_seed(run_seed: int, epoch: int, image_id: int) -> int:
    """Return the 63-bit seed of one image in one epoch, so that no worker and no order has a say in the pixels."""
    digest = hashlib.blake2b(struct.pack("<qqq", run_seed, epoch, image_id), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


class SampleDataset(ABC):
    """A map-style dataset: index, or (epoch, index), to (pixels uint8 HxWx3, target, image id), or to `Unreadable`.

    The samplers of `loaders` send the epoch along with the index: a worker that persists holds a copy of the dataset
    that `set_epoch` does not reach.
    """

    preload: Sequence[str] = ()
    """Modules that a fork server imports, so that workers find them there."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = list(samples)
        self.epoch = 0

    @abstractmethod
    def pixels(self, sample: Sample, epoch: int) -> Pixels:
        """Return a sample's pixels in an epoch. Raises ImageError."""

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch for indices that come without one."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: int | tuple[int, int]) -> tuple[Pixels, int, int] | Unreadable:
        epoch, index = key if isinstance(key, tuple) else (self.epoch, key)
        sample = self.samples[index]
        try:
            pixels = self.pixels(sample, epoch)
        except ImageError as error:
            return Unreadable(sample.id, sample.path, str(error))
        return pixels, sample.target, sample.id


class ImageDataset(SampleDataset):
    """The images as they are read, the same in every epoch: for validation and test."""

    def __init__(self, samples: Sequence[Sample], read: Read) -> None:
        super().__init__(samples)
        self.read = read

    def pixels(self, sample: Sample, epoch: int) -> Pixels:
        """Return the sample as it is read."""
        return self.read(sample)


class VariedDataset(SampleDataset):
    """Another variant of every image in each epoch: by the seed of (run, epoch, image), whoever asks and when."""

    def __init__(self, samples: Sequence[Sample], vary: Vary, *, seed: int, preload: Sequence[str] = ()) -> None:
        super().__init__(samples)
        self.vary = vary
        self.seed = seed
        self.preload = tuple(preload)

    def pixels(self, sample: Sample, epoch: int) -> Pixels:
        """Return the sample's variant of the epoch."""
        return self.vary(sample, sample_seed(self.seed, epoch, sample.id))
