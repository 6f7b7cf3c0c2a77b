"""How fast a run goes. Imports no torch."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """The time of the training steps: pauses and validation are left out."""

    def __init__(self) -> None:
        self.begin = self.mark = time.monotonic()
        self.wait = 0.0
        self.images = 0
        self.paused = 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.wait += time.monotonic() - start

    @contextmanager
    def pausing(self) -> Iterator[None]:
        start, mark = time.monotonic(), self.mark
        yield
        away = time.monotonic() - start
        self.paused += away
        self.mark = mark + away

    def leave_out_since(self, start: float) -> None:
        """Leave out the time since ``start``, the pauses in it included."""
        now = time.monotonic()
        self.mark = now - max(0.0, start - self.mark)

    def lap(self) -> tuple[float, float]:
        """Return the images per second since the last lap, and the share of its time spent waiting for images."""
        now = time.monotonic()
        seconds = max(now - self.mark, 1e-6)
        speed, share = self.images / seconds, min(1.0, self.wait / seconds)
        self.mark, self.wait, self.images = now, 0.0, 0
        return speed, share

    def seconds(self) -> float:
        return time.monotonic() - self.begin
