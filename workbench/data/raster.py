"""Everything but DICOM, decoded by pillow. A package's demo decodes with pillow too, so both give the same pixels.

OpenCV is no faster than pillow on large JPEGs once the copy of the pixels is counted, goes on silently where pillow
reports a broken stream, and writes its warnings straight to stderr.
"""

import importlib.util
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin
from PIL import WebPImagePlugin as _WebPImagePlugin  # noqa: F401 - pillow loads it only on a full search

from workbench.data.decoding import Decoding, Header, ImageError, Levels, Pixels, check_size, grey_pixels, windowed

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")
"""Pillow's names of what is always read."""

HEIC_SUFFIXES = frozenset((".heic", ".heif"))
# Never a dependency: its wheels carry x265, which is GPL. Where the user has installed it, iPhone pictures are read.
HAS_HEIC = importlib.util.find_spec("pillow_heif") is not None

_heic_registered = False

MOST_PAGES = 20_000
"""Further pages of a file are left out: a chain of page headers can be made to go on for ever."""

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before decoding; pillow's would only add warnings

_Level = TypeVar("_Level", bound=np.generic)
_ORIENTATION = 0x0112
_REDUCED_OR_MASK = 0b101
"""The bits of TIFF's NewSubfileType that say: a smaller copy of another page, or its mask."""


@contextmanager
def opened(file: IO[bytes], page: int = 1, *, heic: bool = False) -> Iterator[Image.Image]:
    """Open an image file at a page. Raises ImageError-to-be of pillow; EOFError where there is no such page."""
    formats: tuple[str, ...] = FORMATS
    if heic and HAS_HEIC:
        _register_heic()
        formats = (*FORMATS, "HEIF")
    with Image.open(file, formats=formats) as image:
        if page > 1:
            if not isinstance(image, TiffImagePlugin.TiffImageFile):
                raise EOFError(f"there is no page {page}")
            if page > MOST_PAGES:
                raise EOFError(f"pages from {MOST_PAGES + 1:,} on are not read")
            try:
                image.seek(page - 1)
            except EOFError as error:
                raise EOFError(f"there is no page {page}") from error
        yield image


def _register_heic() -> None:
    global _heic_registered
    if not _heic_registered:
        from pillow_heif import register_heif_opener  # type: ignore[import-not-found,unused-ignore]

        register_heif_opener()
        _heic_registered = True


def header_of(image: Image.Image, file: IO[bytes]) -> Header:
    """Return the header of an opened image without decoding it."""
    width, height = image.size
    orientation = _header_orientation(image, file)
    if orientation >= 5:
        width, height = height, width
    return Header(width, height, _channels(image), _bits(image), image.format or "", orientation)


def further_pages(image: Image.Image, file: IO[bytes]) -> Iterator[tuple[int, Header]]:
    """Yield the pages of a TIFF behind the first, except reduced copies and masks; other formats have none here.

    What a damaged chain of pages raises comes after its sound pages.
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return
    page = 1
    while page < MOST_PAGES:
        try:
            image.seek(page)
        except EOFError:
            return
        page += 1
        kind = image.tag_v2.get(254, 0)
        if not (isinstance(kind, int) and kind & _REDUCED_OR_MASK):
            yield page, header_of(image, file)


def pixels_of(image: Image.Image, path: Path | str, decoding: Decoding, reduce_to: int | None) -> Pixels:
    """Decode an opened image to uint8 RGB, turned as EXIF says; ``reduce_to`` as for `reading.read_image`."""
    check_size(image.width, image.height, path, decoding)
    if reduce_to is not None and image.format in ("JPEG", "MPO"):
        image.draft(None, (reduce_to, reduce_to))
    image.load()
    return _turn(_to_rgb(image, path, decoding), _orientation(image))


def levels_of(image: Image.Image, path: Path | str, decoding: Decoding) -> Levels | None:
    """Return the levels, turned as EXIF says, of a single-channel image of more than 8 bits; None for any other."""
    check_size(image.width, image.height, path, decoding)
    if not _is_deep_grey(image):
        return None
    image.load()
    levels: Levels = _turn(_levels(image), _orientation(image))
    return levels


def _to_rgb(image: Image.Image, path: Path | str, decoding: Decoding) -> Pixels:
    if _is_deep_grey(image):
        return grey_pixels(windowed(_levels(image), decoding.window))
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


def _levels(image: Image.Image) -> NDArray[Any]:
    levels = np.asarray(image)
    return levels.astype(np.int32) if image.mode == "I" else levels.astype(np.uint16)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF turn that is still to be applied; 1 where the metadata is too damaged to say."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged metadata of an intact image
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _header_orientation(image: Image.Image, file: IO[bytes]) -> int:
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


def _late_png_exif(file: IO[bytes]) -> bytes | None:
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


def _turn(pixels: NDArray[_Level], orientation: int) -> NDArray[_Level]:
    if orientation == 1:
        return pixels
    swapped = pixels.swapaxes(0, 1) if orientation >= 5 else pixels
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
