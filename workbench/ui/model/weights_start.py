"""Which of the four starts a config's weights are: published ones, a file's, a run's, or none. No Qt."""

from workbench.training.config import BackboneConfig

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
RUN = "run:"


def source_of(weights: str) -> str:
    """Return which of the four choices a config's ``weights`` are: hub, file, run or none."""
    if weights in ("hub", "none"):
        return weights
    return "run" if weights.startswith(RUN) else "file"


def with_backbone(config: BackboneConfig, name: str) -> BackboneConfig:
    """Return the config with another backbone: names of weights and runs belong to the one of before."""
    weights = "hub" if config.weights.startswith(RUN) else config.weights
    return BackboneConfig.model_validate({**config.model_dump(), "name": name, "tag": "", "weights": weights})
