"""How often a trained model decides otherwise about an image after the chain, and after each of its steps alone."""

import time
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.augment.chain import Chain, Place
from workbench.data.dataset import sample_seed
from workbench.evaluation.metrics import wilson
from workbench.evaluation.predict import run_torch
from workbench.jobs import Progress
from workbench.models.bundle import Bundle
from workbench.training.chain_checks import words
from workbench.training.chain_checks.events import DecisionFlips
from workbench.training.chain_checks.parts import alone, chances, leaves
from workbench.training.chain_checks.sample import Picture
from workbench.training.samples import TrainPixels

DRAWS = 4
SECONDS = 20.0
"""What the model's part may take about; large models on the processor are asked about fewer images."""

FEWEST = 6
BATCH = 16
MANY_FLIPS, MANY_FLIPS_OF_STEP = 0.25, 0.25

_WHAT = "Asking the trained model"


def flips(
    chain: Chain,
    pictures: Sequence[Picture],
    pixels: TrainPixels,
    bundle: Bundle,
    *,
    run: str,
    device: str,
    seed: int,
    rare: bool = False,
) -> Generator[Any, None, None]:
    """Yield Progress, and a DecisionFlips of the whole chain and of each step, where it is applied.

    Intervals count images, not variants: those of one image are no independent witnesses.
    """
    found = leaves(chain)
    if not pictures or not found:
        return
    total = 2 + len(found)
    yield Progress(0, total, _WHAT)
    began = time.monotonic()
    plain = np.stack([pixels.plain(each.sample) for each in pictures])
    decided = _decide(bundle, plain, device)
    affordable = int(SECONDS / max(1e-6, time.monotonic() - began) * len(pictures))
    used = pictures[: max(min(len(pictures), FEWEST), min(len(pictures), affordable // (DRAWS + len(found))))]
    decided = decided[: len(used)]

    def ask(asked: Chain, draws: int) -> float:
        changed = []
        for draw in range(draws):
            seeds = [sample_seed(seed, draw + 1, each.sample.id) for each in used]
            variants = [pixels.composed(asked)(each.pixels, number) for each, number in zip(used, seeds, strict=True)]
            changed.append(_decide(bundle, np.stack(variants), device) != decided)
        return float(np.mean(changed))

    def event(place: Place, step: str, share: float, draws: int, message: str, *, warn: bool) -> DecisionFlips:
        low, high = wilson(round(share * len(used)), len(used))
        return DecisionFlips(
            place=list(place),
            severity="warning" if warn else "info",
            message=f"{message} in {words.percent(share)} (95 % interval {words.percent(low)} to {words.percent(high)}, "
            f"{words.counted(len(used), 'image')}{f', {draws} variants each' if draws > 1 else ''}).",
            step=step,
            run=run,
            flips=share,
            low=low,
            high=high,
            images=len(used),
            draws=draws * len(used),
            rare=rare,
        )

    yield Progress(1, total, _WHAT)
    whole = ask(chain, DRAWS)
    chance = chances(chain)
    singles: list[tuple[float, Place, str]] = []
    for number, (place, step) in enumerate(found):
        yield Progress(2 + number, total, _WHAT)
        singles.append((ask(alone(step), 1), place, step.transform))
    worst = max(singles, key=lambda single: single[0] * chance.get(single[1], 0.0))
    warn, blamed = whole >= MANY_FLIPS, worst[0] * chance.get(worst[1], 0.0) > 0
    text = f"Under the whole chain the decision of the run {run} flips"
    if warn and blamed:
        yield event(worst[1], worst[2], whole, DRAWS, f"{text}, most of all by {words.titled(worst[2])},", warn=True)
    else:
        yield event((), "", whole, DRAWS, text, warn=warn)
    for share, place, name in singles:
        if share > 0:
            text = f"{words.applied(name, chance.get(place, 0.0))} flips the decision of the run {run}"
            # One warning for the chain is enough; a step that is seldom applied may still be worth one of its own.
            yield event(place, name, share, 1, text, warn=share >= MANY_FLIPS_OF_STEP and not warn)
    yield Progress(total, total, _WHAT)


def _decide(bundle: Bundle, images: NDArray[np.uint8], device: str) -> NDArray[np.int64]:
    model = bundle.deployable.to(device).eval()
    parts = [run_torch(model, images[at : at + BATCH], device=device) for at in range(0, len(images), BATCH)]
    decided: NDArray[np.int64] = np.concatenate(parts).argmax(axis=1)
    return decided
