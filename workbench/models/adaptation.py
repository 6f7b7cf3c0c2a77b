"""Weights for a backbone that takes other channels or another size than they were made for."""

from typing import Literal

from torch import nn

from workbench.models.channels import fits_folded, folded
from workbench.models.sizes import resized
from workbench.models.weights import Weights, without_prefixes

Adaptation = Literal["channels", "size"]


def adapted_to(backbone: nn.Module, weights: Weights, *, channels: int) -> tuple[Weights, dict[str, Adaptation]]:
    """Return the weights, with those changed that can be made to fit a backbone for ``channels``, and which and why.

    The first layer is folded and tables of positions are resized; everything else stays as it is, and whoever loads it
    says what does not fit.
    """
    wanted = backbone.state_dict()
    found = dict(without_prefixes(weights, wanted))
    changed: dict[str, Adaptation] = {}
    for key, value in wanted.items():
        old = found.get(key)
        if old is None or old.shape == value.shape:
            continue
        if not value.is_floating_point():
            del found[key]  # an index into a table that has another size now; the backbone computes it
            continue
        given = fits_folded(old, value, channels) if key.endswith("weight") else 0
        if given:
            found[key], changed[key] = folded(old, given, channels), "channels"
        elif (table := resized(key, old, value)) is not None:
            found[key], changed[key] = table, "size"
    return found, changed
