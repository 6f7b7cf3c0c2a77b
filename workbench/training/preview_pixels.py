"""What the preview shows is what training sees: `TrainPixels` with its pictures and composed chains kept in memory.

Dragging a slider asks for the same pictures under other chains, so a picture is decoded once for all of them.
"""

import json
import os
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench.augment.chain import Chain
from workbench.augment.pipeline import resized
from workbench.data.dataset import Sample
from workbench.data.pages import file_of
from workbench.data.reading import Decoding, Pixels
from workbench.training.config import MixConfig
from workbench.training.preview import Request, Tile, TileWish
from workbench.training.samples import TrainPixels, Variation

KEPT_BYTES = 256 * 1024 * 1024
_KEPT_CHAINS = 128
_KEPT_SETTINGS = 4


class KeptPictures:
    """Prepared pictures, the last used kept. Safe in any thread; a picture that two ask for is made once."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._making: dict[Any, threading.Lock] = {}
        self._kept: OrderedDict[Any, Pixels] = OrderedDict()
        self._bytes = 0

    def get(self, key: Any, make: Callable[[], Pixels]) -> Pixels:
        """Return the picture under ``key``, not to be changed; what ``make`` raises comes out."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                found = self._kept.get(key)
                if found is not None:
                    self._kept.move_to_end(key)
            if found is None:
                found = make()
                self._keep(key, found)
        with self._lock:
            if self._making.get(key) is making:
                del self._making[key]
        return found

    def _keep(self, key: Any, pixels: Pixels) -> None:
        with self._lock:
            self._kept[key] = pixels
            self._bytes += pixels.nbytes
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


class _KeepingPixels(TrainPixels):
    """Changes where prepared pixels and composed chains are kept, and nothing about them."""

    def __init__(self, request: Request, pictures: KeptPictures, composed: "OrderedDict[Any, Variation]") -> None:
        super().__init__(
            request.config,
            request.classes,
            Decoding.from_dict(request.decoding),
            largest=request.largest,
            cache=Path(request.cache) if request.cache else None,
        )
        self._pictures, self._composed = pictures, composed
        rules = json.dumps(request.decoding, sort_keys=True)
        self._geometry = (self.prepared_side, request.config.preprocess.resize, rules)

    def prepared(self, sample: Sample) -> Pixels:
        return self.kept(sample).copy()

    def kept(self, sample: Sample) -> Pixels:
        """Return what `prepared` copies."""
        key = (self._geometry, sample.path, sample.content_hash or _modified(sample.path))
        return self._pictures.get(key, lambda: super(_KeepingPixels, self).prepared(sample))

    def composed(self, chain: Chain) -> Variation:
        key = (self.size, chain.model_dump_json())
        if key in self._composed:
            self._composed.move_to_end(key)
        else:
            self._composed[key] = super().composed(chain)
            if len(self._composed) > _KEPT_CHAINS:
                self._composed.popitem(last=False)
        return self._composed[key]


class TileMaker:
    """Makes the tiles of requests; one instance per thread."""

    def __init__(self, pictures: KeptPictures) -> None:
        self._pictures = pictures
        self._composed: OrderedDict[Any, Variation] = OrderedDict()
        self._settings: OrderedDict[str, _KeepingPixels] = OrderedDict()
        self._last: tuple[Request, _KeepingPixels] | None = None

    def make(self, request: Request, index: int) -> Tile:
        """Return the tile, no larger than it is shown. Raises ImageError, and ChainError for its chain."""
        pixels, wish = self._pixels_of(request), request.tiles[index]
        sample = request.pictures[wish.picture].sample
        chain = _chain(request, wish)
        # Decoding is no cost of the chain's.
        pixels.kept(sample)
        start = time.perf_counter()
        made = pixels.variant(sample, wish.seed, chain=chain)
        milliseconds = 1000 * (time.perf_counter() - start)
        share = 1.0
        if wish.mix_with >= 0 and not wish.prepared:
            other = request.pictures[wish.mix_with].sample
            seed = wish.seed if wish.mix_seed is None else wish.mix_seed
            partner = pixels.variant(other, seed, chain=chain)
            made, share = _mixed(made, partner, wish.seed, seed, request.config.mix)
        digest = zlib.adler32(made.data)
        return Tile(index, _fit(made, request.side), milliseconds, share, digest)

    def _pixels_of(self, request: Request) -> _KeepingPixels:
        if self._last is None or self._last[0] is not request:
            self._last = (request, self._made_for(request))
        return self._last[1]

    def _made_for(self, request: Request) -> _KeepingPixels:
        rules = (request.classes, request.decoding, request.cache, request.largest)
        key = f"{request.config.model_dump_json()} {rules}"
        if key not in self._settings:
            self._settings[key] = _KeepingPixels(request, self._pictures, self._composed)
            if len(self._settings) > _KEPT_SETTINGS:
                self._settings.popitem(last=False)
        self._settings.move_to_end(key)
        return self._settings[key]


def _chain(request: Request, wish: TileWish) -> Chain | None:
    if wish.prepared:
        return Chain()
    return request.chains[wish.chain] if wish.chain >= 0 else None


def _mixed(own: Pixels, partner: Pixels, seed: int, partner_seed: int, mix: MixConfig) -> tuple[Pixels, float]:
    """Mix as training does with a batch of the two; return the first of it and its share of the label."""
    import torch

    from workbench.data.mixing import mix as mixed

    batch = torch.from_numpy(np.stack([own, partner]))
    found = mixed(batch, [seed, partner_seed], kind=mix.kind, p=mix.p, alpha=mix.alpha)
    return found.images[0].numpy(), float(found.shares[0])


def _fit(pixels: Pixels, side: int) -> Pixels:
    return resized(pixels, (side, side)) if 0 < side < pixels.shape[0] else pixels


def _modified(path: str) -> int:
    try:
        return os.stat(file_of(path)).st_mtime_ns
    except OSError:
        return 0  # reading it says what is wrong
