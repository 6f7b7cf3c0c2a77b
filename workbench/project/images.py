"""The images of a project: adding them, queries that give ids, pages of rows, and what a run takes as samples."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

# Named again, because callers know them as part of the images.
from workbench.project.adding import Added as Added
from workbench.project.adding import Addition
from workbench.project.adding import NewImage as NewImage
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, ranges
from workbench.project.ids import (
    CORRUPT,
    MISSING,
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
from workbench.project.labels import Labels
from workbench.project.roots import Roots

Order = Literal["path", "added", "class", "newest", "largest"]


@dataclass(frozen=True)
class ImageRow:
    """All that the project knows about an image. Sides in pixels after the EXIF turn; ``path`` need not exist."""

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


@dataclass(frozen=True)
class SampleRow:
    """An image as a run takes it: it has a label and is neither corrupt nor missing."""

    id: ImageId
    path: Path
    class_id: ClassId
    split: SplitName | None
    content_hash: str | None
    width: int
    height: int


@dataclass(frozen=True)
class Query:
    """Which images, and in which order.

    ``split`` "none" means images without a split; ``text`` must occur in the relative path, whatever its case. The
    order "newest" begins with the latest modification, "largest" with the most pixels, "class" follows the project's
    order and ends with unlabelled images; ``descending`` turns each of them round.
    """

    class_id: ClassId | None = None
    unlabelled: bool = False
    split: SplitName | Literal["none"] | None = None
    state: ImageState | None = None
    text: str = ""
    order: Order = "path"
    descending: bool = False


ALL = Query()
"""Every image, by path."""


class Images:
    """The images of a project. Ids are dense, from 1, and stay; a row is never removed, only marked as missing."""

    def __init__(self, database: Database, labels: Labels, roots: Roots) -> None:
        self._database = database
        self._labels = labels
        self._roots = roots
        self._by_path: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def add_root(self, folder: Path) -> RootId:
        """Return the root for this folder; it is added at first sight. Raises WorkbenchError where it is no folder."""
        return self._roots.add(folder)

    def roots(self) -> list[tuple[RootId, Path]]:
        """Return the roots in the order they were added; the folders need not be there."""
        return self._roots.listed()

    def moved_root(self, folder: Path) -> RootId | None:
        """Return the root that is gone from where it was and whose images lie in ``folder`` now; None for a new folder."""
        return self._roots.moved_to(folder)

    def relink(self, root: RootId, folder: Path) -> None:
        """Say that the images of ``root`` now lie in ``folder``; missing ones count as unverified again.

        Raises WorkbenchError where the folder holds none of them.
        """
        self._roots.relink(root, folder)

    def add(self, root: RootId, images: Sequence[NewImage]) -> Added:
        """Add what a scan of ``root`` found, in one transaction.

        Classes are made by name, in natural order within this call: name them all before with
        `Labels.ensure_classes` where images come in several calls. A changed file (size or time) counts as unverified
        again. The folder gives a label only where no one else did, and a split only to new images. A file that another
        root already holds is not added twice.
        """
        with self._database.transaction():
            return Addition(self._database, self._labels, self._roots, root).run(images)

    def ids(self, query: Query = ALL) -> NDArray[np.int64]:
        """Return the ids of the images that match, in the query's order: 10 ms for a class of 100 000 in 1 000 000."""
        with self._database.snapshot():
            last = self._last()
            ordered = self._ordered(query.order, last)
            where, parameters = _conditions(query)
            if where:
                keep = np.zeros(last + 1, dtype=np.bool_)
                keep[self._database.integers(f"SELECT id AS value FROM image WHERE {where}", parameters)] = True
                ordered = ordered[keep[ordered]]
            if query.text:
                keep = np.zeros(last + 1, dtype=np.bool_)
                keep[self._database.integers(f"SELECT image_id AS value FROM file WHERE {_TEXT}", (_like(query),))] = (
                    True
                )
                ordered = ordered[keep[ordered]]
        return ordered[::-1].copy() if query.descending else ordered.copy()

    def count(self, query: Query = ALL) -> int:
        """Return the number of images that match."""
        where, parameters = _conditions(query)
        values: list[Any] = list(parameters)
        sql = "SELECT count(*) FROM image"
        if query.text:
            sql += " JOIN file ON file.image_id = image.id"
            where = f"{where} AND {_TEXT}" if where else _TEXT
            values.append(_like(query))
        return int(self._database.value(f"{sql} WHERE {where}" if where else sql, values))

    def page(self, ids: Ids) -> list[ImageRow]:
        """Return the rows of up to 1000 ids, in their order. Raises ValueError for an id that is no image."""
        wanted = np.asarray(ids, dtype=np.int64).tolist()
        rows = self._database.rows(
            "SELECT image.id, root_id, relative, width, height, channels, bits, bytes, modified_ns, content_hash,"
            " state, error, class_id, split"
            " FROM json_each(?) AS wanted"
            " CROSS JOIN image ON image.id = wanted.value"
            " CROSS JOIN file ON file.image_id = image.id ORDER BY wanted.key",
            (json.dumps(wanted),),
        )
        if len(rows) != len(wanted):
            raise ValueError("an id is not the id of an image of this project")
        folders = dict(self._roots.listed())
        return [_row(row, folders) for row in rows]

    def get(self, image_id: ImageId) -> ImageRow:
        """Return one row. Raises ValueError for an id that is no image."""
        return self.page([image_id])[0]

    def unverified(self) -> NDArray[np.int64]:
        """Return the ids of images that were never decoded, or have changed since."""
        return self._database.integers("SELECT id AS value FROM image WHERE state = ? ORDER BY id", (UNVERIFIED,))

    def set_verified(self, found: Sequence[tuple[ImageId, str | None, str | None]]) -> None:
        """Store what decoding found, as (id, content hash, error): an image with an error is corrupt, else it is ok."""
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE file SET content_hash = ?, error = ? WHERE image_id = ?",
                ((content_hash, error, int(image_id)) for image_id, content_hash, error in found),
            )
            self._database.execute_many(
                "UPDATE image SET state = ? WHERE id = ?",
                ((OK if error is None else CORRUPT, int(image_id)) for image_id, _, error in found),
            )

    def mark_missing(self, ids: Ids) -> None:
        """Say that the files are gone. They keep their labels, and count again once a scan finds them."""
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE image SET state = ? WHERE id BETWEEN ? AND ?",
                ((MISSING, first, last) for first, last in ranges(as_ids(ids))),
            )

    def samples(self, split: SplitName | None = None) -> list[SampleRow]:
        """Return the labelled images that can be used, by path: of one split, or all with or without a split."""
        where, parameters = "class_id IS NOT NULL AND state IN (?, ?)", [UNVERIFIED, OK]
        if split is not None:
            where, parameters = f"{where} AND split = ?", [*parameters, SPLITS.index(split)]
        rows = self._database.rows(
            "SELECT image.id, root_id, relative, class_id, split, content_hash, width, height"
            f" FROM image JOIN file ON file.image_id = image.id WHERE {where} ORDER BY root_id, relative",
            parameters,
        )
        folders = dict(self._roots.listed())
        return [
            SampleRow(image_id, folders[root] / relative, class_id, _split(code), content_hash, width, height)
            for image_id, root, relative, class_id, code, content_hash, width, height in rows
        ]

    def _last(self) -> int:
        return int(self._database.value("SELECT coalesce(max(id), 0) FROM image"))

    def _ordered(self, order: Order, last: int) -> NDArray[np.int64]:
        """Return all ids, which end at ``last``, in this order."""
        if order == "added":
            return np.arange(1, last + 1, dtype=np.int64)
        if order in ("path", "class"):
            # Paths never change and rows are never removed, so the order is as it was unless images were added.
            if len(self._by_path) != last:
                self._by_path = self._database.integers("SELECT image_id AS value FROM file ORDER BY root_id, relative")
            if order == "path":
                return self._by_path
            places = self._database.integers(
                "SELECT coalesce(class.position, 9999999) AS value"
                " FROM image LEFT JOIN class ON class.id = image.class_id ORDER BY image.id"
            )
            return self._by_path[np.argsort(places[self._by_path - 1], kind="stable")]
        column = "modified_ns" if order == "newest" else "width * height"
        values = self._database.integers(f"SELECT {column} AS value FROM file ORDER BY image_id")
        return np.argsort(-values, kind="stable").astype(np.int64) + 1


_TEXT = "relative LIKE ? ESCAPE '\\'"


def _like(query: Query) -> str:
    text = query.text
    for letter in ("\\", "%", "_"):
        text = text.replace(letter, "\\" + letter)
    return f"%{text}%"


def _conditions(query: Query) -> tuple[str, list[int]]:
    """Return the conditions on the table ``image``, without the text."""
    conditions: list[str] = []
    parameters: list[int] = []
    if query.unlabelled:
        conditions.append("class_id IS NULL")
    if query.class_id is not None:
        conditions.append("class_id = ?")
        parameters.append(int(query.class_id))
    if query.split == "none":
        conditions.append("split IS NULL")
    elif query.split is not None:
        conditions.append("split = ?")
        parameters.append(SPLITS.index(query.split))
    if query.state is not None:
        conditions.append("state = ?")
        parameters.append(STATES.index(query.state))
    return " AND ".join(conditions), parameters


def _split(code: int | None) -> SplitName | None:
    return None if code is None else SPLITS[code]


def _row(row: Iterable[Any], folders: dict[RootId, Path]) -> ImageRow:
    image_id, root, relative, width, height, channels, bits, size, modified_ns, content_hash, *decided = row
    state, error, class_id, split = decided
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
    )
