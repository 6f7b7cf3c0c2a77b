"""What every decoder here shares: the rules as data, the pixel limit, the window, and errors that name the file."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import UnidentifiedImageError

from workbench.errors import WorkbenchError

Pixels = NDArray[np.uint8]
"""An image of shape (height, width, 3), red first, contiguous and writable."""

Levels = NDArray[np.uint16] | NDArray[np.int32]
"""The grey levels of shape (height, width) before a window makes them 0 to 255: uint16 of 16-bit files, else int32."""

FORMAT = 2
"""The newest rules. Rules whose window lies within 0 to 65535 are still written as format 1, which every package reads."""

LOWEST, HIGHEST = -(2**31), 2**31 - 1
"""The levels that a window may name: those of DICOM are negative after the rescale (air is -1000 in a CT)."""

_FIXED_RULES: dict[str, Any] = {
    "exif_turn": True,
    "grey": "repeat",
    "palette": "expand",
    "alpha": "(colour * alpha + 127) // 255",
    "grey16": "(2 * 255 * (clip(v, low, high) - low) + (high - low)) // (2 * (high - low))",
    "colour16": "high_byte",
    "cmyk": "(255 - ink) * (255 - black) / 255",
    "frame": 0,
}


class ImageError(WorkbenchError):
    """An image file that cannot be used; the message names the file."""


@dataclass(frozen=True)
class Decoding:
    """The decoding rules that can be chosen; the fixed ones are written out by `as_dict`.

    ``window``: the levels (low, high) of a single-channel image of more than 8 bits that become 0 and 255; those of
    DICOM are the levels after its rescale, and may be negative. ``max_pixels``: width x height above which a file is
    refused before it is decoded.
    """

    window: tuple[int, int] = (0, 65535)
    max_pixels: int = 200_000_000

    def __post_init__(self) -> None:
        low, high = self.window
        if not LOWEST <= low < high <= HIGHEST:
            raise ValueError(f"window {low} to {high} is not within {LOWEST} to {HIGHEST}, lower level first")
        if self.max_pixels < 1:
            raise ValueError(f"max_pixels is {self.max_pixels}, not at least 1")

    def as_dict(self) -> dict[str, Any]:
        """Return every rule as plain data, for ``preprocess.json`` and the project's settings."""
        low, high = self.window
        older = low >= 0 and high <= 65535
        return {
            "format": 1 if older else FORMAT,
            "window": list(self.window),
            "max_pixels": self.max_pixels,
            **_FIXED_RULES,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Read `as_dict`'s data back. Raises WorkbenchError for rules this program does not know."""
        known = {"format", "window", "max_pixels", *_FIXED_RULES}
        other = [key for key in fields if key not in known or fields[key] != _FIXED_RULES.get(key, fields[key])]
        if fields.get("format", FORMAT) > FORMAT or other:
            what = ", ".join(other) or f"format {fields['format']}"
            raise WorkbenchError(
                f"The decoding rules ({what}) come from a newer Workbench; update Workbench to use them."
            )
        window = fields.get("window", cls.window)
        try:
            low, high = window
            return cls((int(low), int(high)), int(fields.get("max_pixels", cls.max_pixels)))
        except (TypeError, ValueError) as error:
            raise WorkbenchError(f"The decoding rules cannot be used ({error}); set the window again.") from error


DEFAULT = Decoding()
"""The rules where a project has set none."""


@dataclass(frozen=True)
class Header:
    """What a file says about itself without decoding.

    ``width`` and ``height`` are those after the EXIF turn, ``channels`` 1 to 4 as stored (a palette counts as its
    colours), ``bits`` per channel, ``format`` pillow's name or DICOM, ``orientation`` the EXIF value 1 to 8 (1 for
    TIFF, which says its size turned).
    """

    width: int
    height: int
    channels: int
    bits: int
    format: str
    orientation: int


def windowed(levels: Levels, window: tuple[int, int]) -> NDArray[np.uint8]:
    """Return grey of shape (height, width): the window's lower level becomes 0, its upper one 255, rounded half up."""
    low, high = window
    if levels.dtype == np.uint16:
        return _table(low, high)[levels]
    above = np.clip(levels, low, high).astype(np.int64) - low
    return ((2 * 255 * above + (high - low)) // (2 * (high - low))).astype(np.uint8)


def grey_pixels(grey: NDArray[np.uint8]) -> Pixels:
    """Return grey of shape (height, width) as the same level in each colour."""
    return np.repeat(grey[:, :, None], 3, axis=2)


def check_size(width: int, height: int, path: Path | str, decoding: Decoding) -> None:
    """Raise ImageError for a size above the pixel limit; ``path`` is named in it."""
    pixels = width * height
    if pixels > decoding.max_pixels:
        raise ImageError(
            f"The image {path} has {pixels:,} pixels, more than the limit of {decoding.max_pixels:,}; make it smaller."
        )


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Turn whatever the file system or a decoder raises into an ImageError that names the file."""
    try:
        yield
    except WorkbenchError:
        raise
    except FileNotFoundError as error:
        raise ImageError(f"The image {path} is missing; put it back or remove it from the project.") from error
    except PermissionError as error:
        raise ImageError(f"The image {path} may not be read; change its permissions.") from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"The file {path} is no image that can be read, or it is damaged; replace it or remove it."
        ) from error
    except MemoryError as error:
        raise ImageError(f"The image {path} does not fit into memory; make it smaller.") from error
    except Exception as error:  # a damaged file makes the parsers raise nearly anything
        if isinstance(error, OSError) and error.errno is not None:
            raise ImageError(
                f"The image {path} cannot be read ({error.strerror}); check the file and its drive."
            ) from error
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        word = "cut off" if "truncated" in reason.lower() else "damaged"
        raise ImageError(f"The image {path} is {word} ({reason}); replace it or remove it.") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the decoders' warnings about odd metadata away from stderr: what matters is raised."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(PIL|pydicom)\.")
        yield


@lru_cache(maxsize=8)
def _table(low: int, high: int) -> NDArray[np.uint8]:
    level = np.clip(np.arange(65536, dtype=np.int64), low, high) - low
    return ((2 * 255 * level + (high - low)) // (2 * (high - low))).astype(np.uint8)
