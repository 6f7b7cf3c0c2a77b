"""The types of the project's ids, and the names of its splits and image states."""

from typing import Literal, NewType

ImageId = NewType("ImageId", int)
ClassId = NewType("ClassId", int)
RootId = NewType("RootId", int)
RunId = NewType("RunId", str)

SplitName = Literal["train", "validation", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")
"""Split names; the database stores their position."""

ImageState = Literal["unverified", "ok", "corrupt", "missing"]
STATES: tuple[ImageState, ...] = ("unverified", "ok", "corrupt", "missing")
"""Image states; the database stores their position. The first two are usable."""
UNVERIFIED, OK, CORRUPT, MISSING = range(4)
