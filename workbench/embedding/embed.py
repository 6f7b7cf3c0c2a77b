"""Embedding the images of a project: each content once per backbone, kept on disk, unreadable images named and left out."""

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.data.reading import Decoding, ImageError, Pixels, content_hash, decode, read_bytes
from workbench.embedding.source import EmbeddingSource, Source, choose
from workbench.embedding.store import EmbeddingStore, Floats, newest
from workbench.embedding.waiting import waited
from workbench.intake import decoding_of
from workbench.jobs import Noticed, Progress
from workbench.project.ids import ImageId
from workbench.project.project import Project

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.embedding.network import Extractor

FOLDER = "embeddings"
"""Below the project's cache folder."""

NEEDED = "choose a backbone (--backbone NAME --weights FILE), so that images can be compared"

WHAT = "Embedding images"
_PAGE = 1000
_NOTICES = 20
_TELL = 0.5
"""Seconds between two words of progress where no batch comes to its end."""
_FLUSH = 10.0
"""Seconds of work that the end of this process may lose, where the store itself waits longer."""


@dataclass(frozen=True)
class Picture:
    """An image to embed. ``content_hash`` is None where nobody has read the file since it came or changed."""

    id: int
    path: Path
    content_hash: str | None


@dataclass(frozen=True)
class Vectors:
    """Embeddings of images: ``ids`` [N] in the order asked for, ``vectors`` float32 [N, F], and what made them.

    ``hashes`` are the content hashes. Images that could not be read, or were not embedded yet, are not among them;
    ``missing`` counts those.
    """

    ids: NDArray[np.int64]
    vectors: Floats
    hashes: list[str]
    source: str
    missing: int = 0


def source_of(project: Project, backbone: str | None, weights: str | None) -> Source | None:
    """Return the source that was asked for, None where no backbone was named: then `embedded` takes what is stored.

    Raises WorkbenchError for an unknown backbone and weights that are not there.
    """
    return choose(backbone, weights, decoding=decoding_of(project)) if backbone else None


def embeddings_folder(project: Project) -> Path:
    """Return where the project's embeddings lie; it may not be there yet."""
    return project.cache_folder / FOLDER


def stored(project: Project) -> EmbeddingStore | None:
    """Return the store of embeddings that grew last, None where nothing was embedded yet.

    Of a project that is only read here, that is also looked for where those who write to it keep theirs.
    """
    return newest(embeddings_folder(project)) or newest(project.folder / "cache" / FOLDER)


def embedded(
    project: Project, ids: NDArray[np.int64], source: EmbeddingSource | None
) -> Generator[Progress | Noticed, None, Vectors | None]:
    """Embed what was not embedded yet, and return the vectors of ``ids``; use it with ``yield from``.

    Without a source it embeds nothing and returns what the newest store has, or None where there is no store.
    """
    folder = embeddings_folder(project)
    store = stored(project) if source is None else EmbeddingStore(folder, source.key)
    if store is None:
        return None
    with store:
        hashes: dict[int, str] = {}
        pending: list[Picture] = []
        for start in range(0, len(ids), _PAGE):
            pictures = [
                Picture(int(row.id), row.path, row.content_hash if row.state == "ok" else None)
                for row in project.images.page(ids[start : start + _PAGE])
            ]
            known = store.has([picture.content_hash for picture in pictures])
            for picture, there in zip(pictures, known, strict=True):
                if there and picture.content_hash is not None:
                    hashes[picture.id] = picture.content_hash
                else:
                    pending.append(picture)
            yield Progress(min(start + _PAGE, len(ids)), len(ids), "Looking for embeddings")
        if source is not None and pending:
            store.describe(source.about)
            yield from _embed_pending(project, pending, source, store, hashes)
        found = [image_id for image_id in ids.tolist() if image_id in hashes]
        contents = [hashes[image_id] for image_id in found]
        vectors, _ = store.get(contents)
    return Vectors(np.array(found, dtype=np.int64), vectors, contents, store.title, len(ids) - len(found))


def _embed_pending(
    project: Project, pending: Sequence[Picture], source: EmbeddingSource, store: EmbeddingStore, hashes: dict[int, str]
) -> Iterator[Progress | Noticed]:
    loading = Progress(0, len(pending), f"Loading {source.title}")
    yield loading
    extractor = yield from waited(source.extractor, loading)
    verified: list[tuple[ImageId, str | None, str | None]] = []
    unread = 0
    try:
        for event in embed(pending, extractor, store, decoding=source.decoding):
            if isinstance(event, Progress):
                yield event
                continue
            if isinstance(event, Unread):
                unread += 1
                if unread <= _NOTICES:
                    yield Noticed(event.message, str(event.picture.path))
                if event.picture.content_hash is None:
                    verified.append((ImageId(event.picture.id), None, event.message))
            else:
                hashes[event.picture.id] = event.content_hash
                if event.picture.content_hash is None:
                    verified.append((ImageId(event.picture.id), event.content_hash, None))
            if len(verified) >= _PAGE:
                _keep(project, verified)
    finally:
        _keep(project, verified)
    if unread > _NOTICES:
        yield Noticed(f"{unread - _NOTICES:,} more images could not be read and are left out.")


@dataclass(frozen=True)
class Embedded:
    """An image whose vector is in the store, under ``content_hash``."""

    picture: Picture
    content_hash: str


@dataclass(frozen=True)
class Unread:
    """An image that could not be read, and the sentence that says why."""

    picture: Picture
    message: str


def embed(
    pictures: Sequence[Picture], extractor: "Extractor", store: EmbeddingStore, *, decoding: Decoding
) -> Iterator[Progress | Embedded | Unread]:
    """Put the vectors of the pictures into the store and yield each picture once, with Progress after each batch.

    A content that the store has, or that occurs twice, is not embedded again. What waits in memory is a batch of resized
    images and a few decoded ones, whatever their number.
    """
    done, told, flushed = 0, time.monotonic(), time.monotonic()
    waiting: list[tuple[str, Tensor]] = []
    owners: dict[str, list[Picture]] = {}
    for picture, outcome in _read_ahead(pictures, decoding):
        done += 1
        if isinstance(outcome, ImageError):
            yield Unread(picture, str(outcome))
            continue
        digest, pixels = outcome
        if digest in owners:
            owners[digest].append(picture)
        elif store.has([digest])[0]:
            yield Embedded(picture, digest)
        else:
            owners[digest] = [picture]
            waiting.append((digest, extractor.prepare(pixels)))
        if len(waiting) >= extractor.batch_size:
            yield from _finish(waiting, owners, extractor, store)
            told = 0.0
            if time.monotonic() - flushed > _FLUSH:
                store.flush()
                flushed = time.monotonic()
        if time.monotonic() - told > _TELL:
            told = time.monotonic()
            yield Progress(done, len(pictures), WHAT)
    if waiting:
        yield from _finish(waiting, owners, extractor, store)
    store.flush()
    yield Progress(done, len(pictures), WHAT)


def _finish(
    waiting: list[tuple[str, "Tensor"]], owners: dict[str, list[Picture]], extractor: "Extractor", store: EmbeddingStore
) -> Iterator[Embedded]:
    digests = [digest for digest, _ in waiting]
    store.add(digests, extractor.features([prepared for _, prepared in waiting]))
    finished = [Embedded(picture, digest) for digest in digests for picture in owners[digest]]
    waiting.clear()
    owners.clear()
    yield from finished


def _read_ahead(
    pictures: Iterable[Picture], decoding: Decoding
) -> Iterator[tuple[Picture, tuple[str, Pixels] | ImageError]]:
    def read(picture: Picture) -> tuple[str, Pixels]:
        content = read_bytes(picture.path)
        digest = picture.content_hash or content_hash(content, picture.path)
        return digest, decode(content, picture.path, decoding)

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="read-image") as pool:
        ahead: deque[tuple[Picture, Future[tuple[str, Pixels]]]] = deque()
        try:
            for picture in pictures:
                ahead.append((picture, pool.submit(read, picture)))
                if len(ahead) > 2 * pool._max_workers:
                    yield _outcome(*ahead.popleft())
            while ahead:
                yield _outcome(*ahead.popleft())
        finally:
            for _, future in ahead:
                future.cancel()


def _outcome(picture: Picture, future: "Future[tuple[str, Pixels]]") -> tuple[Picture, tuple[str, Pixels] | ImageError]:
    try:
        return picture, future.result()
    except ImageError as error:
        return picture, error


def _keep(project: Project, verified: list[tuple[ImageId, str | None, str | None]]) -> None:
    """Store what reading found out about images that nobody had verified."""
    if verified and not project.read_only:
        project.images.set_verified(verified)
    verified.clear()
