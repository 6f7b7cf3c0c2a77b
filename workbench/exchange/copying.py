"""Class folders, YOLO trees and names with the class in them: copies of the images in a new folder, never the images."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.data.formats.trees import names_of_folders
from workbench.data.formats.writing import new_folder
from workbench.errors import WorkbenchError
from workbench.exchange.collecting import Collection
from workbench.jobs import Event, Noticed, Progress
from workbench.project.rows import ImageRow

_SPLITS = {"train": "train", "validation": "val", "test": "test"}


@dataclass
class Copied:
    """How many images were copied, how many of them with a label, and how many were left out, by the reason."""

    images: int = 0
    labels: int = 0
    rejected: int = 0
    unlabelled: int = 0
    without_file: int = 0

    def lost(self) -> list[str]:
        """Return what a folder of copies does not hold, in sentences."""
        found = []
        if self.rejected:
            found.append(f"{self.rejected:,} rejected images are left out.")
        if self.unlabelled:
            found.append(f"{self.unlabelled:,} images without a label are left out.")
        if self.without_file:
            found.append(
                f"{self.without_file:,} images without a file of their own (missing, or a further page) are left out."
            )
        return [*found, "Folders hold labels and splits only; export a CSV for the rest."]


def copy(collection: Collection, folder: Path, format: str) -> Iterator[Event | Copied]:
    """Copy the images into a new folder as the format has them; yield Progress, and last `Copied`.

    Raises WorkbenchError in a project of several labels, where the folder is not empty, or a file cannot be copied.
    """
    if collection.multi:
        raise WorkbenchError(
            f"The format {format} holds one class for each image, and this project has several; export csv, jsonl, coco or "
            "label-studio."
        )
    total = len(collection.project.images.ids())
    names = names_of_folders([row.name for row in collection.rows])
    split = bool(sum(count for name, count in collection.project.splits.counts().items() if name is not None))
    found = Copied()
    with new_folder(folder) as part:
        taken: set[str] = set()
        for done, (row, records) in enumerate(collection.images()):
            if done % 100 == 0:
                yield Progress(done, total, "Copying images")
            labels = records[0].labels
            if row.rejected:
                found.rejected += 1
            elif labels is None and format != "folders":
                found.unlabelled += 1
            elif not row.path.is_file():
                found.without_file += 1
            else:
                place = _place(row, names[labels[0]] if labels else None, format, split=split, taken=taken)
                yield from _copied(row, part / place)
                found.images += 1
                found.labels += labels is not None
    yield found


def _place(row: ImageRow, name: str | None, format: str, *, split: bool, taken: set[str]) -> str:
    """Return where a copy goes, below the new folder: a name of its own."""
    side = (_SPLITS[row.split] if row.split else "unsplit") if split else "train" if format == "yolo" else ""
    file = row.relative.rpartition("/")[2]
    if format == "filename":
        before = "__".join(part for part in (side, name) if part) + "__"
    else:
        # Beside train and test, an image without a split would be taken for a class; it waits in a folder of its own.
        before = "".join(part + "/" for part in (side, name) if part)
    place = before + file
    if place.casefold() in taken:
        place = before + row.relative.replace("/", "__")
    stem, dot, ending = place.rpartition(".")
    number = 2
    while place.casefold() in taken:
        place, number = f"{stem}-{number}{dot}{ending}", number + 1
    taken.add(place.casefold())
    return place


def _copied(row: ImageRow, target: Path) -> Iterator[Event]:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copy2(row.path, target)
    except FileNotFoundError:
        yield Noticed(f"The image {row.path} went away and is left out.", str(row.path))
