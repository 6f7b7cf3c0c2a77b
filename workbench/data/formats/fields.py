"""Reading sound values out of JSON of unknown origin; each fault names the line of the value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.formats.records import SPLIT_WORDS, Malformed, SplitName
from workbench.data.formats.text import told_at

FARTHEST = 1e7
"""Pixels: a coordinate beyond is a mistake."""

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A JSON file and its text, so that a fault can be told with its line."""

    file: Path
    text: str

    def wrong(self, path: Path_, what: str) -> Malformed:
        return told_at(self.file, self.text, path, what)

    def object(self, value: Any, path: Path_, what: str) -> Mapping[str, Any]:
        """Return ``value`` if it is an object. Raises WorkbenchError saying that ``what`` is none."""
        if not isinstance(value, dict):
            raise self.wrong(path, f"has {what} that is no object")
        return value

    def list(self, value: Any, path: Path_, what: str) -> list[Any]:
        if not isinstance(value, list):
            raise self.wrong(path, f"has {what} that is no list")
        return value

    def name(self, value: Any, path: Path_, what: str) -> str:
        """Return a text that is not empty; a number counts as one."""
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
            raise self.wrong(path, f"has no {what}")
        return str(value).strip()

    def number(self, value: Any, path: Path_, what: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(path, f"has {what} that is no number")
        if abs(value) > FARTHEST:
            raise self.wrong(path, f"has {what} that is out of range")
        return float(value)

    def points(self, value: Any, path: Path_) -> tuple[tuple[float, float], ...]:
        """Return a list of [x, y] pairs."""
        pairs = []
        for place, pair in enumerate(self.list(value, path, "points")):
            if not isinstance(pair, list) or len(pair) != 2:
                raise self.wrong((*path, place), "has a point that is not [x, y]")
            pairs.append(
                (self.number(pair[0], (*path, place), "a point"), self.number(pair[1], (*path, place), "a point"))
            )
        return tuple(pairs)

    def split(self, value: Any, path: Path_) -> SplitName | None:
        """Return a split, None where there is none."""
        if value is None or value == "":
            return None
        word = value.strip().casefold() if isinstance(value, str) else ""
        if word not in SPLIT_WORDS:
            raise self.wrong(path, f"has the split {str(value)[:40]!r}, not train, validation or test")
        return SPLIT_WORDS[word]

    def sides(self, width: Any, height: Any) -> tuple[int, int] | None:
        """Return (width, height) in pixels, None where the file does not say them."""
        if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
            return width, height
        return None


def strings(value: Any) -> tuple[str, ...]:
    """Return the texts in a list (or one text), each once; anything else gives none."""
    parts = value if isinstance(value, list) else [value]
    return tuple(
        dict.fromkeys(str(part).strip() for part in parts if isinstance(part, str | int) and str(part).strip())
    )


def texts(value: Any) -> dict[str, str]:
    """Return the entries of an object that are plain values, as text."""
    if not isinstance(value, dict):
        return {}
    return {
        str(name): str(entry) for name, entry in value.items() if isinstance(entry, str | int | float) and entry != ""
    }
