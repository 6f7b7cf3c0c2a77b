"""The transforms on offer and their parameters, from ``resources/transforms.toml``. Imports no albumentations."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from workbench import resources
from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError
from workbench.registry import nearest

Kind = Literal["range", "int_range", "number", "integer", "choice", "switch"]

PRESETS = ("none", "light", "medium", "strong")
"""The chains under ``resources/chains``, from the gentlest on."""


@dataclass(frozen=True)
class ParamInfo:
    """One parameter of a transform and its control.

    The value of a range is a list [from, to] within ``low`` and ``high``, that of a choice one of ``choices``. ``low``,
    ``high`` and ``step`` are None for choices and switches.
    """

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
    """One transform on offer; ``name`` is albumentations' own, ``p`` the probability it starts with."""

    name: str
    group: str
    title: str
    help: str
    params: tuple[ParamInfo, ...]
    p: float = 0.5

    def step(self) -> Step:
        """Return a step of a chain with the default probability and parameters."""
        return Step(transform=self.name, p=self.p, params={param.name: param.default for param in self.params})


def transforms() -> list[TransformInfo]:
    """Return what is on offer, group by group."""
    return list(_catalogue().values())


def find(name: str) -> TransformInfo:
    """Return one transform. Raises WorkbenchError with the nearest names."""
    catalogue = _catalogue()
    if name not in catalogue:
        close = ", ".join(nearest(name, catalogue)) or ", ".join(catalogue)
        raise WorkbenchError(f"There is no transform named '{name}' on offer; did you mean {close}?")
    return catalogue[name]


def presets() -> dict[str, Chain]:
    """Return the chains none, light, medium and strong, in this order."""
    return {name: Chain.load(resources.path("chains", f"{name}.json")) for name in PRESETS}


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, TransformInfo]:
    with resources.path("transforms.toml").open("rb") as file:
        entries = tomllib.load(file)["transform"]
    return {entry["name"]: _transform(entry) for entry in entries}


def _transform(entry: dict[str, Any]) -> TransformInfo:
    params = tuple(_param(fields) for fields in entry.get("params", ()))
    texts = (entry["name"], entry["group"], entry["title"], entry["help"])
    return TransformInfo(*texts, params=params, p=entry.get("p", 0.5))


def _param(fields: dict[str, Any]) -> ParamInfo:
    optional = {name: fields.get(name) for name in ("low", "high", "step")}
    choices = tuple(fields.get("choices", ()))
    return ParamInfo(**{**fields, **optional, "unit": fields.get("unit", ""), "choices": choices})
