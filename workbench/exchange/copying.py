"""Class folders, YOLO trees and names with the class in them: copies of the images in a new folder, never the images.

Of a file of several pages each page becomes a PNG of its own, with all its grey levels: beside a copy of the whole file
they would come in twice.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.data.formats.trees import names_of_folders
from workbench.data.formats.writing import new_folder
from workbench.data.pages import file_of, may_have_pages, split_page
from workbench.data.reading import ImageError, read_image, read_levels, read_pages
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
            found.append(f"{self.without_file:,} images whose file is missing or damaged are left out.")
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
            elif not file_of(row.path).is_file():
                found.without_file += 1
            else:
                page = _page(row.path)
                place = _place(row, page, names[labels[0]] if labels else None, format, split=split, taken=taken)
                trouble = _copied(row.path, page, part / place)
                if trouble:
                    found.without_file += 1
                    yield Noticed(trouble, str(row.path))
                    continue
                found.images += 1
                found.labels += labels is not None
    yield found


def _page(path: Path) -> int:
    """Return which page of its file an image is, 0 where it is all that the file holds."""
    page = split_page(path)[1]
    if page > 1 or not may_have_pages(path.name):
        return page if page > 1 else 0
    try:
        return 1 if len(read_pages(path)) > 1 else 0
    except ImageError:
        return 0


def _place(row: ImageRow, page: int, name: str | None, format: str, *, split: bool, taken: set[str]) -> str:
    """Return where a copy goes, below the new folder: a name of its own."""
    side = (_SPLITS[row.split] if row.split else "unsplit") if split else "train" if format == "yolo" else ""
    relative = row.relative
    if page:
        whole = relative.rpartition("#")[0] if page > 1 else relative
        relative = f"{whole.rpartition('.')[0]}-page{page}.png"
    file = relative.rpartition("/")[2]
    if format == "filename":
        before = "__".join(part for part in (side, name) if part) + "__"
    else:
        # Beside train and test, an image without a split would be taken for a class; it waits in a folder of its own.
        before = "".join(part + "/" for part in (side, name) if part)
    place = before + file
    if place.casefold() in taken:
        place = before + relative.replace("/", "__")
    stem, dot, ending = place.rpartition(".")
    number = 2
    while place.casefold() in taken:
        place, number = f"{stem}-{number}{dot}{ending}", number + 1
    taken.add(place.casefold())
    return place


def _copied(path: Path, page: int, target: Path) -> str:
    """Copy the file, or write the page of it; return a sentence where it went away or cannot be read, else ""."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if page:
            _write_page(path, target)
        else:
            shutil.copy2(path, target)
    except FileNotFoundError:
        return f"The image {path} went away and is left out."
    except ImageError as error:
        return str(error)
    return ""


def _write_page(path: Path, target: Path) -> None:
    levels = read_levels(path)
    if levels is not None and levels.dtype.kind == "u" and levels.itemsize <= 2:
        Image.fromarray(levels.astype(np.uint16)).save(target)
    else:
        Image.fromarray(read_image(path)).save(target)
