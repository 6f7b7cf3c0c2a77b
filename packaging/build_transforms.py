"""Builds resources/transforms.json: every albumentations transform that works on a single image, with its parameters.

Run it after an update of albumentations and after each change of resources/transforms_overlay.toml:
``python packaging/build_transforms.py``. Kinds, defaults, choices and limits come from each transform's ``InitSchema``; titles,
help, groups, the ends of the sliders and the order come from the overlay. A transform, a parameter or a refusal that only one of
the two knows ends the script with its name. ``--measure`` also times every transform anew (a minute), otherwise the times in
the file are kept. The window reads the file and needs no albumentations.
"""

import argparse
import inspect
import json
import sys
import time
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from workbench.augment.catalog import FORMAT  # noqa: E402
from workbench.augment.library import albumentations  # noqa: E402
from workbench.augment.words import BORDERS, INTERPOLATIONS, from_library  # noqa: E402

RESOURCES = ROOT / "resources"
SIDE = 384
"""Pixels. Times are of a square of this side."""
SLOW = 25.0
"""Milliseconds from which on a transform is called slow: 16 tiles of it take half a second."""
NEVER = ("p", "strict")
WORDS = {
    "border_mode": {
        "mirror": "Mirrored",
        "edge": "Edge drawn out",
        "constant": "One colour",
        "wrap": "Opposite side",
        "symmetric": "Mirrored, edge twice",
    },
    "interpolation": {
        "linear": "Linear",
        "cubic": "Cubic",
        "lanczos": "Lanczos",
        "area": "Area mean",
        "nearest": "Nearest",
        "linear_exact": "Linear, exact",
        "nearest_exact": "Nearest, exact",
    },
}
"""What the words for OpenCV's numbers are called in a form, the usual ones first."""
NUMBERS = {"border_mode": BORDERS, "interpolation": INTERPOLATIONS}
TEXTS = ("title", "help", "unit")
OURS = {*TEXTS, "kind", "default", "low", "high", "step", "least", "most", "choices", "labels", "length", "advanced"}


class OverlayError(Exception):
    """The overlay and the library do not fit together."""


def main() -> int:
    """Write the file; the exit status is 1 where overlay and library do not fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="time every transform anew")
    options = parser.parse_args()
    path = RESOURCES / "transforms.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    times = {entry["name"]: entry["milliseconds"] for entry in known.get("transforms", ())}
    try:
        built = build(times)
    except OverlayError as error:
        print(error, file=sys.stderr)
        return 1
    if options.measure or not times:
        built = build(measure(built))
    path.write_text(written(built), encoding="utf-8")
    print(f"{len(built['transforms'])} transforms, {len(built['refused'])} refused -> {path.relative_to(ROOT)}")
    return 0


def written(built: Mapping[str, Any]) -> str:
    """Return the text of the file: one parameter a line, so that a change can be read."""
    lines = ["{", *(f' "{key}": {json.dumps(built[key])},' for key in ("format", "albumentations"))]
    for key in ("groups", "transforms"):
        lines.append(f' "{key}": [')
        for number, entry in enumerate(built[key]):
            head = json.dumps({name: value for name, value in entry.items() if name != "params"}, ensure_ascii=False)
            params = ",\n".join("   " + json.dumps(param, ensure_ascii=False) for param in entry["params"])
            body = f"[\n{params}]" if params else "[]"
            lines.append(f'  {head[:-1]}, "params": {body}}}{"," if number < len(built[key]) - 1 else ""}')
        lines.append(" ],")
    refused = json.dumps(built["refused"], ensure_ascii=False, indent=2).replace("\n}", "\n }")
    return "\n".join([*lines, f' "refused": {refused}', "}", ""])


def build(times: Mapping[str, float]) -> dict[str, Any]:
    """Return the content of the file. ``times``: milliseconds of a transform. Raises OverlayError with what does not fit."""
    with (RESOURCES / "transforms_overlay.toml").open("rb") as file:
        overlay = tomllib.load(file)
    known = classes()
    named = {*overlay["transform"], *overlay["refused"]}
    wrong = {
        "not in the overlay": known.keys() - named,
        "not in albumentations": named - known.keys(),
        "both on offer and refused": overlay["transform"].keys() & overlay["refused"].keys(),
    }
    for what, names in wrong.items():
        if names:
            raise OverlayError(f"{what}: {', '.join(sorted(names))}")
    hidden = overlay["hidden"]
    transforms = [
        _transform(known[name], ours, overlay["common"], hidden, times.get(name))
        for name, ours in overlay["transform"].items()
    ]
    used = {name for kind in known.values() for name in kind.InitSchema.model_fields}
    if unused := {*hidden, *overlay["common"]} - used:
        raise OverlayError(f"no transform has a parameter of this name: {', '.join(sorted(unused))}")
    return {
        "format": FORMAT,
        "albumentations": albumentations.__version__,
        "groups": [_group(name, ours) for name, ours in overlay["groups"].items()],
        "transforms": transforms,
        "refused": overlay["refused"],
    }


def classes() -> dict[str, Any]:
    """Return albumentations' transforms by name, without the classes that others are made from."""
    bases = {"BasicTransform", "DualTransform", "ImageOnlyTransform", "Transform3D"}
    return {
        name: kind
        for name, kind in vars(albumentations).items()
        if isinstance(kind, type)
        and issubclass(kind, albumentations.BasicTransform)
        and hasattr(kind, "InitSchema")
        and name not in bases
    }


def measure(built: Mapping[str, Any]) -> dict[str, float]:
    """Return the milliseconds that each transform takes with its defaults: the quickest of several runs."""
    from workbench.augment.catalog import entry_to_info
    from workbench.augment.chain import Chain
    from workbench.augment.pipeline import Composed

    smooth = np.add.outer(np.linspace(0, 120, SIDE), np.linspace(0, 100, SIDE))
    noise = np.random.default_rng(0).integers(0, 30, (SIDE, SIDE, 3))
    image = (smooth[:, :, None] + noise).astype(np.uint8)
    times = {}
    for entry in built["transforms"]:
        step = entry_to_info(entry).step().model_copy(update={"p": 1.0})
        composed = Composed(Chain(steps=(step,)))
        composed(image, 0)
        found = []
        for seed in range(1, 8):
            start = time.perf_counter()
            composed(image, seed)
            found.append((time.perf_counter() - start) * 1000)
            if sum(found) > 3000:
                break
        times[entry["name"]] = float(f"{min(found):.2g}")
    return times


def _transform(
    kind: Any, ours: dict[str, Any], common: dict[str, Any], hidden: dict[str, str], took: float | None
) -> dict[str, Any]:
    name = kind.__name__
    fields = [field for field in kind.InitSchema.model_fields if field not in (*NEVER, *hidden)]
    said = ours.get("params", {})
    if unknown := said.keys() - set(fields):
        raise OverlayError(f"{name} has no parameter {', '.join(sorted(unknown))}, or it is hidden")
    if untold := set(fields) - said.keys() - common.keys():
        raise OverlayError(f"{name}: not in the overlay: {', '.join(sorted(untold))}")
    order = [*said, *(field for field in common if field in fields and field not in said)]
    params = [_param(kind, field, said.get(field) or common[field]) for field in order]
    return {
        "name": name,
        "group": ours["group"],
        "title": ours["title"],
        "help": ours["help"],
        "p": ours.get("p", 0.5),
        "milliseconds": took,
        "slow": (took or 0) >= SLOW,
        "params": sorted(params, key=lambda param: param.get("advanced", False)),
    }


def _group(name: str, ours: dict[str, Any]) -> dict[str, Any]:
    params = [{"name": param, **fields} for param, fields in ours.get("params", {}).items()]
    return {"name": name, "group": "", "title": ours["title"], "help": ours["help"], "p": ours["p"], "params": params}


def _param(kind: Any, name: str, ours: dict[str, Any]) -> dict[str, Any]:
    where = f"{kind.__name__}.{name}"
    if strange := ours.keys() - OURS:
        raise OverlayError(f"{where}: the overlay cannot say {', '.join(sorted(strange))}")
    field = kind.InitSchema.model_fields[name]
    members, rules, literals, optional = _opened(field.annotation, list(field.metadata))
    found: dict[str, Any] = {"name": name, "kind": ours.get("kind") or _kind(members, rules, literals)}
    if literals:
        found["choices"], labels = _choices(name, literals)
        if "choices" in ours:
            if wrong := set(ours["choices"]) - set(found["choices"]):
                raise OverlayError(f"{where} has no choice {', '.join(sorted(wrong))}")
            found["choices"] = ours["choices"]
        labels = ours.get("labels", labels)
        if labels and len(labels) != len(found["choices"]):
            raise OverlayError(f"{where}: {len(labels)} labels for the choices {found['choices']}")
        found |= {"labels": labels} if labels else {}
    found |= {"optional": True} if optional else {}
    if found["kind"] == "values":
        found["length"] = next((len(typing.get_args(m)) for m in members if typing.get_origin(m) is tuple), 0)
    omitted = _omitted(kind, name, pair="range" in found["kind"])
    default = ours.get("default", omitted)
    found |= {"omitted": _typed(omitted, found["kind"]), "default": _typed(default, found["kind"])}
    if found["kind"] not in ("choice", "choices", "switch", "text"):
        least, most = _limits(rules)
        limits = {"low": least, "high": most, "least": least, "most": most}
        for end in ("low", "high", "step", "least", "most"):
            value = ours.get(end, limits.get(end))
            found |= {} if value is None else {end: _typed(value, found["kind"])}
        if found["kind"] != "colour" and not {"low", "high", "step"} <= found.keys():
            raise OverlayError(f"{where} has no low, high or step")
    if found["default"] is None:
        raise OverlayError(f"{where} must be set and has no default")
    found |= {key: ours[key] for key in (*TEXTS, "length", "advanced") if key in ours}
    return found


def _opened(annotation: Any, rules: list[Any]) -> tuple[list[Any], list[Any], list[Any], bool]:
    """Return the types in a union, every rule on them, the literal values among them, and whether None is allowed."""
    members: list[Any] = []
    literals: list[Any] = []
    optional = False
    waiting = [annotation]
    while waiting:
        part = waiting.pop(0)
        origin = typing.get_origin(part)
        if origin in (typing.Union, types.UnionType):
            waiting += typing.get_args(part)
        elif origin is typing.Annotated:
            waiting.append(typing.get_args(part)[0])
            rules = [*rules, *part.__metadata__]
        elif origin is typing.Literal:
            literals += [value for value in typing.get_args(part) if value is not None]
            optional |= None in typing.get_args(part)
        elif part is types.NoneType:
            optional = True
        else:
            members.append(part)
    rules = [
        part for rule in rules for part in (*getattr(rule, "metadata", ()), rule)
    ]  # pydantic's Field within Annotated
    return members, rules, literals, optional


def _kind(members: list[Any], rules: list[Any], literals: list[Any]) -> str:
    if members == [bool]:
        return "switch"
    if literals and not members:
        return "choice"
    tuples = [typing.get_args(member) for member in members if typing.get_origin(member) is tuple]
    if any(len(parts) == 2 and parts[1] is Ellipsis for parts in tuples) and float in members:
        return "colour"
    if any(len(parts) == 2 and set(parts) <= {int, float} for parts in tuples):
        whole = all(set(parts) == {int} for parts in tuples) or "float2int" in map(_rule, rules)
        return "int_range" if whole else "range"
    if any(len(parts) > 2 and set(parts) <= {int, float} for parts in tuples):
        return "values"
    if members in ([int], [float]):
        return "integer" if members == [int] else "number"
    return "text"


def _choices(name: str, literals: list[Any]) -> tuple[list[Any], list[str]]:
    if name in WORDS:
        chosen = [word for word in WORDS[name] if NUMBERS[name][word] in literals]
        return chosen, [WORDS[name][word] for word in chosen]
    return literals, []


def _omitted(kind: Any, name: str, *, pair: bool) -> Any:
    """Return what a parameter is where it is left out; a range given as one number as the two that are made of it."""
    default = inspect.signature(kind).parameters[name].default
    if default is inspect.Parameter.empty:
        return None
    if pair and isinstance(default, int | float):
        default = getattr(kind(), name)
    return from_library(name, default)


def _limits(rules: list[Any]) -> tuple[float | None, float | None]:
    """Return the smallest and the largest value that the rules of a schema allow."""
    least: list[float] = []
    most: list[float] = []
    for rule in rules:
        least += [getattr(rule, end) for end in ("ge", "gt") if getattr(rule, end, None) is not None]
        most += [getattr(rule, end) for end in ("le", "lt") if getattr(rule, end, None) is not None]
        if _rule(rule) == "process_non_negative_range":
            least.append(0)
        elif _rule(rule) == "validator":  # the one that check_range_bounds makes
            bounds = inspect.getclosurevars(rule.func).nonlocals
            least += [] if bounds["min_val"] is None else [bounds["min_val"]]
            most += [] if bounds["max_val"] is None else [bounds["max_val"]]
    return max(least, default=None), min(most, default=None)


def _rule(rule: Any) -> str:
    return getattr(getattr(rule, "func", None), "__name__", "")


def _typed(value: Any, kind: str) -> Any:
    """Return whole numbers as int and others as float, so that a chain's file says which is meant."""
    if isinstance(value, list):
        return [_typed(part, kind) for part in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if kind in ("integer", "int_range", "choice"):
        return int(value)
    return float(value) if kind in ("number", "range") else value


if __name__ == "__main__":
    sys.exit(main())
