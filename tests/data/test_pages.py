"""Pages of a TIFF: each is an image of its own by its path."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from workbench.data.pages import file_of, split_page, with_page
from workbench.data.reading import (
    ImageError,
    content_hash,
    metadata,
    read_bytes,
    read_header,
    read_image,
    read_levels,
    read_pages,
)

PAGES = [np.random.default_rng(number).integers(0, 256, (5 + number, 9, 3)).astype(np.uint8) for number in range(3)]


def stack(path: Path) -> Path:
    first, *others = (Image.fromarray(page) for page in PAGES)
    first.save(path, save_all=True, append_images=others)
    return path


def page(path: Path, number: int) -> Path:
    return Path(with_page(str(path), number))


def test_each_page_is_an_image(tmp_path: Path) -> None:
    path = stack(tmp_path / "stack.tif")
    for number, expected in enumerate(PAGES, 1):
        assert np.array_equal(read_image(page(path, number)), expected)
        assert read_header(page(path, number)).height == len(expected)
        assert ("Page", f"{number} of 3") in metadata(page(path, number))
    assert np.array_equal(read_image(f"{path}#page=1"), PAGES[0])
    found = list(read_pages(path))
    assert [(number, header.height) for number, header in found] == [(1, 5), (2, 6), (3, 7)]
    assert page(path, 1) == path
    assert read_bytes(page(path, 2)) == path.read_bytes()


def test_pages_have_content_hashes_of_their_own(tmp_path: Path) -> None:
    path = stack(tmp_path / "stack.tif")
    hashes = {content_hash(path.read_bytes(), page(path, number)) for number in (1, 2, 3)}
    assert len(hashes) == 3
    copy = tmp_path / "copy.TIF"
    copy.write_bytes(path.read_bytes())
    assert content_hash(copy.read_bytes(), page(copy, 3)) in hashes


@pytest.mark.parametrize("number", [4, 99, 30_000, 999_999_999])
def test_a_page_that_is_not_there_is_named(number: int, tmp_path: Path) -> None:
    path = page(stack(tmp_path / "stack.tif"), number)
    for read in (read_image, read_header, read_levels, metadata):
        with pytest.raises(ImageError, match=rf"stack\.tif#page={number}"):
            read(path)


def test_only_tiff_and_dicom_have_pages_and_only_from_one(tmp_path: Path) -> None:
    for name in (
        "a.png#page=2",
        "a.tif#page=0",
        "a.tif#page=02",
        "a.tif#page=-1",
        "a.tif#page=2x",
        "a.tif#page=",
        "#page=2",
    ):
        assert split_page(name) == (name, 1)
    assert split_page("b/A.TIFF#page=12") == ("b/A.TIFF", 12)
    assert split_page("b\nc.dcm#page=2") == ("b\nc.dcm", 2)
    assert file_of("a.tif#page=3") == Path("a.tif")
    Image.fromarray(PAGES[0]).save(tmp_path / "png.tif", "PNG")
    with pytest.raises(ImageError, match="page"):
        read_image(tmp_path / "png.tif#page=2")


def test_a_file_that_really_has_such_a_name_is_that_file(tmp_path: Path) -> None:
    path = stack(tmp_path / "stack.tif")
    literal = tmp_path / "stack.tif#page=2"
    Image.fromarray(PAGES[2]).save(literal, "PNG")
    assert np.array_equal(read_image(literal), PAGES[2])
    assert np.array_equal(read_image(page(path, 3)), PAGES[2])


def test_deep_pages_give_levels_after_the_turn(tmp_path: Path) -> None:
    deep = [np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000, np.arange(8, dtype=np.uint16).reshape(2, 4) + 40000]
    path = tmp_path / "deep.tif"
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x0112] = 6
    with TiffImagePlugin.AppendingTiffWriter(str(path), new=True) as file:
        for number, levels in enumerate(deep):
            Image.fromarray(levels).save(
                file, "TIFF", tiffinfo=tags if number else TiffImagePlugin.ImageFileDirectory_v2()
            )
            file.newFrame()
    assert np.array_equal(read_levels(path), deep[0])
    turned = read_levels(page(path, 2))
    assert np.array_equal(turned, np.rot90(deep[1], -1))
    header = read_header(page(path, 2))
    assert (header.height, header.width) == turned.shape == read_image(page(path, 2)).shape[:2]


def test_a_reduced_copy_of_a_page_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "pyramid.tif"
    with TiffImagePlugin.AppendingTiffWriter(str(path), new=True) as file:
        for number, pixels in enumerate(PAGES):
            tags = TiffImagePlugin.ImageFileDirectory_v2()
            tags[254] = 1 if number == 1 else 0
            Image.fromarray(pixels).save(file, "TIFF", tiffinfo=tags)
            file.newFrame()
    assert [number for number, _ in read_pages(path)] == [1, 3]


def test_damaged_chains_of_pages_end(tmp_path: Path) -> None:
    whole, random = stack(tmp_path / "stack.tif").read_bytes(), np.random.default_rng(2)
    path = tmp_path / "noise.tif"
    for _ in range(60):
        bad = bytearray(whole)
        for place in random.integers(4, len(bad), 12):
            bad[place] = random.integers(0, 256)
        path.write_bytes(bad)
        found = list(read_pages(path))
        assert 1 <= len(found) <= 20_000
        assert all("noise.tif" in str(header) for _, header in found if isinstance(header, ImageError))
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert isinstance(list(read_pages(path))[-1][1], ImageError)


def test_metadata_says_camera_lens_and_date(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker\0", "Model 7"
    second = exif.get_ifd(0x8769)
    second.update({0x9003: "2026:01:02 03:04:05", 0xA434: "50 mm", 0x8827: 400})
    second[0x829A] = TiffImagePlugin.IFDRational(1, 250)
    path = tmp_path / "a.jpg"
    Image.fromarray(PAGES[0]).save(path, exif=exif, dpi=(300, 300))
    shown = dict(metadata(path))
    assert (shown["Camera"], shown["Model"], shown["Lens"]) == ("Maker", "Model 7", "50 mm")
    assert (shown["Taken"], shown["ISO"], shown["Format"]) == ("2026:01:02 03:04:05", "400", "JPEG")
    assert shown["Exposure"] == "0.004"
    with pytest.raises(ImageError, match=r"gone\.jpg is missing"):
        metadata(tmp_path / "gone.jpg")
