"""The quick headers say what pillow says, or nothing."""

import io
import random
from pathlib import Path

import pytest
from PIL import Image

from tests.export.formats import write_all
from workbench.data import raster
from workbench.data.decoding import Header, quiet
from workbench.data.headers import quick_header

LEFT_TO_PILLOW = {"grey16_alpha.png", "la16.png"}


def by_pillow(content: bytes) -> Header | None:
    file = io.BytesIO(content)
    try:
        with quiet(), raster.opened(file) as image:
            return raster.header_of(image, file)
    except Exception:
        return None


def test_ordinary_files_are_read_as_pillow_reads_them_whatever_happened_to_them(tmp_path: Path) -> None:
    chance, quick = random.Random(1), 0
    for path in write_all(tmp_path / "all"):
        whole = path.read_bytes()
        if whole[:2] not in (b"\xff\xd8", b"\x89P"):
            assert quick_header(io.BytesIO(whole)) is None
            continue
        assert (quick_header(io.BytesIO(whole)) is None) == (path.name in LEFT_TO_PILLOW), path.name
        for number in range(40):
            content = bytearray(whole)
            for _ in range(chance.randint(1, 6) if number else 0):
                content[chance.randrange(min(len(content), 1500))] = chance.choice([0, 1, 255, chance.randrange(256)])
            if number % 10 == 9:
                del content[chance.randrange(len(content)) :]
            found, expected = quick_header(io.BytesIO(content)), by_pillow(bytes(content))
            quick += found is not None
            assert found is None or expected is None or found == expected, path.name
    assert quick > 500


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_exif_block_before_the_size_is_stepped_over(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x9286] = orientation, b"x" * 30_000
    file = io.BytesIO()
    Image.new("RGB", (31, 17)).save(file, "JPEG", exif=exif, icc_profile=b"y" * 20_000)
    expected = (17, 31) if orientation >= 5 else (31, 17)
    found = quick_header(io.BytesIO(file.getvalue()))
    assert found is not None
    assert (found.width, found.height, found.orientation) == (*expected, orientation)


def test_an_orientation_that_is_said_elsewhere_is_left_to_pillow(tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    file = io.BytesIO()
    Image.new("RGB", (31, 17)).save(file, "JPEG", xmp=xmp)
    assert quick_header(io.BytesIO(file.getvalue())) is None
    assert by_pillow(file.getvalue()) == Header(17, 31, 3, 8, "JPEG", 6)
