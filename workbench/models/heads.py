"""What is put on a backbone in place of its own classifier: features [N,F] in, logits [N,classes] out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

Kind = Literal["linear", "hidden", "cosine", "grouped"]


@dataclass(frozen=True)
class HeadSpec:
    """A head as plain data.

    ``linear`` is one layer, ``hidden`` has a layer of ``width`` before it, ``cosine`` compares directions. ``grouped``
    is a published classifier whose classes answer for ours: ``groups`` says how many of them for each of ours.
    """

    kind: Kind = "linear"
    width: int = 256
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or self.width < 1 or (self.kind == "grouped") != bool(self.groups):
            raise ValueError(f"not a head: {self.kind!r}, width {self.width}, groups {self.groups}")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Rebuild from `as_dict`, also after a way through JSON. Raises ValueError or TypeError for anything else."""
        return cls(**{**fields, "groups": tuple(fields.get("groups", ()))})


LINEAR = HeadSpec()


class HiddenHead(nn.Module):
    """Two linear layers with a GELU between them; no norm, so that it has no running statistics."""

    def __init__(self, features: int, classes: int, width: int) -> None:
        super().__init__()
        self.in_features, self.out_features, self.width = features, classes, width
        self.hidden = nn.Linear(features, width)
        self.output = undecided(nn.Linear(width, classes))

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.output(functional.gelu(self.hidden(features)))
        return logits


class CosineHead(nn.Module):
    """Cosine between the features and one vector per class, times a scale that is learnt from 10 on.

    The length of a class vector, which grows with the number of its images, plays no part:
    https://arxiv.org/abs/1804.09458, https://arxiv.org/abs/1904.04232.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.in_features, self.out_features = features, classes
        self.weight = nn.Parameter(torch.randn(classes, features) / features**0.5)
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, features: Tensor) -> Tensor:
        cosines = functional.linear(functional.normalize(features, dim=1), functional.normalize(self.weight, dim=1))
        return self.scale * cosines


class GroupedHead(nn.Module):
    """A published linear classifier: a class of ours has the probability of all the classes that answer for it.

    ``linear`` has one output for each of those, in the order of our classes; ``groups`` counts them. The sum of
    probabilities is the log-sum-exp of logits.
    """

    def __init__(self, features: int, groups: Sequence[int]) -> None:
        super().__init__()
        if not groups or min(groups) < 1:
            raise ValueError(f"every class needs at least one that answers for it, not {list(groups)}")
        self.in_features, self.out_features, self.groups = features, len(groups), tuple(groups)
        self.linear = nn.Linear(features, sum(groups))

    def forward(self, features: Tensor) -> Tensor:
        parts = self.linear(features).split(list(self.groups), dim=1)
        return torch.stack([part.logsumexp(dim=1) for part in parts], dim=1)


def make_head(features: int, classes: int, spec: HeadSpec) -> nn.Module:
    """Return a new head with random weights; it has ``in_features`` and ``out_features``, like a linear layer.

    The first predictions of a linear or hidden one are near 1/classes, whatever the scale of the features.
    """
    if spec.kind == "hidden":
        return HiddenHead(features, classes, spec.width)
    if spec.kind == "cosine":
        return CosineHead(features, classes)
    if spec.kind == "grouped":
        if len(spec.groups) != classes:
            raise ValueError(f"{len(spec.groups)} groups are not {classes} classes")
        return GroupedHead(features, spec.groups)
    return undecided(nn.Linear(features, classes))


def spec_of(head: nn.Module) -> HeadSpec:
    """Return what `make_head` needs to make a head of the same shape."""
    if isinstance(head, HiddenHead):
        return HeadSpec("hidden", head.width)
    if isinstance(head, CosineHead):
        return HeadSpec("cosine")
    if isinstance(head, GroupedHead):
        return HeadSpec("grouped", groups=head.groups)
    if type(head) is nn.Linear:
        return HeadSpec()
    raise ValueError(f"not a head of ours: {type(head).__name__}")


def undecided(layer: nn.Linear) -> nn.Linear:
    """Give a last layer small random weights and no bias."""
    nn.init.normal_(layer.weight, std=0.01)
    nn.init.zeros_(layer.bias)
    return layer
