"""What a network consists of, as plain data: stages, their layers, and what each of them costs. Imports no torch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True)
class LayerInfo:
    """A module of the network, with all that is inside it.

    ``path`` is relative to the network (``backbone.layer4.1.conv1``), ``kind`` the name of its class; a tensor that a
    module learns beside its layers (a class token) is a layer of the kind ``Parameter``. ``output`` is the shape for one
    image without the batch, empty where it gives no single tensor. ``macs`` are multiply-adds for one image, ``memory``
    bytes in float32 that training keeps of it for one image. ``depth`` is 0 for what the stage consists of; layers of
    depth n + 1 follow the one of depth n that holds them. ``has_norm_statistics``: it has, or holds, running statistics.
    """

    path: str
    kind: str
    output: list[int]
    parameters: int
    macs: int
    depth: int
    has_norm_statistics: bool
    memory: int = 0
    fixed: int = 0
    """Of the parameters those that never train: tables that the backbone itself holds fixed."""


@dataclass(frozen=True)
class StageInfo:
    """A part that freezes as one (`workbench.models.stages`); figures as those of `LayerInfo`."""

    name: str
    parameters: int
    macs: int
    memory: int
    layers: list[LayerInfo] = field(default_factory=list)
    fixed: int = 0

    @property
    def has_norm_statistics(self) -> bool:
        return any(layer.has_norm_statistics for layer in self.layers)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        layers = [LayerInfo(**_known(LayerInfo, layer)) for layer in content["layers"]]
        return cls(**{**_known(cls, content), "layers": layers})


@dataclass(frozen=True)
class Anatomy:
    """A network from stem to head, for images of ``size`` pixels.

    ``parameters``, ``macs`` (multiply-adds for one image) and ``memory`` (bytes in float32 that training keeps for one
    image where everything trains) are those of all ``stages``, the head of ``classes`` outputs included. ``features`` is
    the length of the vector that the head gets.
    """

    name: str
    size: int
    channels: int
    classes: int
    features: int
    stages: list[StageInfo]
    parameters: int
    macs: int
    memory: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Rebuild from `as_dict`, also after a way through JSON; keys that are not known are left.

        Raises KeyError, TypeError or ValueError for anything else.
        """
        stages = [StageInfo.from_dict(stage) for stage in content["stages"]]
        return cls(**{**_known(cls, content), "stages": stages})

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild from `to_json`. Raises as `from_dict`, and ValueError for text that is no JSON."""
        return cls.from_dict(json.loads(text))


def _known(kind: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {key: value for key, value in content.items() if key in names}
