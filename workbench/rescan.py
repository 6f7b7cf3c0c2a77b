"""Keeping a project in step with the disk: files that are new, changed, moved, gone or back. No file is touched."""

import hashlib
import os
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.data import scan
from workbench.data.pages import may_have_pages
from workbench.errors import WorkbenchError
from workbench.intake import (
    as_new,
    choose_window,
    decoding_of,
    mark_missing,
    verify_images,
)
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.project.adding import NewImage
from workbench.project.ids import ImageId, RootId
from workbench.project.matching import Matched, NewFile, match, worth_hashing
from workbench.project.moving import KnownFile, LostFile
from workbench.project.project import Project

# Named again, because the window knows them as part of the rescan.
from workbench.project.watching import changed_folders as changed_folders
from workbench.project.watching import remember_folders

_Pages = dict[tuple[RootId, str], list[tuple[LostFile, str]]]
"""Further pages, by the root and path of their file: what the project knows of each, and its suffix."""

_BATCH = 2048
_NAMED = 20
"""The most things of a kind that are named one by one."""


@dataclass(frozen=True)
class Rescanned:
    """What a rescan found, each image counted once, and how many images the project has now.

    ``new`` came in, ``changed`` have another size or time, ``moved`` have another path and kept everything,
    ``missing`` are gone since the last look, ``found_again`` were missing and are back.
    """

    new: int
    changed: int
    moved: int
    missing: int
    found_again: int
    images: int


def rescan(project_folder: Path, *, verify: bool = True, relink: tuple[Path, Path] | None = None) -> Job:
    """Return the job that compares the project's folders with the disk, ending with `Rescanned`.

    New files come in as in a scan; known ones keep label, split and all else, wherever they lie now. ``relink`` is (a
    folder as the project knows it, where its images lie now), found there by path, else by content. Yields Progress and
    Noticed. Raises WorkbenchError where there is no project, or the folders to relink do not fit.
    """
    return partial(_rescan, Path(project_folder), verify, relink)


@dataclass
class _Look:
    """What is found while the roots are looked through."""

    folders: dict[RootId, Path] = field(default_factory=dict)
    """The roots that could be looked through."""
    absent: list[RootId] = field(default_factory=list)
    seen: list[NDArray[np.int64]] = field(default_factory=list)
    files: int = 0
    unknown: dict[NewFile, scan.Found] = field(default_factory=dict)
    """Files at paths that the project does not know."""
    changed: dict[NewFile, tuple[scan.Found, KnownFile]] = field(default_factory=dict)
    """Files of another size or time than the image at their path had."""
    named: set[Path] = field(default_factory=set)
    deep: list[str] = field(default_factory=list)
    new: int = 0
    changed_count: int = 0
    found_again: int = 0
    moved: int = 0

    @property
    def ids(self) -> NDArray[np.int64]:
        return np.concatenate(self.seen) if self.seen else np.empty(0, np.int64)


def _rescan(project_folder: Path, verify: bool, relink: tuple[Path, Path] | None, stop: Stop) -> Iterator[Event]:
    yield Progress(0, None, "Looking for files")
    with Project.open(project_folder) as project:
        if relink is not None:
            yield from _relink(project, *relink)
        look = _Look()
        for root, folder in project.images.roots():
            yield from _look_through(project, root, folder, look)
        gone = project.moving.unseen([*look.folders, *look.absent], look.ids)
        yield from _place(project, look, gone)
        yield from _update(project, look)
        gone = project.moving.unseen([*look.folders, *look.absent], look.ids)
        away = project.moving.unseen(look.absent, look.ids)
        project.images.mark_missing(away)
        yield from mark_missing(project, np.setdiff1d(gone, away, assume_unique=True))
        yield from _add(project, look)
        choose_window(project, look.deep)
        if verify:
            yield from verify_images(project, look.named)
        images = project.images.count()
    yield Rescanned(look.new, look.changed_count, look.moved, len(gone), look.found_again, images)


def _relink(project: Project, old: Path, new: Path) -> Iterator[Event]:
    """Point the root that is ``old`` to ``new``, where some of its images lie, by path or by content."""
    old, new = (Path(folder).expanduser().resolve() for folder in (old, new))
    folders = {folder: root for root, folder in project.images.roots()}
    root = folders.get(old)
    if root is None:
        known = ", ".join(str(folder) for folder in folders) or "none"
        raise WorkbenchError(f"The folder {old} is none of the project's; relink one of these: {known}.")
    if new in folders and new != old:
        raise WorkbenchError(f"The folder {new} belongs to the project already; rescan it without relinking.")
    if not new.is_dir():
        raise WorkbenchError(f"The folder {new} does not exist; choose where the images of {old} lie now.")
    rows = project.moving.of_root(root)
    if not any(os.path.isfile(new / row.relative) for row in rows):
        files = [file for batch in scan.files(scan.layout(new)) if isinstance(batch, list) for file in batch]
        candidates = {NewFile(root, file.relative, file.bytes): file for file in files}
        hashes = yield from _hashes(rows, candidates)
        if not {row.content_hash for row in rows} & set(hashes.values()):
            raise WorkbenchError(
                f"The folder {new} holds none of the images that were in {old}, neither by path nor by content; choose "
                "another folder."
            )
    project.moving.point(root, new)
    yield Noticed(f"The images of {old} are looked for in {new} from now on.", str(new))


def _look_through(project: Project, root: RootId, folder: Path, look: _Look) -> Iterator[Event]:
    """Compare a root with the disk: changed files are stored at once, unknown ones kept for later."""
    if not folder.is_dir():
        look.absent.append(root)
        reason = "its images count as missing until its drive is back or it is relinked"
        yield Noticed(f"The folder {folder} is not there; {reason}.", str(folder))
        return
    try:
        found = scan.layout(folder)
    except WorkbenchError as error:
        yield Noticed(f"{error} Its images stay as they were.", str(folder))
        return
    look.folders[root] = folder
    for batch in scan.files(found, batch=_BATCH):
        if isinstance(batch, Noticed):
            yield batch
            continue
        known = project.moving.known(root, [file.relative for file in batch])
        seen: list[ImageId] = []
        back: list[ImageId] = []
        for file in batch:
            before, here = known.get(file.relative), NewFile(root, file.relative, file.bytes)
            if before is None:
                look.unknown[here] = file
            elif (before.bytes, before.modified_ns) != (file.bytes, file.modified_ns):
                look.changed[here] = (file, before)
            else:
                pages = project.moving.pages(root, file.relative) if may_have_pages(file.relative) else []
                seen += [before.id, *pages]
                if before.state == "missing":
                    back += [before.id, *pages]
        project.moving.found_again(back)
        look.found_again += len(back)
        look.seen.append(np.array(seen, dtype=np.int64))
        look.files += len(batch)
        yield Progress(look.files, None, "Looking for files")
    remember_folders(project, root, found.visited)


def _place(project: Project, look: _Look, gone: NDArray[np.int64]) -> Iterator[Event]:
    """Find lost images among the unknown and the changed files; they take the new path and keep everything.

    A changed file may be another image by now: pictures change places, or a tool numbers them anew.
    """
    lost = project.moving.lost(gone)
    occupants = {before.id: file for file, (_, before) in look.changed.items() if not may_have_pages(file.relative)}
    candidates = {**look.unknown, **{file: look.changed[file][0] for file in occupants.values()}}
    if not lost or not candidates:
        return
    whole, pages = _by_page(lost)
    hashes = yield from _hashes(whole, candidates)
    changed_ids = {before.id for _, before in look.changed.values()}
    same = [row for row in whole if row.id in occupants and hashes.get(occupants[row.id]) == row.content_hash]
    for file in _touched(project, look, [(row, occupants.pop(row.id)) for row in same if row.content_hash is not None]):
        del candidates[file]
    whole = [row for row in whole if row.id in occupants or row.id not in changed_ids]
    # What was changed before it was ever hashed can be told by nothing.
    whole = [row for row in whole if row.content_hash is not None or row.id not in occupants]
    found = match(whole, list(candidates), hashes, occupied=frozenset(occupants.values()))
    _move(project, look, found, pages, occupants)
    yield from _unclear(look, found)


def _by_page(lost: Sequence[LostFile]) -> tuple[list[LostFile], _Pages]:
    """Divide lost images into those that are a file's first page and, by their file, further pages with their suffix."""
    whole: list[LostFile] = []
    pages: _Pages = defaultdict(list)
    for row in lost:
        base, mark, number = row.relative.rpartition("#page=")
        if mark and number.isdigit() and may_have_pages(base):
            pages[row.root, base].append((row, f"#page={number}"))
        else:
            whole.append(row)
    return whole, pages


def _touched(project: Project, look: _Look, same: Sequence[tuple[LostFile, NewFile]]) -> list[NewFile]:
    """Keep the images whose content is as it was: only the time of the file is another. Return their files."""
    times, back = [], []
    for row, file in same:
        on_disk, before = look.changed.pop(file)
        times.append((row.id, on_disk.modified_ns))
        if before.state == "missing":
            back.append(row.id)
    project.moving.stamp(times)
    project.moving.found_again(back)
    look.found_again += len(back)
    look.changed_count += len(times) - len(back)
    look.seen.append(np.array([image_id for image_id, _ in times], dtype=np.int64))
    return [file for _, file in same]


def _move(project: Project, look: _Look, found: Matched, pages: _Pages, occupants: dict[ImageId, NewFile]) -> None:
    moves: list[tuple[ImageId, RootId, str]] = []
    times: list[tuple[ImageId, int]] = []
    folder_classes: list[tuple[ImageId, str | None]] = []
    places = {file: image_id for image_id, file in occupants.items()}
    displaced: dict[ImageId, NewFile] = {}
    for row, file in found.pairs:
        on_disk = look.unknown.pop(file) if file in look.unknown else look.changed.pop(file)[0]
        if file in places:
            displaced[places[file]] = file
        for image, suffix in [(row, ""), *pages.get((row.root, row.relative), [])]:
            moves.append((image.id, file.root, file.relative + suffix))
            times.append((image.id, on_disk.modified_ns))
            folder_classes.append((image.id, on_disk.class_name))
    moved = [image_id for image_id, _, _ in moves]
    for image_id in displaced.keys() - set(moved):
        # Its file was overwritten by another image's: it is missing, under a path that no file has.
        file = displaced[image_id]
        moves.append((image_id, file.root, f"{file.relative}#replaced-{image_id}"))
    if moves:
        project.images.relocate(moves)
        project.moving.stamp(times)
        project.moving.keep_labels(_in_other_class(project, folder_classes))
        look.moved += len(moved)
        look.seen.append(np.array(moved, dtype=np.int64))


def _update(project: Project, look: _Look) -> Iterator[Event]:
    """Store what the headers of changed files say; pages that they have now and had not are new images."""
    decoding, by_root = decoding_of(project), defaultdict(list)
    for file, (on_disk, _) in look.changed.items():
        by_root[file.root].append(on_disk)
    for root, files in by_root.items():
        for start in range(0, len(files), _BATCH):
            yield Progress(start, len(files), "Reading headers")
            part = files[start : start + _BATCH]
            images = [as_new(scanned, look.folders[root], decoding) for file in part for scanned in scan.headers(file)]
            known = project.moving.known(root, [image.relative for image in images])
            stored = []
            for image in images:
                before = known.get(image.relative)
                if before is None:
                    look.new += 1
                    stored.append(image)
                else:
                    look.found_again += before.state == "missing"
                    look.changed_count += before.state != "missing"
                    # Whatever the folder is called: the label is the project's by now.
                    stored.append(replace(image, class_name=None, split=None))
                yield from _faults(image, look.folders[root], look)
            look.seen.append(project.images.add(root, stored).ids)


def _unclear(look: _Look, found: Matched) -> Iterator[Noticed]:
    for lost, new in found.unclear[:_NAMED]:
        path = look.folders[new[0].root] / new[0].relative
        yield Noticed(
            f"The file {path} may be {len(lost)} images that are missing, such as {lost[0].relative}, and {len(new)} new "
            "files are alike; none is taken for another, so label them or move them back.",
            str(path),
        )
    if len(found.unclear) > _NAMED:
        yield Noticed(f"{len(found.unclear) - _NAMED:,} further groups of files cannot be told apart either.")


def _add(project: Project, look: _Look) -> Iterator[Event]:
    """Bring the unknown files in, as a scan does."""
    by_root: dict[RootId, list[scan.Found]] = defaultdict(list)
    for new, file in look.unknown.items():
        by_root[new.root].append(file)
    classes = {file.class_name for file in look.unknown.values()} - {None}
    project.labels.ensure_classes(sorted((str(name) for name in classes), key=scan.natural_key))
    decoding = decoding_of(project)
    done = 0
    for root, files in by_root.items():
        folder = look.folders[root]
        for start in range(0, len(files), _BATCH):
            yield Progress(done, len(look.unknown), "Reading headers")
            part = files[start : start + _BATCH]
            images = [as_new(scanned, folder, decoding) for file in part for scanned in scan.headers(file)]
            look.new += project.images.add(root, images).added
            for image in images:
                yield from _faults(image, folder, look)
            done += len(part)


def _faults(image: NewImage, folder: Path, look: _Look) -> Iterator[Noticed]:
    if image.error is not None:
        path = folder / image.relative
        look.named.add(path)
        yield Noticed(image.error, str(path))
    elif image.channels == 1 and image.bits > 8 and len(look.deep) < 1000:
        look.deep.append(os.path.join(folder, image.relative))


def _in_other_class(project: Project, moved: Sequence[tuple[ImageId, str | None]]) -> list[ImageId]:
    """Return the images that lie in the folder of a class which is not theirs."""
    names = {row.id: row.name for row in project.labels.classes()}
    found: list[ImageId] = []
    for start in range(0, len(moved), 1000):
        part = moved[start : start + 1000]
        rows = project.images.page([image_id for image_id, _ in part])
        for row, (image_id, folder_class) in zip(rows, part, strict=True):
            label = None if row.class_id is None else names.get(row.class_id)
            if folder_class is not None and label != folder_class:
                found.append(image_id)
    return found


def _hashes(lost: Sequence[LostFile], unknown: dict[NewFile, scan.Found]) -> Generator[Event, None, dict[NewFile, str]]:
    """Return the content hashes of the unknown files that are as long as a lost one."""
    wanted = worth_hashing(lost, list(unknown))
    hashes: dict[NewFile, str] = {}
    with ThreadPoolExecutor(2, thread_name_prefix="hash") as pool:
        for start in range(0, len(wanted), 256):
            yield Progress(start, len(wanted), "Looking for moved images")
            part = wanted[start : start + 256]
            for file, digest in zip(part, pool.map(lambda file: _digest(unknown[file].path), part), strict=True):
                if digest is not None:
                    hashes[file] = digest
    return hashes


def _digest(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:  # gone since it was listed: it is looked for at the next rescan
        return None
