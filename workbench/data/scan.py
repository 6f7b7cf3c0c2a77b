"""Walking a folder: which image files it holds, what their headers say, and what its sub-folders mean.

A sub-folder is a class, whatever lies deeper in it. Sub-folders named train, val and test (in the usual spellings) are
splits, and the classes are below them. Images directly in the folder are unlabelled. Hidden files and the folders that
operating systems and Workbench itself leave behind are passed over.
"""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.data.listing import files_of, is_text, listed
from workbench.data.listing import natural_key as natural_key
from workbench.data.pages import may_have_pages, with_page
from workbench.data.reading import Header, ImageError, read_header, read_pages
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


@dataclass(frozen=True, slots=True)
class Found:
    """One image file before it is opened; ``relative`` is posix, ``error`` says why the disk tells nothing about it."""

    path: str
    relative: str
    bytes: int
    modified_ns: int
    class_name: str | None = None
    split: SplitName | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """One image: a file, or a page of it. ``relative`` is posix, below the scanned folder.

    ``bytes`` and ``modified_ns`` are those of the file; ``error`` says why the header cannot be read.
    """

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
    visited: dict[str, int] = field(default_factory=dict, compare=False, repr=False)
    """The folders that were listed, with their modification times (ns) before; `files` adds to them."""

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
    visited: dict[str, int] = field(default_factory=dict)
    noticed: list[Noticed] = field(default_factory=list)


def layout(folder: Path) -> Layout:
    """Find out what the sub-folders of ``folder`` mean, without opening an image.

    Raises WorkbenchError where the folder is missing or cannot be listed.
    """
    if not folder.is_dir():
        raise WorkbenchError(f"The folder {folder} does not exist; choose a folder of images.")
    if not is_text(str(folder)):
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
    noticed = tuple(dict.fromkeys(reading.noticed))
    return Layout(folder, tuple(reading.places), tuple(classes), noticed, reading.visited)


def walk(found: Layout, *, batch: int = 256) -> Iterator[list[Scanned] | Noticed]:
    """Yield the images of a `layout` in natural order, in batches, with what their headers say.

    An image whose header cannot be read comes with ``error`` set and size 0; a folder that cannot be listed is Noticed.
    """
    pending: list[Scanned] = []
    for met in files(found, batch=batch):
        if isinstance(met, Noticed):
            yield met
            continue
        for file in met:
            pending += headers(file)
            while len(pending) >= batch:
                yield pending[:batch]
                pending = pending[batch:]
    if pending:
        yield pending


def files(found: Layout, *, batch: int = 256) -> Iterator[list[Found] | Noticed]:
    """Yield the image files of a `layout` in natural order, in batches, by directory and stat alone."""
    yield from found.noticed
    pending: list[Found] = []
    root, told = os.path.realpath(found.folder), set(found.noticed)
    above = len(os.path.join(found.folder, ""))
    for place in found.places:
        for entry in files_of(place.folder, root, found.visited, deep=place.deep):
            if isinstance(entry, Noticed):
                if entry not in told:
                    told.add(entry)
                    yield entry
                continue
            pending.append(_found(entry, above, place))
            if len(pending) >= batch:
                yield pending
                pending = []
    if pending:
        yield pending


def headers(file: Found) -> list[Scanned]:
    """Open a file and return what its header says: one `Scanned` for each page of a TIFF or frame of a DICOM file."""
    if file.error is not None:
        return [_scanned(file, 1, file.error)]
    if not may_have_pages(file.relative):
        try:
            return [_scanned(file, 1, read_header(file.path))]
        except ImageError as problem:
            return [_scanned(file, 1, str(problem))]
    return [
        _scanned(file, page, str(header) if isinstance(header, ImageError) else header)
        for page, header in read_pages(file.path)
    ]


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


def _folders(reading: _Reading, folder: Path) -> list[Path]:
    try:
        found = listed(folder, reading.root)
    except OSError:  # `walk` reports it where images are looked for
        return []
    reading.noticed += found.noticed
    return [Path(path) for path in found.folders]


def _holds_images(reading: _Reading, folder: Path, *, deep: bool = True) -> bool:
    """Tell whether there is an image file; what was met instead (a folder that cannot be listed) is noticed."""
    unreadable: list[Noticed] = []
    for entry in files_of(folder, reading.root, reading.visited, deep=deep):
        if not isinstance(entry, Noticed):
            return True
        unreadable.append(entry)
    reading.noticed += unreadable
    return False


def _found(entry: os.DirEntry[str], above: int, place: Place) -> Found:
    """Return what the directory says of a file; ``above`` is the length of the scanned folder's path and separator."""
    relative = entry.path[above:].replace(os.sep, "/")
    try:
        stat = entry.stat()
    except OSError as problem:
        error = f"The image {entry.path} cannot be read ({problem.strerror}); check the file and its drive."
        return Found(entry.path, relative, 0, 0, place.class_name, place.split, error)
    return Found(entry.path, relative, stat.st_size, stat.st_mtime_ns, place.class_name, place.split)


def _scanned(file: Found, page: int, header: Header | str) -> Scanned:
    """Join what the directory and the header say, or why there is none."""
    path = with_page(file.path, page)
    if page > 1 and os.path.lexists(path):
        header = f"The page {page} of {file.path} cannot be used: a file is called {path}; rename that file."
    facts = (0, 0, 0, 0) if isinstance(header, str) else (header.width, header.height, header.channels, header.bits)
    return Scanned(
        with_page(file.relative, page),
        *facts,
        file.bytes,
        file.modified_ns,
        file.class_name,
        file.split,
        header if isinstance(header, str) else None,
    )
