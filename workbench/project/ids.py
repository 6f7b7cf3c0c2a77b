"""The types of the project's ids, and the names of its splits and image states."""

from typing import Literal, NewType

ImageId = NewType("ImageId", int)
ClassId = NewType("ClassId", int)
RootId = NewType("RootId", int)
RunId = NewType("RunId", str)

LabelValue = ClassId | tuple[ClassId, ...] | None
"""An image's label: a class; in a project of several labels the classes sorted by id, () for none of them; None: no label."""

NO_CLASS = ClassId(-1)
"""Stored as an image's class where somebody looked and none of the classes applies (only with several labels)."""

Task = Literal["single", "multi", "ordinal"]
TASKS: tuple[Task, ...] = ("single", "multi", "ordinal")
"""One class per image; any number of classes; one class per image, where the order of the classes is a scale."""

SplitName = Literal["train", "validation", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")
"""Split names; the database stores their position."""

ImageState = Literal["unverified", "ok", "corrupt", "missing"]
STATES: tuple[ImageState, ...] = ("unverified", "ok", "corrupt", "missing")
"""Image states; the database stores their position. The first two are usable."""
UNVERIFIED, OK, CORRUPT, MISSING = range(4)
