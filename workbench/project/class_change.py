"""What an edit of the classes changed, and how it is made and taken back: class rows, former names, and moved rows."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project import among, label_edits, task
from workbench.project import label_tables as tables
from workbench.project.bulk import bulk
from workbench.project.changes import record
from workbench.project.classes import ClassTable, table
from workbench.project.database import Database
from workbench.project.ids import ClassId

if TYPE_CHECKING:
    from workbench.project.project import Project


_SET = {
    "image": "UPDATE image SET class_id = ? WHERE id BETWEEN ? AND ?",
    "grade": "UPDATE grade SET class_id = ?, classes = ? WHERE grader_id = ? AND image_id BETWEEN ? AND ?",
    "region": "UPDATE region SET class_id = ? WHERE id BETWEEN ? AND ?",
    "prediction": "UPDATE prediction SET class_id = ? WHERE image_id BETWEEN ? AND ?",
}
"""How rows of a table get other values: the values, what else names the rows, and a range of ids."""


@dataclass(frozen=True, eq=False)
class Move:
    """Rows of ``table`` (sorted ids) that had the values ``before`` and have ``after``; ``key`` is what else names them.

    In image_class None stands for "no row"; the table "lost" is rows of predictions whose class is gone, as they were.
    """

    table: str
    before: tuple[Any, ...] | None
    after: tuple[Any, ...] | None
    ids: NDArray[np.int64]
    key: tuple[Any, ...] = ()

    def inverse(self) -> Self:
        return type(self)(self.table, self.after, self.before, self.ids, self.key)

    def make(self, database: Database) -> None:
        if self.table == "image_class":
            [class_id] = self.after or self.before or ()
            tables.change_memberships(database, tables.packed(self.ids, class_id), on=self.after is not None)
        elif self.table == "lost":
            if self.after is None:
                among.change(database, "DELETE FROM prediction WHERE image_id BETWEEN ? AND ?", self.ids)
            else:
                database.execute_many(
                    "INSERT OR REPLACE INTO prediction (image_id, class_id, confidence, priority, refused)"
                    " VALUES (?, ?, ?, ?, ?)",
                    self.after,
                )
        else:
            among.change(database, _SET[self.table], self.ids, (*(self.after or ()), *self.key))


@dataclass(frozen=True, eq=False)
class ClassesChange:
    """What an edit of the classes changed; ``ids`` are the images whose label it touched, ``detail`` says it in words."""

    before: ClassTable
    after: ClassTable
    detail: str
    moves: tuple[Move, ...] = ()
    ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    grader: str = ""
    undone: bool = False
    multi: bool = False
    """Whether images had several labels when the moves were made."""

    @property
    def what(self) -> str:
        return "classes"

    @property
    def added(self) -> list[ClassId]:
        """The classes that are there only after the change."""
        there = {row.id for row in self.before.rows}
        return [row.id for row in self.after.rows if row.id not in there]

    def inverse(self) -> Self:
        moves = tuple(move.inverse() for move in reversed(self.moves))
        return type(self)(
            self.after, self.before, self.detail, moves, self.ids, self.grader, not self.undone, self.multi
        )

    def apply(self, project: "Project", *, source: str) -> "ClassesChange":
        return apply(project._database, self, source=source)


def apply(database: Database, change: ClassesChange, *, source: str) -> ClassesChange:
    """Make the change, in one transaction; return it.

    Raises WorkbenchError, and changes nothing, where a name is taken, or a class is gone or still in use.
    """
    with database.transaction():
        if change.moves and change.multi != (task.read(database) == "multi"):
            raise WorkbenchError(
                f"The classes were edited ({change.detail}) when a label was something else in this project; set what a label "
                "is back to that first."
            )
        _write_rows(database, table(database), change)
        with bulk(database, sum(len(move.ids) for move in change.moves if move.table == "image")):
            for move in change.moves:
                move.make(database)
        _remove_rows(database, change)
        _place(database, change)
        _write_aliases(database, change)
        _keep(database, change, source)
    return change


def _write_rows(database: Database, present: ClassTable, change: ClassesChange) -> None:
    """Add and change classes; others than those of the change stay as they are."""
    known = {row.id: row for row in change.before.rows}
    there = {row.id: row for row in present.rows}
    staying = {row.id for row in change.after.rows}
    names = {row.name: row.id for row in present.rows if row.id in staying or row.id not in known}
    for row in change.after.rows:
        old = known.get(row.id)
        if old is not None and (old.name, old.colour) == (row.name, row.colour):
            continue
        if names.get(row.name, row.id) != row.id:
            raise WorkbenchError(f"There is already a class named '{row.name}'; choose another name.")
        if old is None:
            values = (int(row.id), row.name, row.position, row.colour)
            database.execute("INSERT INTO class (id, name, position, colour) VALUES (?, ?, ?, ?)", values)
        elif row.id not in there:
            raise WorkbenchError("That class is no longer in the project; choose another class.")
        else:
            sql = "UPDATE class SET name = ?, colour = ? WHERE id = ?"
            database.execute(sql, (row.name, row.colour, int(row.id)))


def _remove_rows(database: Database, change: ClassesChange) -> None:
    staying = {row.id for row in change.after.rows}
    for row in change.before.rows:
        if row.id in staying:
            continue
        _require_unused(database, int(row.id), row.name)
        database.execute("DELETE FROM prediction WHERE class_id = ?", (int(row.id),))
        database.execute("DELETE FROM class WHERE id = ?", (int(row.id),))


def _require_unused(database: Database, class_id: int, name: str) -> None:
    images = database.value("SELECT count(*) FROM image WHERE class_id = ?", (class_id,))
    if task.read(database) == "multi":
        images = database.value("SELECT count(*) FROM image_class WHERE class_id = ?", (class_id,))
    if images:
        raise WorkbenchError(
            f"The class '{name}' still has {images:,} image{'s' if images > 1 else ''}; give them another class, then "
            "remove it."
        )
    grades = database.value(
        "SELECT count(*) FROM grade WHERE (classes IS NULL AND class_id = ?)"
        " OR (classes IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(classes) WHERE value = ?))",
        (class_id, class_id),
    )
    regions = database.value("SELECT count(*) FROM region WHERE class_id = ? AND removed_at IS NULL", (class_id,))
    for count, what in ((grades, "grade"), (regions, "region")):
        if count:
            raise WorkbenchError(
                f"The class '{name}' still has {count:,} {what}{'s' if count > 1 else ''}; merge it into another class "
                "instead."
            )


def _place(database: Database, change: ClassesChange) -> None:
    before, after = ([row.id for row in side.rows] for side in (change.before, change.after))
    if before == after:
        return
    present = [row.id for row in table(database).rows]
    wanted = [class_id for class_id in after if class_id in present]
    wanted += [class_id for class_id in present if class_id not in wanted]
    database.execute_many("UPDATE class SET position = ? WHERE id = ?", ((n, int(i)) for n, i in enumerate(wanted)))


def _write_aliases(database: Database, change: ClassesChange) -> None:
    before, after = change.before.aliases, change.after.aliases
    for name in {*before, *after}:
        if name not in after:
            database.execute("DELETE FROM class_alias WHERE name = ?", (name,))
        elif before.get(name) != after[name]:
            database.execute("INSERT OR REPLACE INTO class_alias (name, class_id) VALUES (?, ?)", (name, after[name]))


def _keep(database: Database, change: ClassesChange, source: str) -> None:
    """Write the decision, and what images have now into the history of their labels."""
    detail = f"taken back: {change.detail}" if change.undone else change.detail
    record(database, "classes", detail, ids=(), source=source, grader=change.grader)
    values, _ = tables.read_labels(database, change.ids, multi=task.read(database) == "multi")
    label_source = "merge" if source == "user" else source
    for value, group in values.groups(change.ids):
        label_edits.record(database, group, value, source=label_source, grader=change.grader)
