"""Projects without image files, for the tests of import and export, and what can be seen of them."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.exchange.events import LabelsImported
from workbench.exchange.exporting import export_labels
from workbench.exchange.importing import import_labels
from workbench.jobs import Noticed, Stop
from workbench.project.images import NewImage
from workbench.project.project import Project

PATHS = ("bad/001.png", "bad/002.png", "good/001.png", "good/010.png", "good/deep/003.png", "loose.png")


def make(folder: Path, images: Path, paths: Sequence[str] = PATHS, *, labelled: bool = True) -> Path:
    """Make a project over ``images`` (a folder that need not hold them), labelled by the folders; return its folder."""
    images.mkdir(exist_ok=True)
    with Project.create(folder) as project:
        root = project.images.add_root(images)
        project.images.add(root, [new(path, labelled=labelled) for path in paths])
    return folder


def new(path: str, *, labelled: bool = True) -> NewImage:
    above = path.split("/")[0] if "/" in path and labelled else None
    return NewImage(path, width=40, height=30, channels=3, bits=8, bytes=1000, modified_ns=10**18, class_name=above)


def dump(folder: Path) -> list[tuple[str, list[Any]]]:
    """Return every row of every table."""
    with sqlite3.connect(f"file:{folder / 'project.sqlite'}?mode=ro", uri=True) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [(name, connection.execute(f"SELECT * FROM {name}").fetchall()) for name in sorted(names)]
    connection.close()
    return rows


def bring(folder: Path, file: Path, **options: Any) -> LabelsImported:
    """Import and return the last word."""
    events = list(import_labels(folder, file, **options)(Stop()))
    assert isinstance(events[-1], LabelsImported)
    return events[-1]


def notices(folder: Path, file: Path, **options: Any) -> list[str]:
    return [event.message for event in import_labels(folder, file, **options)(Stop()) if isinstance(event, Noticed)]


def write(folder: Path, file: Path, format: str | None = None) -> Any:
    return list(export_labels(folder, file, format=format)(Stop()))[-1]


def labels(folder: Path) -> dict[str, Any]:
    """Return the names of the classes of each image, by relative path; None where it has no label."""
    return {path: seen["label"] for path, seen in look(folder)["images"].items()}


def look(folder: Path) -> dict[str, Any]:
    """Return what a user would miss if it were lost, by names."""
    with Project.open(folder) as project:
        rows = project.labels.classes()
        names = {row.id: row.name for row in rows}

        def named(value: Any) -> Any:
            if isinstance(value, tuple):
                return sorted(names[class_id] for class_id in value)
            return None if value is None else names[value]

        images = {}
        for image in project.images.page(project.images.ids()):
            (label,) = project.labels.of([image.id])
            images[image.relative] = {
                "label": named(label),
                "split": image.split,
                "pinned": image.pinned,
                "test_set": image.test_set,
                "tags": image.tags,
                "note": project.notes.get(image.id),
                "rejected": image.rejected,
                "grades": {name: named(value) for name, value in project.graders.by_image(image.id).items()},
                "group": project.groups.name(image.group) if image.group else None,
                "fields": project.fields.of(image.id),
                "regions": sorted(
                    (
                        region.shape,
                        tuple((round(x, 4), round(y, 4)) for x, y in region.points),
                        names[region.class_id] if region.class_id else "",
                        region.grader,
                    )
                    for region in project.regions.of(image.id)
                ),
            }
        return {
            "task": project.labels.task,
            "classes": [row.name for row in rows],
            "colours": [row.colour for row in rows],
            "images": images,
        }
