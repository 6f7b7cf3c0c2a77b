"""What every label format gives and takes: records, one for each image and grader, and what a file says as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.errors import WorkbenchError

SplitName = Literal["train", "validation", "test"]
TaskName = Literal["single", "multi", "ordinal"]

SPLIT_WORDS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
    "publictest": "validation",
    "privatetest": "test",
}
"""How files write a split, in lower case."""

TASKS: dict[str, TaskName] = {"single": "single", "multi": "multi", "ordinal": "ordinal"}
"""What labels can be, by the word in a file."""

NO_FIELDS: Mapping[str, str] = {}


class Malformed(WorkbenchError):
    """A file that cannot be taken as it is: names the file, the line where there is one, and what to do."""


def malformed(
    file: Path, line: int | None, what: str, advice: str = "correct the file and import it again"
) -> Malformed:
    """Return the refusal "Line 7 of labels.csv <what>; <advice>." (``line`` counts from 1; None: the file as a whole)."""
    place = f"The file {file}" if line is None else f"Line {line} of the file {file}"
    return Malformed(f"{place} {what}; {advice}. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Shape:
    """A region on an image: the two corners of a "box" or the corners of a "freehand" outline.

    ``points`` are pixels of the image as it is shown (after the EXIF turn), or with ``relative`` shares (0 to 1) of its
    sides; ``label`` is the class on it, None for none.
    """

    shape: Literal["box", "freehand"]
    points: tuple[tuple[float, float], ...]
    label: str | None = None
    relative: bool = False
    grader: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What one row says of one image.

    ``labels`` None says nothing about the label, () says that none of the classes applies; the other fields are empty
    (None, "", ()) where the row says nothing. ``sides`` are the width and height that the file claims. ``aliases`` are
    further names under which the image may be known. ``line`` is where the row begins in ``file`` (None: in the file
    that was imported).
    """

    image: str
    labels: tuple[str, ...] | None = None
    split: SplitName | None = None
    group: str = ""
    grader: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    rejected: bool | None = None
    pinned: bool | None = None
    test_set: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: NO_FIELDS)
    regions: tuple[Shape, ...] = ()
    sides: tuple[int, int] | None = None
    aliases: tuple[str, ...] = ()
    line: int | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Head:
    """What a file says as a whole: the classes in their order, what a label is, colours by class (all may be unsaid)."""

    classes: tuple[str, ...] = ()
    task: TaskName | None = None
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A label file that was read and found sound.

    ``complete`` says that Workbench wrote it, so that an empty cell means "none" rather than "unsaid".
    ``several`` says that some image has several labels. ``noticed`` are sentences about what is left out.
    """

    format: str
    file: Path
    records: list[Record]
    head: Head = Head()
    complete: bool = False
    several: bool = False
    noticed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extent:
    """Which of the things that a table need not have occur among the records that are to be written."""

    several: bool = False
    graders: bool = False
    tags: bool = False
    note: bool = False
    rejected: bool = False
    pinned: bool = False
    test_set: bool = False
    regions: bool = False
    fields: tuple[str, ...] = ()
