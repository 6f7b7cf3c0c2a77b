"""How much memory a piece of work takes, and how much there is. Imports no torch before an accelerator is asked."""

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_EVERY = 0.002
_CGROUP = Path("/sys/fs/cgroup")


class Peak:
    """The most memory, in ``bytes``, that the device (of CUDA) or this whole process takes while it is entered.

    An accelerator says so itself. The process is looked at every 2 ms: what is there for a shorter time is missed.
    """

    def __init__(self, device: str) -> None:
        self.bytes = 0
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
        process = psutil.Process()
        while True:
            self.bytes = max(self.bytes, process.memory_info().rss)
            if self._ended.wait(_EVERY):
                return


def in_use() -> int:
    """Return the bytes of main memory that this process takes now."""
    return int(psutil.Process().memory_info().rss)


def available() -> int:
    """Return the bytes of main memory that are free for this process: of the machine, or of the container if less."""
    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        # Pages of files count as used there, but are given up when somebody needs the memory.
        stat = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
        free = min(free, max(0, limit - used + int(stat.get("inactive_file", 0))))
    return free
