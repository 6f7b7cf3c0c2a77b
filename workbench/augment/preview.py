"""Augmented variants of an image for the window: computed in a warm child, handed over in shared memory."""

from collections.abc import Callable
from dataclasses import dataclass

from workbench.augment.chain import Chain
from workbench.augment.pipeline import Pixels
from workbench.jobs import Job


@dataclass(frozen=True)
class Tile:
    """Variant ``index`` of the image, uint8 HxWx3, no side longer than asked. The array is the receiver's own."""

    index: int
    pixels: Pixels


class PreviewChild:
    """A child process that keeps albumentations imported. Starts at `warm` or at the first job."""

    def warm(self) -> None:
        """Start the child, so that its imports are done before the first preview."""
        raise NotImplementedError

    def job(self, chain: Chain, image: Callable[[], Pixels], *, size: int, side: int, count: int, seed: int) -> Job:
        """Return a job that yields ``count`` `Tile`s and ends; run it in a thread.

        ``image`` is called in that thread, for example ``lambda: read_image(path, decoding, reduce_to=size)``; it is
        then squashed to ``size`` x ``size``, as training does (0: left as it is), and the tiles are shrunk to
        ``side``. A newer job makes an older one end early. Raises WorkbenchError where the chain cannot be composed.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End the child; running jobs end."""
        raise NotImplementedError
