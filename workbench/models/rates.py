"""How fast each stage of a network learns, as a share of the head's rate. Imports no torch, so the window shows it too."""

import math
from collections.abc import Mapping, Sequence

from workbench.errors import WorkbenchError
from workbench.models.part_names import advice
from workbench.registry import nearest

LARGEST = 100.0


def stage_rates(
    stages: Sequence[str],
    *,
    backbone_factor: float,
    layer_decay: float = 1.0,
    stage_factors: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return what the learning rate is multiplied with in each stage; ``stages`` from stem to head, the head last.

    The head learns at 1. A stage k steps before it learns at ``backbone_factor * layer_decay ** k`` (layer-wise decay as
    in BEiT, https://arxiv.org/abs/2106.08254), or at its own factor in ``stage_factors``. Raises WorkbenchError for a
    factor of a stage that is not there (with the nearest names), and for one that is not above 0 and at most 100.
    """
    own = dict(stage_factors or {})
    for name, factor in own.items():
        if name not in stages:
            raise WorkbenchError(
                f"There is no stage '{name}', for which optimizer.stage_factors has a rate; "
                f"{advice(nearest(name, stages), stages)}"
            )
        if not (math.isfinite(factor) and 0 < factor <= LARGEST):
            raise WorkbenchError(
                f"The rate of the stage '{name}' is {factor:g}, which is not above 0 and at most {LARGEST:g}; correct "
                "optimizer.stage_factors, or freeze the stage."
            )
    last = len(stages) - 1
    rates = {
        name: backbone_factor * layer_decay ** (last - number) if number < last else 1.0
        for number, name in enumerate(stages)
    }
    return rates | own
