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

    root: str
    """The scanned folder, with its links resolved."""
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
    if not _is_text(str(folder)):
        shown = str(folder).encode("utf-8", "replace").decode()
        raise WorkbenchError(f"The name of the folder {shown} is no valid text; rename it, then add it.")
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise WorkbenchError(
            f"The folder {folder} cannot be read ({error.strerror}); change its permissions."
        ) from error
    reading = _Reading(os.path.realpath(folder))
    root, below = _unwrapped(reading, folder)
    if _holds_images(reading, root, deep=False):
        reading.places.append(Place(root, None, None, deep=False))
    splits = [path for path in below if path.name.casefold() in SPLIT_FOLDERS]
    names = {SPLIT_FOLDERS[path.name.casefold()] for path in splits}
    if splits and (len(splits) == len(below) or ("train" in names and len(names) > 1)):
        for path in splits:
            split = SPLIT_FOLDERS[path.name.casefold()]
            if _holds_images(reading, path, deep=False):
                reading.places.append(Place(path, None, split, deep=False))
            _add_classes(reading, _folders(reading, path), split)
        for path in below:
            if path not in splits and _holds_images(reading, path):
                reading.places.append(Place(path, None, None, deep=True))
                reading.noticed.append(
                    Noticed(f"The folder {path.name} lies beside the splits; its images come in unlabelled.", str(path))
                )
    else:
        _add_classes(reading, below, None)
    classes = sorted({place.class_name for place in reading.places if place.class_name is not None}, key=natural_key)
    return Layout(folder, tuple(reading.places), tuple(classes), tuple(dict.fromkeys(reading.noticed)))


def walk(found: Layout, *, batch: int = 256) -> Iterator[list[Scanned] | Noticed]:
    """Yield the image files of a `layout` in natural order, in batches, with what their headers say.

    A file whose header cannot be read comes with ``error`` set and size 0; a folder that cannot be listed is Noticed.
    """
    yield from found.noticed
    pending: list[Scanned] = []
    root, told = os.path.realpath(found.folder), set(found.noticed)
    for place in found.places:
        for entry in _files(place.folder, root, deep=place.deep):
            if isinstance(entry, Noticed):
                if entry not in told:
                    told.add(entry)
                    yield entry
                continue
            pending.append(_scanned(entry, found.folder, place))
            if len(pending) >= batch:
                yield pending
                pending = []
    if pending:
        yield pending


def _unwrapped(reading: _Reading, folder: Path) -> tuple[Path, list[Path]]:
    """Look through a single sub-folder that is no class: ``images``, or one that holds the splits."""
    below = _folders(reading, folder)
    while len(below) == 1 and not _holds_images(reading, folder, deep=False):
        inner = _folders(reading, below[0])
        holds_splits = len({SPLIT_FOLDERS.get(path.name.casefold()) for path in inner} - {None}) > 1
        if below[0].name.casefold() not in _CONTAINERS and not holds_splits:
            break
        folder, below = below[0], inner
    return folder, below


def _add_classes(reading: _Reading, folders: list[Path], split: SplitName | None) -> None:
    for path in folders:
        told = len(reading.noticed)
        if not _holds_images(reading, path):
            if len(reading.noticed) == told:
                reading.noticed.append(
                    Noticed(f"The folder {path.name} holds no images and is not made a class.", str(path))
                )
            continue
        reading.places.append(Place(path, unicodedata.normalize("NFC", path.name).strip(), split, deep=True))


@dataclass
class _Listing:
    """A folder's content in natural order, without what is hidden or foreign; ``noticed`` says what else is left out."""

    folders: list[str] = field(default_factory=list)
    files: list[os.DirEntry[str]] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)


def _listed(folder: str | Path, root: str) -> _Listing:
    """List a folder below ``root``, the scanned folder with its links resolved. Raises OSError."""
    listing, project = _Listing(), False
    with os.scandir(folder) as scanned:
        entries = sorted(scanned, key=lambda entry: natural_key(entry.name))
    for entry in entries:
        project = project or entry.name == _PROJECT_FILE
        if not _visible(entry.name):
            continue
        try:
            is_folder, is_file = entry.is_dir(), is_image_name(entry.name) and entry.is_file()
        except OSError as error:  # a link that leads to itself, a broken entry of a drive
            if is_image_name(entry.name):
                reason = f"The file {entry.path} cannot be read ({error.strerror}); it is left out."
                listing.noticed.append(Noticed(reason, entry.path))
            continue
        if not is_folder and not is_file:
            continue
        if not _is_text(entry.name):
            shown = entry.name.encode("utf-8", "replace").decode()
            reason = f"The {'folder' if is_folder else 'file'} name {shown} is no valid text; rename it to bring it in."
            listing.noticed.append(Noticed(reason, str(folder)))
        elif is_file:
            listing.files.append(entry)
        elif entry.is_symlink() and _leads_back(entry.path, root):
            reason = f"The folder {entry.path} is a link back into the folders that are read; it is not followed."
            listing.noticed.append(Noticed(reason, entry.path))
        elif not _is_project(entry.path):
            listing.folders.append(entry.path)
    if project:
        listing.folders = [path for path in listing.folders if os.path.basename(path) not in _PROJECT_FOLDERS]
    return listing


def _visible(name: str) -> bool:
    return not name.startswith(".") and name.casefold() not in _FOREIGN


def _leads_back(link: str, root: str) -> bool:
    """Return whether a linked folder holds what is read anyway: followed, it would give each image a second class."""
    target = Path(os.path.realpath(link))
    return target.is_relative_to(root) or Path(root).is_relative_to(target)


def _folders(reading: _Reading, folder: Path) -> list[Path]:
    try:
        listing = _listed(folder, reading.root)
    except OSError:  # `walk` reports it where images are looked for
        return []
    reading.noticed += listing.noticed
    return [Path(path) for path in listing.folders]


def _is_project(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, _PROJECT_FILE))


def _holds_images(reading: _Reading, folder: Path, *, deep: bool = True) -> bool:
    """Tell whether there is an image file; what was met instead (a folder that cannot be listed) is noticed."""
    unreadable: list[Noticed] = []
    for entry in _files(folder, reading.root, deep=deep):
        if not isinstance(entry, Noticed):
            return True
        unreadable.append(entry)
    reading.noticed += unreadable
    return False


def _files(folder: Path, root: str, *, deep: bool) -> Iterator[os.DirEntry[str] | Noticed]:
    """Yield the image files of a folder, those of its sub-folders after its own; a folder is entered once."""
    waiting, seen = [str(folder)], set()
    while waiting:
        path = waiting.pop()
        try:
            stat = os.stat(path)
            listing = _listed(path, root)
        except OSError as error:
            yield Noticed(f"The folder {path} cannot be read ({error.strerror}); its images are left out.", path)
            continue
        if stat.st_ino and (stat.st_dev, stat.st_ino) in seen:
            continue
        seen.add((stat.st_dev, stat.st_ino))
        yield from listing.noticed
        yield from listing.files
        if deep:
            waiting += reversed(listing.folders)


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
