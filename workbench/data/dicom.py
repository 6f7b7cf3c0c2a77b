"""DICOM through pydicom, an optional extra that is imported only when such a file is met.

Grey of more than 8 bits, signed grey and grey with a rescale gives levels: the stored numbers, turned round for
MONOCHROME1 (there high is dark), then times the slope plus the intercept, rounded to whole numbers. The project's window
makes them 0 to 255, as it does for other 16-bit images; the file's own window is only where the project's comes from.
"""

import math
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from workbench.data.decoding import (
    HIGHEST,
    LOWEST,
    Decoding,
    Header,
    ImageError,
    Levels,
    Pixels,
    check_size,
    grey_pixels,
    windowed,
)
from workbench.data.raster import MOST_PAGES

_DEFLATED = "1.2.840.10008.1.2.1.99"
_LONG = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"SQ", b"UN", b"UT", b"UC", b"UR", b"OV", b"SV", b"UV"))
"""Value representations whose length takes four bytes after two spare ones."""

_JP2 = b"\0\0\0\x0cjP  "

_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT")
_HEADER = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)


def is_dicom(file: IO[bytes]) -> bool:
    """Tell whether the file begins with DICOM's preamble; leaves it at its start."""
    start = file.read(132)
    file.seek(0)
    return start[128:] == b"DICM"


def header(file: IO[bytes], path: Path | str, page: int) -> Header:
    """Return what the file says of a frame. Raises ImageError where it holds no picture that can be read."""
    found = _read(file, path, pixels=False)
    _checked_kind(found, path)
    if page > 1 and page > _frames(found, path):
        raise ImageError(f"The image {path} does not exist: its file has {_frames(found, path)} frames.")
    grey = found.PhotometricInterpretation in _GREY
    # A signed or rescaled 8-bit image has levels too, and counts as a deep one wherever the window matters.
    bits = max(9, found.BitsStored) if grey and _has_levels(found, page) else int(found.BitsStored)
    return Header(found.Columns, found.Rows, 1 if grey else 3, bits, "DICOM", 1)


def frames(file: IO[bytes], path: Path | str) -> int:
    """Return the number of frames. Raises ImageError where the file is too short to hold them."""
    found = _read(file, path, pixels=False)
    count = _frames(found, path)
    if count == 1:
        return 1
    size = file.seek(0, 2)
    compressed = found.file_meta.TransferSyntaxUID.is_compressed
    bits = found.Rows * found.Columns * found.get("SamplesPerPixel", 1) * found.BitsAllocated
    # YBR_FULL_422 stores two thirds; every compressed frame has a header of 8 bytes at least.
    smallest = 8 if compressed else bits // 8 * 2 // 3
    if count * smallest > size:
        raise ImageError(
            f"The image {path} is cut off ({count:,} frames do not fit into {size:,} bytes); replace it or remove it."
        )
    return count


def pixels(file: IO[bytes], path: Path | str, page: int, decoding: Decoding) -> Pixels:
    """Decode a frame to uint8 RGB."""
    found = _read(file, path, pixels=True)
    stored = _stored(found, path, page, decoding)
    kind, bits = found.PhotometricInterpretation, int(found.BitsStored)
    if kind in _GREY:
        if _has_levels(found, page):
            return grey_pixels(windowed(_levels(found, path, page, stored), decoding.window))
        white = (1 << bits) - 1
        grey = np.minimum(stored, white).astype(np.uint16) * 255 // white
        return grey_pixels((255 - grey if kind == "MONOCHROME1" else grey).astype(np.uint8))
    if kind == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        stored = apply_color_lut(stored, found)
        bits = 16 if stored.dtype == np.uint16 else 8
    return np.ascontiguousarray((stored >> max(0, bits - 8)).astype(np.uint8))


def levels(file: IO[bytes], path: Path | str, page: int, decoding: Decoding) -> Levels | None:
    """Return the levels of a grey frame of more than 8 bits (or signed, or rescaled), int32; None for any other."""
    found = _read(file, path, pixels=True)
    _checked_kind(found, path)
    if found.PhotometricInterpretation not in _GREY or not _has_levels(found, page):
        return None
    return _levels(found, path, page, _stored(found, path, page, decoding))


def window(file: IO[bytes], path: Path | str, page: int) -> tuple[int, int] | None:
    """Return the first window that the file names for a frame, in `levels`; None where it names none."""
    found = _read(file, path, pixels=False)
    _checked_kind(found, path)
    if found.PhotometricInterpretation not in _GREY or not _has_levels(found, page):
        return None
    voi = _group(found, page, "FrameVOILUTSequence") or found
    centre, width = _first(voi.get("WindowCenter")), _first(voi.get("WindowWidth"))
    if centre is None or width is None or not math.isfinite(centre + width) or width <= 0:
        return None
    exact = voi.get("VOILUTFunction") == "LINEAR_EXACT"
    # PS3.3 C.11.2.1.2: the linear function reaches black at c - 0.5 - (w - 1) / 2 and white (w - 1) further up.
    low = centre - width / 2 if exact else centre - 0.5 - (width - 1) / 2
    high = low + (width if exact else width - 1)
    if found.PhotometricInterpretation == "MONOCHROME1":
        slope, intercept = _rescale(found, page)
        turned = slope * sum(_range(found)) + 2 * intercept
        low, high = turned - high, turned - low
    first = min(max(math.floor(low), LOWEST), HIGHEST - 1)
    return first, min(max(math.ceil(high), first + 1), HIGHEST)


def dataset(file: IO[bytes], path: Path | str) -> Any:
    """Return pydicom's data set without the pixels, for its tags."""
    return _read(file, path, pixels=False, everything=True)


def _read(file: IO[bytes], path: Path | str, *, pixels: bool, everything: bool = False) -> Any:
    try:
        import pydicom
    except ImportError as error:
        raise ImageError(
            f"The image {path} is DICOM, for which pydicom is missing; install it with: pip install workbench[dicom]."
        ) from error
    if _DEFLATED in _transfer_syntaxes(file):
        # Inflating has no limit in pydicom: a small file may fill the memory.
        raise ImageError(f"The image {path} is a deflated DICOM file; store it without deflating.")
    file.seek(0)
    wanted = None if pixels or everything else list(_HEADER)
    return pydicom.dcmread(file, stop_before_pixels=not pixels, specific_tags=wanted)


def _transfer_syntaxes(file: IO[bytes]) -> list[str]:
    """Return every transfer syntax that the file's meta group names: one, in a sound file."""
    found = []
    file.seek(132)
    while len(head := file.read(8)) == 8 and head[:2] == b"\x02\x00":
        length = int.from_bytes(file.read(4) if head[4:6] in _LONG else head[6:8], "little")
        if head[2:4] == b"\x10\x00":
            found.append(file.read(min(length, 256)).rstrip(b"\0 ").decode("ascii", "replace"))
        else:
            file.seek(length, 1)
    return found


def _checked_kind(found: Any, path: Path | str) -> None:
    kind, bits = found.get("PhotometricInterpretation"), found.get("BitsAllocated")
    if not found.get("Rows") or not found.get("Columns") or kind is None or bits is None:
        raise ImageError(f"The DICOM file {path} holds no picture; remove it.")
    if kind not in (*_GREY, *_COLOUR, "PALETTE COLOR") or bits not in (1, 8, 16, 32) or not found.get("BitsStored"):
        raise ImageError(f"The image {path} holds {kind} of {bits} bits; convert it to grey, RGB or a palette.")


def _stored(found: Any, path: Path | str, page: int, decoding: Decoding) -> NDArray[Any]:
    """Return a frame as it is stored, (rows, columns) or (rows, columns, 3); YBR comes as RGB."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    _checked_kind(found, path)
    check_size(found.Columns, found.Rows, path, decoding)
    if page > _frames(found, path):
        raise ImageError(f"The image {path} does not exist: its file has {_frames(found, path)} frames.")
    syntax = found.file_meta.TransferSyntaxUID
    try:
        readable = not syntax.is_compressed or get_decoder(syntax).is_available
    except (NotImplementedError, ValueError):
        readable = False
    if not readable:
        raise ImageError(
            f"The image {path} is compressed as {syntax.name}, which cannot be decoded here; store it uncompressed."
        )
    if syntax.is_compressed and _endless(found.PixelData):
        raise ImageError(f"The image {path} is damaged (a JPEG 2000 box has no length); replace it or remove it.")
    stored: NDArray[Any] = pixel_array(found, index=page - 1)
    if stored.shape[:2] != (found.Rows, found.Columns):
        raise ValueError(f"{found.Columns} x {found.Rows} pixels are said, {stored.shape[1]} x {stored.shape[0]} found")
    return stored


def _endless(content: bytes) -> bool:
    """Tell whether pydicom 3.0 would look for ever through the boxes of a JPEG 2000 file: one says that it is empty."""
    start = content.find(_JP2)
    while start >= 0:
        place = start + 12
        while place < len(content) and content[place + 4 : place + 8] != b"jp2c":
            length = int.from_bytes(content[place : place + 4], "big")
            if length < 8:
                return True
            place += length
        start = content.find(_JP2, start + 12)
    return False


def _levels(found: Any, path: Path | str, page: int, stored: NDArray[Any]) -> NDArray[np.int32]:
    values = stored.astype(np.int64)
    if found.PhotometricInterpretation == "MONOCHROME1":
        values = sum(_range(found)) - values
    if "ModalityLUTSequence" in found:
        from pydicom.pixels.processing import apply_modality_lut

        values = apply_modality_lut(values.astype(np.int32), found).astype(np.int64)
    else:
        slope, intercept = _rescale(found, page)
        if not math.isfinite(slope) or not math.isfinite(intercept):
            raise ImageError(f"The image {path} is damaged (its rescale is no number); replace it or remove it.")
        if (slope, intercept) != (1, 0):
            values = np.floor(values * slope + intercept + 0.5)
    return np.clip(values, LOWEST, HIGHEST).astype(np.int32)


def _has_levels(found: Any, page: int) -> bool:
    deep = found.BitsStored > 8 or found.get("PixelRepresentation", 0) == 1 or "ModalityLUTSequence" in found
    return bool(deep) or _rescale(found, page) != (1, 0)


def _range(found: Any) -> tuple[int, int]:
    """Return the lowest and the highest number that can be stored."""
    bits = int(found.BitsStored)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if found.get("PixelRepresentation", 0) == 1 else (0, (1 << bits) - 1)


def _rescale(found: Any, page: int) -> tuple[float, float]:
    source = _group(found, page, "PixelValueTransformationSequence") or found
    slope, intercept = _first(source.get("RescaleSlope")), _first(source.get("RescaleIntercept"))
    return (1.0 if slope is None else slope), (0.0 if intercept is None else intercept)


def _group(found: Any, page: int, sequence: str) -> Any:
    """Return what an enhanced multi-frame file says of one frame, or of all of them; None for an ordinary file."""
    own, shared = found.get("PerFrameFunctionalGroupsSequence"), found.get("SharedFunctionalGroupsSequence")
    for groups in ([own[page - 1]] if own and len(own) >= page else [], [shared[0]] if shared else []):
        for group in groups:
            inner = group.get(sequence)
            if inner:
                return inner[0]
    return None


def _first(value: Any) -> float | None:
    """Return a number, or the first of several."""
    if value is None or value == "":
        return None
    many = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
    return float(value[0]) if many and len(value) else None if many else float(value)


def _frames(found: Any, path: Path | str) -> int:
    count = int(found.get("NumberOfFrames") or 1)
    if not 1 <= count <= MOST_PAGES:
        raise ImageError(f"The image {path} says it has {count:,} frames; at most {MOST_PAGES:,} are read.")
    return count
