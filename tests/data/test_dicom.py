"""DICOM: levels, colours, frames; what is damaged, absurd or compressed is refused in a sentence."""

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from tests.dicom_files import write_dicom, write_every_kind
from workbench.data.reading import (
    Decoding,
    ImageError,
    file_window,
    is_image_name,
    metadata,
    read_header,
    read_image,
    read_levels,
    read_pages,
    windowed,
)

STORED = np.arange(0, 3960, 40, dtype=np.uint16).reshape(9, 11)
TWELVE = {"BitsStored": 12, "HighBit": 11}


def levels_of(path: Path) -> np.ndarray:
    found = read_levels(path)
    assert found is not None
    return found


def test_dicom_is_taken_for_an_image() -> None:
    assert is_image_name("a.dcm")
    assert is_image_name("A.DCM")


def test_the_rescale_gives_negative_levels_and_the_window_takes_them(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "ct.dcm", STORED, **TWELVE, RescaleSlope="1", RescaleIntercept="-1024")
    assert np.array_equal(levels_of(path), STORED.astype(np.int32) - 1024)
    shown = read_image(path, Decoding(window=(-1000, 400)))
    assert shown.shape == (9, 11, 3)
    assert (shown[0, 0, 0], shown[-1, -1, 0]) == (0, 255)
    assert shown[3, 2, 0] == (1400 - 24 - 400) * 255 // 1400 or shown.min() == 0
    assert np.array_equal(shown[..., 1], windowed(levels_of(path), (-1000, 400)))
    header = read_header(path)
    assert (header.width, header.height, header.channels, header.bits, header.format) == (11, 9, 1, 12, "DICOM")


def test_a_fractional_rescale_rounds_half_up(tmp_path: Path) -> None:
    stored = np.array([[0, 1, 2, 3]], np.uint16)
    path = write_dicom(tmp_path / "a.dcm", stored, RescaleSlope="0.5", RescaleIntercept="-1")
    assert levels_of(path).tolist() == [[-1, 0, 0, 1]]  # -1, -0.5, 0, 0.5


def test_monochrome1_is_turned_round_and_so_is_its_window(tmp_path: Path) -> None:
    tags = {**TWELVE, "WindowCenter": "1000", "WindowWidth": "401", "RescaleSlope": "1", "RescaleIntercept": "0"}
    light = write_dicom(tmp_path / "light.dcm", STORED, **tags)
    dark = write_dicom(tmp_path / "dark.dcm", STORED, PhotometricInterpretation="MONOCHROME1", **tags)
    assert np.array_equal(levels_of(dark), 4095 - levels_of(light))
    window = file_window(dark)
    assert window is not None
    first = read_image(light, Decoding(window=file_window(light) or (0, 1))).astype(int)
    assert np.abs(255 - first - read_image(dark, Decoding(window=window))).max() <= 1


def test_the_window_of_the_file_follows_the_standard(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", STORED, WindowCenter=["40", "300"], WindowWidth=["400", "1500"])
    assert file_window(path) == (-160, 239)  # C.11.2.1.2: 40 - 0.5 - 399 / 2 = -160
    for tags in ({}, {"WindowCenter": "40", "WindowWidth": "0"}):
        assert file_window(write_dicom(tmp_path / "b.dcm", STORED, **tags)) is None


def test_an_enhanced_file_rescales_each_frame_by_its_own_numbers(tmp_path: Path) -> None:
    groups = []
    for intercept in (0, -100):
        rescale, group = Dataset(), Dataset()
        rescale.RescaleSlope, rescale.RescaleIntercept = "2", str(intercept)
        group.PixelValueTransformationSequence = [rescale]
        groups.append(group)
    path = write_dicom(
        tmp_path / "a.dcm", np.stack([STORED, STORED]), frames=True, PerFrameFunctionalGroupsSequence=groups
    )
    assert np.array_equal(levels_of(path), 2 * STORED.astype(int))
    assert np.array_equal(levels_of(Path(f"{path}#page=2")), 2 * STORED.astype(int) - 100)


def test_eight_bits_need_no_window(tmp_path: Path) -> None:
    grey = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
    for name, expected in (("MONOCHROME2", grey), ("MONOCHROME1", 255 - grey)):
        path = write_dicom(tmp_path / "a.dcm", grey, PhotometricInterpretation=name)
        assert np.array_equal(read_image(path, Decoding(window=(-5, 5)))[..., 2], expected)
        assert read_levels(path) is None
        assert read_header(path).bits == 8


def test_colours_come_as_they_are(tmp_path: Path) -> None:
    colour = np.random.default_rng(1).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    assert np.array_equal(read_image(write_dicom(tmp_path / "a.dcm", colour)), colour)
    assert read_header(tmp_path / "a.dcm").channels == 3
    planes = np.ascontiguousarray(colour.transpose(2, 0, 1))
    path = write_dicom(tmp_path / "b.dcm", colour, PlanarConfiguration=1, PixelData=planes.tobytes())
    assert np.array_equal(read_image(path), colour)
    neutral = np.full((2, 2, 3), (90, 128, 128), np.uint8)
    path = write_dicom(tmp_path / "c.dcm", neutral, PhotometricInterpretation="YBR_FULL")
    assert np.abs(read_image(path).astype(int) - 90).max() <= 1


def test_frames_are_pages(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", np.stack([STORED, STORED[::-1], STORED // 2]), frames=True)
    assert [page for page, _ in read_pages(path)] == [1, 2, 3]
    assert np.array_equal(levels_of(Path(f"{path}#page=2")), STORED[::-1])
    for read in (read_image, read_header, read_levels):
        with pytest.raises(ImageError, match=r"a\.dcm#page=4"):
            read(Path(f"{path}#page=4"))


def test_every_kind_gives_pixels(tmp_path: Path) -> None:
    for path in write_every_kind(tmp_path):
        assert read_image(path, Decoding(window=(-1000, 3000))).shape == (11, 7, 3), path


def test_a_cut_off_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    whole = write_dicom(tmp_path / "whole.dcm", STORED, **TWELVE).read_bytes()
    path = tmp_path / "cut.dcm"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ImageError, match=r"cut\.dcm"):
            read_image(path)


def test_noise_never_raises_anything_else(tmp_path: Path) -> None:
    random, whole = np.random.default_rng(0), write_dicom(tmp_path / "whole.dcm", STORED).read_bytes()
    path = tmp_path / "noise.dcm"
    for _ in range(60):
        bad = bytearray(whole)
        for place in random.integers(132, len(bad) - STORED.nbytes, 4):
            bad[place] = random.integers(0, 256)
        path.write_bytes(bad)
        for read in (read_image, read_header, metadata, file_window):
            problem = refusal(read, path)
            assert problem is None or "noise.dcm" in problem


@pytest.mark.parametrize(
    ("tags", "match"),
    [
        ({"Rows": 65535, "Columns": 65535}, "more than the limit"),
        ({"NumberOfFrames": 2_000_000_000}, "at most 20,000 are read"),
        ({"NumberOfFrames": 5000}, "frames"),
        ({"RescaleSlope": "1e400", "RescaleIntercept": "0"}, "rescale"),
        ({"PhotometricInterpretation": "CMYK"}, "convert it"),
        ({"BitsAllocated": 64, "BitsStored": 64}, "convert it"),
        ({"Rows": 0}, "holds no picture"),
    ],
)
def test_absurd_numbers_are_refused(tags: dict[str, Any], match: str, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", STORED, **tags)
    problems = [str(found) for _, found in read_pages(path) if isinstance(found, ImageError)]
    told = problems[0] if problems else refusal(read_image, path) or ""
    assert "a.dcm" in told
    assert match in told


def test_what_cannot_be_decompressed_is_named(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate

    path = write_dicom(tmp_path / "a.dcm", STORED)
    found = pydicom.dcmread(path)
    found.PixelData = encapsulate([b"\xff\xd8\xff\xf7" + b"\0" * 40])
    found.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.80"
    found["PixelData"].is_undefined_length = True
    found.save_as(path)
    with pytest.raises(ImageError, match=r"a\.dcm is compressed as JPEG-LS Lossless"):
        read_image(path)
    found.file_meta.TransferSyntaxUID = "1.2.3.4.5"
    found.save_as(path, implicit_vr=False, little_endian=True)
    with pytest.raises(ImageError, match=r"a\.dcm"):
        read_image(path)


def test_a_box_without_length_is_refused_instead_of_read_for_ever(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate

    path = write_dicom(tmp_path / "a.dcm", STORED)
    found = pydicom.dcmread(path)
    found.PixelData = encapsulate([b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0" * 40])
    found["PixelData"].is_undefined_length = True
    found.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    found.save_as(path)
    with pytest.raises(ImageError, match=r"a\.dcm is damaged \(a JPEG 2000 box"):
        read_image(path)


def test_deflated_files_are_refused_before_they_are_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_dicom(tmp_path / "a.dcm", STORED, syntax="1.2.840.10008.1.2.1.99")
    monkeypatch.setattr("pydicom.filereader.zlib", None)
    for read in (read_image, read_header, metadata):
        with pytest.raises(ImageError, match="deflated"):
            read(path)


def test_rle_is_decompressed(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", STORED)
    found = pydicom.dcmread(path)
    found.compress("1.2.840.10008.1.2.5")
    found.save_as(path)
    assert np.array_equal(levels_of(path), STORED)


def refusal(read: Callable[[Path], object], path: Path) -> str | None:
    try:
        read(path)
    except ImageError as error:
        return str(error)
    return None


def test_without_pydicom_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_dicom(tmp_path / "a.dcm", STORED)
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "pydicom":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    for read in (read_image, read_header):
        with pytest.raises(ImageError, match=r"a\.dcm.*pip install workbench\[dicom\]"):
            read(path)


def test_metadata_keeps_the_patient_to_itself(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", STORED, WindowCenter="40", WindowWidth="400")
    shown = dict(metadata(path))
    assert shown["Modality"] == "OT"
    assert shown["Window centre"] == "40"
    assert "Secret" not in str(shown)
    assert "4711" not in str(shown)
    assert dict(metadata(path, identifying=True))["Patient"] == "Secret^Name"
