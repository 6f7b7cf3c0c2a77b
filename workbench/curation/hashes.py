"""A signature of each image: perceptual hash, grey thumbnail, and what is measured on its pixels. Kept on disk by content.

Each image is decoded once for all checks that look at its pixels (copies, quality, shortcuts), on a few threads: pillow lets
go of the interpreter.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.curation.pictures import pages
from workbench.data.reading import ImageError, content_hash, decode, read_bytes
from workbench.embedding.store import EmbeddingStore
from workbench.intake import decoding_of
from workbench.jobs import Event, Noticed, Progress
from workbench.project.ids import ImageId
from workbench.project.images import ImageRow
from workbench.project.project import Project

FORMAT = 1
"""Part of the store's key; raise it whenever a measure changes its meaning."""

HASH_BITS = 256
THUMBNAIL = 32
LOOKED_AT = 256
"""Sharpness and the rest are measured at this length of the short side (px), so that images of any size compare."""

SEGMENTS = 4
"""Each of the four sides of the border is measured in so many parts."""

SIGNATURE = np.dtype(
    [
        ("hash", "u1", (HASH_BITS // 8,)),
        ("thumbnail", "u1", (THUMBNAIL, THUMBNAIL)),
        ("brightness", "f4"),  # mean grey level, 0 to 255
        ("contrast", "f4"),  # standard deviation of the grey levels
        ("low", "f4"),  # 1st percentile of the grey levels
        ("high", "f4"),  # 99th percentile
        ("sharpness", "f4"),  # fine detail against contrast, see `_sharpness`
        ("colour", "f4", (6,)),  # mean and standard deviation of red, green and blue
        ("border", "f4", (4 * SEGMENTS * 4,)),  # mean red, green, blue and deviation of grey per segment of the edge
    ]
)
"""The record of an image; a whole number of float32, as which `EmbeddingStore` keeps it."""

Signatures = NDArray[Any]
"""An array of SIGNATURE."""

_CHUNK = 64


@dataclass(frozen=True)
class _Seen:
    row: ImageRow
    content: str | None
    signature: NDArray[np.float32] | None
    error: str | None


class SignatureStore:
    """The signatures of a project's images, made where they are missing.

    ``content`` knows the content hash of images that had none and could not be stored (a read-only project).
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._decoding = decoding_of(project)
        rules = hashlib.sha256(json.dumps(self._decoding.as_dict(), sort_keys=True).encode()).hexdigest()
        self._store = EmbeddingStore(project.cache_folder / "hashes", f"{FORMAT}-{rules[:12]}")
        self.content: dict[int, str] = {}

    def complete(self, ids: NDArray[np.int64] | None = None) -> Iterator[Event]:
        """Look at every image that was not yet; what cannot be read is Noticed and left out.

        Images never verified before are decoded in full and count as verified then.
        """
        total = len(self._project.links.usable()) if ids is None else len(ids)
        done = 0
        with self._store as store, ThreadPoolExecutor(min(4, os.cpu_count() or 1), "signatures") as pool:
            store.describe({"title": "signatures"})
            for rows in pages(self._project, ids, size=_CHUNK):
                yield Progress(done, total, "Looking at the images")
                done += len(rows)
                there = store.has([row.content_hash for row in rows])
                absent = [row for row, known in zip(rows, there, strict=True) if not known or row.content_hash is None]
                seen = list(pool.map(self._look, absent))
                good = [each for each in seen if each.signature is not None]
                if good:
                    store.add([each.content or "" for each in good], np.stack([each.signature for each in good]))  # type: ignore[misc]
                self._remember(seen)
                for each in seen:
                    if each.error is not None:
                        yield Noticed(each.error, str(each.row.path))
        yield Progress(total, total, "Looking at the images")

    def load(self, rows: list[ImageRow]) -> tuple[Signatures, NDArray[np.bool_]]:
        """Return the signatures of these rows and which of them are there; the others are zero."""
        found, there = self._store.get([self.hash_of(row) for row in rows])
        if not found.shape[1]:
            return np.zeros(len(rows), dtype=SIGNATURE), there
        return np.ascontiguousarray(found).view(SIGNATURE).reshape(len(rows)), there

    def hash_of(self, row: ImageRow) -> str | None:
        """Return the content hash of an image, None where it was never read."""
        return row.content_hash or self.content.get(int(row.id))

    def _look(self, row: ImageRow) -> _Seen:
        content = None
        try:
            file = read_bytes(row.path)
            content = content_hash(file, row.path)
            reduce_to = LOOKED_AT if row.state == "ok" else None  # only a full decode proves a file sound
            pixels = decode(file, row.path, self._decoding, reduce_to=reduce_to)
        except ImageError as error:
            return _Seen(row, content, None, str(error))
        flat = np.frombuffer(signature_of(pixels).tobytes(), dtype=np.float32)
        return _Seen(row, content, flat, None)

    def _remember(self, seen: list[_Seen]) -> None:
        fresh = [each for each in seen if each.row.state == "unverified" or each.row.content_hash is None]
        self.content.update({int(each.row.id): each.content for each in fresh if each.content is not None})
        if fresh and not self._project.read_only:
            found = [(ImageId(int(each.row.id)), each.content, each.error) for each in fresh]
            self._project.images.set_verified(found)


def signature_of(pixels: NDArray[np.uint8]) -> NDArray[Any]:
    """Return the SIGNATURE record (an array of shape (1,)) of an image of shape (height, width, 3)."""
    import imagehash  # late: it imports scipy

    colour = _reduced(Image.fromarray(pixels))
    grey = colour.convert("L")
    levels = np.asarray(grey, dtype=np.float32)
    record = np.zeros(1, dtype=SIGNATURE)
    record["hash"][0] = np.packbits(imagehash.phash(grey, hash_size=16).hash.ravel())
    record["thumbnail"][0] = np.asarray(grey.resize((THUMBNAIL, THUMBNAIL), _filter(grey)))
    record["brightness"][0], record["contrast"][0] = levels.mean(), levels.std()
    record["low"][0], record["high"][0] = np.percentile(levels, (1, 99))
    record["sharpness"][0] = _sharpness(levels)
    small = np.asarray(colour.resize((THUMBNAIL, THUMBNAIL), _filter(colour)), dtype=np.float32)
    record["colour"][0] = np.concatenate([small.mean(axis=(0, 1)), small.std(axis=(0, 1))])
    record["border"][0] = _border(small)
    return record


def _reduced(image: Image.Image) -> Image.Image:
    """Return the image with a short side of at most LOOKED_AT pixels; a small one is not made larger."""
    scale = LOOKED_AT / max(1, min(image.size))
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def _filter(image: Image.Image) -> Image.Resampling:
    return Image.Resampling.BOX if min(image.size) >= THUMBNAIL else Image.Resampling.BILINEAR


def _sharpness(levels: NDArray[np.float32]) -> float:
    """Return the deviation of the Laplacian against that of the grey levels: 0 for a plain or wholly blurred picture.

    The variance of the Laplacian (Pech-Pacheco et al., 2000) alone would call every dark picture blurred.
    """
    if min(levels.shape) < 3:
        return 0.0
    inner = levels[1:-1, 1:-1]
    laplacian = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:] - 4 * inner
    return float(laplacian.std() / (levels.std() + 2.0))


def _border(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each segment of the outermost two pixels of the thumbnail: mean colour and deviation of grey."""
    sides = (small[:2], small[-2:], small[:, :2].swapaxes(0, 1), small[:, -2:].swapaxes(0, 1))
    segments = [part for side in sides for part in np.split(side, SEGMENTS, axis=1)]
    figures = [np.append(part.mean(axis=(0, 1)), part.mean(axis=2).std()) for part in segments]
    return np.concatenate(figures).astype(np.float32)
