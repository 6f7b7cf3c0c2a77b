"""The network that a config describes, and how pixels reach it: the one place that reads those parts of the config."""

from typing import Any

from workbench.models.backbones import LoadReport, Network, create
from workbench.models.catalog import BackboneInfo, find, with_tag
from workbench.models.heads import HeadSpec
from workbench.models.preprocess import PreprocessSpec
from workbench.training.config import TrainConfig


def backbone_of(config: TrainConfig) -> BackboneInfo:
    """Return what the catalogue knows of the backbone with its weights. Raises WorkbenchError for unknown ones."""
    return with_tag(find(config.backbone.name), config.backbone.tag)


def make_network(
    config: TrainConfig, classes: int, *, weights: str | None = None, head: HeadSpec | None = None
) -> tuple[Network, LoadReport]:
    """Return the network with a new head, and what loading did; ``weights`` (``none``) and ``head`` in place of the config's.

    Raises WorkbenchError as `workbench.models.backbones.create` does.
    """
    backbone = config.backbone
    return create(
        backbone.name,
        weights=backbone.weights if weights is None else weights,
        classes=classes,
        dropout=backbone.dropout,
        head=HeadSpec(config.head.kind, config.head.width) if head is None else head,
        channels=backbone.channels,
        drop_path=backbone.drop_path,
        size=config.preprocess.size,
        tag=backbone.tag,
    )


def make_spec(config: TrainConfig, *, decoding: dict[str, Any] | None = None) -> PreprocessSpec:
    """Return how pixels reach the network. Raises WorkbenchError where the backbone cannot take the size."""
    return PreprocessSpec.for_backbone(
        backbone_of(config),
        size=config.preprocess.size,
        resize=config.preprocess.resize,
        decoding=decoding,
        channels=config.backbone.channels,
    )
