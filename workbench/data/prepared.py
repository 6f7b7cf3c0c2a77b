"""Cache of resized pixels: one memory-mapped uint8 array of N x S x S x 3."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from workbench.data.dataset import Sample
from workbench.data.reading import Pixels
from workbench.jobs import Noticed, Progress


class PreparedCache:
    """Pixels by content hash (or path and modification time), for one geometry. Picklable, cheap to open in a worker."""

    def __init__(self, folder: Path, *, size: int, geometry: str) -> None:
        """``geometry``: any string that names how pixels were made (resize mode, decoding); part of the key."""
        raise NotImplementedError

    def build(
        self, samples: Sequence[Sample], prepare: Callable[[Sample], Pixels], *, threads: int = 2
    ) -> Iterator[Progress | Noticed]:
        """Fill in what is missing; ``prepare`` returns uint8 S x S x 3. An unreadable image is Noticed and left out."""
        raise NotImplementedError

    def get(self, sample: Sample) -> Pixels:
        """Return a writable copy. Raises ImageError for an image that `build` could not read."""
        raise NotImplementedError
