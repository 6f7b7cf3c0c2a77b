"""Which values the control of a parameter can hold, and what a typed text means. No widgets."""

import json
from typing import Any

from pydantic import ValidationError

from workbench.augment.catalog import NONE, ParamInfo
from workbench.augment.chain import Step, told_plainly

DIGITS = 10
FAR = 1e9
"""A box holds numbers up to this size, to this many decimals; whatever lies beyond is edited as text."""

NUMERIC = ("range", "int_range", "number", "integer")


def is_numeric(param: ParamInfo) -> bool:
    """Return whether the parameter is a number or a range of numbers: what can be swept."""
    return param.kind in NUMERIC


def is_whole(param: ParamInfo) -> bool:
    """Return whether the parameter takes whole numbers only."""
    return param.kind in ("integer", "int_range")


def is_none(param: ParamInfo, value: Any) -> bool:
    """Return whether ``value`` says "none" for a parameter that may be left out."""
    return param.optional and value == NONE and NONE not in param.choices


def fits(param: ParamInfo, value: Any) -> bool:
    """Return whether the control of ``param``'s kind shows ``value`` and gives it back unchanged."""
    match param.kind:
        case "range" | "int_range":
            return isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(param, v) for v in value)
        case "number" | "integer":
            return _is_number(param, value)
        case "choice":
            return any(_same(value, choice) for choice in param.choices)
        case "choices":
            if not isinstance(value, list | tuple):
                return False
            known = [next((n for n, choice in enumerate(param.choices) if _same(v, choice)), -1) for v in value]
            return -1 not in known and len(set(known)) == len(known)
        case "switch":
            return isinstance(value, bool)
        case "colour":
            if isinstance(value, list | tuple):
                return len(value) == 3 and all(_is_grey(part) for part in value)
            if isinstance(value, str):
                return value in param.choices
            return param.length != 3 and _is_grey(value)
        case "values":
            if not isinstance(value, list | tuple) or not all(_is_number(param, part) for part in value):
                return False
            return param.length in (0, len(value))
        case _:
            return True


def some_value(param: ParamInfo) -> Any:
    """Return what an optional parameter starts with when it is no longer "none"."""
    for value in (param.default, param.omitted):
        if value is not None and not is_none(param, value):
            return value
    low = 0.0 if param.low is None else param.low
    high = max(low, 1.0) if param.high is None else param.high
    if is_whole(param):
        low, high = int(low), int(high)
    match param.kind:
        case "range" | "int_range":
            return [low, high]
        case "number" | "integer":
            return low
        case "choice":
            return param.choices[0]
        case "choices":
            return list(param.choices)
        case "switch":
            return True
        case "colour":
            return [0, 0, 0] if param.length == 3 else 0
        case "values":
            return [low] * param.length
        case _:
            return 0


def parsed(text: str) -> tuple[Any, str]:
    """Return the value that a text of JSON means and no message, or None and what is wrong with the text."""
    try:
        value = json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, " if "\n" in text else ""
        return None, f"{error.msg} ({where}character {error.colno})"
    except (ValueError, RecursionError) as error:
        return None, str(error)
    try:
        Step(transform="-", params={"the value": value})
    except (ValidationError, RecursionError) as error:
        return None, told_plainly(error).removeprefix("params: ")
    return value, ""


def written(value: Any) -> str:
    """Return a value as JSON; one that is long has its parts below each other."""
    text = json.dumps(value, ensure_ascii=False)
    return (
        text
        if len(text) <= 60 or not isinstance(value, list | dict)
        else json.dumps(value, indent=1, ensure_ascii=False)
    )


def same(one: Any, other: Any) -> bool:
    """Return whether two values of a parameter are one: 1 and 1.0 are, 1 and true are not."""
    return written(one) == written(other) or (
        one == other and not isinstance(one, bool) and not isinstance(other, bool)
    )


def numbers_in(text: str) -> list[float] | None:
    """Return the numbers of "1, 2.5, 3"; None where something else stands there."""
    try:
        found = json.loads(f"[{text.strip().strip('[]')}]", parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    whole = all(not isinstance(part, bool) and isinstance(part, int | float) and abs(part) <= FAR for part in found)
    return found if whole else None


def _is_number(param: ParamInfo, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FAR:
        return False
    within = (param.least is None or value >= param.least) and (param.most is None or value <= param.most)
    return within and value == (int(value) if is_whole(param) else round(value, DIGITS))


def _is_grey(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= 255 and value == round(value, DIGITS)


def _same(value: Any, choice: Any) -> bool:
    """1, 1.0 and True are equal to Python, and three different choices to a transform."""
    if isinstance(value, bool) != isinstance(choice, bool):
        return False
    return bool(_listed(value) == _listed(choice))


def _listed(value: Any) -> Any:
    return [_listed(part) for part in value] if isinstance(value, list | tuple) else value


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is not a number that a transform takes")
