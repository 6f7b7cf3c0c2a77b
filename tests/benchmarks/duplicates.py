"""Copies found among real images, and how fast: python tests/benchmarks/duplicates.py [IMAGES] [SEEDS]

Plants 50 copies per seed in a copy of the folder (default: ../shared/data/neu_cls): a third exact, the rest resized, encoded
anew at quality 60 to 90, or stored turned with an EXIF flag. Prints one figure per line with its limit; exits with 1 where
one is missed.
"""

import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.curation import duplicates
from workbench.curation.finding import Finding
from workbench.curation.hashes import HASH_BITS
from workbench.curation.likeness import FARTHEST, candidates
from workbench.data.reading import is_image_name
from workbench.intake import add_folders
from workbench.jobs import Progress, Stop
from workbench.project.project import Project

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "neu_cls"
PLANTED = 50
FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX)
TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""EXIF orientation, and how pixels are stored that it turns back."""


def plant(folder: Path, seed: int) -> dict[str, tuple[str, str]]:
    """Write the copies into ``folder``; return (how, path of the original) by the path of the copy."""
    random = np.random.default_rng(seed)
    files = sorted(path for path in folder.rglob("*") if is_image_name(path.name))
    planted = {}
    for number, place in enumerate(random.choice(len(files), PLANTED, replace=False)):
        source = files[place]
        how = ("exact", "resized", "encoded", "turned")[
            min(3, number // (PLANTED // 3)) if number < 16 else 1 + number % 3
        ]
        target = source.with_name(
            f"planted_{number:02}{source.suffix}" if how == "exact" else f"planted_{number:02}.jpg"
        )
        if how == "exact":
            shutil.copy(source, target)
        else:
            _altered(source, target, how, random)
        planted[target.relative_to(folder).as_posix()] = (how, source.relative_to(folder).as_posix())
    return planted


def _altered(source: Path, target: Path, how: str, random: np.random.Generator) -> None:
    image = Image.open(source).convert("RGB")
    quality, exif = 95, Image.Exif()
    if how == "resized":
        scale = random.choice((0.4, 0.5, 0.6, 0.75, 0.9, 1.3, 1.6))
        size = (round(image.width * scale), round(image.height * scale))
        image = image.resize(size, FILTERS[int(random.integers(len(FILTERS)))])
    elif how == "encoded":
        quality = int(random.integers(60, 91))
    else:
        orientation = int(random.choice(list(TURNS)))
        image = image.transpose(TURNS[orientation])
        exif[0x0112] = orientation
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, exif=exif)
    target.write_bytes(stream.getvalue())


def judge(findings: list[Finding], planted: dict[str, tuple[str, str]]) -> tuple[float, float, int, int]:
    """Return the share of exact and altered copies found, the false pairs among the first 50 findings, and all false ones."""
    found = {"exact": 0, "altered": 0}
    wanted = {"exact": 0, "altered": 0}
    for copy, (how, original) in planted.items():
        kind = "exact" if how == "exact" else "altered"
        wanted[kind] += 1
        of_kind = "exact-copy" if how == "exact" else "near-duplicate"
        found[kind] += any({copy, original} <= set(f.images) for f in findings if f.kind == of_kind)
    source = {copy: original for copy, (_, original) in planted.items()}
    false = [len({source.get(image, image) for image in finding.images}) > 1 for finding in findings]
    return found["exact"] / wanted["exact"], found["altered"] / wanted["altered"], sum(false[:50]), sum(false)


def main(images: Path, seeds: int) -> int:
    met = True
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copytree(images, folder / "images")
            planted = plant(folder / "images", seed)
            list(add_folders(folder / "project", [folder / "images"])(Stop()))
            with Project.open(folder / "project") as project:
                start = time.perf_counter()
                findings = [event for event in duplicates.find(project) if isinstance(event, Finding)]
                seconds = time.perf_counter() - start
        exact, altered, false, all_false = judge(findings, planted)
        met &= exact == 1 and altered >= 0.9 and not false
        print(
            f"seed {seed}: exact {exact:.3f} (1), altered {altered:.3f} (>= 0.9), false among 50: {false} (0), "
            f"among all {len(findings)}: {all_false}; {seconds:.1f} s"
        )
    hashes = np.random.default_rng(7).integers(0, 256, (100_000, HASH_BITS // 8), dtype=np.uint8)
    start = time.perf_counter()
    events = [event for event in candidates(hashes, farthest=FARTHEST) if not isinstance(event, Progress)]
    seconds = time.perf_counter() - start
    met &= seconds < 60 and bool(events)
    print(f"near-duplicates among 100,000 hashes: {seconds:.1f} s (< 60)")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED, int(sys.argv[2]) if len(sys.argv) > 2 else 5))
