"""How fast the steps of a run are, with its own loader in front of them."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from statistics import median

import numpy as np

from workbench.jobs import Event, Noticed, Progress
from workbench.training.events import Tick, Warned
from workbench.training.probing.steps import Steps, wait


@dataclass(frozen=True)
class Pace:
    """Seconds that an image takes in ``train``-ing and in ``validation``; ``start``: those until the first step."""

    train: float
    validation: float
    start: float


def pace(steps: Steps, batch: int, *, warm: int, count: int, what: str) -> Generator[Event, None, Pace]:
    """Time ``count`` steps of ``batch`` images, read by the run's own loader, after ``warm`` that are not timed."""
    built = steps.built
    ticks: list[float] = []
    total = warm + count if steps.trains else 0
    began = time.perf_counter()
    train = built.train_batches(0, 0) if steps.trains else []
    for event in steps.over(train, built.validation_loader):
        if isinstance(event, Warned):
            yield Noticed(event.message)
        elif isinstance(event, Tick) and len(ticks) < total:
            if len(ticks) in (warm - 1, total - 1):
                wait(steps.device)
            ticks.append(time.perf_counter())
            yield Progress(len(ticks), total, what)
    validation = _validated(steps)
    if not steps.trains:
        return Pace(validation, validation, 0.0)
    spent = np.diff(ticks[warm - 1 :])
    # An accelerator works on after the step has returned: only the whole of them is known.
    each = float(np.mean(spent)) if steps.device.kind == "cuda" else median(spent.tolist())
    return Pace(each / batch, validation, max(0.0, ticks[0] - began - each))


def _validated(steps: Steps) -> float:
    """Return the seconds per image of a validation whose loader runs already."""
    built = steps.built
    images = len(built.frozen.validation)
    began = time.perf_counter()
    for _ in steps.over([], built.validation_loader):
        pass
    wait(steps.device)
    return (time.perf_counter() - began) / images
