"""Thumbnails of the images of a cell: decoded off the window's thread, the latest wish first."""

import threading
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from workbench.data.thumbnails import Thumbnails
from workbench.errors import WorkbenchError

KEPT = 600
"""Thumbnails kept as pixmaps: three screens full of them."""


class _Wishes:
    """Paths that wait for a thread, shared with the pool's threads; the newest is served first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: list[Path] = []

    def add(self, path: Path) -> None:
        with self._lock:
            self._paths.append(path)

    def take(self) -> Path | None:
        with self._lock:
            return self._paths.pop() if self._paths else None

    def clear(self) -> None:
        with self._lock:
            self._paths.clear()


class _Task(QRunnable):
    def __init__(self, loader: "CellThumbnails") -> None:
        super().__init__()
        self._wishes, self._decode = loader.wishes, loader.decode

    def run(self) -> None:
        path = self._wishes.take()
        if path is not None:
            self._decode(path)


def _finish(wishes: _Wishes, pool: QThreadPool) -> None:
    wishes.clear()
    pool.clear()
    pool.waitForDone()


class CellThumbnails(QObject):
    """`pixmap` answers at once, with None for what is on its way; ``arrived`` tells the path when it is there."""

    arrived = Signal(object)
    _decoded = Signal(object, object)

    def __init__(self, side: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.wishes = _Wishes()
        self._side = side
        self._source: Thumbnails | None = None
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)
        self._asked: set[Path] = set()
        self._failed: dict[Path, str] = {}
        self._pixmaps: OrderedDict[Path, QPixmap] = OrderedDict()
        self._decoded.connect(self._keep, Qt.ConnectionType.QueuedConnection)
        self.destroyed.connect(partial(_finish, self.wishes, self._pool))

    def set_source(self, source: Thumbnails | None) -> None:
        """Another project: forget everything."""
        self.stop()
        self._source = source
        self._failed.clear()
        self._pixmaps.clear()

    def stop(self) -> None:
        """Drop what waits, and wait for the one or two that have begun."""
        _finish(self.wishes, self._pool)
        self._asked.clear()

    def pixmap(self, path: Path) -> QPixmap | None:
        """Return the thumbnail of a file, or None and have it decoded."""
        found = self._pixmaps.get(path)
        if found is not None:
            self._pixmaps.move_to_end(path)
        elif path not in self._asked and path not in self._failed and self._source is not None:
            self._asked.add(path)
            self.wishes.add(path)
            self._pool.start(_Task(self))
        return found

    def error(self, path: Path) -> str:
        """Return why a file could not be read; empty where it could, or nobody has tried."""
        return self._failed.get(path, "")

    def decode(self, path: Path) -> None:
        """Decode one file (in a thread of the pool) and hand the picture to the window's thread."""
        source, found = self._source, QImage()
        reason = ""
        if source is not None:
            try:
                pixels = np.ascontiguousarray(source.get(path, path.stat().st_mtime_ns, self._side))
                height, width = pixels.shape[:2]
                found = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
            except (WorkbenchError, OSError) as error:
                reason = str(error)
        with suppress(RuntimeError):  # the window was closed meanwhile: nobody waits for it
            self._decoded.emit(path, reason or found)

    @Slot(object, object)
    def _keep(self, path: Path, found: QImage | str) -> None:
        if path not in self._asked:
            return
        self._asked.discard(path)
        if isinstance(found, str):
            self._failed[path] = found
        else:
            self._pixmaps[path] = QPixmap.fromImage(found)
            while len(self._pixmaps) > KEPT:
                self._pixmaps.popitem(last=False)
        self.arrived.emit(path)
