"""Cache of resized pixels on disk, read through memory maps, so that training decodes and resizes every image once.

Each `build` that has something to add writes one segment: ``<name>.pixels`` (images of S x S x 3 bytes one after
another) and ``<name>.index`` (a JSON line per image). A line is written after its pixels are flushed, so what a
killed build left is complete up to its last line; two builds at once write two segments.
"""

import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import numpy as np

from workbench.data.dataset import Sample
from workbench.data.pages import file_of
from workbench.data.reading import ImageError, Pixels
from workbench.errors import WorkbenchError
from workbench.jobs import Noticed, Progress

_CHUNK = 64
_SPARE = 64 * 1024 * 1024
"""Bytes to leave free on the disk."""


class PreparedCache:
    """Pixels by content hash (or by path, size and modification time), for one image size and geometry.

    Picklable: a worker gets the folder and opens the segments itself.
    """

    def __init__(self, folder: Path, *, size: int, geometry: str) -> None:
        """``geometry`` names how the pixels are made (resize, decoding); any text, another one is another cache."""
        name = re.sub(r"[^a-z0-9]+", "-", geometry.casefold()).strip("-")[:24] or "pixels"
        digest = blake2b(geometry.encode(), digest_size=6).hexdigest()
        self.size = size
        self.folder = folder / f"{size}-{name}-{digest}"
        self._rows: dict[str, tuple[str, int]] | None = None
        self._maps: dict[str, np.memmap[Any, np.dtype[np.uint8]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"size": self.size, "folder": self.folder, "_rows": None, "_maps": {}}

    def build(
        self, samples: Sequence[Sample], prepare: Callable[[Sample], Pixels], *, threads: int = 2
    ) -> Iterator[Progress | Noticed]:
        """Add what is missing; ``prepare`` returns uint8 S x S x 3 and is called in ``threads`` threads.

        Yields Progress over all samples, and Noticed for an image that cannot be read, which is left out. What is
        done stays when the job is stopped. Raises WorkbenchError where the disk has no space left for it.
        """
        rows = self._known()
        missing = list({key: sample for sample in samples if (key := _key(sample)) not in rows}.items())
        done = len(samples) - len(missing)
        yield Progress(done, len(samples), "Preparing images")
        if not missing:
            return
        self._check_space(len(missing))
        try:
            yield from self._write(missing, prepare, threads, Progress(done, len(samples), "Preparing images"))
        except OSError as error:
            raise WorkbenchError(
                f"The prepared images cannot be written to {self.folder} ({error.strerror or error}); free some space "
                "there or switch the prepared cache off."
            ) from error

    def get(self, sample: Sample) -> Pixels:
        """Return the pixels, uint8 S x S x 3, as a copy of one's own. Raises ImageError for an image `build` left
        out.
        """
        pixels = self.find(sample)
        if pixels is None:
            raise ImageError(f"The image {sample.path} is not in the prepared cache; it changed or cannot be read.")
        return pixels

    def find(self, sample: Sample) -> Pixels | None:
        """Return the pixels as `get` does, or None where they are not here, or not any more."""
        place = self._known().get(_key(sample))
        if place is None:
            return None
        segment, row = place
        mapped = self._maps.get(segment)
        if mapped is None or row >= len(mapped):  # not mapped yet, or the segment has grown since
            file = self.folder / f"{segment}.pixels"
            try:
                mapped = np.memmap(file, np.uint8, "r", shape=(file.stat().st_size // self._bytes, *self._shape))
            except FileNotFoundError:
                return None
            self._maps[segment] = mapped
        return np.array(mapped[row])

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.size, self.size, 3

    @property
    def _bytes(self) -> int:
        return self.size * self.size * 3

    def _known(self) -> dict[str, tuple[str, int]]:
        if self._rows is None:
            self._rows = {}
            for index in sorted(self.folder.glob("*.index")):
                pixels = index.with_suffix(".pixels")
                count = pixels.stat().st_size // self._bytes if pixels.exists() else 0
                for line in index.read_text(encoding="utf-8").splitlines(keepends=True):
                    if not line.endswith("\n"):
                        break  # a build was killed while it wrote this line
                    entry = json.loads(line)
                    if entry["row"] < count:
                        self._rows[entry["key"]] = (index.stem, entry["row"])
        return self._rows

    def _write(
        self, missing: list[tuple[str, Sample]], prepare: Callable[[Sample], Pixels], threads: int, before: Progress
    ) -> Iterator[Progress | Noticed]:
        rows, segment, written = self._known(), uuid.uuid4().hex, 0
        files = self.folder / f"{segment}.pixels", self.folder / f"{segment}.index"
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with (
                files[0].open("wb") as pixels,
                files[1].open("w", encoding="utf-8") as index,
                ThreadPoolExecutor(threads, thread_name_prefix="prepare") as pool,
            ):
                for start in range(0, len(missing), _CHUNK):
                    chunk = missing[start : start + _CHUNK]
                    added = []
                    for (key, sample), found in zip(
                        chunk, pool.map(lambda entry: self._prepared(entry[1], prepare), chunk), strict=True
                    ):
                        if isinstance(found, ImageError):
                            yield Noticed(str(found), sample.path)
                            continue
                        pixels.write(found.tobytes())
                        added.append((key, written))
                        written += 1
                    _flush(pixels)
                    index.writelines(json.dumps({"key": key, "row": row}) + "\n" for key, row in added)
                    _flush(index)
                    rows.update((key, (segment, row)) for key, row in added)
                    yield Progress(before.done + start + len(chunk), before.total, before.what)
        finally:
            if not written:
                for file in files:
                    file.unlink(missing_ok=True)

    def _prepared(self, sample: Sample, prepare: Callable[[Sample], Pixels]) -> Pixels | ImageError:
        try:
            pixels = prepare(sample)
        except ImageError as error:
            return error
        if pixels.shape != (self.size, self.size, 3) or pixels.dtype != np.uint8:
            raise ValueError(f"prepared pixels are {pixels.dtype} {pixels.shape}, not uint8 of side {self.size}")
        return pixels

    def _check_space(self, count: int) -> None:
        parent = next(folder for folder in self.folder.parents if folder.exists())
        needed, free = count * self._bytes + _SPARE, shutil.disk_usage(parent).free
        if needed > free:
            raise WorkbenchError(
                f"There is no space left for the prepared images: they need {needed / 1e9:.1f} GB in {parent} and "
                f"{free / 1e9:.1f} GB are free; free some space or switch the prepared cache off."
            )


def _key(sample: Sample) -> str:
    """Raises nothing for a file that is gone: its key is then one that no build has."""
    if sample.content_hash is not None:
        return sample.content_hash
    try:
        stat = os.stat(file_of(sample.path))
    except OSError:
        return f"{sample.path}\nmissing"
    return f"{sample.path}\n{stat.st_size}\n{stat.st_mtime_ns}"


def _flush(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
