"""What an augmentation chain is, as data. Imports no albumentations, so the window and the config can hold chains."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_serializer, model_validator

from workbench.errors import WorkbenchError

FORMAT = 2

GROUPS = ("OneOf", "SomeOf", "Sequential", "RandomOrder")
"""Steps that hold steps. In OneOf the inner probabilities are weights of being drawn, and the step that was drawn is applied.
SomeOf and RandomOrder draw ``n`` of theirs (1 where it is not given; with ``replace`` perhaps the same again), each as
likely as the other, and apply those by their own probabilities. SomeOf keeps their order."""

MOST_STEPS = 64
DEEPEST = 4
_MOST_VALUES = 256
_LONGEST_TEXT = 1000
_LARGEST_NUMBER = 1e9

Place = tuple[int, ...]
"""Where a step stands: its position in the chain, then in its group, and so on."""


class ChainError(WorkbenchError):
    """What is wrong with a chain; ``place`` and ``param`` where one step or one of its parameters is to blame."""

    def __init__(self, message: str, *, place: Place | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.param = param


class Step(BaseModel):
    """One transform of a chain: its albumentations name, probability and parameters; or a group of steps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    transform: str = Field(description="Name of the albumentations transform, for example HorizontalFlip")
    p: float = Field(0.5, ge=0, le=1, description="Probability that the step is applied to an image")
    params: dict[str, Any] = Field(default_factory=dict, description="The transform's own parameters")
    enabled: bool = Field(True, description="Off: the step stays in the chain and does nothing")
    steps: tuple["Step", ...] = Field((), description="The steps of a group: OneOf, SomeOf, Sequential, RandomOrder")

    @property
    def is_group(self) -> bool:
        return self.transform in GROUPS

    @field_validator("params")
    @classmethod
    def _plain_params(cls, params: dict[str, Any]) -> dict[str, Any]:
        for name, value in params.items():
            _check_plain(value, name)
        return params

    @model_validator(mode="after")
    def _only_groups_hold_steps(self) -> Self:
        if self.steps and not self.is_group:
            raise ValueError(f"{self.transform} cannot hold steps; only {', '.join(GROUPS)} can")
        return self

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: Any) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        if not self.is_group:
            fields.pop("steps", None)
        return fields


class Chain(BaseModel):
    """An ordered list of steps, applied to the training images only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        found = list(self.walk())
        if len(found) > MOST_STEPS:
            raise ValueError(f"a chain has at most {MOST_STEPS} steps, this one has {len(found)}")
        if any(len(place) > DEEPEST for place, _ in found):
            raise ValueError(f"groups may be nested {DEEPEST - 1} deep at most")
        return self

    def walk(self, *, enabled: bool = False) -> Iterator[tuple[Place, Step]]:
        """Yield every step with its place, a group before what it holds; ``enabled``: only what takes part."""
        return _walk(self.steps, (), enabled)

    def at(self, place: Place) -> Step:
        """Return the step at ``place``. Raises IndexError where there is none."""
        steps, found = self.steps, None
        for position in place:
            if not 0 <= position < len(steps):
                raise IndexError(f"no step at {place}")
            found = steps[position]
            steps = found.steps
        if found is None:
            raise IndexError("an empty place is the chain itself")
        return found

    def active(self) -> Self:
        """Return the chain without what is switched off, and without groups that hold nothing then."""
        return type(self)(steps=_active(self.steps))

    def dumps(self) -> str:
        """Return the chain as JSON with its format number."""
        return json.dumps({"format": FORMAT, **self.model_dump(mode="json")}, indent=2, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str, source: str = "the chain") -> Self:
        """Read `dumps`'s text. Raises WorkbenchError naming ``source`` and the first thing that is wrong."""
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WorkbenchError(f"{source} is not JSON ({error}); choose a chain saved by Workbench.") from error
        if not isinstance(fields, dict):
            raise WorkbenchError(f"{source} holds no chain; choose a chain saved by Workbench.")
        found = fields.pop("format", FORMAT)
        if isinstance(found, bool) or not isinstance(found, int) or found > FORMAT:
            raise WorkbenchError(
                f"{source} was saved by a newer Workbench (format {found}); update Workbench to open it."
            )
        try:
            return cls.model_validate(fields)
        except (ValidationError, RecursionError) as error:
            raise WorkbenchError(f"{source} cannot be used: {told_plainly(error)}.") from error

    def save(self, path: Path) -> None:
        path.write_text(self.dumps(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls.loads(path.read_text(encoding="utf-8"), source=str(path))


def told_plainly(error: ValidationError | RecursionError) -> str:
    """Return the first thing that is wrong, with where it stands, without pydantic's framing."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    first = error.errors()[0]
    place = [str(part + 1) for part in first["loc"] if isinstance(part, int)]
    names = [str(part) for part in first["loc"] if not isinstance(part, int)]
    where = f"step {'.'.join(place)}: " if place else ""
    named = f"{names[-1]}: " if names and not (place and names[-1] == "steps") else ""
    wanted = _WANTED.get(first["type"])
    given = first["input"]
    shown = f", not {given!r}" if isinstance(given, bool | int | float) or given is None else ""
    if wanted is None and "ge" in first.get("ctx", {}):
        wanted = f"it should be {first['ctx']['ge']:g} or more"
    elif wanted is None and "le" in first.get("ctx", {}):
        wanted = f"it should be {first['ctx']['le']:g} or less"
    message = f"{wanted}{shown}" if wanted else first["msg"].removeprefix("Value error, ")
    return f"{where}{named}{message}"


_WANTED = {
    "extra_forbidden": "there is no field of that name",
    "missing": "it is missing",
    "tuple_type": "it should be a list",
    "model_type": "it should be a table",
    "model_attributes_type": "it should be a table",
    "dict_type": "it should be a table",
    "string_type": "it should be a text",
    "float_type": "it should be a number",
    "float_parsing": "it should be a number",
    "finite_number": "it should be a number",
    "bool_type": "it should be true or false",
    "bool_parsing": "it should be true or false",
}


def _walk(steps: tuple[Step, ...], above: Place, enabled: bool) -> Iterator[tuple[Place, Step]]:
    for position, step in enumerate(steps):
        if enabled and not step.enabled:
            continue
        place = (*above, position)
        yield place, step
        yield from _walk(step.steps, place, enabled)


def _active(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    kept = []
    for step in steps:
        if step.enabled and step.is_group:
            inner = _active(step.steps)
            if inner:
                kept.append(step.model_copy(update={"steps": inner}))
        elif step.enabled:
            kept.append(step)
    return tuple(kept)


def _check_plain(value: Any, name: str, depth: int = 0) -> None:
    """Raise ValueError for what no parameter holds: a file from elsewhere must not carry anything but plain values."""
    if depth > DEEPEST:
        raise ValueError(f"{name} is nested too deeply")
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > _LARGEST_NUMBER:
            raise ValueError(f"{name} holds the number {value}, which is out of all bounds")
    elif isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            raise ValueError(f"{name} holds a text of {len(value)} characters")
    elif isinstance(value, list | tuple | dict):
        if len(value) > _MOST_VALUES:
            raise ValueError(f"{name} holds {len(value)} values; {_MOST_VALUES} are the most")
        for entry in value.values() if isinstance(value, dict) else value:
            _check_plain(entry, name, depth + 1)
    else:
        raise ValueError(f"{name} holds {type(value).__name__}; write numbers, texts, lists or 'none'")
