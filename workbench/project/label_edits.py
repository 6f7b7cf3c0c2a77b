"""One edit of many labels, in the transaction of its caller: what is written, what was there, and the history."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.errors import WorkbenchError
from workbench.project import grade_tables as grades
from workbench.project import label_tables as tables
from workbench.project.bulk import bulk
from workbench.project.database import Database
from workbench.project.id_ranges import pack
from workbench.project.ids import ClassId, LabelValue
from workbench.project.label_change import LabelChange, Standing
from workbench.project.label_tables import Array, Sources, Values


@dataclass(frozen=True)
class Edit:
    """Labels for sorted ids; ``grades`` is what the grader says, None where nobody is named.

    ``standing`` is who set each label and when the grader did, None for ``source`` and now.
    """

    ids: Array
    values: Values
    source: str
    grader: str = ""
    grades: Values | None = None
    standing: Standing | None = None


def cleaned(value: LabelValue, *, multi: bool) -> LabelValue:
    """Return a label as a project of this task holds it. Raises WorkbenchError for several classes where one is allowed."""
    if isinstance(value, Sequence):
        classes = tuple(sorted({ClassId(int(class_id)) for class_id in value}))
        if multi:
            return classes
        if len(classes) != 1:
            raise WorkbenchError(
                "An image has one class in this project; make it a project of several labels, or choose one class."
            )
        return classes[0]
    if value is None:
        return None
    if not multi:
        return ClassId(int(value))
    return (ClassId(int(value)),) if value >= 0 else ()


def require_classes(values: Sequence[LabelValue], order: dict[ClassId, int]) -> None:
    """Raise WorkbenchError where a label names a class that is gone."""
    for value in values:
        named = value if isinstance(value, tuple) else () if value is None else (value,)
        if any(class_id not in order for class_id in named):
            raise WorkbenchError("That class is no longer in the project; choose another class.")


def make(database: Database, edit: Edit, *, multi: bool, order: dict[ClassId, int]) -> LabelChange:
    """Write the labels, the grades and the history; return what changed."""
    ids = edit.ids
    require_classes([*edit.values.known, *(edit.grades.known if edit.grades else ())], order)
    before, sources = tables.read_labels(database, ids, multi=multi)
    graded, times = None, np.empty(0, dtype=np.int64)
    grader = None
    if edit.grades is not None:
        grader = grades.grader_id(database, edit.grader)
        graded, times = grades.read_grades(database, grader, ids, multi=multi)
    stands = edit.standing
    if stands is None or len(stands.graded) != len(times):
        now = np.full(len(times), int(time.time() * 1e6), dtype=np.int64)
        stands = Standing(Sources.all(edit.source, len(ids)), now)
    with bulk(database, len(ids)):
        tables.write_labels(database, ids, edit.values, stands.sources, order=order)
    if multi:
        tables.write_memberships(database, ids, edit.values)
    if edit.grades is not None and grader is not None:
        grades.write_grades(database, grader, ids, edit.grades, stands.graded)
    for value, group in edit.values.groups(ids):
        record(database, group, value, source=edit.source, grader=edit.grader)
    return LabelChange(
        ids=tuple(ids.tolist()),
        before=before.listed(),
        after=edit.values.listed(),
        grader=edit.grader,
        graded_before=() if graded is None else graded.listed(),
        graded_after=() if edit.grades is None else edit.grades.listed(),
        stood=Standing(sources, times),
        stands=stands,
    )


def record(database: Database, ids: Array, value: LabelValue, *, source: str, grader: str) -> None:
    """Write a decision about these (sorted) ids into the history of labels."""
    class_id, classes = tables.stored(value)
    now = time.time()
    database.execute_many(
        "INSERT INTO label_history (changed_at, class_id, source, grader, first_id, last_id, image_ids, classes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((now, class_id, source, grader, *packed, classes) for packed in pack(ids)),
    )
