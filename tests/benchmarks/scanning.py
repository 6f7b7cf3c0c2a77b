"""How fast folders come in: 100 000 small files through `scan` (no verify), again, a rescan, and thumbnails of photographs.

    .venv/bin/python -m tests.benchmarks.scanning [FILES]     100 000 unless said

Makes its files in a temporary folder. Wanted: 10 000 files a second by directory, stat, header and storing; 80 thumbnails a
second of 3-megapixel JPEGs on two cores.
"""

import io
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.data.reading import read_header
from workbench.data.thumbnails import Thumbnails
from workbench.intake import Intake, add_folders
from workbench.jobs import Job, Stop
from workbench.rescan import Rescanned, rescan

PHOTOGRAPHS = 160


def small_files(folder: Path, count: int) -> None:
    """Write JPEG and PNG files of 64 pixels in ten folders, half of the JPEGs with EXIF."""
    random, made = np.random.default_rng(0), []
    for number in range(40):
        image, file, exif = (
            Image.fromarray(random.integers(0, 256, (64, 64, 3)).astype(np.uint8)),
            io.BytesIO(),
            Image.Exif(),
        )
        exif[0x0112], exif[0x0110] = 1 + number % 8, "camera"
        kind = ("JPEG", "PNG")[number % 2]
        image.save(file, kind, **({"exif": exif} if number % 4 == 0 else {}))
        made.append((file.getvalue(), kind.lower().replace("jpeg", "jpg")))
    for name in range(10):
        below = folder / f"class {name}"
        below.mkdir(parents=True)
        for number in range(count // 10):
            content, ending = made[(number * 7 + name) % len(made)]
            (below / f"{number:06}.{ending}").write_bytes(content)


def photographs(folder: Path) -> list[Path]:
    """Write JPEGs of 2048 x 1536 pixels with the detail that photographs have."""
    folder.mkdir()
    random, paths = np.random.default_rng(1), []
    for number in range(8):
        coarse = Image.fromarray(random.integers(0, 256, (96, 128, 3)).astype(np.uint8)).resize((2048, 1536))
        noisy = np.asarray(coarse).astype(np.int16) + random.integers(-12, 13, (1536, 2048, 3))
        content = io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(content, "JPEG", quality=88)
        for copy in range(PHOTOGRAPHS // 8):
            paths.append(folder / f"{number}-{copy}.jpg")
            paths[-1].write_bytes(content.getvalue())
    return paths


def timed(job: Job) -> tuple[float, object]:
    start, last = time.perf_counter(), None
    for last in job(Stop()):  # noqa: B007 - the last event is the result
        pass
    return time.perf_counter() - start, last


def main(count: int) -> None:
    print(f"{os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as temporary:
        folder, project = Path(temporary) / "images", Path(temporary) / "project"
        small_files(folder, count)
        for path in folder.glob("*/00*"):  # warm
            read_header(path)
        for what in ("scan", "scan again"):
            seconds, result = timed(add_folders(project, [folder], verify=False))
            assert isinstance(result, Intake)
            print(f"{what}: {result.images:,} files, {result.images / seconds:,.0f} a second (wanted: 10,000)")
        seconds, result = timed(rescan(project, verify=False))
        assert isinstance(result, Rescanned)
        print(f"rescan, nothing new: {result.images / seconds:,.0f} a second")
        (folder / "class 0").rename(folder / "class zero")
        seconds, result = timed(rescan(project, verify=False))
        assert isinstance(result, Rescanned)
        print(f"rescan, {result.moved:,} moved by name and size, {result.new:,} new: {seconds:.1f} s")
        paths = photographs(Path(temporary) / "photographs")
        thumbnails = Thumbnails(Path(temporary) / "cache", memory_items=10)
        with ThreadPoolExecutor(2) as pool:
            start = time.perf_counter()
            list(pool.map(lambda path: thumbnails.get(path, 1, 160), paths))
            print(f"thumbnails: {len(paths) / (time.perf_counter() - start):.0f} a second (wanted: 80)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
