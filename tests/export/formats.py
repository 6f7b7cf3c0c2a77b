"""One file of every format that the decoder takes, drawn small."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def pixels(channels: int, *, seed: int = 0) -> np.ndarray:
    """A smooth picture with some noise, 40 x 28: lossy formats would make mush of noise alone."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:28, 0:40]
    planes = [(x * (3 + c) + y * (5 - c)) % 200 for c in range(channels)]
    picture = np.stack(planes, axis=2) + random.integers(0, 50, (28, 40, channels))
    return np.clip(picture, 0, 255).astype(np.uint8)


def png16(path: Path, levels: np.ndarray) -> None:
    """Write a 16-bit PNG of 1 (grey), 2 (with alpha), 3 or 4 channels; pillow writes only the first."""
    height, width, channels = levels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    written = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(written))


def write_all(folder: Path) -> list[Path]:
    """Write the files, some in sub-folders with names that are not ASCII, and return their paths."""
    (folder / "früh & spät").mkdir(parents=True)
    rgb, grey, rgba = Image.fromarray(pixels(3)), Image.fromarray(pixels(1)[..., 0]), Image.fromarray(pixels(4))
    grey_alpha = Image.merge("LA", [grey, rgba.getchannel("A")])
    palette = rgb.quantize(17)
    levels = pixels(4, seed=3).astype(np.uint16) * 57

    rgb.save(folder / "rgb.jpg", quality=90)
    grey.save(folder / "grey.jpeg", quality=90)
    rgb.convert("CMYK").save(folder / "cmyk.jpg", quality=90)
    rgb.save(folder / "progressive.JPG", quality=80, progressive=True)
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        rgb.save(folder / f"turn{turn}.jpg", quality=90, exif=exif)
        rgb.save(folder / f"turn{turn}.png", exif=exif)
    rgb.save(folder / "früh & spät" / "größe 测试.png")
    rgba.save(folder / "rgba.png")
    palette.save(folder / "palette.png")
    palette.save(folder / "palette_key.png", transparency=3)
    palette.save(folder / "palette_alpha.png", transparency=bytes(range(0, 255, 15)))
    grey.save(folder / "grey.png")
    grey.save(folder / "grey_key.png", transparency=100)
    grey_alpha.save(folder / "la.png")
    grey.convert("1").save(folder / "bits.png")
    rgb.save(folder / "rgb_key.png", transparency=tuple(int(v) for v in pixels(3)[0, 0]))
    Image.fromarray(levels[..., 0]).save(folder / "grey16.png")
    for channels, name in ((2, "la16"), (3, "rgb16"), (4, "rgba16")):
        png16(folder / f"{name}.png", levels[..., :channels])
    rgb.save(folder / "rgb.bmp")
    palette.save(folder / "palette.bmp")
    rgb.save(folder / "lossy.webp", quality=80)
    rgba.save(folder / "alpha.webp", lossless=True)
    rgb.save(folder / "rgb.tif")
    rgb.save(folder / "lzw.tiff", compression="tiff_lzw")
    rgb.save(folder / "früh & spät" / "pages.tiff", save_all=True, append_images=[Image.fromarray(pixels(3, seed=9))])
    grey.save(folder / "grey.tif")
    rgba.save(folder / "rgba.tif")
    rgb.convert("CMYK").save(folder / "cmyk.tif")
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb.save(folder / "turn6.tif", exif=exif)
    Image.fromarray(levels[..., 1]).save(folder / "grey16.tif")
    palette.save(folder / "palette.gif")
    palette.save(folder / "key.gif", transparency=2)
    rgb.convert("P").save(folder / "moving.gif", save_all=True, append_images=[grey.convert("P")])
    return sorted(path for path in folder.rglob("*") if path.is_file())
