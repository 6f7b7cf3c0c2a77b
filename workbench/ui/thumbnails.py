"""Thumbnails for the grids: decoded in a thread pool, newest wish first, forgotten when scrolled past."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from workbench.errors import WorkbenchError

Decode = Callable[[Path, int, int], NDArray[np.uint8]]
"""(path, modified_ns, side) -> RGB pixels that fit side x side. Called in a pool thread."""

KEPT_BYTES = 128 * 1024 * 1024
THREADS = 2
DECODE_SIDES = (256, 512)


class Wish(NamedTuple):
    """One thumbnail that is on the screen now. ``side`` is in device pixels; ``modified_ns`` is 0 where nobody knows it."""

    image_id: int
    path: Path
    modified_ns: int
    side: int


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return an own copy of RGB pixels as a QImage."""
    height, width = pixels.shape[:2]
    pixels = np.ascontiguousarray(pixels)
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class _Queue:
    """The wishes that are waiting, shared with the pool's threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.wishes: list[Wish] = []
        self.running = 0

    def take(self) -> Wish | None:
        """Return the next wish; None ends the task that asked."""
        with self.lock:
            if self.wishes:
                return self.wishes.pop()
            self.running -= 1
            return None

    def clear(self) -> list[Wish]:
        with self.lock:
            dropped, self.wishes = self.wishes, []
        return dropped


class _Task(QRunnable):
    def __init__(self, queue: _Queue, decode: Callable[[Wish], None]) -> None:
        super().__init__()
        self._queue = queue
        self._decode = decode

    def run(self) -> None:
        while (wish := self._queue.take()) is not None:
            self._decode(wish)


def _finish(queue: _Queue, pool: QThreadPool) -> None:
    queue.clear()
    pool.waitForDone()


class ThumbnailLoader(QObject):
    """Call `want` with what is visible; `arrived` tells (in the window's thread) that `pixmap` has something new."""

    arrived = Signal()
    _decoded = Signal(object, object)

    def __init__(self, decode: Decode, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._decode = decode
        self._queue = _Queue()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._asked: set[Wish] = set()
        self._failed: dict[tuple[int, int], str] = {}
        self._pixmaps: OrderedDict[int, tuple[QPixmap, Wish]] = OrderedDict()
        self._bytes = 0
        self._decoded.connect(self._keep, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(partial(_finish, self._queue, self._pool))

    @property
    def is_empty(self) -> bool:
        """True until the first of the pictures that were asked for is there, or cannot be."""
        return bool(self._asked) and not self._pixmaps and not self._failed

    def forget(self) -> None:
        """Another project is open: drop every picture."""
        self.stop()
        self._asked.clear()
        self._failed.clear()
        self._pixmaps.clear()
        self._bytes = 0

    def pixmap(self, image_id: int) -> QPixmap | None:
        """Return the thumbnail, perhaps of another tile size while the right one is on its way."""
        kept = self._pixmaps.get(image_id)
        return kept[0] if kept else None

    def error(self, image_id: int, modified_ns: int) -> str | None:
        """Return why this file could not be read."""
        return self._failed.get((image_id, modified_ns))

    def want(self, wishes: Sequence[Wish]) -> None:
        """This is visible now, most wanted first. Wishes of before that were not begun are dropped."""
        missing = [wish for wish in wishes if self._is_missing(wish)]
        with self._queue.lock:
            self._asked.difference_update(self._queue.wishes)
            self._queue.wishes = [wish for wish in reversed(missing) if wish not in self._asked]
            self._asked.update(self._queue.wishes)
            starting = max(0, min(THREADS - self._queue.running, len(self._queue.wishes)))
            self._queue.running += starting
        for _ in range(starting):
            self._pool.start(_Task(self._queue, self._work))

    def stop(self) -> None:
        """Drop all wishes and wait for the one or two decodes that have begun."""
        self._asked.difference_update(self._queue.clear())
        self._pool.waitForDone()

    def _work(self, wish: Wish) -> None:
        """Decode one wish (pool thread) and hand the picture to the window's thread."""
        source = next((side for side in DECODE_SIDES if side >= wish.side), DECODE_SIDES[-1])
        found: QImage | str
        try:
            found = to_image(self._decode(wish.path, wish.modified_ns, source))
            if max(found.width(), found.height()) > wish.side:
                found = found.scaled(
                    wish.side, wish.side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
        except (WorkbenchError, OSError) as error:
            found = str(error)
        with suppress(RuntimeError):  # The window was closed meanwhile: nobody waits for it.
            self._decoded.emit(wish, found)

    @Slot(object, object)
    def _keep(self, wish: Wish, found: QImage | str) -> None:
        if wish not in self._asked:  # Of another project.
            return
        self._asked.discard(wish)
        if isinstance(found, str):
            self._failed[wish.image_id, wish.modified_ns] = found
        else:
            old = self._pixmaps.pop(wish.image_id, None)
            if old is not None:
                self._bytes -= _size(old[0])
            pixmap = QPixmap.fromImage(found)
            self._pixmaps[wish.image_id] = (pixmap, wish)
            self._bytes += _size(pixmap)
            while self._bytes > KEPT_BYTES and len(self._pixmaps) > 1:
                self._bytes -= _size(self._pixmaps.popitem(last=False)[1][0])
        self.arrived.emit()

    def _is_missing(self, wish: Wish) -> bool:
        if (wish.image_id, wish.modified_ns) in self._failed:
            return False
        kept = self._pixmaps.get(wish.image_id)
        if kept is None or kept[1] != wish:
            return True
        self._pixmaps.move_to_end(wish.image_id)
        return False


def _size(pixmap: QPixmap) -> int:
    return 4 * pixmap.width() * pixmap.height()
