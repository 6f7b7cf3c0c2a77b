"""Pixels handed from the preview's child to the window: slots in one file that both map."""

import contextlib
import mmap
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import psutil

from workbench.data.decoding import Pixels
from workbench.errors import told

_IN_MEMORY = "/dev/shm"
_PREFIX = "workbench-preview-"
_OLD = 24 * 3600


class SharedTiles:
    """A memory-mapped file of ``size`` bytes. In memory alone where the system offers that (Linux) and has the room."""

    def __init__(self, path: Path, size: int) -> None:
        """Map what `create` has made. Raises FileNotFoundError where it is gone."""
        self.path, self.size = path, size
        with path.open("r+b") as file:
            self._bytes = np.frombuffer(mmap.mmap(file.fileno(), size), np.uint8)

    @classmethod
    def create(cls, size: int) -> Self:
        """Make the file. Raises WorkbenchError where there is no space for it."""
        folders = [_IN_MEMORY] if os.path.isdir(_IN_MEMORY) and os.access(_IN_MEMORY, os.W_OK) else []
        problem: OSError | None = None
        _sweep(folders)
        for folder in (*folders, None):
            try:
                return cls(_reserved(size, folder), size)
            except OSError as error:  # a container's memory file system may be small
                problem = error
        assert problem is not None
        raise told(problem, doing="the preview") from problem

    def put(self, start: int, pixels: Pixels) -> None:
        """Write pixels of shape (height, width, 3) at the byte ``start``."""
        self._bytes[start : start + pixels.size] = pixels.reshape(-1)

    def get(self, start: int, width: int, height: int) -> Pixels:
        """Return a copy of the pixels that begin at the byte ``start``."""
        return self._bytes[start : start + width * height * 3].reshape(height, width, 3).copy()

    def remove(self) -> None:
        """Delete the file; what is mapped stays readable."""
        with contextlib.suppress(OSError):  # Windows keeps a file that is still mapped; it lies in the temporary folder
            self.path.unlink()


def _sweep(folders: Sequence[str]) -> None:
    """Delete what a window left that was killed together with its child: in memory it would stay until a restart."""
    for folder in folders:
        for left in Path(folder).glob(f"{_PREFIX}*-*"):
            owner = left.name.removeprefix(_PREFIX).partition("-")[0]
            with contextlib.suppress(OSError):  # another window sweeps too, or it is another user's
                if (
                    owner.isdecimal()
                    and not psutil.pid_exists(int(owner))
                    and time.time() - left.stat().st_mtime > _OLD
                ):
                    left.unlink()


def _reserved(size: int, folder: str | None) -> Path:
    handle, name = tempfile.mkstemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=folder)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, size)  # a full file system shows here, not as a signal when a tile is written
        else:
            os.truncate(name, size)
    except OSError:
        os.unlink(name)
        raise
    finally:
        os.close(handle)
    return Path(name)
