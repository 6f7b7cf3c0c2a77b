"""A preview child that computes in the thread that asks, for the tests of the augment panel."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.augment.chain import Chain
from workbench.augment.preview import Tile
from workbench.errors import WorkbenchError
from workbench.jobs import Job, Stop


@dataclass
class StubChild:
    """Paints tiles whose grey is the number of steps; a step named Broken is refused; ``free`` holds it back."""

    jobs: list[tuple[Chain, int, int]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    free: threading.Event = field(default_factory=threading.Event)
    tiles: int = 0
    closed: bool = False
    warmed: bool = False

    def __post_init__(self) -> None:
        self.free.set()

    def warm(self) -> None:
        self.warmed = True

    def close(self) -> None:
        self.closed = True
        self.free.set()

    def job(
        self, chain: Chain, image: Callable[[], NDArray[np.uint8]], *, size: int, side: int, count: int, seed: int
    ) -> Job:
        self.jobs.append((chain, count, seed))

        def run(stop: Stop) -> Iterator[Any]:
            self.threads.add(threading.get_ident())
            if any(step.transform == "Broken" for step in chain.steps):
                raise WorkbenchError("The transform Broken cannot be used: it is broken.")
            image()
            for index in range(count):
                self.free.wait(5)
                self.tiles += 1
                applied = [step for step in chain.steps if step.p > 0]
                yield Tile(index, np.full((side, side, 3), 20 * len(applied), np.uint8))

        return run


@pytest.fixture
def child() -> Iterator[StubChild]:
    made = StubChild()
    yield made
    made.free.set()
