"""The one decoder: any image file to uint8 RGB pixels, by rules that are data and travel with an exported model.

Pillow decodes every format. A package's demo decodes with pillow too, so both give the same pixels and refuse the same
files; OpenCV is no faster than pillow on large JPEGs once the copy of the pixels is counted, goes on silently where
pillow reports a broken stream, and writes its warnings straight to stderr.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, UnidentifiedImageError
from PIL import WebPImagePlugin as _WebPImagePlugin  # noqa: F401 - pillow loads it only on a full search

from workbench.errors import WorkbenchError

Pixels = NDArray[np.uint8]
"""An image of shape (height, width, 3), red first, contiguous and writable."""

FORMAT = 1

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")
"""Pillow's names of what is read."""

SUFFIXES = frozenset((".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".gif"))
"""File name endings, in lower case, that are taken for images."""

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before decoding; pillow's would only add warnings

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

_ORIENTATION = 0x0112


class ImageError(WorkbenchError):
    """An image file that cannot be used; the message names the file."""


@dataclass(frozen=True)
class Decoding:
    """The decoding rules that can be chosen; the fixed ones are written out by `as_dict`.

    ``window``: the levels (low, high) of a single-channel image of more than 8 bits that become 0 and 255.
    ``max_pixels``: width x height above which a file is refused before it is decoded.
    """

    window: tuple[int, int] = (0, 65535)
    max_pixels: int = 200_000_000

    def __post_init__(self) -> None:
        low, high = self.window
        if not 0 <= low < high <= 65535:
            raise ValueError(f"window {low} to {high} is not within 0 to 65535, lower level first")
        if self.max_pixels < 1:
            raise ValueError(f"max_pixels is {self.max_pixels}, not at least 1")

    def as_dict(self) -> dict[str, Any]:
        """Return every rule as plain data, for ``preprocess.json`` and the project's settings."""
        return {"format": FORMAT, "window": list(self.window), "max_pixels": self.max_pixels, **_FIXED_RULES}

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


@dataclass(frozen=True)
class Header:
    """What a file says about itself without decoding.

    ``width`` and ``height`` are those after the EXIF turn, ``channels`` 1 to 4 as stored (a palette counts as its
    colours),
    ``bits`` per channel, ``format`` pillow's name, ``orientation`` the EXIF value 1 to 8 (1 for TIFF, which says its
    size turned).
    """

    width: int
    height: int
    channels: int
    bits: int
    format: str
    orientation: int


def is_image_name(name: str) -> bool:
    """Tell from the ending of a file name whether it is taken for an image."""
    dot = name.rfind(".")
    return dot > 0 and name[dot:].lower() in SUFFIXES


def read_header(path: Path | str) -> Header:
    """Read the header only (about 0.1 ms). Raises ImageError naming the file where it is missing or no image."""
    with _naming(path), open(path, "rb") as file, _quiet(), Image.open(file, formats=FORMATS) as image:
        width, height = image.size
        orientation = _header_orientation(image, file)
        if orientation >= 5:
            width, height = height, width
        return Header(width, height, _channels(image), _bits(image), image.format or "", orientation)


def read_bytes(path: Path | str) -> bytes:
    """Return the file's bytes. Raises ImageError naming the file."""
    with _naming(path):
        return Path(path).read_bytes()


def read_image(
    path: Path | str,
    decoding: Decoding = Decoding(),
    *,
    reduce_to: int | None = None,
) -> Pixels:
    """Decode a file to uint8 pixels of shape (height, width, 3), red first.

    ``reduce_to``: a JPEG may be decoded to 1/2, 1/4 or 1/8 as long as its short side keeps that many pixels; much
    faster. Raises ImageError that names the file where it is missing, no image, cut off, damaged, or above the pixel
    limit.
    """
    return decode(read_bytes(path), path, decoding, reduce_to=reduce_to)


def decode(
    content: bytes,
    path: Path | str,
    decoding: Decoding = Decoding(),
    *,
    reduce_to: int | None = None,
) -> Pixels:
    """Decode a file's bytes as `read_image`; ``path`` is only named in errors."""
    with _naming(path), _quiet(), Image.open(io.BytesIO(content), formats=FORMATS) as image:
        check_size(image.width, image.height, path, decoding)
        if reduce_to is not None and image.format in ("JPEG", "MPO"):
            image.draft(None, (reduce_to, reduce_to))
        image.load()
        return _turn(_to_rgb(image, path, decoding), _orientation(image))


def read_levels(path: Path | str, decoding: Decoding = Decoding()) -> NDArray[np.uint16] | None:
    """Return the levels 0 to 65535 of a single-channel image of more than 8 bits, None for any other image.

    Raises ImageError as `read_image`. The EXIF turn is not applied.
    """
    with _naming(path), _quiet(), Image.open(io.BytesIO(read_bytes(path)), formats=FORMATS) as image:
        check_size(image.width, image.height, path, decoding)
        return _levels(image) if _is_deep_grey(image) else None


def check_size(width: int, height: int, path: Path | str, decoding: Decoding) -> None:
    """Raise ImageError for a size above the pixel limit; ``path`` is named in it."""
    pixels = width * height
    if pixels > decoding.max_pixels:
        raise ImageError(
            f"The image {path} has {pixels:,} pixels, more than the limit of {decoding.max_pixels:,}; make it smaller."
        )


@contextmanager
def _naming(path: Path | str) -> Iterator[None]:
    """Turn whatever the file system or pillow raises into an ImageError that names the file."""
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
    except Exception as error:  # a damaged file makes pillow's parsers raise nearly anything
        if isinstance(error, OSError) and error.errno is not None:
            raise ImageError(
                f"The image {path} cannot be read ({error.strerror}); check the file and its drive."
            ) from error
        reason = str(error).strip().rstrip(".") or type(error).__name__
        word = "cut off" if "truncated" in reason.lower() else "damaged"
        raise ImageError(f"The image {path} is {word} ({reason}); replace it or remove it.") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pillow's warnings about odd metadata away from stderr: what matters is raised."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _to_rgb(image: Image.Image, path: Path | str, decoding: Decoding) -> Pixels:
    if _is_deep_grey(image):
        grey = _window_table(*decoding.window)[_levels(image)]
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in ("F", "LAB", "HSV"):
        what = "floating-point numbers" if image.mode == "F" else f"the colour space {image.mode}"
        raise ImageError(f"The image {path} holds {what}; convert it to 8- or 16-bit grey or RGB.")
    if image.has_transparency_data:
        return _over_black(np.asarray(_colour_key_in_range(image).convert("RGBA")))
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _colour_key_in_range(image: Image.Image) -> Image.Image:
    """Drop the transparent colour of a 16-bit image: pillow keeps its 16-bit levels beside pixels of 8 bits."""
    key = image.info.get("transparency")
    levels = key if isinstance(key, tuple) else (key,)
    if any(isinstance(level, int) and level > 255 for level in levels):
        image.info.pop("transparency")
    return image


def _over_black(rgba: Pixels) -> Pixels:
    weighted = rgba[..., :3].astype(np.uint16)
    weighted *= rgba[..., 3:]
    weighted += 127
    weighted //= 255
    return weighted.astype(np.uint8)


def _is_deep_grey(image: Image.Image) -> bool:
    return image.mode == "I" or image.mode.startswith("I;16")


def _levels(image: Image.Image) -> NDArray[np.uint16]:
    levels: NDArray[np.uint16] = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
    return levels


@lru_cache(maxsize=8)
def _window_table(low: int, high: int) -> Pixels:
    level = np.clip(np.arange(65536, dtype=np.int64), low, high) - low
    return ((2 * 255 * level + (high - low)) // (2 * (high - low))).astype(np.uint8)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF turn that is still to be applied; 1 where the metadata is too damaged to say."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged metadata of an intact image
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _header_orientation(image: Image.Image, file: io.BufferedReader) -> int:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return 1  # pillow says the size turned, and turns the pixels as it loads them
    if image.format == "PNG" and "exif" not in image.info:
        exif = _late_png_exif(file)
        if exif is None:
            # PngImageFile.getexif would decode the whole image to look for what was just looked for
            return _orientation_of(Image.Image.getexif(image))
        image.info["exif"] = exif
    return _orientation(image)


def _orientation_of(exif: Image.Exif) -> int:
    value = exif.get(_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _late_png_exif(file: io.BufferedReader) -> bytes | None:
    """Return the EXIF chunk that a PNG carries behind its pixels, by walking the chunks without reading them."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"eXIf":
            return b"Exif\x00\x00" + file.read(length)
        if kind == b"IEND":
            return None
        file.seek(length + 4, io.SEEK_CUR)
    return None


def _turn(pixels: Pixels, orientation: int) -> Pixels:
    if orientation == 1:
        return pixels
    swapped = pixels.transpose(1, 0, 2) if orientation >= 5 else pixels
    flip_rows, flip_columns = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(swapped[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])


def _channels(image: Image.Image) -> int:
    if image.mode == "P":
        return 4 if image.has_transparency_data else 3
    return len(image.getbands())


def _bits(image: Image.Image) -> int:
    if image.mode == "1":
        return 1
    if image.mode in ("I", "F"):
        return 32
    deep = image.mode.startswith("I;16") or any(";16" in str(tile.args) for tile in getattr(image, "tile", ()))
    return 16 if deep else 8
