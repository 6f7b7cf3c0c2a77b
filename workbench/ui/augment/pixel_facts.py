"""What is true of the pixels that the preview shows: the sides, the cache, the detail that crops lose. No Qt."""

from dataclasses import dataclass
from pathlib import Path

from workbench.augment import geometry
from workbench.augment.chain import Chain
from workbench.data.prepared import PreparedCache
from workbench.data.reading import Decoding
from workbench.errors import WorkbenchError
from workbench.training import samples
from workbench.training.pixels import Resized, open_cache
from workbench.training.preview import Picture, Request


@dataclass(frozen=True)
class PixelFacts:
    """``size`` is the side that the model sees and ``prepared`` the one that the chain works on, in pixels.

    ``lost``: how many times the chain enlarges the smallest crop, 1.0 for none. ``cached``: the prepared pixels of the
    image lie in the project's cache.
    """

    size: int
    prepared: int
    lost: float
    cached: bool


class PixelFactsFinder:
    """Finds `PixelFacts`; keeps the list of the cache that was read last. Not for the window's thread, and for one thread."""

    def __init__(self) -> None:
        self._known: tuple[Path, int, PreparedCache] | None = None

    def find(self, request: Request, chain: Chain, picture: Picture | None) -> PixelFacts | None:
        """Return the facts of ``chain`` and of the image; None where the backbone or the size cannot be."""
        try:
            size = samples.model_size(request.config)
            prepared = samples.prepared_side(request.config, largest=request.largest)
        except WorkbenchError:
            return None
        cached = picture is not None and self._is_cached(request, prepared, picture)
        return PixelFacts(size, prepared, geometry.detail_lost(chain, size, prepared), cached)

    def _is_cached(self, request: Request, prepared: int, picture: Picture) -> bool:
        if not request.cache or not request.config.compute.prepared_cache:
            return False
        resized = Resized(prepared, request.config.preprocess.resize, Decoding.from_dict(request.decoding))
        cache = open_cache(Path(request.cache), resized)
        try:
            changed = cache.folder.stat().st_mtime_ns
            if self._known is None or self._known[:2] != (cache.folder, changed):
                self._known = cache.folder, changed, cache
            return self._known[2].find(picture.sample) is not None
        except OSError:
            return False  # there is no cache yet, or it went away: nothing comes from it
