"""Labels that the file tree holds: class folders, train/val/test trees, YOLO classification trees, names by a pattern."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from workbench.data.formats.records import SPLIT_WORDS, Document, Head, Record
from workbench.data.scan import Layout, Place, layout
from workbench.errors import WorkbenchError


def read_folders(folder: Path, paths: Iterable[str], *, yolo: bool = False) -> Document:
    """Return what class folders say of the images at ``paths`` (posix, below ``folder``).

    Classes are in natural order, in a YOLO tree by plain order, as that library has them. Raises WorkbenchError where
    the folder has no class folders.
    """
    found = layout(folder)
    if not found.classes and not found.splits:
        raise WorkbenchError(
            f"The folder {folder} has no class folders and no train or test folders with images; choose the folder above them."
        )
    if yolo and "train" not in found.splits:
        raise WorkbenchError(
            f"The folder {folder} has no folder train, as a YOLO classification tree has; choose another."
        )
    places = _Places(found)
    records = []
    for path in paths:
        place = places.of(path)
        if place is not None:
            labels = None if place.class_name is None else (place.class_name,)
            records.append(Record(image=path, labels=labels, split=place.split))
    classes = tuple(sorted(found.classes)) if yolo else found.classes
    return Document("yolo" if yolo else "folders", folder, records, Head(classes))


class _Places:
    """Finds the folder of a layout in which a path lies: the deepest one that counts."""

    def __init__(self, found: Layout) -> None:
        root = found.folder.absolute()
        self._places = {place.folder.absolute().relative_to(root).as_posix(): place for place in found.places}

    def of(self, path: str) -> Place | None:
        folder = path.rpartition("/")[0] or "."
        place = self._places.get(folder)
        while place is None and folder != ".":
            folder = folder.rpartition("/")[0] or "."
            place = self._places.get(folder)
            if place is not None and not place.deep:
                return None
        return place


def read_names(folder: Path, pattern: str, paths: Iterable[str]) -> Document:
    """Return what a regular expression finds in the paths: its groups ``label``, ``split``, ``group`` and ``grader``.

    A pattern without named groups gives the label by its first group. It may match anywhere in the path. Raises
    WorkbenchError for a pattern that is none, or matches nothing.
    """
    compiled = compile_pattern(pattern)
    named = set(compiled.groupindex)
    known = ("label", "split", "group", "grader")
    records, read, missed = [], 0, 0
    for path in paths:
        read += 1
        match = compiled.search(path)
        if match is None:
            missed += 1
            continue
        found = {name: match[name] or "" for name in named} if named else {"label": match[1] or ""}
        word = found.get("split", "").casefold()
        if word and word not in SPLIT_WORDS:
            raise WorkbenchError(
                f"The pattern finds the split '{found['split'][:40]}' in the path {path}, not train, validation or test; "
                "correct the pattern. Nothing was changed."
            )
        records.append(
            Record(
                image=path,
                labels=(found["label"],) if found.get("label") else None,
                split=SPLIT_WORDS.get(word),
                group=found.get("group", ""),
                grader=found.get("grader", ""),
                fields={name: value for name, value in found.items() if name not in known and value},
            )
        )
    if not records:
        raise WorkbenchError(
            f"The pattern {pattern} fits none of the {read:,} paths in {folder}; correct it. Nothing was changed."
        )
    noticed = (f"The pattern does not fit {missed:,} of {read:,} images; they keep what they have.",) if missed else ()
    return Document("filename", folder, records, noticed=noticed)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the pattern. Raises WorkbenchError where it is no regular expression, or has no group to take."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        place = f" at character {error.pos + 1}" if error.pos is not None else ""
        raise WorkbenchError(
            f"The pattern {pattern} is no regular expression ({error.msg}{place}); correct it."
        ) from error
    if not compiled.groups:
        raise WorkbenchError(
            f"The pattern {pattern} has no group; put (?P<label>...) around the part that is the class."
        )
    return compiled


def names_of_folders(classes: Sequence[str]) -> dict[str, str]:
    """Return a folder name for each class: the class itself, with what no file system has replaced; each of its own."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in classes:
        plain = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip(" .") or "_"
        plain = plain if not plain.startswith(".") else "_" + plain[1:]
        folder, number = plain, 2
        while folder.casefold() in taken or folder.casefold() in SPLIT_WORDS:
            folder, number = f"{plain}-{number}", number + 1
        taken.add(folder.casefold())
        found[name] = folder
    return found
