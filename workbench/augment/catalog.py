"""The transforms on offer and their parameters, from ``resources/transforms.toml``. Imports no albumentations."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from workbench import resources
from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError
from workbench.registry import nearest

Kind = Literal["range", "int_range", "number", "integer", "choice", "switch", "choices", "colour", "values", "text"]
"""What a parameter's value is: see `ParamInfo`."""

NONE = "none"
"""Stands for no value where a parameter is optional: a chain holds no null."""

PRESETS = ("none", "light", "medium", "strong")
"""The chains under ``resources/chains``, from the gentlest on."""


@dataclass(frozen=True)
class ParamInfo:
    """One parameter of a transform and its control.

    The value of a ``range`` and an ``int_range`` is a list [from, to], that of a ``number`` or an ``integer`` a number, of a
    ``choice`` one of ``choices``, of ``choices`` a list of some of them, of a ``switch`` a bool, of a ``colour`` a number 0 to
    255 or a list [red, green, blue], of ``values`` a list of ``length`` numbers (0: any number of them), of a ``text``
    anything a chain may hold.
    """

    name: str
    kind: Kind
    default: Any
    """What a new step starts with."""
    low: float | None
    high: float | None
    """The ends of the slider, None where there is none. Every transform survives both."""
    step: float | None
    unit: str
    title: str
    help: str
    """One line in plain words; may be empty."""
    choices: tuple[Any, ...] = ()
    optional: bool = False
    """The value may also be `NONE`."""
    advanced: bool = False
    """Seldom changed: folded away in the form, and left out of a new step where the default is albumentations' own."""
    length: int = 0
    labels: tuple[str, ...] = ()
    """A word for each of ``choices``; empty where the choices are words themselves."""
    omitted: Any = None
    """What albumentations takes where a step leaves the parameter out; a form shows this value then."""
    least: float | None = None
    most: float | None = None
    """What may be typed beyond the slider, None: no limit known."""


@dataclass(frozen=True)
class TransformInfo:
    """One transform on offer; ``name`` is albumentations' own, ``p`` the probability it starts with."""

    name: str
    group: str
    title: str
    help: str
    params: tuple[ParamInfo, ...]
    p: float = 0.5
    slow: bool = False
    """Takes so long that a preview should paint it tile by tile."""

    def step(self) -> Step:
        """Return a step of a chain with the default probability and parameters."""
        shown = [param for param in self.params if not param.advanced or param.default != param.omitted]
        return Step(transform=self.name, p=self.p, params={param.name: param.default for param in shown})


def transforms() -> list[TransformInfo]:
    """Return what is on offer, group by group."""
    return list(_catalogue().values())


def groups() -> list[TransformInfo]:
    """Return the steps that hold steps: OneOf, SomeOf, Sequential, RandomOrder."""
    return [
        TransformInfo("OneOf", "", "One of", "Draws one of its steps for each image.", (), 0.5),
        TransformInfo("SomeOf", "", "Some of", "Draws some of its steps for each image.", (), 1.0),
        TransformInfo("Sequential", "", "All together", "Applies all of its steps, or none.", (), 0.5),
        TransformInfo("RandomOrder", "", "In any order", "Applies steps in changing order.", (), 1.0),
    ]


def refused() -> dict[str, str]:
    """Return the transforms of albumentations that are not on offer, each with the reason in plain words."""
    return {}


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
    more = {"unit": fields.get("unit", ""), "choices": choices, "omitted": fields["default"]}
    return ParamInfo(**{**fields, **optional, **more})
