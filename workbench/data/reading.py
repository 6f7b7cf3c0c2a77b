"""The one decoder: any image file to uint8 RGB pixels, by rules that are data and travel with an exported model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError

Pixels = NDArray[np.uint8]
"""An image of shape (height, width, 3), red first, contiguous."""


class ImageError(WorkbenchError):
    """An image file that cannot be used; the message names the file."""


@dataclass(frozen=True)
class Decoding:
    """The decoding rules that can be chosen; the fixed ones are written out by `as_dict`."""

    window: tuple[int, int] = (0, 65535)
    max_pixels: int = 200_000_000

    def as_dict(self) -> dict[str, Any]:
        """Return every rule as plain data, for ``preprocess.json`` and the project's settings."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read `as_dict`'s data back."""
        raise NotImplementedError


@dataclass(frozen=True)
class Header:
    """What a file says about itself without decoding; the size is that after the EXIF turn."""

    width: int
    height: int
    channels: int
    bits: int
    format: str
    orientation: int


def read_header(path: Path | str) -> Header:
    """Read the header only."""
    raise NotImplementedError


def read_image(path: Path | str, decoding: Decoding = Decoding(), *, reduce_to: int | None = None) -> Pixels:  # noqa: B008
    """Decode a file."""
    raise NotImplementedError
