"""Which image of the project a row means: by its path, else its file name, else the name without the ending."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.data.formats.records import Record
from workbench.data.reading import SUFFIXES
from workbench.project import listing
from workbench.project.project import Project

_EXACT = 1000


@dataclass(frozen=True)
class Unmatched:
    """A row that names no image of the project."""

    line: int | None
    name: str


@dataclass(frozen=True)
class Ambiguous:
    """A row whose name fits several images, which are shown by their relative paths."""

    line: int | None
    name: str
    images: tuple[str, ...]
    record: Record


@dataclass
class Matching:
    """The rows of each image (by id), and those of none."""

    rows: dict[int, list[Record]] = field(default_factory=dict)
    relative: dict[int, str] = field(default_factory=dict)
    unmatched: list[Unmatched] = field(default_factory=list)
    ambiguous: list[Ambiguous] = field(default_factory=list)
    images: int = 0
    """All images of the project."""


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    relative: str
    name: str
    folders: tuple[str, ...]
    """The folders above it, from the root of the file system, case folded."""


def match(project: Project, records: Sequence[Record]) -> Matching:
    """Find the image of each record. Memory grows with the records, not with the project."""
    found = Matching(images=listing.images(project))
    names, stems = _candidates(project, records)
    claims: dict[int, list[tuple[int, Record]]] = defaultdict(list)
    for record in records:
        best: list[_Known] = []
        score = 0
        for name in (record.image, *record.aliases):
            best, score = _best(name, names, stems)
            if best:
                break
        if len(best) == 1:
            claims[best[0].id].append((score, record))
            found.relative[best[0].id] = best[0].relative
        elif best:
            shown = tuple(each.relative for each in best[:4])
            found.ambiguous.append(Ambiguous(record.line, record.image, shown, record))
        else:
            found.unmatched.append(Unmatched(record.line, record.image))
    for image_id, claimed in claims.items():
        # Of "train/1.png" and "test/1.png" only one is meant where the project has one of the folders; "1" means it, too.
        most = max(score for score, _ in claimed)
        meant = [score == most or "/" not in _plain(record.image) for score, record in claimed]
        found.rows[image_id] = [record for (_, record), means in zip(claimed, meant, strict=True) if means]
        found.unmatched += [
            Unmatched(record.line, record.image) for (_, record), means in zip(claimed, meant, strict=True) if not means
        ]
    return found


def _candidates(project: Project, records: Sequence[Record]) -> tuple[dict[str, list[_Known]], dict[str, list[_Known]]]:
    """Return the images that a record may mean, by folded file name and by that name without its ending."""
    wanted = {_name(_plain(name)) for record in records for name in (record.image, *record.aliases)}
    wanted_stems = {_stem(name) for name in wanted} | wanted
    roots = {root: _folders(folder.as_posix() + "/x") for root, folder in project.images.roots()}
    names: dict[str, list[_Known]] = defaultdict(list)
    stems: dict[str, list[_Known]] = defaultdict(list)
    for image_id, root, relative in listing.paths(project):
        plain = _plain(relative)
        name = _name(plain)
        stem = _stem(name)
        if name not in wanted and stem not in wanted_stems:
            continue
        known = _Known(image_id, relative, plain.rpartition("/")[2], roots[root] + _folders(plain))
        names[name].append(known)
        stems[stem].append(known)
    return names, stems


def _best(name: str, names: dict[str, list[_Known]], stems: dict[str, list[_Known]]) -> tuple[list[_Known], int]:
    """Return the images that fit best, and how well: the folders that agree, more for the very path."""
    plain = _plain(name)
    folded = _name(plain)
    candidates = names.get(folded) or stems.get(folded) or stems.get(_stem(folded)) or []
    if not candidates:
        return [], 0
    bare = plain.rpartition("/")[2]
    if len(candidates) > 1:
        candidates = [each for each in candidates if each.name == bare] or candidates
    folders = _folders(plain)
    scored = [(_score(each, plain, folders), each) for each in candidates]
    most = max(score for score, _ in scored)
    return [each for score, each in scored if score == most], most


def _score(known: _Known, plain: str, folders: tuple[str, ...]) -> int:
    if _plain(known.relative) == plain:
        return _EXACT
    alike = 0
    for one, other in zip(reversed(known.folders), reversed(folders), strict=False):
        if one != other:
            break
        alike += 1
    return alike


def _plain(name: str) -> str:
    """Return a path with forward strokes and without "./" before it."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    return name


def _name(path: str) -> str:
    return path.rpartition("/")[2].casefold()


def _stem(name: str) -> str:
    """Return a folded name without the ending, where that is one of an image."""
    stem, dot, ending = name.rpartition(".")
    return stem if stem and dot + ending in SUFFIXES else name


def _folders(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.casefold().split("/")[:-1] if part)
