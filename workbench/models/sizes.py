"""Other input sizes than that of the weights: tables of positions are interpolated to the new grid of patches.

Convolutions take any size and need none of this. What transformers learnt for places (position embeddings, biases by
the distance between two places) lies on a square grid; it is resized like an image, bicubic, as their authors do:
https://arxiv.org/abs/2010.11929, section 3.2; https://arxiv.org/abs/2103.14030, section 3.2.
"""

import re
from math import isqrt

import torch
from torch import Tensor
from torch.nn import functional

_WORDS = ("pos", "bias_table", "attention_biases", "_rel", "rel_")


def resized(key: str, table: Tensor, wanted: Tensor) -> Tensor | None:
    """Return a table of positions in the shape of ``wanted``, None where ``key`` names none or it does not fit."""
    name = key.rpartition(".")[2]
    if name in ("weight", "bias") or not any(word in name for word in _WORDS) or table.ndim != wanted.ndim:
        return None
    old, new = tuple(table.shape), tuple(wanted.shape)
    changed = [axis for axis in range(table.ndim) if old[axis] != new[axis]]
    if "bias_table" in name:
        if table.ndim == 2:
            return _relative(table, new) if changed == [0] else None
        return _map(table, 1, new) if changed == [1, 2] else None
    if "attention_biases" in name:
        return _distances(table, new[1]) if changed == [1] else None
    if changed == [0] and re.fullmatch(r"(height|width)_rel|rel_pos_[hw]", name):
        return _line(table, new[0])
    if changed == [table.ndim - 2]:
        return _tokens(table, new[-2])
    square = len(changed) == 2 and old[changed[0]] == old[changed[1]] and new[changed[0]] == new[changed[1]]
    if square and changed[1] == changed[0] + 1:
        return _map(table, changed[0], new)
    return None


def _tokens(table: Tensor, count: int) -> Tensor | None:
    """One vector for each patch [..., N, D], after those of a few tokens that have no place."""
    side = isqrt(count)
    others = count - side * side
    old = isqrt(max(table.shape[-2] - others, 0))
    if old < 1 or old * old + others != table.shape[-2]:
        return None
    rows = table.reshape(-1, *table.shape[-2:]).float()
    grid = rows[:, others:].transpose(1, 2).reshape(rows.shape[0], -1, old, old)
    grown = _bicubic(grid, (side, side)).flatten(2).transpose(1, 2)
    made = torch.cat([rows[:, :others], grown], dim=1)
    return made.reshape(*table.shape[:-2], count, table.shape[-1]).to(table.dtype)


def _relative(table: Tensor, new: tuple[int, ...]) -> Tensor | None:
    """A bias for each distance within a window: [(2W-1)^2, heads], then entries for tokens without a place."""
    side = isqrt(new[0])
    others = new[0] - side * side
    old = isqrt(max(table.shape[0] - others, 0))
    if old < 1 or old * old + others != table.shape[0]:
        return None
    places = table.shape[0] - others
    grid = table[:places].T.reshape(1, -1, old, old).float()
    grown = _bicubic(grid, (side, side)).reshape(-1, side * side).T.to(table.dtype)
    return torch.cat([grown, table[places:]])


def _map(table: Tensor, axis: int, new: tuple[int, ...]) -> Tensor:
    """A grid of vectors, with its height at ``axis`` and its width after it."""
    rest = [other for other in range(table.ndim) if other not in (axis, axis + 1)]
    order = [*rest, axis, axis + 1]
    moved = table.permute(order)
    flat = moved.reshape(1, -1, *moved.shape[-2:]).float()
    grown = _bicubic(flat, (new[axis], new[axis + 1]))
    back = [order.index(place) for place in range(table.ndim)]
    return grown.reshape(*moved.shape[:-2], *grown.shape[-2:]).permute(back).to(table.dtype)


def _distances(table: Tensor, count: int) -> Tensor | None:
    """A bias for each head and each distance in rows and columns, [heads, rows * columns]."""
    old, side = isqrt(table.shape[1]), isqrt(count)
    if old * old != table.shape[1] or side * side != count:
        return None
    return _bicubic(table.reshape(1, -1, old, old).float(), (side, side)).reshape(-1, count).to(table.dtype)


def _line(table: Tensor, count: int) -> Tensor:
    """One vector for each distance along one axis, [2W-1, D]."""
    made = functional.interpolate(table.T[None].float(), size=count, mode="linear", align_corners=False)
    return made[0].T.to(table.dtype)


def _bicubic(grid: Tensor, size: tuple[int, int]) -> Tensor:
    if grid.is_meta:
        return torch.empty(*grid.shape[:2], *size, device="meta")
    return functional.interpolate(grid, size=size, mode="bicubic", antialias=True, align_corners=False)
