"""How much memory the steps of a run take, and how large a batch may be: tried on a GPU, else told from the growth."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Progress
from workbench.training import memory
from workbench.training.probing.steps import Steps

LARGEST_BATCH = 4096
SPARE = 0.9
"""Share of the free memory that a run may take: the window and the loader want some too."""

_CLEAR = 64 << 20
"""Bytes by which memory must have grown for its growth to be told from the allocator's own ways."""

SETTLING = 3
"""So many more steps of the largest batch: main memory comes in pieces, and the first step of a size needs the fewest.
MobileNetV2 learning as a whole took 2311 MB in its first step of 16 images, 2676 in the second, 2737 at most in thirty."""
MARGIN = 0.1
"""What a run's hundreds of steps may take beyond the few that were tried, as a share of what these took."""


@dataclass(frozen=True)
class Room:
    """``batch`` is the one asked for, or the largest that fits where that is less: it takes ``peak`` bytes.

    ``largest`` is the largest that fits, ``tried`` the largest that was; ``seconds`` is what an image took there.
    """

    batch: int
    largest: int
    peak: int
    tried: int
    seconds: float


def room(steps: Steps, batch: int, seconds: float, what: str) -> Generator[Event, None, Room]:
    """Find the room for batches of ``batch``, in steps that take about ``seconds`` at most where they can be chosen.

    Raises WorkbenchError where not even one image fits.
    """
    found = yield from (
        _on_gpu(steps, batch, what) if steps.device.kind == "cuda" else _by_growth(steps, batch, seconds, what)
    )
    return found


def _by_growth(steps: Steps, batch: int, seconds: float, what: str) -> Generator[Event, None, Room]:
    """Take larger and larger batches, up to the one asked for and until the growth is plain, and go on by it.

    Main memory is never filled to see where it ends: that would hit every other program.
    """
    device = steps.device.name
    bare = memory.in_use(device)
    limit = bare + int(SPARE * memory.available(device))
    smallest = count = min(2, batch)
    steps.once(count)  # from here on the optimizer's state is there
    each, first = steps.watched(count)
    peak = first
    while count < 2 * batch and (count < batch or peak - first < _CLEAR) and 2 * each < seconds:
        if peak + 2 * (peak - first) > limit:
            break
        count = min(2 * count, batch) if count < batch else 2 * count
        yield Progress(count, None, what)
        each, grown = steps.watched(count)
        peak = max(peak, grown)
    spent = 0.0
    for _ in range(SETTLING):
        yield Progress(count, None, what)
        again, grown = steps.watched(count)
        each, peak, spent = min(each, again), max(peak, grown), spent + again
        if spent > seconds:
            break
    # The pixels themselves are there as numbers of one and of four bytes, whatever the network keeps.
    least = 5 * steps.built.config.backbone.channels * steps.built.spec.size**2
    growth = max((peak - first) / (count - smallest) if count > smallest else 0.0, least)
    largest = int(count + (bare + (limit - bare) / (1 + MARGIN) - peak) / growth)
    taken = max(1, min(batch, largest))
    most = peak if count >= taken else peak + growth * (taken - count)
    at_batch = int(bare + (1 + MARGIN) * (most - bare))
    return Room(taken, max(0, min(LARGEST_BATCH, largest)), at_batch, count, each / count)


def _on_gpu(steps: Steps, batch: int, what: str) -> Generator[Event, None, Room]:
    """Take larger and larger batches until one does not fit."""
    peaks: dict[int, int] = {}

    def fits(count: int) -> bool:
        peaks[count] = steps.tried(count)
        return peaks[count] > 0

    largest = 0
    for count, good in largest_that_fits(fits, batch):
        largest = good
        yield Progress(count, None, what)
    if not largest:
        raise WorkbenchError(
            f"The memory of {steps.device.name} is not enough for a single image of {steps.built.spec.size} pixels; choose a "
            "smaller network or a smaller image size."
        )
    taken = min(batch, largest)
    return Room(taken, largest, peaks[taken], largest, steps.once(taken) / taken)


def largest_that_fits(fits: Callable[[int], bool], first: int, most: int = LARGEST_BATCH) -> Iterator[tuple[int, int]]:
    """Find the largest count that ``fits``: from ``first`` on by doubling or halving, then by halving the gap three times.

    Yields after each try what was tried and the largest that has fitted so far, 0 where none has.
    """
    good, bad, count = 0, most + 1, min(first, most)
    while count and count < bad and count > good:
        if fits(count):
            good = count
        else:
            bad = count
        yield count, good
        count = min(most, 2 * good) if good else bad // 2
    for _ in range(3):
        middle = (good + bad) // 2
        if not good or middle == good or bad > most:
            return
        if fits(middle):
            good = middle
        else:
            bad = middle
        yield middle, good
