"""mixup and cutmix of a batch: uint8 pixels, per-image dice, shares of the labels. Imports torch.

Whole numbers only, so that a batch is mixed to the same bytes on every device; each image's dice come from its own seed,
so that neither the number of workers nor the order of the images has a say in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

Kind = Literal["none", "mixup", "cutmix", "both"]

_DICE = 0x3A1C
"""Keeps these random numbers apart from those of the image's chain, which come from the same seed."""

_PARTS = 256
"""The share of an image is a whole number of so many parts."""


class Mixed(NamedTuple):
    """``images`` uint8 [N, H, W, 3]; ``partners`` int64 [N]: the image in the batch that each was mixed with; ``shares``
    float32 [N]: how much of each is left, 0 to 1 (1: not mixed). The label of an image counts by its share, that of its
    partner by the rest. All on the device of the images.
    """

    images: Tensor
    partners: Tensor
    shares: Tensor


def mix(images: Tensor, seeds: Sequence[int], *, kind: Kind, p: float, alpha: float) -> Mixed:
    """Mix each image of a batch, with probability ``p``, with the one that follows (the last with the first).

    mixup lays the two over each other, cutmix puts a box of the partner into the image; both: a coin decides. The share
    is drawn from Beta(alpha, alpha); that of cutmix is then what the box really leaves. ``seeds`` are the samples' seeds
    (`data.dataset.sample_seed`). An image alone in its batch stays as it is. ``images`` is left unchanged.
    """
    count = len(images)
    if len(seeds) != count:
        raise ValueError(f"{len(seeds)} seeds for {count} images")
    partners = torch.arange(count, device=images.device).roll(-1)
    if kind == "none" or count < 2:
        return Mixed(images, partners, torch.ones(count, device=images.device))
    height, width = int(images.shape[1]), int(images.shape[2])
    dice = [_thrown(seed, kind, p, alpha, height, width) for seed in seeds]
    mixed = images.clone()
    laid = [row for row, die in enumerate(dice) if die.parts < _PARTS]
    if laid:
        rows = torch.tensor(laid, device=images.device)
        parts = torch.tensor([dice[row].parts for row in laid], dtype=torch.int32, device=images.device)
        parts = parts.view(-1, 1, 1, 1)
        own, other = images[rows].to(torch.int32), images[partners[rows]].to(torch.int32)
        mixed[rows] = ((own * parts + other * (_PARTS - parts) + _PARTS // 2) // _PARTS).to(torch.uint8)
    shares = []
    for row, die in enumerate(dice):
        top, bottom, left, right = die.box
        mixed[row, top:bottom, left:right] = images[(row + 1) % count, top:bottom, left:right]
        shares.append(die.parts / _PARTS * (1 - (bottom - top) * (right - left) / (height * width)))
    return Mixed(mixed, partners, torch.tensor(shares, dtype=torch.float32, device=images.device))


@dataclass(frozen=True)
class _Thrown:
    """What one image's dice say: at most one of the two differs from "leave it"."""

    parts: int = _PARTS
    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    """top, bottom, left, right"""


def _thrown(seed: int, kind: Kind, p: float, alpha: float, height: int, width: int) -> _Thrown:
    """Always throws the same dice in the same order, so that one setting moves only what it is about."""
    random = np.random.default_rng((seed, _DICE))
    chosen, coin, across, down = random.random(4)
    share = float(random.beta(alpha, alpha))
    if chosen >= p:
        return _Thrown()
    if kind == "mixup" or (kind == "both" and coin < 0.5):
        return _Thrown(parts=round(share * _PARTS))
    side = (1 - share) ** 0.5
    top, bottom = _cut(float(down), side, height)
    left, right = _cut(float(across), side, width)
    return _Thrown(box=(top, bottom, left, right))


def _cut(place: float, side: float, length: int) -> tuple[int, int]:
    """Return the first and the last (exclusive) pixel of a box ``side`` long around ``place``, cut off at the border."""
    half = round(side * length) / 2
    middle = place * length
    return max(0, round(middle - half)), min(length, round(middle + half))
