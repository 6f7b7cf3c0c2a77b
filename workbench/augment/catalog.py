"""The transforms on offer and their parameters, from ``resources/transforms.json``. Imports no albumentations.

``packaging/build_transforms.py`` makes that file.
"""

import json
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

FORMAT = 1

PRESETS = ("none", "light", "medium", "strong", "metal", "textile", "xray", "fundus", "documents")
"""The chains under ``resources/chains``: from the gentlest on, then one for each kind of image."""


@dataclass(frozen=True)
class ParamInfo:
    """One parameter of a transform and its control.

    The value of a ``range`` and an ``int_range`` is a list [from, to], that of a ``number`` or an ``integer`` a number, of a
    ``choice`` one of ``choices``, of ``choices`` a list of some of them, of a ``switch`` a bool, of ``values`` a list of
    ``length`` numbers (0: any number of them), of a ``text`` anything a chain may hold. That of a ``colour`` is a number 0 to
    255 or a list [red, green, blue]; the list alone where ``length`` is 3; or one of ``choices`` where there are some.
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
    """Seldom changed: folded away in the form."""
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
        """Return a step of a chain with the default probability and parameters.

        It leaves out what albumentations takes anyway, where that is seldom changed or none at all.
        """
        kept = [p for p in self.params if p.default != p.omitted or not (p.advanced or p.default == NONE)]
        return Step(transform=self.name, p=self.p, params={param.name: param.default for param in kept})


def transforms() -> list[TransformInfo]:
    """Return what is on offer, group by group."""
    return list(_catalogue().transforms.values())


def groups() -> list[TransformInfo]:
    """Return the steps that hold steps: OneOf, SomeOf, Sequential, RandomOrder."""
    return list(_catalogue().groups)


def refused() -> dict[str, str]:
    """Return the transforms of albumentations that are not on offer, each with the reason in plain words."""
    return dict(_catalogue().refused)


def find(name: str) -> TransformInfo:
    """Return one transform or group. Raises WorkbenchError with the nearest names, or with why it is not on offer."""
    catalogue = _catalogue()
    if name in catalogue.transforms:
        return catalogue.transforms[name]
    for group in catalogue.groups:
        if group.name == name:
            return group
    if name in catalogue.refused:
        raise WorkbenchError(f"The transform {name} is not on offer: {catalogue.refused[name]}")
    close = ", ".join(nearest(name, catalogue.transforms))
    advice = f"did you mean {close}?" if close else "choose one from the list."
    raise WorkbenchError(f"There is no transform named '{name}' on offer; {advice}")


def presets() -> dict[str, Chain]:
    """Return the bundled chains by name, in the order of `PRESETS`; `workbench.augment.presets` has their titles."""
    return {name: Chain.load(resources.path("chains", f"{name}.json")) for name in PRESETS}


def entry_to_info(entry: dict[str, Any]) -> TransformInfo:
    """Make a transform from its entry in the file."""
    params = tuple(_param(fields) for fields in entry["params"])
    texts = (entry["name"], entry["group"], entry["title"], entry["help"])
    return TransformInfo(*texts, params=params, p=entry["p"], slow=entry.get("slow", False))


@dataclass(frozen=True)
class _Catalogue:
    transforms: dict[str, TransformInfo]
    groups: tuple[TransformInfo, ...]
    refused: dict[str, str]


@lru_cache(maxsize=1)
def _catalogue() -> _Catalogue:
    found = json.loads(resources.path("transforms.json").read_text(encoding="utf-8"))
    return _Catalogue(
        {entry["name"]: entry_to_info(entry) for entry in found["transforms"]},
        tuple(entry_to_info(entry) for entry in found["groups"]),
        found["refused"],
    )


def _param(fields: dict[str, Any]) -> ParamInfo:
    absent = {"low": None, "high": None, "step": None, "unit": "", "help": ""}
    listed = {name: tuple(fields.get(name, ())) for name in ("choices", "labels")}
    return ParamInfo(**{**absent, **fields, **listed})
