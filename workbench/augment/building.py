"""Steps of a chain made into albumentations' transforms, or refused in words. albumentations is imported by the first."""

import difflib
import re
import threading
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from workbench.augment import catalog
from workbench.augment.chain import GROUPS, Chain, ChainError, Place, Step
from workbench.augment.limits import check_growth, check_step
from workbench.augment.words import SIZE, SIZED, for_library

_NOT_OURS = ("p", "strict")

_COUNTING = ("SomeOf", "RandomOrder")

_LOCK = threading.Lock()
"""Python's filters of warnings are one for all threads."""


class Built:
    """A chain's transforms under one albumentations ``Compose``, and where each stands in the chain."""

    def __init__(self, chain: Chain, shape: tuple[int, int]) -> None:
        """Build what takes part. ``shape`` (height, width) is the size of what has none. Raises ChainError as `check`."""
        from workbench.augment.library import albumentations

        self.places: dict[int, Place] = {}
        self.leaves: list[Any] = []
        with _LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on parameters that do not matter for the ones chosen
            self.compose = albumentations.Compose(self._all(chain.steps, (), shape))
        self.top: list[Place] = [self.places[id(transform)] for transform in self.compose.transforms]

    def _all(self, steps: tuple[Step, ...], above: Place, shape: tuple[int, int]) -> list[Any]:
        found = []
        for position, step in enumerate(steps):
            place = (*above, position)
            if not step.enabled or (step.is_group and not Chain(steps=step.steps).active().steps):
                continue
            if step.is_group:
                transform = _group(step, self._all(step.steps, place, shape), place)
            else:
                transform = leaf(step, shape, place)
                self.leaves.append(transform)
            self.places[id(transform)] = place
            found.append(transform)
        return found


def check(chain: Chain) -> None:
    """Raise ChainError, in one sentence, for an unknown transform (with the nearest names) or a wrong parameter.

    What is switched off is checked too, for it can be switched on at any time.
    """
    for place, step in chain.walk():
        if not step.is_group:
            leaf(step, (64, 64), place)
        else:
            _group_params(step, place)
    check_growth(chain)
    Built(chain, (64, 64))


def leaf(step: Step, shape: tuple[int, int], place: Place) -> Any:
    """Return the transform of a step that is no group. Raises ChainError with ``place``."""
    kind = _class(step.transform, place)
    fields = kind.InitSchema.model_fields
    unknown = [name for name in step.params if name not in fields or name in _NOT_OURS]
    if unknown:
        known = ", ".join(name for name in fields if name not in _NOT_OURS) or "none"
        raise ChainError(
            f"The transform {step.transform} has no parameter '{unknown[0]}'; its parameters are: {known}.",
            place=place,
            param=unknown[0],
        )
    try:
        check_step(step)
        params = {name: for_library(name, value) for name, value in step.params.items()}
    except ChainError as error:
        raise ChainError(str(error), place=place, param=error.param) from error
    if step.transform in SIZED:
        params.setdefault(SIZE, shape)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Strictly, for else a value that breaks its validator is replaced by the default without a word. A class that
            # has its schema from another (MedianBlur, RandomRotate90, ToSepia) does not know the word.
            strictly = {"strict": True} if "InitSchema" in vars(kind) else {}
            return kind(**params, p=step.p, **strictly)
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        param, message = _blamed(error, step, fields)
        raise ChainError(
            f"The transform {step.transform} cannot be used: {message}.", place=place, param=param
        ) from error


def _group(step: Step, transforms: list[Any], place: Place) -> Any:
    from workbench.augment.library import albumentations

    params = _group_params(step, place)
    if step.transform == "OneOf" and not sum(transform.p for transform in transforms):
        raise ChainError("OneOf cannot be used: none of its steps is ever drawn; raise the p of one.", place=place)
    if step.transform in _COUNTING and not params.get("replace"):
        params["n"] = min(params.get("n", 1), len(transforms))
    return getattr(albumentations, step.transform)(transforms, p=step.p, **params)


def _group_params(step: Step, place: Place) -> dict[str, Any]:
    known = ("n", "replace") if step.transform in _COUNTING else ()
    for name, value in step.params.items():
        if name not in known:
            raise ChainError(
                f"{step.transform} has no parameter '{name}'; its parameters are: {', '.join(known) or 'none'}.",
                place=place,
                param=name,
            )
        if name == "replace" and not isinstance(value, bool):
            raise ChainError(f"{step.transform} cannot be used: replace is true or false.", place=place, param=name)
        if name == "n" and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 64):
            raise ChainError(
                f"{step.transform} cannot be used: n is a whole number from 1 to 64.", place=place, param=name
            )
    return dict(step.params)


@lru_cache(maxsize=1)
def _offered() -> dict[str, Any]:
    from workbench.augment.library import albumentations

    bases = (albumentations.ImageOnlyTransform, albumentations.DualTransform)
    return {
        name: kind
        for name, kind in vars(albumentations).items()
        if isinstance(kind, type)
        and issubclass(kind, bases)
        and kind not in (*bases, albumentations.Transform3D)
        and hasattr(kind, "InitSchema")
    }


def _class(name: str, place: Place) -> Any:
    reason = catalog.refused().get(name)
    if reason is not None:
        raise ChainError(f"The transform {name} cannot be used. {reason}", place=place)
    offered = _offered()
    if name not in offered:
        usable = [*GROUPS, *(other for other in offered if other not in catalog.refused())]
        close = ", ".join(difflib.get_close_matches(name, usable, n=3, cutoff=0.4))
        hint = f"did you mean {close}?" if close else "choose one from the list."
        raise ChainError(f"There is no transform named '{name}'; {hint}", place=place)
    return offered[name]


def _blamed(error: Exception, step: Step, fields: Iterable[str]) -> tuple[str | None, str]:
    """Return the parameter that is wrong, where one is, and what is wrong in words, without pydantic's framing."""
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        wrong: dict[str, list[Any]] = {}
        for entry in cause.errors():
            wrong.setdefault(str(entry["loc"][0]) if entry["loc"] else "", []).append(entry)
        told = {name: _in_words(entries) for name, entries in wrong.items()}
        first = next(iter(told))
        message = "; ".join(f"{name}: {text}" if name else text for name, text in told.items())
        return (first or _named_in(told[first], fields)), message
    message = readable(error)
    param = getattr(error, "param", None) or _named_in(message, step.params) or _named_in(message, fields)
    return param, message


def _named_in(message: str, names: Iterable[str]) -> str | None:
    """The one parameter that a message is about."""
    found = [name for name in names if re.search(rf"\b{re.escape(name)}\b", message)]
    return found[0] if len(found) == 1 else None


_WANTED = {
    "tuple_type": "a list of numbers",
    "list_type": "a list",
    "dict_type": "named values",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "a word",
    "none_required": "none",
}


def _in_words(entries: list[Any]) -> str:
    """Return pydantic's complaints about one value as one clause: what it wants in place of what it got."""
    outer = [entry["input"] for entry in entries if not _is_inner(entry["loc"])]
    given = outer[0] if len(outer) == len(entries) else None
    kinds = [entry["type"] for entry in entries]
    if kinds == ["missing"] and len(entries[0]["loc"]) == 1:
        return "a value is needed"
    wanted: list[str] = []
    for entry in entries:
        inner = _is_inner(entry["loc"])
        if entry["type"] == "literal_error":
            words = "one of " + entry["ctx"]["expected"].replace("'", "")
        elif entry["type"] in ("too_long", "too_short", "missing"):
            words = "a list of another length"
        elif entry["type"] in _WANTED:
            words = f"a list with {_WANTED[entry['type']]} in each place" if inner else _WANTED[entry["type"]]
        else:
            return str(entry["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ").rstrip(".")
        if words not in wanted:
            wanted.append(words)
    shown = f", not {given!r}" if isinstance(given, str | int | float) else ""
    return f"it should be {' or '.join(wanted)}{shown}"


def _is_inner(location: tuple[str | int, ...]) -> bool:
    """Whether a complaint is about an entry of the value, by where pydantic has found it."""
    return any(isinstance(part, int) for part in location)


_OPENCV = re.compile(
    r"OpenCV\([^)]*\)[^:]*:\d+: error: \(-?\d+:([^)]*)\)\s*(.*?)\s*(in function '\w+')?\s*$", re.DOTALL
)


def readable(error: Exception) -> str:
    """Return a library's message on one line, without where in the library it arose."""
    message = " ".join(str(error).split())
    if found := _OPENCV.search(message):
        message = f"OpenCV: {found[1]} {found[2]}".strip()
    return message.rstrip(".") or type(error).__name__
