"""Bringing folders of images into a project: scan, store, then verify by a full decode and a content hash."""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.data import scan
from workbench.data.decoding import HIGHEST
from workbench.data.reading import (
    SUFFIXES,
    Decoding,
    ImageError,
    check_size,
    decode,
    file_of,
    file_window,
    page_hash,
    read_bytes,
    read_levels,
    split_page,
)
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.project.ids import RootId
from workbench.project.images import ImageRow, NewImage, Query
from workbench.project.project import Project
from workbench.project.watching import remember_folders

_SETTING = "decoding"
_CHUNK = 128
_STORE = 4096
"""Images that are stored at once: a transaction waits for the disk, and is worth it for many."""
_STORE_SECONDS = 1.0
_NAMED = 20
"""The most missing images that are named one by one."""
_WINDOW_FILES = 64
_WINDOW_PIXELS = 20_000


@dataclass(frozen=True)
class Intake:
    """The result, over these folders only.

    ``images`` counts the image files found, ``added`` those new to the project, ``corrupt`` those that cannot be used,
    ``unlabelled`` the usable ones without a class folder, ``split`` the usable ones by the split their folder sets
    (empty where there is no train/val/test tree). ``classes`` are the project's, in its order.
    """

    images: int
    added: int
    classes: list[str]
    corrupt: int
    unlabelled: int
    split: dict[str, int]


def add_folders(project_folder: Path, folders: Sequence[Path], *, verify: bool = True) -> Job:
    """Return the job that brings ``folders`` into the project (made where there is none), ending with `Intake`.

    Yields Progress, and Noticed for each image that cannot be used and each folder passed over. Stopped in the verify
    phase it keeps what it has; the next intake goes on. Raises WorkbenchError, with nothing written, where a folder
    is missing or holds no images.
    """
    return partial(_add_folders, Path(project_folder), [Path(folder).absolute() for folder in folders], verify)


def decoding_of(project: Project) -> Decoding:
    """Return the project's decoding rules: its setting, or the defaults. Raises WorkbenchError where they are too
    new.
    """
    fields = project.settings.get(_SETTING)
    return Decoding() if fields is None else Decoding.from_dict(fields)


def set_window(project: Project, low: int, high: int) -> tuple[int, int]:
    """Store the levels that become black and white; return those of before, with which it is taken back.

    Raises WorkbenchError for levels that are no window. Thumbnails follow: they are kept by the rules.
    """
    before = decoding_of(project)
    try:
        after = replace(before, window=(int(low), int(high)))
    except ValueError as error:
        raise WorkbenchError(f"The window cannot be set: {error}.") from error
    project.settings.set(_SETTING, after.as_dict())
    return before.window


@dataclass
class _Tally:
    images: int = 0
    added: int = 0
    unlabelled: int = 0
    split: dict[str, int] = field(default_factory=dict)
    named: set[Path] = field(default_factory=set)
    """The images whose fault has been told."""
    deep: "_Sample" = field(default_factory=lambda: _Sample())
    """Some of the single-channel images of more than 8 bits."""


@dataclass
class _Sample:
    """Every so many of the paths it is given, at most twice `_WINDOW_FILES` of them."""

    paths: list[str] = field(default_factory=list)
    _step: int = 1
    _count: int = 0

    def add(self, path: str) -> None:
        if self._count % self._step == 0:
            self.paths.append(path)
            if len(self.paths) == 2 * _WINDOW_FILES:
                self.paths, self._step = self.paths[::2], 2 * self._step
        self._count += 1


def _add_folders(project_folder: Path, folders: Sequence[Path], verify: bool, stop: Stop) -> Iterator[Event]:
    yield Progress(0, None, "Looking for images")
    layouts = [scan.layout(folder) for folder in folders]
    for found in layouts:
        if found.empty:
            yield from found.noticed  # why, where there are files that cannot be used
            endings = ", ".join(sorted(suffix.lstrip(".") for suffix in SUFFIXES))
            raise WorkbenchError(f"The folder {found.folder} holds no images ({endings}); choose a folder that does.")
    tally = _Tally()
    with Project.open_or_create(project_folder) as project:
        names = {name for found in layouts for name in found.classes}
        project.labels.ensure_classes(sorted(names, key=scan.natural_key))
        for found in layouts:
            yield from _relink(project, found.folder)
        before = {root for root, _ in project.images.roots()}
        roots: set[RootId] = set()
        for found in layouts:
            root = project.images.add_root(found.folder)
            roots.add(root)
            yield from _store(project, root, found, tally, known=root in before)
            remember_folders(project, root, found.visited)
        choose_window(project, tally.deep.paths)
        if verify:
            yield from verify_images(project, tally.named)
        corrupt = _corrupt(project, roots)
        yield from (_noticed(row) for row in corrupt if row.path not in tally.named)
        classes = [row.name for row in project.labels.classes()]
    yield Intake(tally.images, tally.added, classes, len(corrupt), tally.unlabelled, tally.split)


def _relink(project: Project, folder: Path) -> Iterator[Event]:
    """Take a folder whose images the project knows from a place that is gone for that folder, not for new images."""
    root = project.images.moved_root(folder)
    if root is not None:
        was = dict(project.images.roots())[root]
        project.images.relink(root, folder)
        yield Noticed(f"The folder {was} lies in {folder} now; its images keep their labels and split.", str(folder))


def _store(project: Project, root: RootId, found: scan.Layout, tally: _Tally, *, known: bool) -> Iterator[Event]:
    limit = decoding_of(project)
    seen: list[NDArray[np.int64]] = []
    pending: list[NewImage] = []
    stored_at = time.monotonic()
    for batch in scan.walk(found):
        if isinstance(batch, Noticed):
            yield batch
            continue
        for scanned in batch:
            image = as_new(scanned, found.folder, limit)
            pending.append(image)
            yield from _counted(image, found.folder, tally)
        tally.images += len(batch)
        if len(pending) >= _STORE or time.monotonic() - stored_at > _STORE_SECONDS:
            added = project.images.add(root, pending)
            tally.added += added.added
            seen.append(added.ids)
            pending, stored_at = [], time.monotonic()
        yield Progress(tally.images, None, "Reading headers")
    added = project.images.add(root, pending)
    tally.added += added.added
    if known:
        gone = project.moving.unseen([root], np.concatenate([*seen, added.ids]))
        yield from mark_missing(project, gone)


def _counted(image: NewImage, folder: Path, tally: _Tally) -> Iterator[Event]:
    if image.error is not None:
        path = folder / image.relative
        tally.named.add(path)
        yield Noticed(image.error, str(path))
        return
    tally.unlabelled += image.class_name is None
    if image.split is not None:
        tally.split[image.split] = tally.split.get(image.split, 0) + 1
    if image.channels == 1 and image.bits > 8:
        tally.deep.add(os.path.join(folder, image.relative))


def as_new(scanned: scan.Scanned, folder: Path, decoding: Decoding) -> NewImage:
    """Return what a scan found as the project takes it: an image above the pixel limit comes with that as its error."""
    error = scanned.error
    if error is None and scanned.width * scanned.height > decoding.max_pixels:
        try:
            check_size(scanned.width, scanned.height, folder / scanned.relative, decoding)
        except ImageError as problem:
            error = str(problem)
    return NewImage(
        relative=scanned.relative,
        width=scanned.width,
        height=scanned.height,
        channels=scanned.channels,
        bits=scanned.bits,
        bytes=scanned.bytes,
        modified_ns=scanned.modified_ns,
        class_name=scanned.class_name,
        split=scanned.split,
        error=error,
    )


def mark_missing(project: Project, gone: NDArray[np.int64]) -> Iterator[Noticed]:
    """Say of these images that their files are gone, and name the first of them."""
    if len(gone):
        project.images.mark_missing(gone)
        for row in project.images.page(gone[:_NAMED]):
            yield Noticed(f"The image {row.path} is missing; put it back or remove it from the project.", str(row.path))
    if len(gone) > _NAMED:
        yield Noticed(f"{len(gone) - _NAMED:,} further images are missing; choose the state 'missing' to see them.")


def choose_window(project: Project, deep: Sequence[str]) -> None:
    """Set the levels that become black and white from a sample of images of more than 8 bits, where none are set.

    They are those that the files name themselves (DICOM, where most of them do), else the 0.1 and 99.9 percentiles.
    """
    if not deep or project.settings.get(_SETTING) is not None:
        return
    parts, named = [], []
    step = max(1, -(-len(deep) // _WINDOW_FILES))
    sample = deep[::step]
    for path in sample:
        try:
            window = file_window(path)
            levels = None if window is not None else read_levels(path)
        except ImageError:  # told by the verify phase, which decodes every image
            continue
        if window is not None:
            named.append(window)
        if levels is not None:
            parts.append(levels.ravel()[:: max(1, levels.size // _WINDOW_PIXELS)])
    if len(named) > len(parts):
        low, high = np.median(np.array(named), axis=0)
    elif parts:
        low, high = np.percentile(np.concatenate(parts), (0.1, 99.9))
    else:
        return
    low = min(int(np.floor(low)), HIGHEST - 1)
    project.settings.set(_SETTING, Decoding(window=(low, max(low + 1, int(np.ceil(high))))).as_dict())


def verify_images(project: Project, named: set[Path]) -> Iterator[Event]:
    """Decode and hash what was not verified yet, on a few threads: pillow and hashlib both let go of the interpreter.

    Yields Progress, and Noticed for what cannot be used unless its path is among ``named``, to which it is added.
    """
    ids = project.images.unverified()
    decoding = decoding_of(project)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="verify") as pool:
        for start in range(0, len(ids), _CHUNK):
            yield Progress(start, len(ids), "Checking images")
            rows = project.images.page(ids[start : start + _CHUNK])
            files = [list(pages) for _, pages in groupby(rows, lambda row: file_of(row.path))]
            checked = [one for file in pool.map(partial(_check, decoding=decoding), files) for one in file]
            project.images.set_verified(
                [(row.id, digest, error) for row, (digest, error) in zip(rows, checked, strict=True)]
            )
            for row, (_, error) in zip(rows, checked, strict=True):
                if error is not None and row.path not in named:
                    named.add(row.path)
                    yield Noticed(error, str(row.path))
    yield Progress(len(ids), len(ids), "Checking images")


def _check(pages: Sequence[ImageRow], *, decoding: Decoding) -> list[tuple[str | None, str | None]]:
    """Return (content hash, what is wrong) of each page of one file."""
    try:
        content = read_bytes(pages[0].path)
    except ImageError as problem:
        return [(None, str(problem)) for _ in pages]
    digest = hashlib.sha256(content).hexdigest()
    found: list[tuple[str | None, str | None]] = []
    for row in pages:
        own = page_hash(digest, split_page(row.path)[1])
        try:
            decode(content, row.path, decoding)
            found.append((own, None))
        except ImageError as problem:
            found.append((own, str(problem)))
    return found


def _corrupt(project: Project, roots: set[RootId]) -> list[ImageRow]:
    ids = project.images.ids(Query(state="corrupt"))
    pages = (project.images.page(ids[start : start + 1000]) for start in range(0, len(ids), 1000))
    return [row for page in pages for row in page if row.root in roots]


def _noticed(row: ImageRow) -> Noticed:
    return Noticed(row.error or f"The image {row.path} cannot be used; replace it or remove it.", str(row.path))
