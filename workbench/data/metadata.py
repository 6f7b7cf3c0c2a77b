"""What image files say about their pictures, for people: EXIF, TIFF pages, DICOM tags."""

from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from workbench.data import dicom, raster
from workbench.data.decoding import naming, quiet
from workbench.data.pages import split_page

_LONGEST = 200
"""Characters of a value that are shown."""

_EXIF = (
    ("Camera", ExifTags.Base.Make),
    ("Model", ExifTags.Base.Model),
    ("Lens", ExifTags.Base.LensModel),
    ("Taken", ExifTags.Base.DateTimeOriginal),
    ("Exposure", ExifTags.Base.ExposureTime),
    ("Aperture", ExifTags.Base.FNumber),
    ("ISO", ExifTags.Base.ISOSpeedRatings),
    ("Focal length", ExifTags.Base.FocalLength),
    ("Flash", ExifTags.Base.Flash),
    ("Software", ExifTags.Base.Software),
    ("Description", ExifTags.Base.ImageDescription),
)
_DICOM = (
    ("Modality", "Modality"),
    ("Body part", "BodyPartExamined"),
    ("Side", "ImageLaterality"),
    ("Laterality", "Laterality"),
    ("View", "ViewPosition"),
    ("Series", "SeriesDescription"),
    ("Taken", "AcquisitionDate"),
    ("Study date", "StudyDate"),
    ("Manufacturer", "Manufacturer"),
    ("Model", "ManufacturerModelName"),
    ("kVp", "KVP"),
    ("Exposure, mAs", "Exposure"),
    ("Slice, mm", "SliceThickness"),
    ("Pixel spacing, mm", "PixelSpacing"),
    ("Colours", "PhotometricInterpretation"),
    ("Bits stored", "BitsStored"),
    ("Frames", "NumberOfFrames"),
    ("Rescale slope", "RescaleSlope"),
    ("Rescale intercept", "RescaleIntercept"),
    ("Window centre", "WindowCenter"),
    ("Window width", "WindowWidth"),
)
_IDENTIFYING = (
    ("Patient", "PatientName"),
    ("Patient ID", "PatientID"),
    ("Born", "PatientBirthDate"),
    ("Sex", "PatientSex"),
    ("Age", "PatientAge"),
    ("Accession number", "AccessionNumber"),
    ("Institution", "InstitutionName"),
)


def metadata_of(path: Path | str, *, identifying: bool = False) -> list[tuple[str, str]]:
    """Do what `reading.metadata` says."""
    name, page = split_page(path)
    with naming(path), quiet(), open(name, "rb") as file:
        if dicom.is_dicom(file):
            return _dicom(file, path, identifying=identifying)
        heic = name[name.rfind(".") :].lower() in raster.HEIC_SUFFIXES
        with raster.opened(file, page, heic=heic) as image:
            return _raster(image, page)


def _raster(image: Image.Image, page: int) -> list[tuple[str, str]]:
    found = [("Format", image.format or "")]
    pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if pages > 1:
        found.append(("Page", f"{page} of {pages}"))
    dpi = image.info.get("dpi")
    if isinstance(dpi, tuple) and len(dpi) == 2 and all(isinstance(value, (int, float)) for value in dpi):
        found.append(("Resolution, dpi", f"{dpi[0]:.0f} x {dpi[1]:.0f}"))
    try:
        # PngImageFile.getexif would decode the image to look for more.
        exif = Image.Image.getexif(image)
        tags = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except Exception:  # damaged metadata of an intact image
        return found
    return found + [(what, text) for what, tag in _EXIF if (text := _text(tags.get(tag)))]


def _dicom(file: Any, path: Path | str, *, identifying: bool) -> list[tuple[str, str]]:
    tags = dicom.dataset(file, path)
    wanted = _DICOM + _IDENTIFYING if identifying else _DICOM
    found = [("Format", "DICOM"), ("Transfer syntax", tags.file_meta.TransferSyntaxUID.name)]
    return found + [(what, text) for what, keyword in wanted if (text := _text(tags.get(keyword)))]


def _text(value: Any) -> str:
    """Return a tag's value in one short line; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, float) or type(value).__name__ in ("IFDRational", "DSfloat"):
        try:
            value = f"{float(value):.6g}"
        except (ValueError, ZeroDivisionError):
            return ""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in str(value)).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
