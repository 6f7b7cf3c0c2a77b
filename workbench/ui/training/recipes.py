"""Recipes: what the next run has in common with a preset, and how a preset is put on a config."""

from workbench.training.config import PRESETS, TrainConfig

KEPT = ("seed", "backbone", "preprocess", "augment", "compute")
"""What belongs to the other panels and to the machine: no recipe touches it."""


def put_on(config: TrainConfig, recipe: str) -> TrainConfig:
    """Return the config with a recipe's choices, whatever an earlier recipe had changed."""
    plain = TrainConfig(**{name: getattr(config, name) for name in KEPT})
    return plain.with_settings([f"preset={recipe}"])


def of(config: TrainConfig) -> str:
    """Return the recipe that the config follows, the number of epochs aside; empty where it follows none."""
    for recipe in PRESETS:
        if put_on(config, recipe).model_copy(update={"epochs": config.epochs}) == config:
            return recipe
    return ""
