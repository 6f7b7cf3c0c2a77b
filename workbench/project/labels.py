"""Classes and labels: assigning, undoing by inverse, and the history of every change."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project import classes
from workbench.project.bulk import bulk
from workbench.project.classes import ClassRow as ClassRow  # callers know it as part of the labels
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, pack, ranges, unpack
from workbench.project.ids import ClassId, ImageId

FOLDER = "folder"
"""The source of a label that came from the name of a folder; a rescan may change only these."""


@dataclass(frozen=True)
class HistoryRow:
    """One decision about an image's label: ``class_id`` None means that the label was taken away."""

    when: datetime
    class_id: ClassId | None
    source: str
    grader: str


@dataclass(frozen=True)
class LabelChange:
    """What an assignment changed: ``ids`` sorted, with the class of each one before and after."""

    ids: tuple[ImageId, ...]
    before: tuple[ClassId | None, ...]
    after: tuple[ClassId | None, ...]

    def inverse(self) -> Self:
        return type(self)(ids=self.ids, before=self.after, after=self.before)


class Labels:
    """The classes of a project, in its order, and the label of each image. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def classes(self) -> list[ClassRow]:
        """Return the classes in the project's order, which is also the order of a model's outputs."""
        return classes.listed(self._database)

    def add_class(self, name: str) -> ClassId:
        """Add a class at the end. Raises WorkbenchError for an empty name or one that is taken."""
        return classes.add(self._database, name)

    def ensure_classes(self, names: Iterable[str]) -> dict[str, ClassId]:
        """Return the class of each name; missing classes are appended in natural order (1, 2, 10).

        A name that a class had before it was renamed still stands for that class.
        """
        return classes.ensure(self._database, names)

    def rename(self, class_id: ClassId, name: str) -> None:
        classes.rename(self._database, class_id, name)

    def recolour(self, class_id: ClassId, colour: str) -> None:
        """Show a class in another colour, "#rrggbb"."""
        classes.recolour(self._database, class_id, colour)

    def reorder(self, ids: Sequence[ClassId]) -> None:
        """Give the classes a new order; ``ids`` names each class once."""
        classes.reorder(self._database, ids)

    def remove_class(self, class_id: ClassId) -> None:
        """Remove a class that no image has. Raises WorkbenchError where one has it."""
        classes.remove(self._database, class_id)

    def assign(self, ids: Ids, class_id: ClassId | None, *, source: str = "user", grader: str = "") -> LabelChange:
        """Label the images; None takes the label away. Committed to the disk when it returns."""
        array = as_ids(ids)
        class_id = None if class_id is None else ClassId(int(class_id))
        with self._database.transaction():
            self._require_classes({class_id})
            before = self._read(array)
            with bulk(self._database, len(array)):
                self._write(array, class_id, source)
            self.record(array, class_id, source=source, grader=grader)
        return LabelChange(ids=tuple(array.tolist()), before=_as_classes(before), after=(class_id,) * len(array))

    def apply(self, change: LabelChange, *, source: str = "user", grader: str = "") -> LabelChange:
        """Set every image of ``change`` to its class ``after``; return what that changed against the present."""
        array = np.array(change.ids, dtype=np.int64)
        if len(array) > 1 and not (np.diff(array) > 0).all():
            raise ValueError("the ids of a label change must be sorted and occur once")
        after = np.array([class_id or 0 for class_id in change.after], dtype=np.int64)
        with self._database.transaction():
            self._require_classes(set(change.after))
            before = self._read(array)
            groups = {ClassId(code) if code else None: array[after == code] for code in np.unique(after).tolist()}
            with bulk(self._database, len(array)):
                for class_id, group in groups.items():
                    self._write(group, class_id, source)
            for class_id, group in groups.items():
                self.record(group, class_id, source=source, grader=grader)
        return LabelChange(ids=change.ids, before=_as_classes(before), after=change.after)

    def counts(self) -> dict[ClassId | None, int]:
        """Return the number of images of each class (0 where none), and under None those without a label."""
        counts: dict[ClassId | None, int] = dict.fromkeys([row.id for row in self.classes()], 0)
        counts[None] = 0
        counts.update(self._database.rows("SELECT class_id, count(*) FROM image GROUP BY class_id"))
        return counts

    def history(self, image_id: ImageId) -> list[HistoryRow]:
        """Return every decision about the image's label, oldest first."""
        rows = self._database.rows(
            "SELECT changed_at, class_id, source, grader, first_id, image_ids FROM label_history"
            " WHERE first_id <= ? AND last_id >= ? ORDER BY id",
            (int(image_id), int(image_id)),
        )
        return [
            HistoryRow(datetime.fromtimestamp(changed_at, UTC), class_id, source, grader)
            for changed_at, class_id, source, grader, first, packed in rows
            if packed is None or int(image_id) in unpack(first, packed)
        ]

    def record(self, ids: NDArray[np.int64], class_id: ClassId | None, *, source: str, grader: str = "") -> None:
        """Write a decision about these (sorted) ids into the history; whoever calls it sets the label itself."""
        now = time.time()
        with self._database.transaction():
            self._database.execute_many(
                "INSERT INTO label_history (changed_at, class_id, source, grader, first_id, last_id, image_ids)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((now, class_id, source, grader, *packed) for packed in pack(ids)),
            )

    def _write(self, ids: NDArray[np.int64], class_id: ClassId | None, source: str) -> None:
        self._database.execute_many(
            "UPDATE image SET class_id = ?, label_source = ? WHERE id BETWEEN ? AND ?",
            ((class_id, source, first, last) for first, last in ranges(ids)),
        )

    def _read(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the class of each id, 0 where it has none. Raises ValueError for an id that is no image."""
        if not len(ids):
            return ids
        spans = ranges(ids)
        first, last = int(ids[0]), int(ids[-1])
        # One query per range costs 3 us, each image 0.1 us: many small ranges are read as one.
        if len(spans) * 30 > last - first:
            found = self._read_range(first, last)
            if len(found) == last - first + 1:
                return found[ids - first]
        else:
            found = np.concatenate([self._read_range(*span) for span in spans])
            if len(found) == len(ids):
                return found
        raise ValueError("an id is not the id of an image of this project")

    def _read_range(self, first: int, last: int) -> NDArray[np.int64]:
        return self._database.integers(
            "SELECT coalesce(class_id, 0) AS value FROM image WHERE id BETWEEN ? AND ? ORDER BY id", (first, last)
        )

    def _require_classes(self, wanted: set[ClassId | None]) -> None:
        if wanted - {row.id for row in self.classes()} - {None}:
            raise WorkbenchError("That class is no longer in the project; choose another class.")


def _as_classes(codes: NDArray[np.int64]) -> tuple[ClassId | None, ...]:
    return tuple([ClassId(code) if code else None for code in codes.tolist()])
