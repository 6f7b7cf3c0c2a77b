"""Recipes: what the next run has in common with a preset, and how a preset is put on a config."""

from functools import cache
from typing import Any

from workbench.training.config import PRESETS, TrainConfig

KEPT = ("seed", "backbone", "preprocess", "head", "batch_norm", "augment", "rare", "mix", "compute")
"""What belongs to the other panels and to the machine: no recipe touches it."""


def put_on(config: TrainConfig, recipe: str) -> TrainConfig:
    """Return the config with a recipe's choices, whatever an earlier recipe had changed."""
    plain = TrainConfig(**{name: getattr(config, name) for name in KEPT})
    return plain.with_settings([f"preset={recipe}"])


def of(config: TrainConfig) -> str:
    """Return the recipe that the config follows, the number of epochs aside; empty where it follows none."""
    for recipe in PRESETS:
        if all(getattr(config, name) == value for name, value in _chosen(recipe).items()):
            return recipe
    return ""


@cache
def _chosen(recipe: str) -> dict[str, Any]:
    """Return what a recipe chooses; it is the same whatever it is put on. Asked with each move of any slider."""
    put = put_on(TrainConfig(), recipe)
    return {name: getattr(put, name) for name in TrainConfig.model_fields if name not in (*KEPT, "epochs")}
