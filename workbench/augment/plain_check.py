"""Is a chain from elsewhere one that could run? Told from the catalogue alone, so the window can ask without albumentations.

What only albumentations itself knows, such as that a range must rise, is left to `pipeline.check`.
"""

from typing import Any

from workbench.augment import catalog
from workbench.augment.catalog import ParamInfo
from workbench.augment.chain import GROUPS, Chain, ChainError, Step
from workbench.augment.limits import check_growth, check_step, numbers_in
from workbench.augment.words import NONE, NOT_OURS, SIZE, SIZED, for_library, from_library
from workbench.errors import WorkbenchError
from workbench.registry import nearest

_SCALARS = ("number", "integer")
_RANGES = ("range", "int_range")
_WHOLE = ("integer", "int_range")
_SEVERAL = ("max_size", "padding", "fill", "drop_value")
"""Parameters that albumentations takes as one number or as several."""
_FOUR_SIDES = ("px", "percent")
_AXES = ("x", "y")
"""How a parameter of Affine names its two axes, where they differ."""


def check_plainly(chain: Chain) -> None:
    """Raise ChainError, with the place, for an unknown transform or parameter, a wrong type, or an absurd size."""
    for place, step in chain.walk():
        try:
            _check(step)
        except ChainError as error:
            raise ChainError(str(error), place=place, param=error.param) from error
        except WorkbenchError as error:
            raise ChainError(str(error), place=place) from error
    check_growth(chain)


def _check(step: Step) -> None:
    info = catalog.find(step.transform)
    known = {param.name: param for param in info.params}
    for name, value in step.params.items():
        if name in known:
            wrong = _wrong(known[name], value)
            if wrong:
                raise ChainError(f"The parameter {name} of {step.transform} {wrong}.", param=name)
        elif step.is_group or not (name in NOT_OURS or (name == SIZE and step.transform in SIZED)):
            offered = ", ".join(nearest(name, known) or known) or "none"
            message = f"{step.transform} has no parameter '{name}'; its parameters are: {offered}."
            raise ChainError(message, param=name)
        for_library(name, value)
    if step.transform not in GROUPS:
        check_step(step)
    drawn = [inner for inner in Chain(steps=step.steps).active().steps if step.transform == "OneOf"]
    if drawn and not any(inner.p for inner in drawn):
        raise ChainError("OneOf cannot be used: none of its steps is ever drawn; raise the p of one.")


def _wrong(param: ParamInfo, value: Any) -> str:
    """Return what the value should be instead, or nothing where it may be right."""
    if value == NONE and param.optional:
        return ""
    if param.kind == "switch":
        return "" if isinstance(value, bool) else "should be true or false"
    if param.kind == "choice":
        known = from_library(param.name, value) in param.choices
        return "" if known else f"should be one of {', '.join(map(str, param.choices))}"
    if param.kind == "colour":
        if value in param.choices:
            return ""
        several = isinstance(value, list)
        return (
            ""
            if _all_numbers(value) and (not several or value)
            else "should be a colour: a number or [red, green, blue]"
        )
    if param.kind in (*_SCALARS, *_RANGES, "values"):
        return _wrong_numbers(param, value)
    return ""


def _wrong_numbers(param: ParamInfo, value: Any) -> str:
    several = isinstance(value, list | dict)
    if param.kind in _SCALARS and several and param.name not in _SEVERAL:
        return "should be one number"
    if isinstance(value, dict) and not (value and set(value) <= set(_AXES)):
        return "should hold numbers, or those of x and y"
    if not _all_numbers(value):
        return f"should hold numbers, not {value!r}" if not several else "should hold numbers"
    if param.kind == "values" and (not several or (param.length and len(value) != param.length)):
        return f"should be a list of {param.length or 'several'} numbers"
    if param.kind in _RANGES and isinstance(value, list) and not isinstance(next(iter(value), None), list):
        lengths = (2, 4) if param.name in _FOUR_SIDES else (2,)
        if len(value) not in lengths:
            return "should be two numbers, from and to"
    numbers = list(numbers_in(value))
    if param.kind in _WHOLE and any(number != int(number) for number in numbers):
        return "should hold whole numbers"
    if param.least is not None and min(numbers, default=param.least) < param.least:
        return f"is {min(numbers):g}, and {param.least:g} is the least"
    if param.most is not None and max(numbers, default=param.most) > param.most:
        return f"is {max(numbers):g}, and {param.most:g} is the most"
    return ""


def _all_numbers(value: Any) -> bool:
    if isinstance(value, list | dict):
        return all(_all_numbers(entry) for entry in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, int | float) and not isinstance(value, bool)
