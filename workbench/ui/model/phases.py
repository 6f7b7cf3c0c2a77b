"""The timeline of a config as something to edit: phases added, removed, changed. No Qt."""

from collections.abc import Sequence
from typing import Any

from workbench.training.config import Freeze, FreezeNothing, FreezeStages, TrainConfig
from workbench.training.parts import Phase

MOST = 17
"""The first phase and the sixteen that may follow."""


def changes(phases: Sequence[Phase]) -> dict[str, Any]:
    """Return the fields of a config that say these phases. The first has no rate of its own: it is the run's."""
    first, *later = phases
    return {"epochs": first.epochs, "freeze": first.freeze, "then": tuple(later)}


def with_phase(config: TrainConfig, number: int, **fields: Any) -> dict[str, Any]:
    """Return the changed fields of the config after a change of one phase."""
    phases = list(config.phases)
    phases[number] = phases[number].model_copy(update=fields)
    return changes(phases)


def with_epochs(config: TrainConfig, epochs: Sequence[int]) -> dict[str, Any]:
    """Return the changed fields after all phases got other lengths."""
    parts = zip(config.phases, epochs, strict=True)
    return changes([phase.model_copy(update={"epochs": each}) for phase, each in parts])


def added(config: TrainConfig, after: int) -> dict[str, Any]:
    """Return the changed fields with one phase more, which opens a step further than the one before it."""
    phases = list(config.phases)
    before = phases[after]
    made = Phase(epochs=before.epochs, freeze=_opened(before.freeze), rate=max(0.01, round(before.rate / 2, 3)))
    return changes([*phases[: after + 1], made, *phases[after + 1 :]])


def removed(config: TrainConfig, number: int) -> dict[str, Any]:
    """Return the changed fields without one phase; the only one stays."""
    phases = list(config.phases)
    if len(phases) > 1:
        del phases[number]
    return changes(phases)


def _opened(freeze: Freeze) -> Freeze:
    match freeze.kind:
        case "backbone":
            return FreezeStages(train_last=1)
        case "stages":
            return FreezeStages(train_last=min(64, freeze.train_last + 1))
    return FreezeNothing()
