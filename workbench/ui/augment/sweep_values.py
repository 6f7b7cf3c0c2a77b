"""The values that a sweep shows of one parameter, and what a picked one means. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.augment.catalog import ParamInfo, TransformInfo
from workbench.augment.chain import Step

MOST = 9
_NUMERIC = ("number", "integer", "range", "int_range")


@dataclass(frozen=True)
class Value:
    """One tile of the sweep; ``current``: the chain has it now, of a range: it is an end; ``within``: it lies in the range."""

    number: float
    current: bool
    within: bool


def numeric(info: TransformInfo) -> list[ParamInfo]:
    """Return the parameters that go from low to high."""
    return [
        param
        for param in info.params
        if param.kind in _NUMERIC and param.low is not None and param.high is not None and param.low < param.high
    ]


def values(param: ParamInfo, current: Any, most: int = MOST) -> list[Value]:
    """Return at most ``most`` values from low to high, on the parameter's steps, the current ones among them."""
    assert param.low is not None
    assert param.high is not None
    whole = param.kind in ("integer", "int_range")
    step = param.step or (1.0 if whole else (param.high - param.low) / 1000)
    positions = max(1, int((param.high - param.low) / step + 1e-9))
    count = min(most, positions + 1)
    chosen = [_on_step(param, round(positions * n / (count - 1)) * step, whole) for n in range(count)]
    now = _numbers(current)
    for number in sorted(set(now)):
        chosen = _with(chosen, number, now)
    return [Value(number, _is_end(number, now), _within(number, now)) for number in chosen]


def swept(step: Step, param: ParamInfo, number: float) -> Step:
    """Return the step as the tile shows it: always applied, and the parameter exactly ``number``."""
    value: Any = [number, number] if param.kind in ("range", "int_range") else number
    return step.model_copy(update={"p": 1.0, "enabled": True, "params": {**step.params, param.name: value}})


def picked(param: ParamInfo, current: Any, number: float) -> Any:
    """Return the parameter's value after a click on the tile of ``number``: of a range the nearer end goes there."""
    if param.kind not in ("range", "int_range"):
        return number
    now = _numbers(current)
    if len(now) != 2:
        return [number, number]
    low, high = min(now), max(now)
    if number <= low or (number < high and number - low <= high - number):
        return [number, high]
    return [low, number]


def written(param: ParamInfo, number: float) -> str:
    """Return the value as it is read, with its unit."""
    text = f"{number:.4g}".replace("-", "\N{MINUS SIGN}")
    if param.unit in ("", None):
        return text
    return f"{text}{param.unit}" if param.unit == "\N{DEGREE SIGN}" else f"{text} {param.unit}"


def _on_step(param: ParamInfo, offset: float, whole: bool) -> float:
    assert param.low is not None
    assert param.high is not None
    number = min(param.low + offset, param.high)
    return round(number) if whole else round(number, 6)


def _numbers(current: Any) -> list[float]:
    found = list(current) if isinstance(current, Sequence) and not isinstance(current, str) else [current]
    return [entry for entry in found if isinstance(entry, (int, float)) and not isinstance(entry, bool)]


def _with(chosen: list[float], number: float, now: list[float]) -> list[float]:
    """Put a current value in the place of the nearest one that is neither an end nor current, and is no longer shown."""
    if number in chosen:
        return chosen
    free = [other for other in chosen[1:-1] if other not in now]
    if number < chosen[0] or number > chosen[-1] or not free:
        return sorted([*chosen, number])
    if len(now) == 2 and now[0] != now[1]:
        # What lies within the range stays.
        free = [other for other in free if (other < number if number == min(now) else other > number)] or free
    nearest = min(free, key=lambda other: abs(other - number))
    return sorted([number, *(other for other in chosen if other != nearest)])


def _is_end(number: float, now: list[float]) -> bool:
    return any(_within(number, [end]) for end in now)


def _within(number: float, now: list[float]) -> bool:
    if not now:
        return False
    slack = 1e-6 * max(1.0, abs(number))
    return min(now) - slack <= number <= max(now) + slack
