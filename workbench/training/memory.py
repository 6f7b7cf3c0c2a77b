"""How much memory a piece of work takes, and how much there is. Imports no torch before an accelerator is asked."""

import functools
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_CGROUP = Path("/sys/fs/cgroup")


class Peak:
    """The most memory, in ``bytes``, that this process takes of a device while it is entered: of main memory, all of it.

    CUDA says so itself. Others are looked at ``every`` so many seconds: what is there for a shorter time is missed.
    """

    def __init__(self, device: str, every: float = 0.002) -> None:
        self.bytes = 0
        self._every = every
        self._device = device
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, name="memory peak", daemon=True)

    def __enter__(self) -> Self:
        if self._device.startswith("cuda"):
            import torch

            torch.cuda.reset_peak_memory_stats(self._device)
        else:
            self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._device.startswith("cuda"):
            import torch

            self.bytes = torch.cuda.max_memory_reserved(self._device)
        else:
            self._ended.set()
            self._watch.join()

    def _look(self) -> None:
        while True:
            self.bytes = max(self.bytes, in_use(self._device))
            if self._ended.wait(self._every):
                return


def in_use(device: str = "cpu") -> int:
    """Return the bytes that this process takes now, of ``mps`` or of main memory."""
    if device == "mps":
        import torch

        return int(torch.mps.driver_allocated_memory())
    return int(_process(os.getpid()).memory_info().rss)


@functools.cache
def _process(pid: int) -> psutil.Process:
    """Made once: it takes longer than the question."""
    return psutil.Process(pid)


def capacity(device: str) -> int:
    """Return the bytes of memory that a device of CUDA has; of others, which say themselves when there is no more, no bound."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[1])
    return sys.maxsize


def available(device: str = "cpu") -> int:
    """Return the bytes that are free for this process: of the machine, or of the container or the ``mps`` device if less."""
    if device == "mps":
        import torch

        # It has no memory of its own: what it may take of the machine's, and what of that is free.
        return min(available(), max(0, int(torch.mps.recommended_max_memory()) - in_use(device)))
    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        # Pages of files count as used there, but are given up when somebody needs the memory.
        stat = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
        free = min(free, max(0, limit - used + int(stat.get("inactive_file", 0))))
    return free
