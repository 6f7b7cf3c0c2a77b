"""The one decoder: any image file to uint8 RGB pixels, by rules that are data and travel with an exported model.

A path names an image, not a file: ``stack.tif#page=2`` is the second page of ``stack.tif`` (see `pages`).
"""

import hashlib
import io
from pathlib import Path

from workbench.data import dicom, raster
from workbench.data.decoding import DEFAULT, naming, quiet

# Named again, because callers know them as part of the reading.
from workbench.data.decoding import Decoding as Decoding
from workbench.data.decoding import Header as Header
from workbench.data.decoding import ImageError as ImageError
from workbench.data.decoding import Levels as Levels
from workbench.data.decoding import Pixels as Pixels
from workbench.data.decoding import check_size as check_size
from workbench.data.decoding import windowed as windowed
from workbench.data.headers import quick_header
from workbench.data.pages import file_of as file_of
from workbench.data.pages import split_page as split_page
from workbench.data.pages import with_page as with_page
from workbench.data.raster import FORMATS as FORMATS

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".gif", ".dcm")
) | (raster.HEIC_SUFFIXES if raster.HAS_HEIC else frozenset())
"""File name endings, in lower case, that are taken for images."""


def is_image_name(name: str) -> bool:
    """Tell from the ending of a file name whether it is taken for an image."""
    dot = name.rfind(".")
    return dot > 0 and name[dot:].lower() in SUFFIXES


def read_header(path: Path | str) -> Header:
    """Read the header only. Raises ImageError naming the file where it is missing or no image."""
    name, page = split_page(path)
    if page == 1:
        with naming(path), open(name, "rb", buffering=0) as direct:
            found = quick_header(direct)
        if found is not None:
            return found
    with naming(path), quiet(), open(name, "rb") as file:
        if dicom.is_dicom(file):
            return dicom.header(file, path, page)
        with raster.opened(file, page, heic=_is_heic(name)) as image:
            return raster.header_of(image, file)


def read_pages(path: Path | str) -> list[tuple[int, Header | ImageError]]:
    """Return (page from 1, its header) of every image in a file; a TIFF's reduced copies of a page are left out.

    A page whose header cannot be read comes as the ImageError, and ends it.
    """
    found: list[tuple[int, Header | ImageError]] = []
    try:
        with naming(path), quiet(), open(path, "rb") as file:
            if dicom.is_dicom(file):
                header = dicom.header(file, path, 1)
                found += [(page, header) for page in range(1, dicom.frames(file, path) + 1)]
            else:
                with raster.opened(file, heic=_is_heic(str(path))) as image:
                    found.append((1, raster.header_of(image, file)))
                    found += raster.further_pages(image, file)
    except ImageError as problem:
        found.append((found[-1][0] + 1 if found else 1, problem))
    return found


def read_bytes(path: Path | str) -> bytes:
    """Return the bytes of the file that the image lies in. Raises ImageError naming it."""
    with naming(path):
        return file_of(path).read_bytes()


def content_hash(content: bytes, path: Path | str) -> str:
    """Return the image's content hash: the SHA-256 of its file; of a further page, of that and the page's number."""
    return page_hash(hashlib.sha256(content).hexdigest(), split_page(path)[1])


def page_hash(digest: str, page: int) -> str:
    """Return the content hash of a page of the file whose SHA-256 is ``digest``."""
    return digest if page == 1 else hashlib.sha256(f"{digest}#page={page}".encode()).hexdigest()


def read_image(path: Path | str, decoding: Decoding = DEFAULT, *, reduce_to: int | None = None) -> Pixels:
    """Decode an image to uint8 pixels of shape (height, width, 3), red first.

    ``reduce_to``: a JPEG may be decoded to 1/2, 1/4 or 1/8 as long as its short side keeps that many pixels; much
    faster. Raises ImageError that names the file where it is missing, no image, cut off, damaged, or above the pixel
    limit.
    """
    return decode(read_bytes(path), path, decoding, reduce_to=reduce_to)


def decode(content: bytes, path: Path | str, decoding: Decoding = DEFAULT, *, reduce_to: int | None = None) -> Pixels:
    """Decode a file's bytes as `read_image`; of ``path`` only the page and the ending count, and errors name it."""
    name, page = split_page(path)
    file = io.BytesIO(content)
    with naming(path), quiet():
        if dicom.is_dicom(file):
            return dicom.pixels(file, path, page, decoding)
        with raster.opened(file, page, heic=_is_heic(name)) as image:
            return raster.pixels_of(image, path, decoding, reduce_to)


def read_levels(path: Path | str, decoding: Decoding = DEFAULT) -> Levels | None:
    """Return the grey levels of a single-channel image of more than 8 bits, None for any other image.

    Shape (height, width), after the EXIF turn and DICOM's rescale, before the window: ``windowed(levels, window)`` gives
    what `read_image` shows. Raises ImageError as `read_image`.
    """
    name, page = split_page(path)
    file = io.BytesIO(read_bytes(path))
    with naming(path), quiet():
        if dicom.is_dicom(file):
            return dicom.levels(file, path, page, decoding)
        with raster.opened(file, page, heic=_is_heic(name)) as image:
            return raster.levels_of(image, path, decoding)


def file_window(path: Path | str) -> tuple[int, int] | None:
    """Return the window that a DICOM file asks for, as (low, high) levels; None where it or its format names none."""
    name, page = split_page(path)
    with naming(path), quiet(), open(name, "rb") as file:
        return dicom.window(file, path, page) if dicom.is_dicom(file) else None


def metadata(path: Path | str, *, identifying: bool = False) -> list[tuple[str, str]]:
    """Return what the file says about the picture, as (what, value) in the order to show.

    EXIF camera, lens, date and exposure, TIFF's pages, DICOM's tags: those that name the patient only if
    ``identifying``. Raises ImageError as `read_header`.
    """
    from workbench.data.metadata import metadata_of

    return metadata_of(path, identifying=identifying)


def _is_heic(name: str) -> bool:
    return name[name.rfind(".") :].lower() in raster.HEIC_SUFFIXES
