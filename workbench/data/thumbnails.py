"""Thumbnails: decoded reduced, kept in memory and on disk. Knows no window."""

import hashlib
import io
import json
import os
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.data.reading import Decoding, Pixels, read_image

_FORMAT = 1
_MEMORY = 192 * 1024 * 1024


class Thumbnails:
    """Small versions of image files, at most ``memory_items`` of them (and 192 MiB) in memory, all of them on disk.

    Safe to use from several threads. A cache folder that cannot be written (no space left, read-only) costs speed,
    never a thumbnail: `problem` then says why.
    """

    def __init__(self, folder: Path, decoding: Decoding = Decoding(), memory_items: int = 4096) -> None:  # noqa: B008
        self.folder = folder
        self.decoding = decoding
        self.problem: str | None = None
        self._memory_items = memory_items
        self._memory: OrderedDict[str, Pixels] = OrderedDict()
        self._memory_bytes = 0
        self._lock = threading.Lock()
        self._rules = json.dumps([_FORMAT, decoding.as_dict()], sort_keys=True)

    def get(self, path: Path | str, modified_ns: int, side: int) -> Pixels:
        """Return the image shrunk to fit ``side`` x ``side``, aspect kept, never enlarged: uint8 (h, w, 3), read-only.

        ``modified_ns`` is the file's modification time: another time is another thumbnail. Raises ImageError.
        """
        key = self._key(path, modified_ns, side)
        found = self._recall(key)
        if found is None:
            found = self._load(key)
            if found is None:
                found = _shrink(read_image(path, self.decoding, reduce_to=side), side)
                self._save(key, found)
            found.flags.writeable = False
            self._remember(key, found)
        return found

    def in_memory(self, path: Path | str, modified_ns: int, side: int) -> Pixels | None:
        """Return the thumbnail if it can be had at once, without touching the disk."""
        return self._recall(self._key(path, modified_ns, side))

    def _key(self, path: Path | str, modified_ns: int, side: int) -> str:
        text = f"{os.fspath(path)}\n{modified_ns}\n{side}\n{self._rules}"
        return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()

    def _recall(self, key: str) -> Pixels | None:
        with self._lock:
            found = self._memory.get(key)
            if found is not None:
                self._memory.move_to_end(key)
            return found

    def _remember(self, key: str, pixels: Pixels) -> None:
        with self._lock:
            if key in self._memory:
                return
            self._memory[key] = pixels
            self._memory_bytes += pixels.nbytes
            while len(self._memory) > self._memory_items or (self._memory_bytes > _MEMORY and len(self._memory) > 1):
                self._memory_bytes -= self._memory.popitem(last=False)[1].nbytes

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key[2:]}.jpg"

    def _load(self, key: str) -> Pixels | None:
        try:
            with Image.open(io.BytesIO(self._file(key).read_bytes()), formats=("JPEG",)) as image:
                return np.array(image.convert("RGB"))
        except (OSError, SyntaxError, ValueError):  # absent or damaged: it is made again
            return None

    def _save(self, key: str, pixels: Pixels) -> None:
        file = self._file(key)
        part = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(part, "JPEG", quality=90)
            part.replace(file)
        except OSError as error:
            self.problem = (
                f"Thumbnails cannot be kept in {self.folder} ({error.strerror or error}); free some space there."
            )


def _shrink(pixels: Pixels, side: int) -> Pixels:
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
