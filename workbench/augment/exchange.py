"""Chains as files: ours, albumentations' own JSON and YAML, Python code. Imports no albumentations.

Reading builds and evaluates nothing: a file is JSON or plain YAML, its names are looked up in the catalogue.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from workbench.augment import catalog
from workbench.augment.chain import DEEPEST, GROUPS, MOST_STEPS, Chain, ChainError, Place, Step, told_plainly
from workbench.augment.plain_check import check_plainly
from workbench.augment.words import BORDERS, INTERPOLATIONS, NOT_OURS, SIZE, SIZED, for_library, from_library
from workbench.errors import WorkbenchError

Kind = Literal["workbench", "albumentations"]

YAML_ENDINGS = (".yaml", ".yml")

_VERSION = "2.0.8"
_CLASS = "__class_fullname__"
_MOST_BYTES = 256 * 1024
_MOST_NODES = 20_000
_DEEPEST_NODE = 24
_ADVICE = "choose a chain saved by Workbench or by albumentations"

_CHAINS = ("Compose", "Sequential")
_OWN_FIELDS = ("transforms", "p", "always_apply", "n", "replace", _CLASS)
_LAST = ("Normalize", "ToFloat", "ToTensorV2")
"""What many files end with, and Workbench does itself after the chain."""

_LEFT_BEHIND = {
    "SafeRotate": (
        "balanced_scale",
        "fit_output",
        "keep_ratio",
        "rotate",
        "scale",
        "shear",
        "translate_percent",
        "translate_px",
    ),
    "PadIfNeeded": ("padding",),
    "PlasmaShadow": ("plasma_size",),
    "RGBShift": ("approximation", "noise_params", "noise_type", "spatial_mode"),
}
"""What albumentations writes of a transform's parent, and ignores when it reads."""

_DEFAULT_CHANCE = 0.5


def read(path: Path) -> Chain:
    """Return the chain in a file: ours, or albumentations' JSON or YAML.

    Raises WorkbenchError, which names the file and the step, for what cannot be read, an unknown transform or parameter, a
    wrong type, an absurd size. `pipeline.check` finds what only albumentations knows.
    """
    fields = _parsed(path)
    if _CLASS in fields or "transform" in fields:
        return from_albumentations(fields, str(path))
    try:
        text = json.dumps(fields)
    except (TypeError, ValueError) as error:
        raise WorkbenchError(f"{path} holds values that no chain holds ({error}); {_ADVICE}.") from error
    if "steps" not in fields:
        raise WorkbenchError(f"{path} holds no chain; {_ADVICE}.")
    chain = Chain.loads(text, source=str(path))
    _checked(chain, str(path))
    return chain


def check(chain: Chain, source: str) -> None:
    """Raise ChainError, which names ``source`` and the step, for a chain that cannot run. Imports albumentations."""
    from workbench.augment import building

    try:
        building.check(chain)
    except ChainError as error:
        raise _refused(source, str(error), error.place) from error


def write(chain: Chain, path: Path, *, side: int, kind: Kind = "workbench") -> None:
    """Write the chain in the form that the file's ending and ``kind`` say: .json, .yaml, .yml or .py.

    YAML and Python are always albumentations'; ``side`` is the model's input size in pixels, to which they resize at the
    end. Raises WorkbenchError where the chain cannot run, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending == ".py":
        text = to_python(chain, side)
    elif ending in YAML_ENDINGS:
        text = _as_yaml(to_albumentations(chain, side))
    elif ending == ".json":
        ours = kind == "workbench"
        text = chain.dumps() if ours else json.dumps(to_albumentations(chain, side), indent=2, ensure_ascii=False)
    else:
        raise WorkbenchError(f"{path} cannot be written: a chain is saved as .json, .yaml or .py; change the ending.")
    unfinished = path.with_name(f".{path.name}.part")  # a full disk leaves the file that was there
    try:
        unfinished.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        reason = error.strerror or str(error)
        raise WorkbenchError(f"The chain cannot be saved to {path}: {reason}; choose another place.") from error


def to_albumentations(chain: Chain, side: int) -> dict[str, Any]:
    """Return what ``albumentations.from_dict`` reads; images come out ``side`` x ``side`` (0: as the chain leaves them).

    What is switched off is left out. Raises ChainError where the chain cannot run.
    """
    check_plainly(chain)
    transforms = [_exported(step, side) for step in chain.active().steps]
    transforms += [{_CLASS: "Resize", **_resize(side)}] if side else []
    return {"__version__": _VERSION, "transform": {_CLASS: "Compose", "p": 1.0, "transforms": transforms}}


def from_albumentations(fields: dict[str, Any], source: str) -> Chain:
    """Return the chain in what ``albumentations.to_dict`` gives; ``source`` names it in errors.

    Left out is what concerns masks, boxes and points alone; the resizing that `to_albumentations` adds; and, at the end,
    normalising and making tensors, which Workbench does itself. Raises WorkbenchError as `read` does.
    """
    top = fields.get("transform", fields)
    try:
        _count(top)
        steps = _top(top)
        chain = Chain(steps=tuple(steps))
    except _Misfit as misfit:
        raise _refused(source, str(misfit), misfit.place, misfit.name) from misfit
    except (ValidationError, RecursionError) as error:
        raise WorkbenchError(f"{source} cannot be used: {told_plainly(error)}.") from error
    _checked(chain, source)
    return chain


def to_python(chain: Chain, side: int) -> str:
    """Return a module with ``augment(image, seed)``, which gives the pixels of the training. Raises ChainError."""
    fields = to_albumentations(chain, side)["transform"]
    lines = [line for transform in fields["transforms"] for line in _code(transform, 2)]
    uses_cv2 = any("cv2." in line for line in lines)
    imports = ["import random", "", "import albumentations as A", *(["import cv2"] if uses_cv2 else [])]
    return "\n".join(
        [
            f'"""An augmentation chain made with Workbench, for albumentations {_VERSION}."""',
            "",
            *imports,
            "import numpy as np",
            "",
            "transform = A.Compose(",
            "    [",
            *lines,
            "    ]",
            ")",
            "",
            "",
            "def augment(image, seed):",
            '    """Return the augmented image: uint8, (height, width, 3), red first; the same for the same seed."""',
            "    transform.set_random_state(np.random.default_rng(seed), random.Random(seed))",
            '    return transform(image=image)["image"]',
            "",
        ]
    )


class _Misfit(ValueError):
    """What in a file is not ours to read, and at which step."""

    def __init__(self, message: str, place: Place = (), name: str = "") -> None:
        super().__init__(message)
        self.place = place
        self.name = name


def _refused(source: str, message: str, place: Place | None, name: str = "") -> ChainError:
    number = ".".join(str(position + 1) for position in place or ())
    where = f" at step {number}" if number else ""
    named = f" ({name})" if number and name else ""
    ended = message if message.endswith("?") else message.rstrip(".") + "."
    return ChainError(f"{source} cannot be used{where}{named}: {ended}", place=place or None)


def _checked(chain: Chain, source: str) -> None:
    try:
        check_plainly(chain)
    except ChainError as error:
        raise _refused(source, str(error), error.place) from error


def _parsed(path: Path) -> dict[str, Any]:
    if path.suffix.lower() == ".py":
        raise WorkbenchError(f"{path} is program code, which Workbench does not run; choose a JSON or YAML file.")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read: {error.strerror or error}; {_ADVICE}.") from error
    if len(data) > _MOST_BYTES:
        raise WorkbenchError(f"{path} is larger than {_MOST_BYTES // 1024} KB, which no chain is; {_ADVICE}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkbenchError(f"{path} is no text in UTF-8; {_ADVICE}.") from error
    is_yaml = path.suffix.lower() in YAML_ENDINGS or not text.lstrip().startswith(("{", "["))
    fields = _from_yaml(text, path) if is_yaml and path.suffix.lower() != ".json" else _from_json(text, path)
    try:
        _count(fields)
    except _Misfit as misfit:
        raise WorkbenchError(f"{path} cannot be used: {misfit}; {_ADVICE}.") from misfit
    if not isinstance(fields, dict):
        raise WorkbenchError(f"{path} holds no chain; {_ADVICE}.")
    return fields


def _from_json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason: Exception | str = error
        if isinstance(error, RecursionError):
            reason = "it is nested too deeply"
        elif not isinstance(error, json.JSONDecodeError):
            reason = "it holds a number of thousands of digits"
        raise WorkbenchError(f"{path} is not JSON ({reason}); {_ADVICE}.") from error


def _from_yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.constructor.ConstructorError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise WorkbenchError(
            f"{path} holds{line} what is not plain YAML ({error.problem}); nothing of it was run; {_ADVICE}."
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise WorkbenchError(f"{path} is not YAML ({reason}); {_ADVICE}.") from error


def _as_yaml(fields: dict[str, Any]) -> str:
    import yaml

    text: str = yaml.safe_dump(fields, sort_keys=False, default_flow_style=None, allow_unicode=True, width=120)
    return text


def _count(value: Any) -> None:
    """Raise _Misfit for a table that is too large or too deep, as one is that repeats itself by YAML's anchors."""
    seen = 0
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        entry, depth = waiting.pop()
        seen += 1
        if seen > _MOST_NODES:
            raise _Misfit("it holds more values than any chain")
        if depth > _DEEPEST_NODE:
            raise _Misfit("it is nested too deeply")
        if isinstance(entry, dict):
            waiting += [(inner, depth + 1) for inner in entry.values()]
        elif isinstance(entry, list | tuple | set):
            waiting += [(inner, depth + 1) for inner in entry]


def _top(top: Any) -> list[Step]:
    name = _name(top, ())
    if name not in (*_CHAINS, "ReplayCompose"):
        return [_imported(top, (0,), 0)]
    inner = _inner(top, ())
    side = 0
    while inner and _name(inner[-1], (len(inner) - 1,)) in _LAST:
        inner = inner[:-1]
    if inner and (side := _own_resize(inner[-1])):
        inner = inner[:-1]
    steps = [_imported(node, (position,), side) for position, node in enumerate(inner)]
    chance = _chance(top, (), 1.0)
    return steps if chance == 1.0 else [Step(transform="Sequential", p=chance, steps=tuple(steps))]


def _imported(node: Any, place: Place, side: int) -> Step:
    name = _name(node, place)
    if len(place) > DEEPEST:
        raise _Misfit(f"groups may be nested {DEEPEST - 1} deep at most", place, name)
    if name == "OneOrOther":
        first, other = _members(node, place, name, side, exactly=2)
        chance = _chance(node, place, 0.5)
        weighed = (first.model_copy(update={"p": chance}), other.model_copy(update={"p": 1 - chance}))
        return Step(transform="OneOf", p=1.0, steps=weighed)
    if name in (*GROUPS, *_CHAINS):
        group = "Sequential" if name in _CHAINS else name
        params = {key: node[key] for key in ("n", "replace") if key in node and group in ("SomeOf", "RandomOrder")}
        chance = _chance(node, place, 0.5 if group == "OneOf" else 1.0)
        return _step(place, transform=group, p=chance, params=params, steps=tuple(_members(node, place, name, side)))
    if "transforms" in node:
        raise _Misfit(f"Workbench has no {name}; take it out, or replace it by one of {', '.join(GROUPS)}", place, name)
    params = dict(_params(node, place, name))
    if name in SIZED and side and params.get(SIZE) == [side, side]:
        del params[SIZE]
    return _step(place, transform=name, p=_chance(node, place, _DEFAULT_CHANCE), params=params)


def _step(place: Place, **fields: Any) -> Step:
    try:
        return Step(**fields)
    except ValidationError as error:
        raise _Misfit(told_plainly(error), place, fields["transform"]) from error


def _members(node: dict[str, Any], place: Place, name: str, side: int, *, exactly: int = 0) -> list[Step]:
    inner = _inner(node, place)
    if exactly and len(inner) != exactly:
        raise _Misfit(f"it should hold {exactly} transforms", place, name)
    return [_imported(other, (*place, position), side) for position, other in enumerate(inner)]


def _inner(node: dict[str, Any], place: Place) -> list[Any]:
    inner = node.get("transforms")
    if not isinstance(inner, list):
        raise _Misfit("its transforms should be a list", place, _name(node, place))
    if len(inner) > MOST_STEPS + 8:
        raise _Misfit(f"a chain has at most {MOST_STEPS} steps, this one has {len(inner)}", place)
    return inner


def _name(node: Any, place: Place) -> str:
    if not isinstance(node, dict):
        raise _Misfit("a transform should be a table of its parameters", place)
    if node.get("__type__") == "Lambda":
        raise _Misfit(catalog.refused().get("Lambda", "it runs program code"), place, "Lambda")
    full = node.get(_CLASS)
    if not isinstance(full, str) or not full or len(full) > 200:
        raise _Misfit(f"a transform has no name ({_CLASS})", place)
    package, _, name = full.rpartition(".")
    if package and package.split(".")[0] != "albumentations":
        raise _Misfit(f"{full} is no transform of albumentations", place)
    return name


def _chance(node: dict[str, Any], place: Place, missing: float) -> float:
    chance = 1.0 if node.get("always_apply") is True else node.get("p", missing)
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise _Misfit(f"p should be a number from 0 to 1, not {chance!r}", place, _name(node, place))
    return float(chance)


def _params(node: dict[str, Any], place: Place, name: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if not isinstance(key, str):
            raise _Misfit(f"its parameter {key!r} is no name", place, name)
        if key in _OWN_FIELDS or key in _LEFT_BEHIND.get(name, ()):
            continue
        if key in NOT_OURS:
            if key == "mask" and value is not None:
                raise _Misfit("it carries a mask, which a chain cannot", place, name)
            continue
        yield key, from_library(key, value)


def _own_resize(node: Any) -> int:
    """Return the side to which `to_albumentations` has the image resized, 0 for any other transform."""
    if not isinstance(node, dict) or node.get(_CLASS) != "Resize":
        return 0
    side = node.get("height")
    fits = isinstance(side, int) and all(node.get(name) == value for name, value in _resize(side).items())
    return int(side) if fits and isinstance(side, int) else 0


def _resize(side: int) -> dict[str, Any]:
    return {
        "height": side,
        "width": side,
        "interpolation": INTERPOLATIONS["linear"],
        "area_for_downscale": "image",
        "p": 1.0,
    }


def _exported(step: Step, side: int) -> dict[str, Any]:
    fields: dict[str, Any] = {_CLASS: step.transform, "p": step.p}
    if step.is_group:
        params: dict[str, Any] = {"n": 1, "replace": False, **step.params}
        if step.transform in ("SomeOf", "RandomOrder"):
            fields |= {
                "n": params["n"] if params["replace"] else min(params["n"], len(step.steps)),
                "replace": params["replace"],
            }
        return {**fields, "transforms": [_exported(inner, side) for inner in step.steps]}
    fields |= {name: for_library(name, value) for name, value in step.params.items()}
    if step.transform in SIZED and SIZE not in fields:
        if not side:
            raise ChainError(f"The transform {step.transform} needs a size; give the model's input size.")
        fields[SIZE] = [side, side]
    return fields


_CONSTANTS = {
    "border_mode": dict(
        zip(BORDERS.values(), ("CONSTANT", "REPLICATE", "WRAP", "REFLECT_101", "REFLECT"), strict=True)
    ),
    "interpolation": dict(
        zip(
            INTERPOLATIONS.values(),
            ("NEAREST", "LINEAR", "CUBIC", "AREA", "LANCZOS4", "LINEAR_EXACT", "NEAREST_EXACT"),
            strict=True,
        )
    ),
}
_PREFIXES = {"border_mode": "cv2.BORDER_", "interpolation": "cv2.INTER_"}


def _code(fields: dict[str, Any], depth: int) -> list[str]:
    indent = "    " * depth
    name = fields[_CLASS]
    params = {key: value for key, value in fields.items() if key not in (_CLASS, "p", "transforms")}
    arguments = [f"{key}={_literal(key, value)}" for key, value in params.items()] + [f"p={fields['p']!r}"]
    if "transforms" not in fields:
        return [f"{indent}A.{name}({', '.join(arguments)}),"]
    inner = [line for transform in fields["transforms"] for line in _code(transform, depth + 2)]
    return [
        f"{indent}A.{name}(",
        f"{indent}    [",
        *inner,
        f"{indent}    ],",
        *(f"{indent}    {argument}," for argument in arguments),
        f"{indent}),",
    ]


def _literal(name: str, value: Any) -> str:
    kind = "interpolation" if name.endswith("interpolation") else name
    if kind in _CONSTANTS and isinstance(value, int) and value in _CONSTANTS[kind]:
        return _PREFIXES[kind] + _CONSTANTS[kind][value]
    # Only the outer list: within it, some transforms take a tuple for a range and a list for a choice.
    return repr(tuple(value)) if isinstance(value, list) else repr(value)
