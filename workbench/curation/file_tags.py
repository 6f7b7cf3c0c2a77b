"""One value out of each image file: an EXIF tag by its name, a DICOM tag by its keyword. Reads headers only."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from workbench.data import dicom, raster
from workbench.data.decoding import naming, quiet
from workbench.data.pages import split_page
from workbench.errors import WorkbenchError

Reader = Callable[[Path], str]
"""Gives the value in a file, "" where it has none. Raises ImageError for a file that cannot be read."""

_LONGEST = 200
_EXIF_NAMES = {tag.name.casefold(): int(tag) for tag in ExifTags.Base}
_SUB_DIRECTORY = int(ExifTags.IFD.Exif)


def exif_reader(name: str) -> Reader:
    """Return the reader of an EXIF tag (Model, DateTimeOriginal, BodySerialNumber). Raises WorkbenchError for no tag."""
    tag = _EXIF_NAMES.get(name.strip().casefold())
    if tag is None:
        names = {each.name.casefold(): each.name for each in ExifTags.Base}
        raise _unknown("EXIF tag", name, difflib.get_close_matches(name.casefold(), names, 3), names)

    def read(path: Path) -> str:
        file_name, page = split_page(path)
        with naming(path), quiet(), open(file_name, "rb") as file:
            if dicom.is_dicom(file):
                return ""
            heic = file_name[file_name.rfind(".") :].lower() in raster.HEIC_SUFFIXES
            with raster.opened(file, page, heic=heic) as image:
                return _exif_value(image, tag)

    return read


def dicom_reader(keyword: str) -> Reader:
    """Return the reader of a DICOM tag (PatientID, StudyInstanceUID). Raises WorkbenchError for no keyword, or no pydicom."""
    try:
        from pydicom.datadict import DicomDictionary, tag_for_keyword  # type: ignore[attr-defined]
    except ImportError as error:
        raise WorkbenchError(
            "DICOM tags need the library pydicom, which is not installed; install Workbench with its extra 'dicom'."
        ) from error
    name = keyword.strip()
    if tag_for_keyword(name) is None:
        names = {entry[4].casefold(): entry[4] for entry in DicomDictionary.values() if entry[4]}
        raise _unknown("DICOM tag", name, difflib.get_close_matches(name.casefold(), names, 3), names)

    def read(path: Path) -> str:
        file_name, _ = split_page(path)
        with naming(path), quiet(), open(file_name, "rb") as file:
            if not dicom.is_dicom(file):
                return ""
            return _text(getattr(dicom.dataset(file, path), name, None))

    return read


def _exif_value(image: Image.Image, tag: int) -> str:
    try:
        exif = image.getexif()
        value = exif.get(tag)
        return _text(exif.get_ifd(_SUB_DIRECTORY).get(tag) if value is None else value)
    except Exception:  # damaged metadata of an intact image
        return ""


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return "" if value is None else str(value).strip(" \0\n\r\t")[:_LONGEST]


def _unknown(what: str, name: str, near: list[str], names: dict[str, str]) -> WorkbenchError:
    meant = f"; perhaps {' or '.join(names[each] for each in near)} is meant" if near else "; look its name up"
    return WorkbenchError(f"There is no {what} named '{name}'{meant}.")
