from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.project.ids import RootId
from workbench.project.images import NewImage
from workbench.project.project import Project

Add = Callable[..., RootId]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "project") as opened:
        yield opened


@pytest.fixture
def images_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


def scanned(relative: str, **facts: object) -> NewImage:
    """Return what a scan would say of a file; the class is its folder unless given."""
    folder, _, _ = relative.rpartition("/")
    known: dict[str, object] = {
        "width": 40,
        "height": 30,
        "channels": 3,
        "bits": 8,
        "bytes": 1000,
        "modified_ns": 10**18,
        "class_name": folder or None,
    }
    return NewImage(relative, **(known | facts))  # type: ignore[arg-type]


@pytest.fixture
def scan() -> Callable[..., NewImage]:
    return scanned


@pytest.fixture
def add(project: Project, images_folder: Path) -> Add:
    """Add images by count per class (``add(good=3, pit=2)``) or as given; return their root."""

    def added(*images: NewImage, **classes: int) -> RootId:
        root = project.images.add_root(images_folder)
        made = [scanned(f"{name}/{number:03}.png") for name, count in classes.items() for number in range(count)]
        project.images.add(root, [*images, *made])
        return root

    return added
