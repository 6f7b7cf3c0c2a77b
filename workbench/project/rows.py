"""What the project knows about single images: pages of rows for the window, and the samples of a run."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.project.database import Database
from workbench.project.id_ranges import Ids
from workbench.project.ids import (
    NO_CLASS,
    OK,
    SPLITS,
    STATES,
    UNVERIFIED,
    ClassId,
    ImageId,
    ImageState,
    RootId,
    SplitName,
)
from workbench.project.roots import Roots


@dataclass(frozen=True)
class ImageRow:
    """All that the project knows about an image. Sides in pixels after the EXIF turn; ``path`` need not exist.

    ``classes`` are all its classes, sorted by id (none where it has no label, or none applies); ``class_id`` is the first
    of them by the project's order. ``prediction`` and ``confidence`` are the model's, ``refused`` where the user would not
    have it. ``findings`` are the kinds of its open findings.
    """

    id: ImageId
    root: RootId
    relative: str
    path: Path
    width: int
    height: int
    channels: int
    bits: int
    bytes: int
    modified_ns: int
    content_hash: str | None
    state: ImageState
    error: str | None
    class_id: ClassId | None
    split: SplitName | None
    rejected: bool = False
    pinned: bool = False
    test_set: str | None = None
    classes: tuple[ClassId, ...] = ()
    prediction: ClassId | None = None
    confidence: float | None = None
    refused: bool = False
    tags: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    regions: int = 0
    noted: bool = False
    group: int | None = None


@dataclass(frozen=True)
class SampleRow:
    """An image as a run takes it: it has a label and is neither corrupt nor missing nor rejected.

    ``classes`` are all its classes, sorted by id; ``test_set`` is the frozen test set that it belongs to.
    """

    id: ImageId
    path: Path
    class_id: ClassId
    split: SplitName | None
    content_hash: str | None
    width: int
    height: int
    test_set: str | None = None
    classes: tuple[ClassId, ...] = ()


def page(database: Database, roots: Roots, ids: Ids) -> list[ImageRow]:
    """Return the rows of up to 1000 ids, in their order. Raises ValueError for an id that is no image."""
    wanted = np.asarray(ids, dtype=np.int64).tolist()
    named = json.dumps(wanted)
    rows = database.rows(
        "SELECT image.id, root_id, relative, width, height, channels, bits, bytes, modified_ns, content_hash, state,"
        " error, image.class_id, split, rejected, pinned, test_set.name, prediction.class_id, confidence, refused,"
        " note.image_id IS NOT NULL, group_id"
        " FROM json_each(?) AS wanted"
        " CROSS JOIN image ON image.id = wanted.value"
        " CROSS JOIN file ON file.image_id = image.id"
        " LEFT JOIN test_set ON test_set.id = image.test_set"
        " LEFT JOIN prediction ON prediction.image_id = image.id"
        " LEFT JOIN note ON note.image_id = image.id"
        " LEFT JOIN image_group ON image_group.image_id = image.id ORDER BY wanted.key",
        (named,),
    )
    if len(rows) != len(wanted):
        raise ValueError("an id is not the id of an image of this project")
    folders = dict(roots.listed())
    beside = _Beside(database, named)
    return [_row(row, folders, beside) for row in rows]


def samples(database: Database, roots: Roots, split: SplitName | None) -> list[SampleRow]:
    """Return the labelled images that can be used, by path: of one split, or all with or without a split."""
    where, parameters = "class_id IS NOT NULL AND state IN (?, ?) AND rejected = 0", [UNVERIFIED, OK]
    if split is not None:
        where, parameters = f"{where} AND split = ?", [*parameters, SPLITS.index(split)]
    rows = database.rows(
        "SELECT image.id, root_id, relative, class_id, split, content_hash, width, height, test_set"
        f" FROM image CROSS JOIN file ON file.image_id = image.id WHERE {where} ORDER BY image.id",
        parameters,
    )
    # Here, not by SQLite, which would read the rows in that order, from all over the disk.
    rows.sort(key=lambda row: (row[1], row[2]))
    folders = dict(roots.listed())
    names = dict(database.rows("SELECT id, name FROM test_set"))
    several = _gathered(database.rows("SELECT image_id, class_id FROM image_class ORDER BY image_id, class_id"))
    return [
        SampleRow(
            id=image_id,
            path=folders[root] / relative,
            class_id=class_id,
            split=_split(code),
            content_hash=content_hash,
            width=width,
            height=height,
            test_set=names.get(test_set),
            classes=_classes(class_id, several.get(image_id)),
        )
        for image_id, root, relative, class_id, code, content_hash, width, height, test_set in rows
    ]


class _Beside:
    """What there may be several of for each image of a page."""

    def __init__(self, database: Database, named: str) -> None:
        def gathered(column: str, table: str, rest: str = "") -> dict[int, list[Any]]:
            return _gathered(
                database.rows(
                    f"SELECT DISTINCT wanted.value, {column} FROM json_each(?) AS wanted"
                    f" CROSS JOIN {table} ON {table}.image_id = wanted.value {rest} ORDER BY 1, 2",
                    (named,),
                )
            )

        self.classes = gathered("class_id", "image_class")
        self.tags = gathered("name", "image_tag", "JOIN tag ON tag.id = tag_id")
        self.findings = gathered(
            "kind", "finding_image", "CROSS JOIN finding ON finding.id = finding_id WHERE dismissed = 0"
        )
        self.regions = gathered("region.id", "region", "WHERE removed_at IS NULL")


def _row(row: tuple[Any, ...], folders: dict[RootId, Path], beside: _Beside) -> ImageRow:
    image_id, root, relative, width, height, channels, bits, size, modified_ns, content_hash, *decided = row
    state, error, class_id, split, rejected, pinned, test_set, *further = decided
    prediction, confidence, refused, noted, group = further
    return ImageRow(
        id=image_id,
        root=root,
        relative=relative,
        path=folders[root] / relative,
        width=width,
        height=height,
        channels=channels,
        bits=bits,
        bytes=size,
        modified_ns=modified_ns,
        content_hash=content_hash,
        state=STATES[state],
        error=error,
        class_id=class_id,
        split=_split(split),
        rejected=bool(rejected),
        pinned=bool(pinned),
        test_set=test_set,
        classes=_classes(class_id, beside.classes.get(image_id)),
        prediction=prediction,
        confidence=confidence,
        refused=bool(refused),
        tags=tuple(beside.tags.get(image_id, ())),
        findings=tuple(beside.findings.get(image_id, ())),
        regions=len(beside.regions.get(image_id, ())),
        noted=bool(noted),
        group=group,
    )


def _gathered(rows: list[tuple[int, Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for image_id, value in rows:
        found[image_id].append(value)
    return found


def _classes(class_id: ClassId | None, several: list[ClassId] | None) -> tuple[ClassId, ...]:
    if several is not None:
        return tuple(several)
    return () if class_id is None or class_id == NO_CLASS else (class_id,)


def _split(code: int | None) -> SplitName | None:
    return None if code is None else SPLITS[code]
