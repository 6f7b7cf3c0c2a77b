"""The one decoder against a reference that a package's demo can carry: pillow and numpy only."""

import io
import json
import os
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageFile

from workbench.data import raster
from workbench.data.reading import Decoding, ImageError, is_image_name, read_header, read_image, read_levels
from workbench.errors import WorkbenchError

WINDOW = (1000, 40000)


def reference(path: Path, rules: dict) -> np.ndarray:
    """Decode by the rules as data, as the demo of an exported package does."""
    low, high = rules["window"]
    with Image.open(path) as image:
        image.seek(rules["frame"])
        image.load()
        orientation = image.getexif().get(0x0112, 1)
        if image.mode == "I" or image.mode.startswith("I;16"):
            levels = np.clip(np.asarray(image).astype(np.int64), low, high) - low
            grey = (2 * 255 * levels + (high - low)) // (2 * (high - low))
            pixels = np.stack([grey.astype(np.uint8)] * 3, axis=2)
        elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            rgba = np.asarray(image.convert("RGBA")).astype(np.int64)
            pixels = ((rgba[..., :3] * rgba[..., 3:] + 127) // 255).astype(np.uint8)
        else:
            pixels = np.asarray(image.convert("RGB"))
    turns = {2: "x", 3: "xy", 4: "y", 5: "t", 6: "tx", 7: "txy", 8: "ty"}
    for step in turns.get(orientation, ""):
        pixels = {"t": pixels.swapaxes(0, 1), "x": pixels[:, ::-1], "y": pixels[::-1]}[step]
    return np.ascontiguousarray(pixels)


def scene(width: int = 37, height: int = 23) -> np.ndarray:
    """Return smooth colours without any symmetry, with some noise."""
    y, x = np.mgrid[0:height, 0:width]
    colours = np.stack([x * 255 / width, y * 255 / height, (x + 2 * y) * 3 % 256], axis=2)
    return np.clip(colours + np.random.default_rng(1).normal(0, 6, colours.shape), 0, 255).astype(np.uint8)


RGB = Image.fromarray(scene())
GREY = RGB.convert("L")
ALPHA = Image.fromarray(np.dstack([scene(), (np.arange(37 * 23) % 256).reshape(23, 37).astype(np.uint8)]))
DEEP = (np.asarray(GREY).astype(np.uint16) * 257) ^ np.uint16(0x35)


def deep_png(channels: np.ndarray) -> bytes:
    """Return a 16-bit PNG of shape (h, w, 1 to 4): pillow cannot write the ones in colour."""
    height, width, count = channels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in channels)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    kind = {1: 0, 2: 4, 3: 2, 4: 6}[count]
    head = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def save(image: Image.Image, format: str, **options: object) -> Callable[[Path], None]:
    return lambda path: image.save(path, format, **options)


def write(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def palette(transparent: bool) -> Callable[[Path], None]:
    options = {"transparency": bytes(range(0, 256, 2))} if transparent else {}
    return save(RGB.quantize(128), "PNG", **options)


DEEP_RGB = np.asarray(RGB).astype(np.uint16) * 257 - 100
FILES: dict[str, Callable[[Path], None]] = {
    "colour.jpg": save(RGB, "JPEG", quality=92),
    "subsampled.jpg": save(RGB, "JPEG", quality=70, subsampling=2),
    "progressive.jpg": save(RGB, "JPEG", progressive=True),
    "grey.jpg": save(GREY, "JPEG"),
    "cmyk.jpg": save(RGB.convert("CMYK"), "JPEG"),
    "colour.png": save(RGB, "PNG"),
    "grey.png": save(GREY, "PNG"),
    "one_bit.png": save(GREY.convert("1"), "PNG"),
    "rgba.png": save(ALPHA, "PNG"),
    "la.png": save(ALPHA.convert("LA"), "PNG"),
    "palette.png": palette(False),
    "palette_alpha.png": palette(True),
    "colour_key.png": save(RGB, "PNG", transparency=tuple(int(v) for v in scene()[3, 4])),
    "grey16.png": write(deep_png(DEEP[..., None])),
    "grey16_alpha.png": write(deep_png(np.dstack([DEEP, DEEP[::-1]]))),
    "rgb16.png": write(deep_png(DEEP_RGB)),
    "rgba16.png": write(deep_png(np.dstack([DEEP_RGB, DEEP]))),
    "interlaced.png": save(RGB, "PNG", interlace=1),
    "colour.bmp": save(RGB, "BMP"),
    "palette.bmp": save(RGB.quantize(16), "BMP"),
    "one_bit.bmp": save(GREY.convert("1"), "BMP"),
    "still.gif": save(RGB.quantize(64), "GIF"),
    "transparent.gif": save(RGB.quantize(64), "GIF", transparency=5),
    "moving.gif": save(RGB.quantize(64), "GIF", save_all=True, append_images=[GREY.quantize(64)]),
    "lossy.webp": save(RGB, "WEBP", quality=80),
    "lossless.webp": save(RGB, "WEBP", lossless=True),
    "rgba.webp": save(ALPHA, "WEBP", lossless=True, exact=True),
    "moving.webp": save(RGB, "WEBP", save_all=True, append_images=[GREY.convert("RGB")]),
    "plain.tif": save(RGB, "TIFF"),
    "lzw.tif": save(RGB, "TIFF", compression="tiff_lzw"),
    "deflate.tif": save(RGB, "TIFF", compression="tiff_adobe_deflate"),
    "jpeg.tif": save(RGB, "TIFF", compression="jpeg"),
    "grey.tif": save(GREY, "TIFF"),
    "one_bit.tif": save(GREY.convert("1"), "TIFF", compression="group4"),
    "rgba.tif": save(ALPHA, "TIFF"),
    "palette.tif": save(RGB.quantize(32), "TIFF"),
    "cmyk.tif": save(RGB.convert("CMYK"), "TIFF"),
    "grey16.tif": save(Image.fromarray(DEEP), "TIFF"),
    "grey16_lzw.tif": save(Image.fromarray(DEEP), "TIFF", compression="tiff_lzw"),
    "grey32.tif": save(Image.fromarray(DEEP.astype(np.int32)), "TIFF"),
    "pages.tif": save(RGB, "TIFF", save_all=True, append_images=[GREY]),
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_decodes_as_the_reference(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FILES[name](path)
    decoding = Decoding(window=WINDOW)
    pixels = read_image(path, decoding)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (23, 37, 3)
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable
    rules = json.loads(json.dumps(decoding.as_dict()))
    difference = np.abs(pixels.astype(int) - reference(path, rules)).max()
    assert difference <= (1 if "cmyk" in name else 0)


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_turn_is_applied(format: str, orientation: int, tmp_path: Path) -> None:
    path = tmp_path / f"turned.{format}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    RGB.save(path, exif=exif, **({"lossless": True} if format == "webp" else {}))
    pixels = read_image(path)
    assert np.array_equal(pixels, reference(path, Decoding().as_dict()))
    upright = Image.fromarray(scene())
    method = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    expected = np.asarray(upright.transpose(method) if method is not None else upright)
    assert pixels.shape == expected.shape
    if format != "jpg":
        assert np.array_equal(pixels, expected)
    header = read_header(path)
    assert (header.height, header.width) == pixels.shape[:2]


def test_an_exif_chunk_behind_the_pixels_turns_the_header_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    RGB.save(file, "PNG", exif=exif)
    content = file.getvalue()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    late = content[:start] + content[end:-12] + content[start:end] + content[-12:]
    path = tmp_path / "late.png"
    path.write_bytes(late)
    assert read_image(path).shape[:2] == (37, 23)
    assert (read_header(path).height, read_header(path).width) == (37, 23)


@pytest.mark.parametrize(
    ("name", "channels", "bits", "format"),
    [
        ("colour.jpg", 3, 8, "JPEG"),
        ("grey.png", 1, 8, "PNG"),
        ("one_bit.png", 1, 1, "PNG"),
        ("rgba.png", 4, 8, "PNG"),
        ("palette.png", 3, 8, "PNG"),
        ("palette_alpha.png", 4, 8, "PNG"),
        ("grey16.png", 1, 16, "PNG"),
        ("rgb16.png", 3, 16, "PNG"),
        ("grey16_lzw.tif", 1, 16, "TIFF"),
        ("grey32.tif", 1, 32, "TIFF"),
        ("cmyk.jpg", 4, 8, "JPEG"),
        ("still.gif", 3, 8, "GIF"),
    ],
)
def test_the_header_says_what_is_stored(name: str, channels: int, bits: int, format: str, tmp_path: Path) -> None:
    path = tmp_path / name
    FILES[name](path)
    header = read_header(path)
    assert (header.width, header.height) == (37, 23)
    assert (header.channels, header.bits, header.format) == (channels, bits, format)


def test_names_of_every_script_are_read(tmp_path: Path) -> None:
    path = tmp_path / "Größe 测试 🙂.png"
    RGB.save(path)
    assert np.array_equal(read_image(path), scene())
    assert read_header(str(path)).width == 37


def test_the_window_maps_its_ends_to_black_and_white(tmp_path: Path) -> None:
    path = tmp_path / "levels.png"
    path.write_bytes(deep_png(np.array([[0, 1000, 1001, 20500, 39999, 40000, 65535]], np.uint16)[..., None]))
    assert read_image(path, Decoding(window=WINDOW))[0, :, 0].tolist() == [0, 0, 0, 128, 255, 255, 255]
    levels = read_levels(path)
    assert levels is not None
    assert levels.dtype == np.uint16
    assert levels[0].tolist() == [0, 1000, 1001, 20500, 39999, 40000, 65535]


def test_levels_are_for_deep_grey_images_only(tmp_path: Path) -> None:
    for name in ("grey.png", "rgb16.png"):
        FILES[name](tmp_path / name)
        assert read_levels(tmp_path / name) is None


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("moving")])
def test_a_file_that_is_cut_off_is_refused_by_name_and_quietly(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    FILES[name](path)
    path.write_bytes(path.read_bytes()[: os.path.getsize(path) * 6 // 10])
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(ImageError, match=name):
            read_image(path)
    assert not warned
    assert capfd.readouterr().err == ""


def test_a_jpeg_without_its_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "endless.jpg"
    RGB.save(path)
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(ImageError, match="cut off"):
        read_image(path)


def test_a_jpeg_with_something_behind_its_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "more.jpg"
    RGB.save(path)
    before = read_image(path)
    path.write_bytes(path.read_bytes() + b"trailer" * 10)
    assert np.array_equal(read_image(path), before)


@pytest.mark.parametrize(
    "content", [b"", b"not an image", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0"]
)
def test_what_is_no_image_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "not.jpg"
    path.write_bytes(content)
    for read in (read_image, read_header):
        with pytest.raises(ImageError, match=r"not\.jpg"):
            read(path)


def test_noise_never_raises_anything_else(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("colour.jpg", "colour.png", "still.gif", "lossy.webp", "plain.tif", "colour.bmp", "palette_alpha.png"):
        path = tmp_path / name
        FILES[name](path)
        good = bytearray(path.read_bytes())
        for _ in range(30):
            bad = bytearray(good)
            for place in random.integers(0, len(bad), 8):
                bad[place] = random.integers(0, 256)
            path.write_bytes(bad)
            for problem in (refusal(read_header, path), refusal(read_image, path, Decoding(max_pixels=10**6))):
                assert problem is None or name in problem


def refusal(read: Callable[..., object], *args: object) -> str | None:
    try:
        read(*args)
    except ImageError as error:
        return str(error)
    return None


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.png is missing"):
        read_image(tmp_path / "gone.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageError, match=r"folder\.png"):
        read_header(tmp_path / "folder.png")


def test_the_pixel_limit_is_checked_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    content = bytearray(deep_png(DEEP[..., None]))
    content[16:24] = struct.pack(">II", 40_000, 30_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"bomb\.png has 1,200,000,000 pixels, more than the limit of 200,000,000"):
        read_image(path)
    assert read_header(path).width == 40_000
    with pytest.raises(ImageError, match="limit of 100"):
        read_image(save_to(tmp_path / "small.png"), Decoding(max_pixels=100))


def save_to(path: Path) -> Path:
    RGB.save(path)
    return path


def test_floating_point_pixels_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "float.tif"
    Image.fromarray(np.ones((4, 4), np.float32)).save(path)
    with pytest.raises(ImageError, match="floating-point"):
        read_image(path)


def test_a_reduced_jpeg_keeps_its_short_side(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    RGB.resize((1600, 1000)).save(path)
    reduced = read_image(path, reduce_to=200)
    assert reduced.shape == (250, 400, 3)
    full = np.asarray(Image.fromarray(read_image(path)).resize((400, 250), Image.Resampling.BOX)).astype(int)
    assert np.abs(full - reduced).mean() < 2
    assert read_image(path, reduce_to=5000).shape == (1000, 1600, 3)


def test_rules_travel_as_data() -> None:
    decoding = Decoding(window=(5, 900), max_pixels=1000)
    rules = json.loads(json.dumps(decoding.as_dict()))
    assert Decoding.from_dict(rules) == decoding
    assert Decoding.from_dict({}) == Decoding()
    for wrong in ({**rules, "format": 3}, {**rules, "alpha": "over white"}, {**rules, "gamma": 2.2}):
        with pytest.raises(WorkbenchError, match="newer Workbench"):
            Decoding.from_dict(wrong)
    for wrong in ({"window": [9, 3]}, {"window": [0]}, {"window": "all"}, {"max_pixels": 0}):
        with pytest.raises(WorkbenchError, match="cannot be used"):
            Decoding.from_dict(wrong)


def test_reading_is_safe_in_threads(tmp_path: Path) -> None:
    path = tmp_path / "shared.jpg"
    RGB.save(path)
    expected, results = read_image(path), []
    threads = [threading.Thread(target=lambda: results.append(read_image(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(expected, found) for found in results)
    assert len(results) == 8


def test_real_photographs_decode_as_the_reference(shared_folder: Path) -> None:
    files = sorted((shared_folder / "data" / "ants_bees").rglob("*.jpg"))[::20]
    assert files
    for path in files:
        assert np.array_equal(read_image(path), reference(path, Decoding().as_dict()))


def test_heic_is_read_where_its_library_happens_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "phone.heic"
    path.write_bytes(b"stand-in for HEIC")
    with pytest.raises(ImageError, match="no image that can be read"):
        read_image(path)

    class StandIn(ImageFile.ImageFile):
        format = "HEIF"

        def _open(self) -> None:
            self._mode, self._size, self.tile = "RGB", (3, 2), []

        def load(self) -> None:
            self.im = Image.new("RGB", self.size, (1, 2, 3)).im

    def register() -> None:
        Image.register_open("HEIF", StandIn, lambda prefix: prefix.startswith(b"stand-in"))

    monkeypatch.setattr(raster, "HAS_HEIC", True)
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    monkeypatch.setattr(raster, "_heic_registered", False)
    monkeypatch.setitem(sys.modules, "pillow_heif", SimpleNamespace(register_heif_opener=register))
    assert read_image(path).tolist() == [[[1, 2, 3]] * 3] * 2
    assert read_header(path).format == "HEIF"
    with pytest.raises(ImageError):
        read_image(path.rename(tmp_path / "phone.png"))


@pytest.mark.parametrize(
    ("name", "image"), [("a.JPG", True), ("b.tiff", True), (".png", False), ("c.txt", False), ("jpg", False)]
)
def test_image_names(name: str, image: bool) -> None:
    assert is_image_name(name) is image
