"""A preview child that computes in the thread that asks, for the tests of the augment panel."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from workbench.augment.chain import Chain, ChainError
from workbench.jobs import Job, Stop
from workbench.training.preview import Request, Tile


@dataclass
class StubChild:
    """Paints tiles whose grey is the number of steps; a step named Broken is refused; ``free`` holds it back."""

    jobs: list[Request] = field(default_factory=list)
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

    def job(self, request: Request) -> Job:
        self.jobs.append(request)

        def run(stop: Stop) -> Iterator[Any]:
            self.threads.add(threading.get_ident())
            for index, wish in enumerate(request.tiles):
                chain = Chain() if wish.prepared else request.chains[wish.chain]
                if any(step.transform == "Broken" for step in chain.steps):
                    raise ChainError("The transform Broken cannot be used: it is broken.", place=(0,), param="limit")
                self.free.wait(5)
                self.tiles += 1
                grey = 20 * len([step for step in chain.steps if step.p > 0])
                side = request.tile_side
                yield Tile(index, np.full((side, side, 3), grey, np.uint8), 1.5, 0.75, grey)

        return run


@pytest.fixture
def child() -> Iterator[StubChild]:
    made = StubChild()
    yield made
    made.free.set()
