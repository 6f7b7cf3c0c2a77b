"""What each grader says of the images: comparing two, and the images that one should grade (again)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project import grade_tables
from workbench.project.changes import record, require_images
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids
from workbench.project.ids import ClassId, ImageId, LabelValue
from workbench.project.label_edits import cleaned, require_classes
from workbench.project.label_tables import Values, restored
from workbench.project.labels import Labels

if TYPE_CHECKING:
    from workbench.project.project import Project

Kind = Literal["unseen", "disagree"]

_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Constants of splitmix64 (Steele, Lea and Flood 2014)."""


@dataclass(frozen=True)
class GradeChange:
    """What a grader says of each of the images (``ids`` sorted) before and after; the images' labels stay as they are.

    ``said_before`` and ``said_after`` are when they said so, in microseconds (0: nothing); without them it is now.
    """

    ids: tuple[int, ...]
    before: tuple[LabelValue, ...]
    after: tuple[LabelValue, ...]
    grader: str
    said_before: tuple[int, ...] = field(default=(), compare=False, repr=False)
    said_after: tuple[int, ...] = field(default=(), compare=False, repr=False)

    @property
    def what(self) -> str:
        return "grade"

    def inverse(self) -> Self:
        return type(self)(self.ids, self.after, self.before, self.grader, self.said_after, self.said_before)

    def apply(self, project: "Project", *, source: str) -> "GradeChange":
        return project.graders.apply(self, source=source)


class Graders:
    """The present grades of a project, by grader. What they said before is in the history of the labels."""

    def __init__(self, database: Database, labels: Labels) -> None:
        self._database = database
        self._labels = labels

    def names(self) -> list[str]:
        """Return who has graded any image, by name."""
        return list(self.counts())

    def counts(self) -> dict[str, int]:
        """Return the number of images that each grader has graded, by name."""
        return dict(
            self._database.rows(
                "SELECT name, graded FROM (SELECT grader_id, count(*) AS graded FROM grade GROUP BY grader_id)"
                " JOIN grader ON grader.id = grader_id ORDER BY name"
            )
        )

    def by_image(self, image_id: ImageId) -> dict[str, LabelValue]:
        """Return what each grader says of an image, by name."""
        multi = self._labels.multi
        rows = self._database.rows(
            "SELECT name, class_id, classes FROM grade JOIN grader ON grader.id = grader_id WHERE image_id = ? ORDER BY name",
            (int(image_id),),
        )
        return {name: restored(class_id, classes, multi=multi) for name, class_id, classes in rows}

    def of(self, ids: Ids, grader: str) -> list[LabelValue]:
        """Return what a grader says of each image, in the order of ``ids``; None where they have not graded it."""
        given = np.asarray(ids, dtype=np.int64)
        array = as_ids(given)
        values, _ = self._read(array, grader)
        return [values.known[code] for code in values.codes[np.searchsorted(array, given)].tolist()]

    def grade(self, ids: Ids, value: LabelValue, *, grader: str, source: str = "user") -> GradeChange:
        """Keep what a grader says of the images beside their labels, which stay: for grading blind.

        None takes the grade away. Raises WorkbenchError where no grader is named or the class is gone.
        """
        array = as_ids(ids)
        cleaned_value = cleaned(value, multi=self._labels.multi)
        after = (cleaned_value,) * len(array)
        return self.apply(GradeChange(tuple(array.tolist()), (), after, grader), source=source)

    def toggle(self, ids: Ids, class_id: int, on: bool | None, *, grader: str, source: str = "user") -> GradeChange:
        """Put a class on a grader's grade of each image or take it off, with several labels; None as all have it or not."""
        array = as_ids(ids)
        graded = self.of(array, grader)
        held = [set(value) if isinstance(value, tuple) else set() for value in graded]
        wanted = not all(class_id in classes for classes in held) if on is None else on
        after: list[LabelValue] = [
            None if value is None and not wanted else _with(classes, class_id, wanted)
            for value, classes in zip(graded, held, strict=True)
        ]
        return self.apply(GradeChange(tuple(array.tolist()), (), tuple(after), grader), source=source)

    def apply(self, change: GradeChange, *, source: str = "user") -> GradeChange:
        """Let the grader say ``after`` of each image; return what that changed against the present."""
        if not change.grader.strip():
            raise WorkbenchError("A grade belongs to somebody; enter who labels, then grade.")
        array = np.asarray(change.ids, dtype=np.int64)
        require_images(self._database, array)
        require_classes(change.after, {row.id: row.position for row in self._labels.classes()})
        with self._database.transaction():
            before, times = self._read(array, change.grader)
            values = Values.of(change.after)
            now = np.full(len(array), int(time.time() * 1e6), dtype=np.int64)
            said = np.array(change.said_after, dtype=np.int64) if change.said_after else now
            grader = grade_tables.grader_id(self._database, change.grader)
            grade_tables.write_grades(self._database, grader, array, values, said)
            names = {row.id: row.name for row in self._labels.classes()}
            for value, group in values.groups(array):
                record(self._database, "grade", _named(value, names), ids=group, source=source, grader=change.grader)
        return GradeChange(
            change.ids, before.listed(), change.after, change.grader, tuple(times.tolist()), tuple(said.tolist())
        )

    def _read(self, ids: NDArray[np.int64], grader: str) -> tuple[Values, NDArray[np.int64]]:
        """Return what a grader says of each of the sorted ids, and when (microseconds, 0 where nothing)."""
        found = self._database.value("SELECT id FROM grader WHERE name = ?", (grader,))
        if found is None:
            nothing = np.zeros(len(ids), dtype=np.int64)
            return Values(nothing, [None]), nothing
        return grade_tables.read_grades(self._database, int(found), ids, multi=self._labels.multi)

    def pairs(self, a: str, b: str) -> tuple[NDArray[np.int64], list[LabelValue], list[LabelValue]]:
        """Return the images that both have graded (ids ascending) and what each says. Rejected images are left out."""
        multi = self._labels.multi
        rows = self._database.rows(
            "SELECT one.image_id, one.class_id, one.classes, two.class_id, two.classes FROM grade AS one"
            " JOIN grade AS two ON two.image_id = one.image_id AND two.grader_id = (SELECT id FROM grader WHERE name = ?)"
            " JOIN image ON image.id = one.image_id AND image.rejected = 0"
            " WHERE one.grader_id = (SELECT id FROM grader WHERE name = ?) ORDER BY one.image_id",
            (b, a),
        )
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        known: dict[tuple[int, str | None], LabelValue] = {}

        def values(column: int) -> list[LabelValue]:
            found = []
            for row in rows:
                key = (row[column], row[column + 1])
                if key not in known:
                    known[key] = restored(*key, multi=multi)
                found.append(known[key])
            return found

        return ids, values(1), values(3)

    def in_common(self) -> list[tuple[str, str, int]]:
        """Return each two graders with the number of images that both have graded, the most first; none without any."""
        rows = self._database.rows(
            "SELECT one.name, two.name, count(*) AS shared FROM grade AS a"
            " JOIN grade AS b ON b.image_id = a.image_id AND b.grader_id <> a.grader_id"
            " JOIN image ON image.id = a.image_id AND image.rejected = 0"
            " JOIN grader AS one ON one.id = a.grader_id JOIN grader AS two ON two.id = b.grader_id"
            " WHERE one.name < two.name GROUP BY one.name, two.name ORDER BY shared DESC, one.name, two.name"
        )
        return [(one, two, shared) for one, two, shared in rows]

    def queue(self, grader: str, *, kind: Kind = "unseen", limit: int = 500, seed: int = 7) -> NDArray[np.int64]:
        """Return up to ``limit`` images for a grader, in an order that comes from the seed alone.

        "unseen": someone else graded them, this grader did not; "disagree": graders differ. Rejected images are left out.
        """
        if kind == "unseen":
            sql = (
                "SELECT DISTINCT image_id AS value FROM grade WHERE image_id NOT IN"
                " (SELECT image_id FROM grade WHERE grader_id = (SELECT id FROM grader WHERE name = ?))"
            )
            ids = self._database.integers(sql, (grader,))
        else:
            # A set of classes is one text whatever its order, since classes are written sorted.
            ids = self._database.integers(
                "SELECT image_id AS value FROM grade GROUP BY image_id"
                " HAVING count(*) > 1 AND (min(class_id) <> max(class_id)"
                " OR min(coalesce(classes, '')) <> max(coalesce(classes, '')))"
            )
        rejected = self._database.integers("SELECT id AS value FROM image WHERE rejected = 1 ORDER BY id")
        ids = np.setdiff1d(ids, rejected)
        return ids[np.argsort(_mixed(ids, seed), kind="stable")][:limit]


def _named(value: LabelValue, names: dict[ClassId, str]) -> str:
    """Return a label in words, as the list of decisions shows it."""
    classes = value if isinstance(value, tuple) else () if value is None else (value,)
    if value is None:
        return "taken away"
    return ", ".join(names.get(class_id, "?") for class_id in classes) or "none of the classes"


def _mixed(ids: Sequence[int] | NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return a number for each id that looks random, and stays whatever else is in the list."""
    mixed = np.asarray(ids, dtype=np.int64).astype(np.uint64) + np.uint64((seed * _MIX[0]) % 2**64)
    for shift, factor in ((30, _MIX[1]), (27, _MIX[2])):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _with(classes: set[ClassId], class_id: int, on: bool) -> tuple[ClassId, ...]:
    return tuple(sorted(classes | {ClassId(class_id)} if on else classes - {ClassId(class_id)}))
