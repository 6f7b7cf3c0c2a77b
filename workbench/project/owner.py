"""Which process owns something (a run, a project on a network drive), as it is written in a lock file."""

import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

HEARTBEAT_SECONDS = 60.0
"""An owner on another machine counts as gone once its heartbeat is older than this."""

CLOCK_SECONDS = 10.0
"""How far two readings of a process's start may lie apart: the system's clock may have been set between them."""


@dataclass(frozen=True)
class Owner:
    """A process: ``started`` is its creation time and ``heartbeat`` its last sign of life, both in seconds of time.time()."""

    host: str
    pid: int
    started: float
    heartbeat: float

    @classmethod
    def here(cls) -> Self:
        """Return this process."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time(), time.time())

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what a lock file says, or None where there is none or it was only half written."""
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                str(fields["host"]), int(fields["pid"]), float(fields["started"]), float(fields.get("heartbeat", 0))
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def dumps(self) -> str:
        return json.dumps(asdict(self))

    @property
    def on_this_machine(self) -> bool:
        return self.host == socket.gethostname()

    def alive(self) -> bool:
        """Tell whether the process still runs: by its number and start time here, by its heartbeat elsewhere."""
        if self.on_this_machine:
            try:
                process = psutil.Process(self.pid)
                return (
                    abs(process.create_time() - self.started) < CLOCK_SECONDS
                    and process.status() != psutil.STATUS_ZOMBIE
                )
            except psutil.NoSuchProcess:
                return False
            except psutil.AccessDenied:
                pass  # another user's process: its heartbeat has to do
        return time.time() - self.heartbeat < HEARTBEAT_SECONDS
