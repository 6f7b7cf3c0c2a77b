"""Reading and writing what graders say of many images. What the values and codes are is told in `label_tables`."""

import numpy as np

from workbench.project.changes import spans_to_read
from workbench.project.database import Database
from workbench.project.id_ranges import ranges
from workbench.project.ids import ClassId, LabelValue
from workbench.project.label_tables import Array, Values, distinct, restored, stored, within


def grader_id(database: Database, name: str) -> int:
    """Return the id of a grader, who is added at first sight."""
    database.execute("INSERT OR IGNORE INTO grader (name) VALUES (?)", (name,))
    return int(database.value("SELECT id FROM grader WHERE name = ?", (name,)))


def read_grades(database: Database, grader: int, ids: Array, *, multi: bool) -> tuple[Values, Array]:
    """Return what a grader (by id) says of each of the sorted ids, and when in microseconds (0 where nothing)."""
    codes, times = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.int64)
    places: dict[LabelValue, int] = {None: 0}
    where = "FROM grade WHERE grader_id = ? AND image_id BETWEEN ? AND ?"
    for span in spans_to_read(ids):
        at = (grader, *span)
        graded = database.integers(f"SELECT image_id AS value {where} ORDER BY image_id", at)
        if not len(graded):
            continue
        firsts = database.integers(f"SELECT class_id AS value {where} ORDER BY image_id", at)
        when = database.integers(
            f"SELECT CAST(round(changed_at * 1000000) AS INTEGER) AS value {where} ORDER BY image_id", at
        )
        found, kinds = distinct(firsts)
        usual = [restored(class_id, None, multi=multi) for class_id in found.tolist()]
        kinds = np.array([places.setdefault(value, len(places)) for value in usual], dtype=np.int64)[kinds]
        for image_id, text in database.rows(f"SELECT image_id, classes {where} AND classes IS NOT NULL", at):
            value = restored(None, text, multi=multi)
            kinds[np.searchsorted(graded, image_id)] = places.setdefault(value, len(places))
        keep = within(graded, ids)
        here = np.searchsorted(ids, graded[keep])
        codes[here], times[here] = kinds[keep], when[keep]
    return Values(codes, list(places)), times


def write_grades(
    database: Database, grader: int, ids: Array, values: Values, times: Array | int, *, order: dict[ClassId, int]
) -> None:
    """Write what a grader says of each of the sorted ids, and when (microseconds); None takes the grade away."""
    for value, group in values.groups(ids):
        if value is None:
            database.execute_many(
                "DELETE FROM grade WHERE grader_id = ? AND image_id BETWEEN ? AND ?",
                ((grader, *span) for span in ranges(group)),
            )
            continue
        class_id, classes = stored(value, order.__getitem__)
        if isinstance(times, int):
            database.execute_many(
                "INSERT OR REPLACE INTO grade (grader_id, image_id, class_id, classes, changed_at)"
                " SELECT ?, id, ?, ?, ? FROM image WHERE id BETWEEN ? AND ?",
                ((grader, class_id, classes, times / 1e6, *span) for span in ranges(group)),
            )
        else:
            when = times[np.searchsorted(ids, group)].tolist()
            database.execute_many(
                "INSERT OR REPLACE INTO grade (grader_id, image_id, class_id, classes, changed_at) VALUES (?, ?, ?, ?, ?)",
                ((grader, i, class_id, classes, t / 1e6) for i, t in zip(group.tolist(), when, strict=True)),
            )
