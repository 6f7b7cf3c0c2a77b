"""The transforms on offer, from ``resources/transforms.toml``. Imports no albumentations."""

from dataclasses import dataclass
from typing import Any, Literal

from workbench.augment.chain import Chain, Step

Kind = Literal["range", "int_range", "number", "integer", "choice", "switch"]


@dataclass(frozen=True)
class ParamInfo:
    """One parameter of a transform. Ranges are [low, high] lists; a choice's value is one of ``choices``."""

    name: str
    kind: Kind
    default: Any
    low: float | None
    high: float | None
    step: float | None
    unit: str
    title: str
    help: str
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class TransformInfo:
    """One transform: ``name`` is albumentations' own."""

    name: str
    group: str
    title: str
    help: str
    params: tuple[ParamInfo, ...]
    p: float = 0.5

    def step(self) -> Step:
        """Return a step of a chain with the default probability and parameters."""
        raise NotImplementedError


def transforms() -> list[TransformInfo]:
    """Return the catalogue in its own order (by group)."""
    raise NotImplementedError


def find(name: str) -> TransformInfo:
    """Return one transform. Raises WorkbenchError with the nearest names."""
    raise NotImplementedError


def presets() -> dict[str, Chain]:
    """Return the chains none, light, medium, strong, in this order."""
    raise NotImplementedError
