"""How another way to a classifier is taken without losing what was set on the one before. No widgets."""

from typing import Any

from workbench.training.config import WAYS, TrainConfig
from workbench.ui.run_way import way_of

KEPT = ("method", "epochs", "freeze", "then", "batch_norm")
"""What a way sets as a whole; each way has its own of it, and gets it back when it is taken again."""
RATES = ("learning_rate", "backbone_factor", "layer_decay", "stage_factors")


class WayMemory:
    """Remembers what each way was set to, and the weights that were chosen before a way without any."""

    def __init__(self) -> None:
        self._settings: dict[str, dict[str, Any]] = {}
        self._weights = ""

    def take(self, config: TrainConfig, way: str) -> TrainConfig:
        """Return ``config`` on another way; on one that was left before, as it was left."""
        now = way_of(config)
        if now == way:
            return config
        self._remember(config, now)
        made = self._recalled(config, way) or self._begun(config, way)
        if config.backbone.weights == "none" and made.backbone.weights == "hub" and self._weights:
            weights = made.backbone.model_copy(update={"weights": self._weights})
            made = made.model_copy(update={"backbone": weights})
        return made

    def _remember(self, config: TrainConfig, way: str) -> None:
        kept: dict[str, Any] = {name: getattr(config, name) for name in KEPT}
        kept["rates"] = {name: getattr(config.optimizer, name) for name in RATES}
        self._settings[way] = kept
        if config.backbone.weights not in ("hub", "none"):
            self._weights = config.backbone.weights

    def _begun(self, config: TrainConfig, way: str) -> TrainConfig:
        epochs = WAYS[way].get("epochs", config.total_epochs)
        return config.with_settings([f"preset={way}", f"epochs={epochs}"])

    def _recalled(self, config: TrainConfig, way: str) -> TrainConfig | None:
        kept = self._settings.get(way)
        if kept is None:
            return None
        begun = self._begun(config, way)
        changes: dict[str, Any] = {name: kept[name] for name in KEPT}
        changes["optimizer"] = config.optimizer.model_copy(update=kept["rates"])
        return begun.model_copy(update=changes)
