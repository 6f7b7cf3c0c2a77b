"""What each step costs, and whether the loader keeps up with the model."""

import os
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.augment import pipeline
from workbench.augment.chain import Chain, Place, Step
from workbench.augment.timing import Timed
from workbench.data import loaders
from workbench.data.dataset import Sample, VariedDataset, sample_seed
from workbench.jobs import Progress
from workbench.training.chain_checks import words
from workbench.training.chain_checks.appetite import Appetite
from workbench.training.chain_checks.events import Feeding, StepCost
from workbench.training.chain_checks.parts import chances, leaves
from workbench.training.chain_checks.sample import Picture
from workbench.training.config import TrainConfig
from workbench.training.samples import TrainPixels

SECONDS = 3.0
"""What the timing of a chain's steps, and that of the loader, take about each."""

ENOUGH = 8
"""Times a step must have been applied in the chain as it is; else it is timed where every step is."""

MOST_DRAWS = 8
EFFICIENCY = 0.85
"""Share of its own pace that each further process adds: they share memory and disk."""

SLOW_SHARE = 0.2
"""Share of the time spent waiting for images from which on a warning is due."""

_WHAT = "Timing the chain"


@dataclass
class _Times:
    spent: dict[Place, list[float]] = field(default_factory=dict)
    images: int = 0

    def applied(self, place: Place) -> float:
        # The median: whatever else the computer does is not the step's cost.
        return float(np.median(self.spent[place])) if self.spent.get(place) else 0.0


def costs(
    chain: Chain, pictures: Sequence[Picture], *, size: int, seed: int, rare: bool = False
) -> Generator[Any, None, list[StepCost]]:
    """Yield Progress and a StepCost per transform; return those. Groups have no cost beside that of what they hold."""
    found = leaves(chain)
    if not found or not pictures:
        return []
    yield Progress(0, 2, _WHAT)
    natural = _timed(chain, pictures, size, seed)
    yield Progress(1, 2, _WHAT)
    forced = _timed(_forced(chain), pictures, size, seed)
    yield Progress(2, 2, _WHAT)
    chance = chances(chain)
    applied = {
        place: (natural if len(natural.spent.get(place, ())) >= ENOUGH else forced).applied(place) for place, _ in found
    }
    means = {place: applied[place] * chance.get(place, 0.0) for place, _ in found}
    whole = sum(means.values())
    made = []
    for place, step in found:
        share = means[place] / whole if whole else 0.0
        cost = f"{words.milliseconds(means[place])} per image, {words.percent(share)} of the chain"
        text = f"{words.titled(step.transform)}: {cost}"
        if chance.get(place, 0.0) < 0.995:
            text += f" ({words.milliseconds(applied[place])} where it is applied)"
        made.append(
            StepCost(
                place=list(place),
                severity="info",
                message=f"{text}; measured on {words.counted(len(pictures), 'image')}.",
                step=step.transform,
                ms=means[place],
                share=share,
                applied_ms=applied[place],
                chance=chance.get(place, 0.0),
                images=len(pictures),
                rare=rare,
            )
        )
    yield from made
    return made


def _timed(chain: Chain, pictures: Sequence[Picture], size: int, seed: int) -> _Times:
    try:
        return _run(chain, pictures, size, seed)
    except Exception:
        # The chain as it is run in training says which step does not work on which image, and why.
        composed = pipeline.compose(chain, side=size)
        for draw in range(MOST_DRAWS + 1):
            for each in pictures:
                composed(each.pixels, sample_seed(seed, draw, each.sample.id) if draw else 0)
        raise


def _run(chain: Chain, pictures: Sequence[Picture], size: int, seed: int) -> _Times:
    timed, times, began = Timed(chain, side=size), _Times(), time.monotonic()
    timed(pictures[0].pixels, 0)  # the first call fills caches
    for draw in range(MOST_DRAWS):
        for number, each in enumerate(pictures):
            for place, spent in timed(each.pixels, sample_seed(seed, draw + 1, each.sample.id)).items():
                times.spent.setdefault(place, []).append(spent)
            if time.monotonic() - began > SECONDS / 2 and (draw or number >= min(3, len(pictures) - 1)):
                return times
    return times


def _forced(chain: Chain) -> Chain:
    """Return the chain in which every step is applied as often as its group lets it."""
    return Chain(steps=tuple(_always(step) for step in chain.steps))


def _always(step: Step) -> Step:
    return step.model_copy(update={"p": 1.0, "steps": tuple(_always(inner) for inner in step.steps)})


@dataclass(frozen=True)
class Pace:
    """The loader's pace in one process: ``rate`` images per second, of which an image takes ``read_ms`` and ``chain_ms``."""

    rate: float
    read_ms: float
    chain_ms: float
    images: int


def pace(pictures: Sequence[Picture], pixels: TrainPixels, config: TrainConfig) -> Generator[Progress, None, Pace]:
    """Run the run's own loader in this process over the pictures, again and again for some seconds; return its pace."""
    samples: list[Sample] = [each.sample for each in pictures]
    loader = loaders.make_loader(
        VariedDataset(samples, pixels.variant, seed=config.seed),
        batch_size=min(config.compute.batch_size, len(samples)),
        workers=0,
        shuffle=True,
        seed=config.seed,
    )
    images, spent, epoch = 0, 0.0, 0
    while spent < SECONDS and (epoch < 2 or images < 20 * len(samples)):
        yield Progress(min(int(spent * 10), int(SECONDS * 10)), int(SECONDS * 10), "Timing the loader")
        loaders.set_epoch(loader, epoch)
        began = time.perf_counter()
        for batch in loader:
            now = time.perf_counter()
            # The first batch composes the chain and opens the cache.
            if epoch or images or spent:
                images, spent = images + len(batch.targets), spent + now - began
            else:
                spent = 1e-9
            began = now
            if spent >= SECONDS:
                break
        epoch += 1
    rate = images / spent if images else 0.0
    began = time.perf_counter()
    for sample in samples:
        pixels.prepared(sample)
    read = (time.perf_counter() - began) / len(samples) * 1000
    return Pace(rate, read, max(0.0, 1000 / rate - read) if rate else 0.0, len(samples))


def cores() -> int:
    """Return the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def feeding(
    found: Pace,
    appetite: Appetite,
    steps: Sequence[StepCost],
    config: TrainConfig,
    *,
    processors: int,
) -> Feeding:
    """Compare what the loader makes with what the model eats, and say in one sentence what to do."""
    workers = loaders.choose_workers(config.compute.workers)
    on_cpu = appetite.device.partition(":")[0] == "cpu"
    fed = _fed(found.rate, workers, processors)
    need = appetite.rate
    waiting = _waiting(fed, need, workers, on_cpu=on_cpu)
    starved = need > 0 and waiting >= (SLOW_SHARE if on_cpu else 0.05)
    dear = max(steps, key=lambda step: step.ms, default=None)
    needed = 0
    if starved:
        needed = _workers_needed(found.rate, need, workers, processors)
        ways = [words.counted(needed, "loader process").replace("processs", "processes")] if needed > 0 else []
        # What is left without the dearest step: worth saying where it is a good part of an image's time.
        rest = 1 / max(1e-6, 1 / found.rate - (dear.ms / 1000 if dear is not None else 0))
        better = _fed(rest, workers, processors)
        if not config.compute.prepared_cache and found.read_ms > found.chain_ms:
            ways.append("switch the prepared cache on")
            dear = None
        elif dear is not None and better >= 1.15 * fed:
            enough = _waiting(better, need, workers, on_cpu=on_cpu) < SLOW_SHARE or needed > 0
            ways.append(f"drop {words.titled(dear.step)}{'' if enough else f', which gives {words.rate(better)}'}")
        else:
            dear = None
        advice = " or ".join(ways) or "smaller images, or a computer with more processors, would feed more"
        if on_cpu and workers == 0:
            # However fast it is: one process does both, so that loading is time in which nothing is learnt.
            advice = f"they take turns, and loading is {words.percent(waiting)} of the time: {advice}"
    elif need > 0:
        in_turn = f"loading takes {words.percent(waiting)} of the time"
        advice = "it never waits" if waiting < 0.005 else in_turn if on_cpu and workers == 0 else "it hardly waits"
    else:
        advice = "what the model eats is not known"
    turns = starved and on_cpu and workers == 0
    eats = f", the model eats {words.rate(need)}{'; ' if turns else ': '}" if need > 0 else "; "
    return Feeding(
        place=list(dear.place) if starved and dear is not None else [],
        severity="warning" if starved else "info",
        message=f"This chain feeds {words.rate(fed)} images/s{eats}{advice}.",
        note=_note(found, appetite, workers),
        loader_rate=fed,
        model_rate=need,
        single_rate=found.rate,
        workers=workers,
        workers_needed=needed,
        cores=processors,
        device=appetite.device,
        source=appetite.source,
        waiting=waiting,
        read_ms=found.read_ms,
        chain_ms=found.chain_ms,
        images=found.images,
    )


def _fed(single: float, workers: int, processors: int) -> float:
    """Return what so many loader processes make, by a careful estimate: one processor is the training process's own."""
    if workers <= 1:
        return single
    return single * min(workers, max(1, processors - 1)) * EFFICIENCY


def _waiting(fed: float, need: float, workers: int, *, on_cpu: bool) -> float:
    """Return the share of the time in which the model waits for images."""
    if fed <= 0 or need <= 0:
        return 0.0
    if workers == 0 and on_cpu:
        return need / (fed + need)  # one after the other
    return max(0.0, 1 - fed / need)


def _workers_needed(single: float, need: float, workers: int, processors: int) -> int:
    """Return the number of processes that would do, -1 where none does."""
    for number in range(max(1, workers + 1), processors):
        if _fed(single, number, processors) >= need:
            return number
    return -1


def _note(found: Pace, appetite: Appetite, workers: int) -> str:
    read = (
        f"{words.milliseconds(found.read_ms)} to read, {words.milliseconds(found.chain_ms)} for the chain and the batch"
    )
    text = (
        f"Measured: one process, {words.rate(found.rate)} images/s on {words.counted(found.images, 'image')} ({read})."
    )
    if workers > 1:
        text += f" Estimated: {workers} processes at {words.percent(EFFICIENCY)} of that each."
    return f"{text} {appetite.note}".rstrip()
