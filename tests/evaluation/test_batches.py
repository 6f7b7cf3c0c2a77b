import threading

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.evaluation.batches import Batch, Unread, by_size


def image(height: int, width: int, value: int) -> np.ndarray:
    return np.full((height, width, 3), value, dtype=np.uint8)


def test_every_image_comes_once_with_others_of_its_size():
    sizes = [(4, 6), (6, 4), (4, 6), (4, 6), (5, 5), (6, 4)]
    parts = list(by_size(range(6), lambda i: image(*sizes[i], i), batch_size=2))
    assert sorted(entry for part in parts for entry in part.entries) == list(range(6))
    for part in parts:
        assert len(part.entries) <= 2
        assert {sizes[entry] for entry in part.entries} == {part.pixels.shape[1:3]}
        assert [int(pixels[0, 0, 0]) for pixels in part.pixels] == part.entries


def test_an_unreadable_image_is_reported_and_the_rest_goes_on():
    def read(i: int) -> np.ndarray:
        if i == 1:
            raise WorkbenchError("The image b is cut off.")
        return image(2, 2, i)

    parts = list(by_size(range(3), read, batch_size=8))
    assert [part for part in parts if isinstance(part, Unread)] == [Unread(1, "The image b is cut off.")]
    assert [part.entries for part in parts if isinstance(part, Batch)] == [[0, 2]]


def test_a_bug_is_not_swallowed():
    def read(i: int) -> np.ndarray:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(by_size(range(3), read))


def test_waiting_pixels_stay_below_the_limit():
    alive = 0
    most = 0
    read_count = 0
    lock = threading.Lock()

    def read(i: int) -> np.ndarray:
        nonlocal alive, most, read_count
        pixels = image(10 + i, 100, 0)  # every size only once: nothing ever fills a batch
        with lock:
            read_count += 1
            alive += pixels.nbytes
            most = max(most, alive)
        return pixels

    for part in by_size(range(60), read, batch_size=32, memory=30_000):
        assert read_count < 60 or part is not None
        with lock:
            alive -= part.pixels.nbytes
    assert most < 30_000 + 6 * 70 * 300


def test_leaving_early_stops_the_readers():
    parts = by_size(range(1000), lambda i: image(2, 2, i % 256), batch_size=1)
    next(parts)
    parts.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-image")]
