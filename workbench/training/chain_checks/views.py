"""What of the images, and of the marks on them, is still in the picture after the chain, and which step is to blame."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.augment import pipeline
from workbench.augment.chain import Chain, Place, Step
from workbench.data.dataset import sample_seed
from workbench.evaluation.metrics import wilson
from workbench.jobs import Progress
from workbench.training.chain_checks import words
from workbench.training.chain_checks.events import BorderLoss, MarkLoss
from workbench.training.chain_checks.parts import alone, chances, leaves
from workbench.training.chain_checks.sample import Picture
from workbench.training.chain_checks.tracks import Mask, track

CHAIN_DRAWS, STEP_DRAWS = 4, 2
"""Variants per image of the whole chain, and of each step alone."""

HALF_LEFT = 0.5
"""Share of a mark's area below which it has left the picture."""

MUCH_LOST = 0.05
"""Share of the variants without the finding from which on a warning is due: label noise of that size costs accuracy."""

MUCH_STEP_LOST = 0.25
"""The same of a step where it is applied, however seldom that is."""

MUCH_BORDER = 0.1
MUCH_CUT = 0.5
LITTLE = 0.01


@dataclass(frozen=True)
class Marked:
    """A picture and the marks on it, [C, C] each."""

    picture: Picture
    marks: tuple[Mask, ...] = ()


@dataclass
class _Tally:
    """What was counted: per draw border and cut, per draw and mark what is left and its side."""

    border: list[float] = field(default_factory=list)
    cut: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    sides: list[float] = field(default_factory=list)
    images: int = 0

    @property
    def lost(self) -> int:
        return sum(share < HALF_LEFT for share in self.left)

    def small(self, before: Sequence[float], smallest: int) -> int:
        """Count the marks that are still there, were large enough before, and are too small now."""
        found = zip(self.left, self.sides, np.resize(before, len(self.sides)) if before else (), strict=True)
        return sum(share >= HALF_LEFT and side < smallest <= was for share, side, was in found)


def look(
    chain: Chain, pictures: Sequence[Marked], *, size: int, smallest: int, source: str, seed: int, rare: bool = False
) -> Generator[Any, None, None]:
    """Yield Progress, and a MarkLoss and a BorderLoss of the whole chain and of every step that does something to be told.

    ``smallest`` in pixels at the model's ``size``; ``source`` says where the marks come from.
    """
    if not pictures:
        return
    found = leaves(chain)
    moving = [(place, step) for place, step in found if _moves(step, pictures[0], size)]
    steps = 1 + len(moving)
    before = [_side_before(mark, size) for each in pictures for mark in each.marks]
    whole = yield from _tally(chain, pictures, size, seed, CHAIN_DRAWS, Progress(0, steps, _WHAT))
    chance = chances(chain)
    singles: list[tuple[Place, Step, _Tally]] = []
    for number, (place, step) in enumerate(moving, start=1):
        tally = yield from _tally(alone(step), pictures, size, seed, STEP_DRAWS, Progress(number, steps, _WHAT))
        singles.append((place, step, tally))
    yield Progress(steps, steps, _WHAT)
    if whole.left:
        yield from _marks(whole, singles, chance, before, smallest=smallest, source=source, rare=rare)
    yield from _borders(whole, singles, chance, rare=rare)


_WHAT = "Following marks and borders"


def _tally(
    chain: Chain, pictures: Sequence[Marked], size: int, seed: int, draws: int, at: Progress
) -> Generator[Progress, None, _Tally]:
    composed = pipeline.compose(chain, side=size)
    tally = _Tally(images=len(pictures))
    for draw in range(draws):
        for each in pictures:
            found = track(composed, each.picture.pixels, sample_seed(seed, draw + 1, each.picture.sample.id))
            tally.border.append(found.border)
            tally.cut.append(found.cut)
            tally.left += [found.left(mark) for mark in each.marks]
            tally.sides += [found.side(mark) for mark in each.marks]
        yield at
    return tally


def _moves(step: Step, first: Marked, size: int) -> bool:
    composed = pipeline.compose(alone(step), side=size)
    return any(track(composed, first.picture.pixels, seed).moved for seed in range(3))


def _side_before(mark: Mask, size: int) -> float:
    return float(np.sqrt(mark.sum()) * size / mark.shape[0])


def _marks(
    whole: _Tally,
    singles: Sequence[tuple[Place, Step, _Tally]],
    chance: dict[Place, float],
    before: Sequence[float],
    *,
    smallest: int,
    source: str,
    rare: bool,
) -> Generator[MarkLoss, None, None]:
    marks, draws = len(before), len(whole.left)
    marked = f"{words.counted(marks, 'mark')} {source}, {words.counted(draws, 'variant')}"
    small_before = sum(side < smallest for side in before) / marks

    def event(place: Place, step: str, tally: _Tally, message: str, *, warn: bool) -> MarkLoss:
        low, high = wilson(tally.lost, len(tally.left))
        return MarkLoss(
            place=list(place),
            severity="warning" if warn else "info",
            message=message,
            step=step,
            source=source,
            marks=marks,
            images=tally.images,
            draws=len(tally.left),
            lost=tally.lost / len(tally.left),
            low=low,
            high=high,
            small=tally.small(before, smallest) / len(tally.left),
            small_before=small_before,
            smallest=smallest,
            rare=rare,
        )

    small = whole.small(before, smallest) / draws
    lost = whole.lost / draws
    text = f"{_shares(lost, small, smallest)} ({marked})"
    blamed = _blamed(singles, chance, before, smallest)
    if blamed is not None and max(lost, small) >= LITTLE:
        text += f"; mostly {words.titled(blamed[1].transform)}"
    if small_before:
        text += (
            f". {words.percent(small_before)} of the marks are below {smallest} pixels even without the chain: a larger "
            "image size shows more of them"
        )
    warn = max(lost, small) >= MUCH_LOST
    place = blamed[0] if blamed is not None and warn else ()
    yield event(
        place, blamed[1].transform if place and blamed else "", whole, f"{text}.", warn=warn or small_before >= 0.2
    )
    for at, step, tally in singles:
        lost, small = tally.lost / len(tally.left), tally.small(before, smallest) / len(tally.left)
        share = chance.get(at, 0.0)
        if max(lost, small) * share < LITTLE:
            continue
        text = f"{words.applied(step.transform, share).rstrip(',')}: {_shares(lost, small, smallest, begin=False)}."
        yield event(at, step.transform, tally, text, warn=max(lost, small) >= MUCH_STEP_LOST and not warn)


def _shares(lost: float, small: float, smallest: int, *, begin: bool = True) -> str:
    if lost < 0.005 and small < 0.005:
        return "Every mark stays in the picture" if begin else "every mark stays in the picture"
    parts = [f"{words.percent(lost)} of the marks leave the picture" if lost >= 0.005 else ""]
    also = "of the marks " if lost < 0.005 else ""
    parts.append(f"{words.percent(small)} {also}shrink below {smallest} pixels" if small >= 0.005 else "")
    return " and ".join(filter(None, parts))


def _blamed(
    singles: Sequence[tuple[Place, Step, _Tally]], chance: dict[Place, float], before: Sequence[float], smallest: int
) -> tuple[Place, Step] | None:
    """Return the step that alone takes the most marks away, by how often it is applied; None where none takes any."""
    ranked = [
        ((tally.lost + tally.small(before, smallest)) / len(tally.left) * chance.get(place, 0.0), place, step)
        for place, step, tally in singles
    ]
    worst = max(ranked, key=lambda entry: entry[0], default=None)
    return (worst[1], worst[2]) if worst is not None and worst[0] > 0 else None


def _borders(
    whole: _Tally, singles: Sequence[tuple[Place, Step, _Tally]], chance: dict[Place, float], *, rare: bool
) -> Generator[BorderLoss, None, None]:
    def event(place: Place, step: str, tally: _Tally, *, share: float | None, warn: bool) -> BorderLoss:
        border, cut = float(np.mean(tally.border)), float(np.mean(tally.cut))
        behind = f"{words.counted(len(tally.border), 'variant')} of {words.counted(tally.images, 'image')}"
        what = " and ".join(
            filter(
                None,
                (
                    f"{words.percent(border)} of the pixels show border or holes" if border >= 0.005 else "",
                    f"{words.percent(cut)} of the image is cut off" if cut >= 0.005 else "",
                ),
            )
        )
        if share is not None:
            message = f"{words.applied(step, share).rstrip(',')}: {what} on average, of {behind}."
        elif what:
            most = f", most of all by {words.titled(step)}" if step else ""
            message = f"{words.capital(what)} on average{most}, of {behind}."
        else:
            message = f"Nothing is cut off, of {behind}."
        return BorderLoss(
            place=list(place),
            severity="warning" if warn else "info",
            message=message,
            step=step,
            border=border,
            cut=cut,
            images=tally.images,
            draws=len(tally.border),
            rare=rare,
        )

    def much(tally: _Tally) -> float:
        return float(max(np.mean(tally.border) / MUCH_BORDER, np.mean(tally.cut) / MUCH_CUT))

    warn = much(whole) >= 1
    worst = max(singles, key=lambda single: much(single[2]) * chance.get(single[0], 0.0), default=None)
    if warn and worst is not None:
        yield event(worst[0], worst[1].transform, whole, share=None, warn=True)
    else:
        yield event((), "", whole, share=None, warn=warn)
    for place, step, tally in singles:
        share = chance.get(place, 0.0)
        if max(np.mean(tally.border), np.mean(tally.cut)) * share >= LITTLE:
            yield event(place, step.transform, tally, share=share, warn=False)
