"""What an image file says about itself beside its pixels: EXIF and DICOM tags that a user may look for."""

from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, UnidentifiedImageError

from workbench.data import dicom
from workbench.data.pages import file_of

EXIF = (
    "Make",
    "Model",
    "LensModel",
    "DateTimeOriginal",
    "DateTime",
    "ExposureTime",
    "FNumber",
    "ISOSpeedRatings",
    "FocalLength",
    "Software",
    "ImageDescription",
    "Artist",
)
DICOM = (
    "PatientID",
    "PatientSex",
    "PatientAge",
    "StudyDate",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "StationName",
    "BodyPartExamined",
    "Laterality",
    "ImageLaterality",
    "ViewPosition",
    "SeriesDescription",
    "WindowCenter",
    "WindowWidth",
)
LONGEST = 120


def file_tags(path: Path) -> dict[str, str]:
    """Return the tags by name, those of `EXIF` or `DICOM` that are there; none where the file cannot be read."""
    file = file_of(path)
    try:
        with file.open("rb") as stream:
            if dicom.is_dicom(stream):
                found = dicom.dataset(stream, path)
                return _written({name: found.get(name) for name in DICOM})
        with Image.open(file) as image:
            exif = image.getexif()
            values = {ExifTags.TAGS.get(key, ""): value for key, value in exif.items()}
            values |= {ExifTags.TAGS.get(key, ""): value for key, value in exif.get_ifd(ExifTags.IFD.Exif).items()}
            return _written({name: values.get(name) for name in EXIF})
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, TypeError, KeyError):
        return {}  # it is an extra: whether the image can be read is said elsewhere


def _written(values: dict[str, Any]) -> dict[str, str]:
    texts = {
        _words(name): " ".join(str(value).split())[:LONGEST] for name, value in values.items() if value is not None
    }
    return {name: text for name, text in texts.items() if text and text.isprintable()}


def _words(name: str) -> str:
    """DateTimeOriginal -> Date time original."""
    apart = "".join(f" {letter.lower()}" if letter.isupper() and place else letter for place, letter in enumerate(name))
    return {"F number": "Aperture", "I s o speed ratings": "ISO", "Patient i d": "Patient"}.get(apart, apart)
