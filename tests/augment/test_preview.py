import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from workbench.augment.catalog import presets
from workbench.augment.chain import Chain, Step
from workbench.augment.pipeline import compose
from workbench.augment.preview import PreviewChild, Tile, variant_seed
from workbench.errors import WorkbenchError
from workbench.jobs import Stop, drain

IMAGE = np.random.default_rng(2).integers(0, 256, (60, 90, 3), dtype=np.uint8)
SLOW = Chain(steps=tuple(Step(transform="Defocus", p=1, params={"radius": [9, 9]}) for _ in range(4)))


@pytest.fixture(scope="module")
def warm() -> Iterator[PreviewChild]:
    child = PreviewChild()
    child.warm()
    yield child
    child.close()


@pytest.fixture(autouse=True)
def nothing_left_running() -> None:
    """The warm child is shared by the tests of this module; `test_close_leaves_nothing_running` looks for leftovers."""


def tiles(
    child: PreviewChild, chain: Chain, *, size: int = 0, side: int = 100, count: int = 4, seed: int = 1
) -> list[Tile]:
    return list(child.job(chain, lambda: IMAGE, size=size, side=side, count=count, seed=seed)(Stop()))


def test_tiles_are_what_the_chain_makes(warm: PreviewChild) -> None:
    chain = presets()["medium"]
    found = tiles(warm, chain)
    assert [tile.index for tile in found] == [0, 1, 2, 3]
    composed = compose(chain)
    for tile in found:
        assert np.array_equal(tile.pixels, composed(IMAGE, variant_seed(1, tile.index)))
        assert tile.pixels.flags.writeable
    assert variant_seed(1, 0) == 1


def test_tiles_are_squashed_and_shrunk(warm: PreviewChild) -> None:
    assert [tile.pixels.shape for tile in tiles(warm, Chain(), side=30, count=2)] == [(20, 30, 3)] * 2
    (square,) = tiles(warm, Chain(), size=40, count=1)
    assert square.pixels.shape == (40, 40, 3)


def test_a_chain_that_cannot_be_composed_is_told_and_the_child_goes_on(warm: PreviewChild) -> None:
    with pytest.raises(WorkbenchError, match="did you mean HorizontalFlip"):
        tiles(warm, Chain(steps=(Step(transform="HorizontlFlip"),)))
    assert len(tiles(warm, Chain())) == 4


def test_an_error_of_the_reader_comes_out(warm: PreviewChild) -> None:
    def broken() -> np.ndarray:
        raise WorkbenchError("The image x.png is missing; put it back.")

    with pytest.raises(WorkbenchError, match=r"x\.png"):
        list(warm.job(Chain(), broken, size=0, side=10, count=1, seed=0)(Stop()))


def test_a_newer_job_supersedes_an_older_one(warm: PreviewChild) -> None:
    large = np.zeros((900, 900, 3), np.uint8)
    older: list[Tile] = []
    first = warm.job(SLOW, lambda: large, size=0, side=900, count=60, seed=0)(Stop())
    older.append(next(first))
    thread = threading.Thread(target=lambda: older.extend(first))
    thread.start()
    newer = tiles(warm, Chain(), count=3)
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert [tile.index for tile in newer] == [0, 1, 2]
    assert all(np.array_equal(tile.pixels, IMAGE) for tile in newer)
    assert len(older) < 60


def test_many_quick_changes_end_with_the_last(warm: PreviewChild) -> None:
    jobs = [warm.job(presets()["light"], lambda: IMAGE, size=0, side=90, count=4, seed=n)(Stop()) for n in range(20)]
    for job in jobs[:-1]:
        next(job, None)
    last = list(jobs[-1])
    composed = compose(presets()["light"])
    assert [np.array_equal(tile.pixels, composed(IMAGE, variant_seed(19, tile.index))) for tile in last] == [True] * 4


def test_a_stopped_job_ends(warm: PreviewChild) -> None:
    stop = Stop()
    found = []
    for tile in drain(warm.job(SLOW, lambda: IMAGE, size=512, side=90, count=50, seed=0), stop):
        found.append(tile)
        stop.stop()
    assert len(found) == 1
    assert len(tiles(warm, Chain())) == 4


def test_a_child_that_dies_is_told_and_replaced() -> None:
    child = PreviewChild()
    try:
        tiles(child, Chain(), count=1)
        job = child.job(SLOW, lambda: IMAGE, size=256, side=90, count=400, seed=0)(Stop())
        next(job)
        process = child._child
        assert process is not None
        process.kill()
        with pytest.raises(WorkbenchError, match="preview stopped"):
            list(job)
        assert len(tiles(child, Chain())) == 4
    finally:
        child.close()


def test_close_leaves_nothing_running() -> None:
    before = set(threading.enumerate())
    child = PreviewChild()
    tiles(child, Chain(), count=1)
    process, shared = child._child, child._shared
    assert process is not None
    assert shared is not None
    assert shared.path.exists()
    child.close()
    assert not shared.path.exists()
    assert not psutil.pid_exists(process.pid)
    assert set(threading.enumerate()) <= before
    child.close()


def test_a_window_that_is_killed_leaves_nothing_behind() -> None:
    child = PreviewChild()
    tiles(child, Chain(), count=1)
    process, shared = child._child, child._shared
    assert process is not None
    assert process.stdin is not None
    assert shared is not None
    process.stdin.close()  # all that the child sees of it
    assert process.wait(timeout=10) == 0
    assert not shared.path.exists()
    child.close()


def test_tiles_come_as_they_are_made(warm: PreviewChild) -> None:
    tiles(warm, Chain())
    start = time.perf_counter()
    job = warm.job(SLOW, lambda: IMAGE, size=512, side=90, count=12, seed=0)(Stop())
    next(job)
    first = time.perf_counter() - start
    list(job)
    assert first < (time.perf_counter() - start) / 2
