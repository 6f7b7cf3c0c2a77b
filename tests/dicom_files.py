"""Tiny DICOM files for tests."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid


def write_dicom(path: Path, stored: np.ndarray, *, frames: bool = False, syntax: str = "", **tags: Any) -> Path:
    """Write ``stored`` (rows, columns[, 3]), with ``frames`` one axis more in front, uncompressed; return the path."""
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = syntax or ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    found.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    found.SOPClassUID = SecondaryCaptureImageStorage
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID
    one = stored[0] if frames else stored
    found.Rows, found.Columns = one.shape[:2]
    found.SamplesPerPixel = one.shape[2] if one.ndim == 3 else 1
    found.PhotometricInterpretation = "RGB" if one.ndim == 3 else "MONOCHROME2"
    if one.ndim == 3:
        found.PlanarConfiguration = 0
    if frames:
        found.NumberOfFrames = len(stored)
    found.BitsAllocated = found.BitsStored = stored.dtype.itemsize * 8
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = int(stored.dtype.kind == "i")
    found.PatientName = "Secret^Name"
    found.PatientID = "4711"
    found.Modality = "OT"
    found.PixelData = stored.tobytes() + b"\0" * (stored.nbytes % 2)
    found["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"
    for keyword, value in tags.items():
        setattr(found, keyword, value)
    found.save_as(path, enforce_file_format=True)
    return path


def write_every_kind(folder: Path) -> list[Path]:
    """Write one file of each kind that can be read, and return every image path, pages included."""
    random = np.random.default_rng(4)
    twelve = random.integers(0, 4096, (11, 7)).astype(np.uint16)
    colour = random.integers(0, 256, (11, 7, 3)).astype(np.uint8)
    palette = {
        f"{name}PaletteColorLookupTable{part}": value
        for name in ("Red", "Green", "Blue")
        for part, value in (
            ("Descriptor", [256, 0, 16]),
            ("Data", random.integers(0, 65536, 256).astype("<u2").tobytes()),
        )
    }
    paths = [
        write_dicom(folder / "grey8.dcm", colour[..., 0]),
        write_dicom(folder / "dark8.dcm", colour[..., 0], PhotometricInterpretation="MONOCHROME1"),
        write_dicom(folder / "grey12.dcm", twelve, BitsStored=12, HighBit=11),
        write_dicom(folder / "dark12.dcm", twelve, BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1"),
        write_dicom(folder / "ct.dcm", twelve, BitsStored=12, HighBit=11, RescaleSlope="1", RescaleIntercept="-1024"),
        write_dicom(folder / "half.dcm", twelve, RescaleSlope="0.5", RescaleIntercept="-3.25"),
        write_dicom(folder / "signed.dcm", (twelve.astype(np.int16) - 2000)),
        write_dicom(folder / "rgb.dcm", colour),
        write_dicom(folder / "ybr.dcm", colour, PhotometricInterpretation="YBR_FULL"),
        write_dicom(folder / "palette.dcm", colour[..., 0], PhotometricInterpretation="PALETTE COLOR", **palette),
        write_dicom(folder / "frames.dcm", np.stack([twelve, twelve[::-1], twelve // 2]), frames=True),
    ]
    return [*paths, folder / "frames.dcm#page=2", folder / "frames.dcm#page=3"]
