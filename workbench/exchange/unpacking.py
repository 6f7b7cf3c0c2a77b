"""Images that come packed in one file, written as PNG into class folders of the project's own."""

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.data.formats import idx, torchvision_sets
from workbench.data.formats.records import SplitName
from workbench.data.formats.trees import names_of_folders
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Progress

FOLDER = "unpacked"
_MARK = ".unpacked.json"
_EVERY = 500

Entry = tuple[NDArray[np.uint8], str | None]


@dataclass(frozen=True)
class Part:
    """Images of one split: how many, of which classes in order, and how to get them."""

    split: SplitName | None
    count: int
    classes: tuple[str, ...]
    entries: Callable[[], Iterator[Entry]]


@dataclass
class Packed:
    """What is in a packed data set, checked but not unpacked; ``name`` names its folder."""

    name: str
    parts: list[Part]
    origin: dict[str, str] = field(default_factory=dict)
    """What tells this set from others of the same name."""

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.parts for name in part.classes))

    @property
    def splits(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for part in self.parts:
            if part.split is not None:
                counts[part.split] += part.count
        return dict(counts)


def packed_idx(file: Path) -> Packed:
    """Return what the IDX files hold. Raises WorkbenchError where one is damaged."""
    parts, origin = [], {}
    for pair in idx.pairs(file):
        images, labels = idx.read(pair)
        classes = () if labels is None else tuple(str(label) for label in sorted(set(labels.tolist())))

        def entries(pair: idx.Pair = pair) -> Iterator[Entry]:
            return idx.entries(pair)

        parts.append(Part(pair.split, len(images), classes, entries))
        for each in (pair.images, pair.labels):
            if each is not None:
                origin[each.name] = hashlib.sha256(each.read_bytes()).hexdigest()
    folder = file if file.is_dir() else file.parent
    if folder.name == "raw" and folder.parent.name:  # as torchvision lays them
        folder = folder.parent
    return Packed(_plain(folder.name) or "idx", parts, origin)


def packed_torchvision(root: Path, options: Mapping[str, str]) -> Packed:
    """Return what a data set of torchvision holds. Raises WorkbenchError where it is not offered or not there."""
    parts = []
    for part in torchvision_sets.opened(root, options):

        def entries(part: torchvision_sets.Part = part) -> Iterator[Entry]:
            return torchvision_sets.entries(part)

        parts.append(Part(part.split, part.count, part.classes, entries))
    origin = dict(sorted(options.items())) | {str(part.split): str(part.count) for part in parts}
    name = "-".join(_plain(value) for _, value in sorted(options.items()))
    return Packed(name, parts, origin | {"root": str(root.absolute())})


def unpack(packed: Packed, project_folder: Path) -> Iterator[Event | Path]:
    """Write the images into ``<project>/unpacked/<name>``, one folder for each split and class.

    Yields Progress, and last the folder. One that holds the same set already is used as it is.
    """
    top = project_folder / FOLDER
    folder = _place(top, packed)
    if not folder.exists():
        top.mkdir(parents=True, exist_ok=True)
        part = top / f".{folder.name}.{os.getpid()}.part"
        try:
            yield from _write(packed, part)
            (part / _MARK).write_text(json.dumps(packed.origin), encoding="utf-8")
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    yield folder


def _place(top: Path, packed: Packed) -> Path:
    """Return the folder that holds this set, or the first name that is free."""
    number = 1
    while True:
        folder = top / (packed.name if number == 1 else f"{packed.name}-{number}")
        if not folder.exists():
            return folder
        try:
            if json.loads((folder / _MARK).read_text(encoding="utf-8")) == packed.origin:
                return folder
        except (OSError, ValueError):
            pass
        number += 1


def _write(packed: Packed, folder: Path) -> Iterator[Event]:
    names = names_of_folders(packed.classes)
    splits = [part.split for part in packed.parts]
    done = 0
    for part in packed.parts:
        # Two parts that no split tells apart are numbered on, so that none overwrites another.
        numbers: Counter[str] = Counter()
        below = folder / part.split if part.split is not None else folder
        if splits.count(part.split) > 1:
            numbers.update(dict.fromkeys(("", *names.values()), done))
        for pixels, label in part.entries():
            name = names[label] if label is not None else ""
            numbers[name] += 1
            target = below / name
            if numbers[name] == 1 or not target.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(target / f"{numbers[name]:05}.png", compress_level=1)
            if done % _EVERY == 0:
                yield Progress(done, packed.count, "Unpacking images")
            done += 1
    yield Progress(done, packed.count, "Unpacking images")
    if not done:
        raise WorkbenchError(f"The data set {packed.name} holds no images; choose another one.")


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._")
