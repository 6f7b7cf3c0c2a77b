"""A question about the images of a project: which of them, and in which order. Exact in JSON."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from fnmatch import translate
from typing import Any, Literal, Self, get_args

from workbench.errors import WorkbenchError
from workbench.project.ids import ClassId, ImageState, SplitName

Order = Literal["path", "added", "class", "newest", "largest", "size", "confidence", "priority", "finding", "given"]
ORDERS: tuple[Order, ...] = get_args(Order)

REGULAR = "re:"
"""What a pattern begins with that is a regular expression."""


@dataclass(frozen=True)
class Query:
    """Which images, and in which order. Everything that is asked must hold.

    - ``class_id``: images of this class; with several labels also those that have it among others.
    - ``split`` "none": images without a split. ``test_set``: those of the frozen test set of that name.
    - ``rejected`` None: rejected or not.
    - ``text`` occurs in the relative path, whatever its case.
    - ``pattern``: ``*``, ``?`` and ``[...]`` stand for letters, whatever their case, in the file name, or in the relative
      path where the pattern has a ``/``; after ``re:`` a regular expression that is searched in the relative path.
    - ``grader``: images that this grader has graded. ``field``: (name, value) of a column of an imported table.
    - ``finding``: images with an open finding of that kind, or of any with "any"; ``finding_id``: those of this finding.
    - ``modified_after``, ``modified_before``: seconds since 1970, both included.
    - ``min_side``, ``max_side``: pixels; the shorter side has at least, the longer side at most so many.
    - ``predicted``: the model's class; ``confidence``: (least, most), both included; ``disagrees``: it is not the label;
      ``suggested``: there is no label, and the prediction was not refused.
    - ``noted``, ``has_regions``: there is a note, a region. ``group``: the group that a split keeps together.
    - ``ids``: exactly these.

    The order "newest" begins with the latest modification, "largest" with the most pixels, "size" with the most bytes,
    "class" follows the project's order and ends with unlabelled images, "confidence" begins where the model is least
    sure, "priority" where a label helps most, "finding" with the strongest (of the asked kind, images of one finding side by
    side), "given" follows ``ids``. ``descending`` turns each of them round, except that images without a prediction or
    a finding stay at the end.
    """

    class_id: ClassId | None = None
    unlabelled: bool = False
    split: SplitName | Literal["none"] | None = None
    state: ImageState | None = None
    text: str = ""
    order: Order = "path"
    descending: bool = False
    rejected: bool | None = None
    pattern: str = ""
    tag: str | None = None
    grader: str | None = None
    finding: str | None = None
    finding_id: int | None = None
    modified_after: float | None = None
    modified_before: float | None = None
    min_side: int | None = None
    max_side: int | None = None
    predicted: ClassId | None = None
    confidence: tuple[float, float] | None = None
    disagrees: bool = False
    suggested: bool = False
    test_set: str | None = None
    group: int | None = None
    noted: bool = False
    has_regions: bool = False
    field: tuple[str, str] | None = None
    ids: tuple[int, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is asked, without what is not, as plain data for JSON."""
        asked = {part.name: getattr(self, part.name) for part in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asked.items()
            if value != _UNASKED[name]
        }

    @classmethod
    def from_dict(cls, content: object) -> Self:
        """Return the query that `as_dict` wrote. Raises WorkbenchError, naming the part, for anything else."""
        if not isinstance(content, dict):
            raise WorkbenchError("A stored filter is not a list of named parts; make it again and save it.")
        # Late: most of who asks for images reads no stored query.
        from pydantic import TypeAdapter, ValidationError

        unknown = [name for name in content if name not in _UNASKED]
        if unknown:
            raise WorkbenchError(f"A stored filter has the unknown part '{unknown[0]}'; make it again and save it.")
        try:
            # As JSON, where a list stands for a tuple; in all else strictly.
            read = TypeAdapter(cls).validate_json(json.dumps(content, allow_nan=False), strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            place = first["loc"][0] if first["loc"] else "query"
            raise WorkbenchError(
                f"The part '{place}' of a stored filter is wrong ({first['msg']}); make it again and save it."
            ) from error
        except (TypeError, ValueError) as error:
            raise WorkbenchError(f"A stored filter cannot be read ({error}); make it again and save it.") from error
        matcher(read.pattern)
        numbers = [value for value in read.as_dict().values() if isinstance(value, int)] + list(read.ids or ())
        if any(abs(number) >= 2**63 for number in numbers):
            raise WorkbenchError("A stored filter has a number that is too large; make it again and save it.")
        return read


_UNASKED: dict[str, Any] = {part.name: part.default for part in fields(Query)}

ALL = Query()
"""Every image, by path."""


def matcher(pattern: str) -> Callable[[str], object]:
    """Return a function that says of a relative path whether the pattern fits. Raises WorkbenchError for one that is none."""
    try:
        if pattern.startswith(REGULAR):
            return re.compile(pattern.removeprefix(REGULAR)).search
        fits = re.compile(translate(pattern.lower())).match
    except re.error as error:
        raise WorkbenchError(f"The pattern '{pattern}' cannot be understood ({error}); correct it.") from error
    if "/" in pattern:
        return lambda relative: fits(relative.lower())
    return lambda relative: fits(relative.rpartition("/")[2].lower())


def like(text: str) -> str:
    """Return what SQLite's LIKE (with ``\\`` to escape) takes as this text. It ignores the case of a to z alone."""
    for letter in ("\\", "%", "_"):
        text = text.replace(letter, "\\" + letter)
    return text


def likely(pattern: str) -> str:
    """Return a pattern for LIKE that fits every path that ``pattern`` fits, and some more."""
    if pattern.startswith(REGULAR):
        return "%"
    # Every second part is *, ? or a class of letters, which may be none after all: "[]" stands for itself.
    parts = re.split(r"(\*|\?|\[!?\]?[^]]*\])", pattern)
    loose = [("_" if part == "?" else "%") if place % 2 else loosely(part) for place, part in enumerate(parts)]
    return ("" if "/" in pattern else "%") + "".join(loose)


def loosely(text: str) -> str:
    """Return a pattern for LIKE that fits this text whatever its case: letters beyond ASCII are left open."""
    return re.sub(r"[^\x00-\x7f]", "%", like(text))


def glob(text: str) -> str:
    """Return what SQLite's GLOB, which knows no case, takes as this text in upper or lower case."""
    return "".join(
        f"[{''.join(sorted(cases(letter)))}]" if letter.isalpha() or letter in "*?[" else letter for letter in text
    )


def cases(letter: str) -> set[str]:
    """Return the letter in upper and lower case, where that is one letter."""
    return {case for case in (letter, letter.lower(), letter.upper()) if len(case) == 1}
