"""Listing folders: which image files and sub-folders they hold, what is passed over, and which links are followed."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.reading import is_image_name
from workbench.jobs import Noticed

_FOREIGN = frozenset(("__macosx", "$recycle.bin", "system volume information", "@eadir", "lost+found", "thumbs"))
_PROJECT_FILE = "project.sqlite"
_PROJECT_FOLDERS = frozenset(("runs", "exports", "cache", "backups", "unpacked"))


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key that puts 2 before 10 and ignores case."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part)


@dataclass
class Listing:
    """A folder's content in natural order, without what is hidden or foreign; ``noticed`` says what else is left out."""

    folders: list[str] = field(default_factory=list)
    files: list[os.DirEntry[str]] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)


def listed(folder: str | Path, root: str) -> Listing:
    """List a folder below ``root``, the scanned folder with its links resolved. Raises OSError."""
    listing, project = Listing(), False
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
        if not is_text(entry.name):
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


def files_of(folder: Path, root: str, visited: dict[str, int], *, deep: bool) -> Iterator[os.DirEntry[str] | Noticed]:
    """Yield the image files of a folder, those of its sub-folders after its own; a folder is entered once."""
    waiting, seen = [str(folder)], set()
    while waiting:
        path = waiting.pop()
        try:
            stat = os.stat(path)
            listing = listed(path, root)
        except OSError as error:
            yield Noticed(f"The folder {path} cannot be read ({error.strerror}); its images are left out.", path)
            continue
        if stat.st_ino and (stat.st_dev, stat.st_ino) in seen:
            continue
        seen.add((stat.st_dev, stat.st_ino))
        visited.setdefault(path, stat.st_mtime_ns)
        yield from listing.noticed
        yield from listing.files
        if deep:
            waiting += reversed(listing.folders)


def is_text(name: str) -> bool:
    """Tell whether a name can be kept: Linux allows bytes that are no UTF-8."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_project(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, _PROJECT_FILE))
