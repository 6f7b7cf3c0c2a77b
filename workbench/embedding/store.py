"""Embeddings on disk, by the content of the image and what made them. NumPy alone: the window may import it.

A store is a folder of segments. Who adds vectors writes a segment of its own, so that two processes never write to one file; a
segment that a crash cut short is read as far as both of its files go. Everything in there can be made again.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError

FORMAT = 1
ABOUT = "about.json"
_HASH_BYTES = 32
_VECTORS, _HASHES = ".f32", ".sha256"

Floats = NDArray[np.float32]


class EmbeddingStore:
    """The vectors of one key (a backbone with its weights and preprocessing), float32, by the SHA-256 of the image file.

    ``about`` says in plain data what made them; ``width`` is the length of a vector, 0 while the store is empty. Use it as a
    context manager, or `close` it, where something is added. It belongs to one thread.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.key = key
        self.folder = Path(folder) / key
        self.about = _about(self.folder)
        self._index = np.empty(0, dtype=np.uint64)
        self._rows = np.empty(0, dtype=np.int64)
        self._hashes = np.empty((0, _HASH_BYTES), dtype=np.uint8)
        self._parts: list[tuple[int, Floats]] = []
        self._fresh: dict[bytes, Floats] = {}
        self._files: tuple[IO[bytes], IO[bytes]] | None = None
        self.width = int(self.about.get("width", 0))
        self._read()

    def __len__(self) -> int:
        """Return the number of vectors; a content that two processes embedded at once counts twice."""
        return len(self._rows) + len(self._fresh)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def title(self) -> str:
        """What made the vectors, for people."""
        return str(self.about.get("title") or self.key)

    def describe(self, about: dict[str, Any]) -> None:
        """Say what makes the vectors, where nobody did yet."""
        if not self.about:
            self.about = {"format": FORMAT, **about}

    def has(self, hashes: Sequence[str | None]) -> NDArray[np.bool_]:
        """Return which of these contents have a vector."""
        return (self._found(_stacked(hashes)) >= 0) | self._among_fresh(hashes)

    def get(self, hashes: Sequence[str | None]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return vectors [N, width] and which of them are there; the others, and those of None, are zero."""
        vectors, present = self.get_raw(_stacked(hashes))
        if self._fresh:
            for place, content_hash in enumerate(hashes):
                fresh = self._fresh.get(_raw(content_hash))
                if fresh is not None and not present[place]:
                    vectors[place], present[place] = fresh, True
        return vectors, present

    def get_raw(self, hashes: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the same for the hashes as bytes [N, 32], of what is on the disk."""
        vectors = np.zeros((len(hashes), self.width), dtype=np.float32)
        rows = self._found(hashes)
        for first, part in self._parts:
            mine = np.flatnonzero((rows >= first) & (rows < first + len(part)))
            vectors[mine] = part[rows[mine] - first]
        return vectors, rows >= 0

    def add(self, hashes: Sequence[str], vectors: Floats) -> None:
        """Keep vectors [N, width] of these contents; those that are there already stay. On the disk after `flush`.

        Raises WorkbenchError where the disk refuses them.
        """
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        if rows.ndim != 2 or len(rows) != len(hashes) or self.width not in (0, rows.shape[1]):
            raise ValueError(f"{len(hashes)} hashes and vectors of shape {rows.shape} do not fit width {self.width}")
        known = self.has(hashes) if self.width else np.zeros(len(hashes), dtype=np.bool_)
        self.width = rows.shape[1]
        for content_hash, row, old in zip(hashes, rows, known, strict=True):
            if not old:
                self._fresh[_raw(content_hash)] = row
        if len(self._fresh) >= max(_PENDING, len(self._rows) // 50):  # each flush reads the index anew
            self.flush()

    def flush(self) -> None:
        """Write what was added. Vectors come before their hashes: a hash on the disk has its vector."""
        if not self._fresh:
            return
        try:
            if self._files is None:
                self._files = self._segment()
            vectors, hashes = self._files
            vectors.write(np.stack(list(self._fresh.values())).tobytes())
            _to_disk(vectors)
            hashes.write(b"".join(self._fresh))
            _to_disk(hashes)
        except OSError as error:
            self._fresh.clear()
            raise WorkbenchError(
                f"The embeddings cannot be kept in {self.folder} ({error.strerror}); make room on its drive."
            ) from error
        self._fresh.clear()
        self._read()

    def close(self) -> None:
        """Write what was added and close the files."""
        try:
            self.flush()
        finally:
            for file in self._files or ():
                file.close()
            self._files = None

    def _segment(self) -> tuple[IO[bytes], IO[bytes]]:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / ABOUT).is_file():
            self.about = {"format": FORMAT, **self.about, "width": self.width}
            temporary = self.folder / f"{ABOUT}.{uuid.uuid4().hex[:8]}"
            temporary.write_text(json.dumps(self.about, ensure_ascii=False, indent=1), encoding="utf-8")
            os.replace(temporary, self.folder / ABOUT)
        stem = uuid.uuid4().hex[:16]
        return (self.folder / f"{stem}{_VECTORS}").open("xb"), (self.folder / f"{stem}{_HASHES}").open("xb")

    def _read(self) -> None:
        """Map the segments and index their hashes."""
        self._parts, hashes, first = [], [], 0
        if self.width and self.folder.is_dir():
            for path in sorted(self.folder.glob(f"*{_HASHES}")):
                part = _part(path, self.width)
                if part is not None:
                    self._parts.append((first, part[1]))
                    hashes.append(part[0])
                    first += len(part[0])
        self._hashes = np.concatenate(hashes) if hashes else np.empty((0, _HASH_BYTES), dtype=np.uint8)
        heads = _heads(self._hashes)
        self._rows = np.argsort(heads, kind="stable").astype(np.int64)
        self._index = heads[self._rows]

    def _found(self, wanted: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the row of each content, -1 where there is none."""
        found = np.full(len(wanted), -1, dtype=np.int64)
        if not len(self._rows) or not len(wanted):
            return found
        heads = _heads(wanted)
        places = np.minimum(np.searchsorted(self._index, heads), len(self._index) - 1)
        rows = self._rows[places]
        # Eight bytes find it, all of them decide. Two contents that share eight bytes would only be embedded again.
        same = (self._index[places] == heads) & (self._hashes[rows] == wanted).all(axis=1)
        found[same] = rows[same]
        return found

    def _among_fresh(self, hashes: Sequence[str | None]) -> NDArray[np.bool_]:
        if not self._fresh:
            return np.zeros(len(hashes), dtype=np.bool_)
        return np.fromiter((_raw(value) in self._fresh for value in hashes), dtype=np.bool_, count=len(hashes))


_PENDING = 256
"""Vectors that may wait in memory for the disk, or a fiftieth of what is there: what a crash loses."""


def stores(folder: Path) -> list[EmbeddingStore]:
    """Return the stores below ``folder`` that hold vectors, the one that grew last first."""
    try:
        found = [path for path in Path(folder).iterdir() if (path / ABOUT).is_file()]
    except OSError:
        return []
    opened = [EmbeddingStore(folder, path.name) for path in sorted(found, key=_grown, reverse=True)]
    return [store for store in opened if len(store)]


def newest(folder: Path) -> EmbeddingStore | None:
    """Return the store that grew last, None where nothing was embedded yet."""
    found = stores(folder)
    return found[0] if found else None


def _about(folder: Path) -> dict[str, Any]:
    """Return what the store says of itself; nothing where it is absent, damaged or of a newer format."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return dict(about) if about["format"] == FORMAT and int(about["width"]) > 0 else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _part(path: Path, width: int) -> tuple[NDArray[np.uint8], Floats] | None:
    """Return hashes and mapped vectors of a segment as far as both go; None where that is nothing."""
    vectors = path.with_suffix(_VECTORS)
    try:
        count = min(path.stat().st_size // _HASH_BYTES, vectors.stat().st_size // (4 * width))
        if not count:
            return None
        hashes = np.fromfile(path, dtype=np.uint8, count=count * _HASH_BYTES).reshape(count, _HASH_BYTES)
        return hashes, np.memmap(vectors, dtype=np.float32, mode="r", shape=(count, width))
    except (OSError, ValueError):
        return None


def _heads(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes[:, :8]).view(np.uint64).ravel()


def _stacked(hashes: Sequence[str | None]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(map(_raw, hashes)), dtype=np.uint8).reshape(-1, _HASH_BYTES)


def _raw(content_hash: str | None) -> bytes:
    if not content_hash:
        return bytes(_HASH_BYTES)
    if len(content_hash) == 2 * _HASH_BYTES:
        with suppress(ValueError):
            return bytes.fromhex(content_hash)
    return hashlib.sha256(
        content_hash.encode()
    ).digest()  # what is no plain SHA-256, such as that of one page of a file


def _grown(folder: Path) -> float:
    return max((entry.stat().st_mtime for entry in folder.glob(f"*{_HASHES}")), default=0.0)


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
