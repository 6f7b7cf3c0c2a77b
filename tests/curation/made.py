"""Projects for the tests of curation: rows without files, and folders of small drawn pictures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.curation.finding import Finding
from workbench.intake import add_folders
from workbench.jobs import Event, Stop
from workbench.project.ids import ImageId
from workbench.project.images import NewImage
from workbench.project.project import Project


def row_project(folder: Path, hashes: list[str]) -> Project:
    """Return an open project of one image per content hash, in two classes, without files."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    project = Project.create(folder / "project")
    root = project.images.add_root(folder / "images")
    project.images.add(
        root,
        [NewImage(f"c{n % 2}/{n:03}.png", 9, 9, 3, 8, 50, 10**18 + n, f"c{n % 2}") for n in range(len(hashes))],
    )
    project.images.set_verified([(ImageId(n + 1), value, None) for n, value in enumerate(hashes)])
    return project


def scene(seed: int, *, side: int = 96) -> Image.Image:
    """Return a picture of soft blobs: different for each seed, with detail that survives a new encoding."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    return coarse.resize((side, side), Image.Resampling.BICUBIC)


def scanned(folder: Path, draw: Callable[[Path], None]) -> Path:
    """Return a project folder of the images that ``draw`` writes into a new folder."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    draw(images)
    list(add_folders(folder / "project", [images])(Stop()))
    return folder / "project"


def findings(events: Iterator[Event]) -> list[Finding]:
    return [event for event in events if isinstance(event, Finding)]
