"""Walking a folder: which image files it holds, what their headers say, and what its sub-folders mean.

A sub-folder is a class, whatever lies deeper in it. Sub-folders named train, val and test (in the usual spellings) are
splits, and the classes are below them. Images directly in the folder are unlabelled. Hidden files and the folders that
operating systems and Workbench itself leave behind are passed over.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.data.reading import ImageError, is_image_name, read_header
from workbench.errors import WorkbenchError
from workbench.jobs import Noticed

SplitName = Literal["train", "validation", "test"]

SPLIT_FOLDERS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""Folder names, in lower case, that stand for a split."""

_CONTAINERS = frozenset(
    ("images", "image", "imgs", "img", "pictures", "photos", "data", "dataset", "jpg", "jpeg", "png")
)
"""Names that say "here are the images" and so are no class where such a folder is the only one."""

_FOREIGN = frozenset(("__macosx", "$recycle.bin", "system volume information", "@eadir", "lost+found", "thumbs"))
_PROJECT_FILE = "project.sqlite"
_PROJECT_FOLDERS = frozenset(("runs", "exports", "cache", "backups"))


@dataclass(frozen=True, slots=True)
class Scanned:
    """One image file. ``relative`` is posix, below the scanned folder; ``error`` says why its header cannot be read."""

    relative: str
    width: int
    height: int
    channels: int
    bits: int
    bytes: int
    modified_ns: int
    class_name: str | None = None
    split: SplitName | None = None
    error: str | None = None


@dataclass(frozen=True)
class Layout:
    """What the sub-folders mean. ``places`` are the folders to walk, each with the class and split of what is in it."""

    folder: Path
    places: tuple["Place", ...]
    classes: tuple[str, ...]
    noticed: tuple[Noticed, ...] = ()

    @property
    def empty(self) -> bool:
        """No image file anywhere."""
        return not self.places

    @property
    def splits(self) -> tuple[SplitName, ...]:
        """The splits that the folder brings with it, in the order train, validation, test."""
        found = {place.split for place in self.places}
        names: tuple[SplitName, ...] = ("train", "validation", "test")
        return tuple(name for name in names if name in found)


@dataclass(frozen=True)
class Place:
    """A folder with images; ``deep`` says that its sub-folders belong to it."""

    folder: Path
    class_name: str | None
    split: SplitName | None
    deep: bool


@dataclass
class _Reading:
    """What `layout` gathers while it looks through the sub-folders."""

    places: list[Place] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key that puts 2 before 10 and ignores case."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)


def layout(folder: Path) -> Layout:
    """Find out what the sub-folders of ``folder`` mean, without opening an image.

    Raises WorkbenchError where the folder is missing or cannot be listed.
    """
    if not folder.is_dir():
        raise WorkbenchError(f"The folder {folder} does not exist; choose a folder of images.")
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise WorkbenchError(
            f"The folder {folder} cannot be read ({error.strerror}); change its permissions."
        ) from error
    reading = _Reading()
    root, below = _unwrapped(folder)
    if _holds_images(root, deep=False):
        reading.places.append(Place(root, None, None, deep=False))
    splits = [path for path in below if path.name.casefold() in SPLIT_FOLDERS]
    names = {SPLIT_FOLDERS[path.name.casefold()] for path in splits}
    if splits and (len(splits) == len(below) or ("train" in names and len(names) > 1)):
        for path in splits:
            split = SPLIT_FOLDERS[path.name.casefold()]
            if _holds_images(path, deep=False):
                reading.places.append(Place(path, None, split, deep=False))
            _add_classes(reading, _folders(path), split)
        for path in below:
            if path not in splits and _holds_images(path):
                reading.places.append(Place(path, None, None, deep=True))
                reading.noticed.append(
                    Noticed(f"The folder {path.name} lies beside the splits; its images come in unlabelled.", str(path))
                )
    else:
        _add_classes(reading, below, None)
    classes = sorted({place.class_name for place in reading.places if place.class_name is not None}, key=natural_key)
    return Layout(folder, tuple(reading.places), tuple(classes), tuple(reading.noticed))


def walk(found: Layout, *, batch: int = 256) -> Iterator[list[Scanned] | Noticed]:
    """Yield the image files of a `layout` in natural order, in batches, with what their headers say.

    A file whose header cannot be read comes with ``error`` set and size 0; a folder that cannot be listed is Noticed.
    """
    yield from found.noticed
    pending: list[Scanned] = []
    for place in found.places:
        for entry in _files(place.folder, deep=place.deep):
            if isinstance(entry, Noticed):
                yield entry
                continue
            pending.append(_scanned(entry, found.folder, place))
            if len(pending) >= batch:
                yield pending
                pending = []
    if pending:
        yield pending


def _unwrapped(folder: Path) -> tuple[Path, list[Path]]:
    """Look through a single sub-folder that is no class: ``images``, or one that holds the splits."""
    below = _folders(folder)
    while len(below) == 1 and not _holds_images(folder, deep=False):
        inner = _folders(below[0])
        holds_splits = len({SPLIT_FOLDERS.get(path.name.casefold()) for path in inner} - {None}) > 1
        if below[0].name.casefold() not in _CONTAINERS and not holds_splits:
            break
        folder, below = below[0], inner
    return folder, below


def _add_classes(reading: _Reading, folders: list[Path], split: SplitName | None) -> None:
    for path in folders:
        if not _holds_images(path):
            reading.noticed.append(
                Noticed(f"The folder {path.name} holds no images and is not made a class.", str(path))
            )
            continue
        reading.places.append(Place(path, unicodedata.normalize("NFC", path.name).strip(), split, deep=True))


def _visible(name: str) -> bool:
    return not name.startswith(".") and name.casefold() not in _FOREIGN


def _listed(folder: str | Path) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    """Return (sub-folders, image files) in natural order, without what is hidden or foreign. Raises OSError."""
    folders, files, project = [], [], False
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _visible(entry.name):
                continue
            if is_image_name(entry.name):
                if entry.is_file():
                    files.append(entry)
            elif entry.is_dir():
                folders.append(entry)
            project = project or entry.name == _PROJECT_FILE
    if project:
        folders = [entry for entry in folders if entry.name not in _PROJECT_FOLDERS]
    folders.sort(key=lambda entry: natural_key(entry.name))
    files.sort(key=lambda entry: natural_key(entry.name))
    return folders, files


def _folders(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in _listed(folder)[0] if not _is_project(entry.path)]
    except OSError:  # `walk` reports it where images are looked for
        return []


def _is_project(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, _PROJECT_FILE))


def _holds_images(folder: Path, *, deep: bool = True) -> bool:
    """True for a folder that cannot be listed too: `walk` then says so."""
    return next(_files(folder, deep=deep), None) is not None


def _files(folder: Path, *, deep: bool) -> Iterator[os.DirEntry[str] | Noticed]:
    """Yield the image files of a folder, those of its sub-folders after its own; a folder is entered once."""
    waiting, seen = [str(folder)], set()
    while waiting:
        path = waiting.pop()
        try:
            stat = os.stat(path)
            folders, files = _listed(path)
        except OSError as error:
            yield Noticed(f"The folder {path} cannot be read ({error.strerror}); its images are left out.", path)
            continue
        if stat.st_ino and (stat.st_dev, stat.st_ino) in seen:
            continue
        seen.add((stat.st_dev, stat.st_ino))
        for entry in files:
            if _is_text(entry.name):
                yield entry
            else:
                name = entry.name.encode("utf-8", "replace").decode()
                yield Noticed(f"The file name {name} is no valid text; rename the file to bring it in.", path)
        if deep:
            waiting += [entry.path for entry in reversed(folders) if not _is_project(entry.path)]


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _scanned(entry: os.DirEntry[str], root: Path, place: Place) -> Scanned:
    relative = entry.path.removeprefix(os.path.join(root, "")).replace(os.sep, "/")
    width = height = channels = bits = size = modified = 0
    error = None
    try:
        stat = entry.stat()
        size, modified = stat.st_size, stat.st_mtime_ns
        header = read_header(entry.path)
        width, height, channels, bits = header.width, header.height, header.channels, header.bits
    except ImageError as problem:
        error = str(problem)
    except OSError as problem:
        error = f"The image {entry.path} cannot be read ({problem.strerror}); check the file and its drive."
    return Scanned(relative, width, height, channels, bits, size, modified, place.class_name, place.split, error)
