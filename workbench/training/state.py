"""Where a run is, and what it has added up so far: what a checkpoint holds beside the weights."""

import math
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor


@dataclass
class Sums:
    """Accumulated over steps, on the device: reading it at each step would wait for the device."""

    loss: Tensor
    correct: Tensor
    images: int = 0

    @classmethod
    def zero(cls, device: torch.device) -> Self:
        return cls(torch.zeros((), device=device), torch.zeros((), dtype=torch.int64, device=device))

    def add(self, loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        self.loss += loss.detach() * len(targets)
        self.correct += (logits.detach().argmax(1) == targets).sum()
        self.images += len(targets)

    def as_dict(self) -> dict[str, Any]:
        return {"loss": self.loss.cpu(), "correct": self.correct.cpu(), "images": self.images}

    @classmethod
    def from_dict(cls, fields: dict[str, Any], device: torch.device) -> Self:
        return cls(fields["loss"].to(device), fields["correct"].to(device), fields["images"])


@dataclass
class State:
    """Where a run is: always that after a whole step. ``epoch`` and ``batch`` count from 0 and name the next step.

    ``phase`` (from 0) is the one whose parts train now: that of the epoch before, until the first step of the next.
    """

    device: torch.device
    epoch: int = 0
    batch: int = 0
    step: int = 0
    phase: int = 0
    best_epoch: int = 0
    best_score: float = -1.0
    best_loss: float = math.inf
    epoch_sums: Sums = field(init=False)
    log_sums: Sums = field(init=False)
    best_logits: Tensor | None = None
    best_targets: Tensor | None = None

    def __post_init__(self) -> None:
        self.epoch_sums = Sums.zero(self.device)
        self.log_sums = Sums.zero(self.device)

    def as_dict(self) -> dict[str, Any]:
        plain = ("epoch", "batch", "step", "phase", "best_epoch", "best_score", "best_loss")
        return {name: getattr(self, name) for name in plain} | {
            "epoch_sums": self.epoch_sums.as_dict(),
            "log_sums": self.log_sums.as_dict(),
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any], device: torch.device) -> Self:
        sums = {name: Sums.from_dict(fields[name], device) for name in ("epoch_sums", "log_sums")}
        state = cls(device, **{name: value for name, value in fields.items() if name not in sums})
        state.epoch_sums, state.log_sums = sums["epoch_sums"], sums["log_sums"]
        return state
