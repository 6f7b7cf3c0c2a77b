"""Images of any size, in batches of equal size: what the deployment path and the ONNX file take. Imports no torch."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from workbench.data.reading import Pixels
from workbench.errors import WorkbenchError

T = TypeVar("T")

MEMORY = 256 * 1024 * 1024
_AHEAD = 3


@dataclass(frozen=True)
class Batch(Generic[T]):
    """Some entries and their pixels, uint8 of shape [N, H, W, 3]."""

    entries: list[T]
    pixels: Pixels


@dataclass(frozen=True)
class Unread(Generic[T]):
    """An entry whose image could not be read, and the sentence that says why."""

    entry: T
    message: str


def by_size(
    entries: Iterable[T], read: Callable[[T], Pixels], *, batch_size: int = 32, memory: int = MEMORY
) -> Iterator[Batch[T] | Unread[T]]:
    """Read every entry and yield it once, in a batch with others of its size or as `Unread`.

    Images are read by two threads a few ahead; the pixels that wait for their batch stay below about ``memory``
    bytes, whatever the number of images and sizes. The order of the batches follows the entries but is not
    theirs.
    """
    waiting: dict[tuple[int, ...], list[tuple[T, Pixels]]] = {}
    held = 0
    for entry, pixels in _read_ahead(entries, read):
        if isinstance(pixels, WorkbenchError):
            yield Unread(entry, str(pixels))
            continue
        group = waiting.setdefault(pixels.shape, [])
        group.append((entry, pixels))
        held += pixels.nbytes
        if len(group) == batch_size or len(group) * pixels.nbytes >= memory // 4:
            held -= len(group) * pixels.nbytes
            yield _batch(waiting.pop(pixels.shape))
        while held > memory:
            largest = max(waiting, key=lambda shape: len(waiting[shape]) * waiting[shape][0][1].nbytes)
            group = waiting.pop(largest)
            held -= len(group) * group[0][1].nbytes
            yield _batch(group)
    for group in waiting.values():
        yield _batch(group)


def _batch(group: list[tuple[T, Pixels]]) -> Batch[T]:
    return Batch([entry for entry, _ in group], np.stack([pixels for _, pixels in group]))


def _read_ahead(entries: Iterable[T], read: Callable[[T], Pixels]) -> Iterator[tuple[T, Pixels | WorkbenchError]]:
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="read-image") as pool:
        ahead: deque[tuple[T, Future[Pixels]]] = deque()
        try:
            for entry in entries:
                ahead.append((entry, pool.submit(read, entry)))
                if len(ahead) > _AHEAD:
                    yield _outcome(*ahead.popleft())
            while ahead:
                yield _outcome(*ahead.popleft())
        finally:
            for _, future in ahead:
                future.cancel()


def _outcome(entry: T, future: "Future[Pixels]") -> tuple[T, Pixels | WorkbenchError]:
    try:
        return entry, future.result()
    except WorkbenchError as error:
        return entry, error
