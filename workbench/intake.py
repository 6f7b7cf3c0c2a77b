"""Bringing folders of images into a project: scan, store, then verify by a full decode and a content hash."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from workbench.data import scan
from workbench.data.reading import SUFFIXES, Decoding, ImageError, check_size, decode, read_bytes, read_levels
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.project.ids import ImageId, RootId
from workbench.project.images import ImageRow, NewImage, Query
from workbench.project.project import Project

_SETTING = "decoding"
_CHUNK = 128
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
    deep: list[str] = field(default_factory=list)
    """The single-channel images of more than 8 bits."""


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
        _choose_window(project, tally.deep)
        if verify:
            yield from _verify(project, tally)
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
    decoding = decoding_of(project)
    seen: set[str] = set()
    for batch in scan.walk(found):
        if isinstance(batch, Noticed):
            yield batch
            continue
        images = [_new_image(scanned, found.folder, decoding) for scanned in batch]
        tally.added += project.images.add(root, images).added
        tally.images += len(images)
        if known:
            seen.update(image.relative for image in images)
        for image in images:
            path = found.folder / image.relative
            if image.error is not None:
                tally.named.add(path)
                yield Noticed(image.error, str(path))
                continue
            tally.unlabelled += image.class_name is None
            if image.split is not None:
                tally.split[image.split] = tally.split.get(image.split, 0) + 1
            if image.channels == 1 and image.bits > 8:
                tally.deep.append(str(path))
        yield Progress(tally.images, None, "Reading headers")
    if known:
        yield from _mark_missing(project, root, seen)


def _new_image(scanned: scan.Scanned, folder: Path, decoding: Decoding) -> NewImage:
    error = scanned.error
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


def _mark_missing(project: Project, root: RootId, seen: set[str]) -> Iterator[Event]:
    """Say which images of a root that was scanned before are gone now."""
    ids = project.images.ids()
    gone: list[ImageId] = []
    for start in range(0, len(ids), 1000):
        for row in project.images.page(ids[start : start + 1000]):
            if row.root == root and row.state != "missing" and row.relative not in seen:
                gone.append(row.id)
                yield Noticed(
                    f"The image {row.path} is missing; put it back or remove it from the project.", str(row.path)
                )
    if gone:
        project.images.mark_missing(gone)


def _choose_window(project: Project, deep: Sequence[str]) -> None:
    """Set the levels that become black and white from a sample of the images of more than 8 bits, where none are
    set.
    """
    if not deep or project.settings.get(_SETTING) is not None:
        return
    step = max(1, len(deep) // _WINDOW_FILES)
    parts = []
    for path in deep[::step][:_WINDOW_FILES]:
        try:
            levels = read_levels(path)
        except ImageError:  # told by the verify phase, which decodes every image
            continue
        if levels is not None:
            parts.append(levels.ravel()[:: max(1, levels.size // _WINDOW_PIXELS)])
    if parts:
        low, high = np.percentile(np.concatenate(parts), (0.1, 99.9))
        low = min(int(low), 65534)
        project.settings.set(_SETTING, Decoding(window=(low, max(low + 1, int(np.ceil(high))))).as_dict())


def _verify(project: Project, tally: _Tally) -> Iterator[Event]:
    """Decode and hash what was not verified yet, on a few threads: pillow and hashlib both let go of the
    interpreter.
    """
    ids = project.images.unverified()
    decoding = decoding_of(project)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="verify") as pool:
        for start in range(0, len(ids), _CHUNK):
            yield Progress(start, len(ids), "Checking images")
            rows = project.images.page(ids[start : start + _CHUNK])
            found = list(pool.map(partial(_check, decoding=decoding), rows))
            project.images.set_verified(
                [(row.id, digest, error) for row, (digest, error) in zip(rows, found, strict=True)]
            )
            for row, (_, error) in zip(rows, found, strict=True):
                if error is not None and row.path not in tally.named:
                    tally.named.add(row.path)
                    yield Noticed(error, str(row.path))
    yield Progress(len(ids), len(ids), "Checking images")


def _check(row: ImageRow, *, decoding: Decoding) -> tuple[str | None, str | None]:
    """Return (content hash, what is wrong)."""
    digest = None
    try:
        content = read_bytes(row.path)
        digest = hashlib.sha256(content).hexdigest()
        decode(content, row.path, decoding)
    except ImageError as problem:
        return digest, str(problem)
    return digest, None


def _corrupt(project: Project, roots: set[RootId]) -> list[ImageRow]:
    ids = project.images.ids(Query(state="corrupt"))
    pages = (project.images.page(ids[start : start + 1000]) for start in range(0, len(ids), 1000))
    return [row for page in pages for row in page if row.root in roots]


def _noticed(row: ImageRow) -> Noticed:
    return Noticed(row.error or f"The image {row.path} cannot be used; replace it or remove it.", str(row.path))
