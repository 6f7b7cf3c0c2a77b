"""Optimizers and learning-rate schedules."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.optim import Optimizer

from workbench.training.config import OptimizerConfig, ScheduleConfig


def create(config: OptimizerConfig, groups: Sequence[dict[str, Any]]) -> Optimizer:
    """Return the optimizer over parameter groups that already carry ``lr`` and ``weight_decay``.

    The learning rate of each group is remembered as ``initial_lr``, which `set_rate` scales.
    """
    for group in groups:
        group["initial_lr"] = group["lr"]
    if config.name == "adamw":
        return torch.optim.AdamW(groups, lr=config.learning_rate)
    return torch.optim.SGD(groups, lr=config.learning_rate, momentum=0.9, nesterov=True)


def factor(config: ScheduleConfig, step: int, steps: int) -> float:
    """Return what the learning rate is multiplied with at ``step`` (from 0) of ``steps``; above 0 and at most 1.

    A linear rise over the warm-up, then constant, or half a cosine (Loshchilov and Hutter 2017) towards zero. It
    depends on the step alone, so a resumed run needs no other state.
    """
    rise = math.ceil(config.warmup * steps)
    if step < rise:
        return (step + 1) / rise
    if config.kind == "constant":
        return 1.0
    done = (step - rise) / max(1, steps - rise)
    return max(0.5 * (1.0 + math.cos(math.pi * done)), 1e-4)


def set_rate(optimizer: Optimizer, scale: float) -> float:
    """Set each group's rate to ``scale`` times its own; return the head's (of groups without ``stage``, the highest)."""
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * scale
    heads = [group for group in optimizer.param_groups if group.get("stage") == "head"]
    return float(max(group["lr"] for group in heads or optimizer.param_groups))
