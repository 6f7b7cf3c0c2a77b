"""Reading and writing what graders say of many images. What the values and codes are is told in `label_tables`."""

import json

import numpy as np

from workbench.project import among
from workbench.project.database import Database
from workbench.project.ids import LabelValue
from workbench.project.label_tables import Array, Values, restored, stored


def grader_id(database: Database, name: str) -> int:
    """Return the id of a grader, who is added at first sight."""
    database.execute("INSERT OR IGNORE INTO grader (name) VALUES (?)", (name,))
    return int(database.value("SELECT id FROM grader WHERE name = ?", (name,)))


def read_grades(database: Database, grader: int, ids: Array, *, multi: bool) -> tuple[Values, Array]:
    """Return what a grader (by id) says of each of the sorted ids, and when in microseconds (0 where nothing)."""
    codes, times = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.int64)
    places: dict[LabelValue, int] = {None: 0}
    rest = "FROM grade WHERE grader_id = ? AND image_id BETWEEN ? AND ? ORDER BY image_id"
    columns = ("image_id", "class_id", "CAST(round(changed_at * 1000000) AS INTEGER)", "classes IS NOT NULL")
    graded, firsts, when, several = among.read_columns(database, columns, rest, ids, (grader,))
    if not len(graded):
        return Values(codes, [None]), times
    found, kinds = among.distinct(firsts)
    usual = [restored(class_id, None, multi=multi) for class_id in found.tolist()]
    kinds = np.array([places.setdefault(value, len(places)) for value in usual], dtype=np.int64)[kinds]
    sets = graded[several > 0]
    rows = database.rows(
        "SELECT image_id, classes FROM json_each(?) CROSS JOIN grade ON grader_id = ? AND image_id = value",
        (json.dumps(sets.tolist()), grader),
    )
    texts: dict[str, int] = {}
    for _, text in rows:
        if text not in texts:
            texts[text] = places.setdefault(restored(None, text, multi=multi), len(places))
    kinds[np.searchsorted(graded, [image_id for image_id, _ in rows])] = [texts[text] for _, text in rows]
    here = np.searchsorted(ids, graded)
    codes[here], times[here] = kinds, when
    return Values(codes, list(places)), times


def write_grades(database: Database, grader: int, ids: Array, values: Values, times: Array) -> None:
    """Write what a grader says of each of the sorted ids, and when (microseconds); None takes the grade away."""
    moments, when = among.distinct(times)
    for both, group in among.split(ids, values.codes * len(moments) + when):
        value = values.known[both // len(moments)]
        if value is None:
            sql = "DELETE FROM grade WHERE grader_id = ? AND image_id BETWEEN ? AND ?"
            among.change(database, sql, group, (grader,))
            continue
        changed_at = int(moments[both % len(moments)]) / 1e6
        among.change(
            database,
            "INSERT INTO grade (grader_id, image_id, class_id, classes, changed_at)"
            " SELECT ?, id, ?, ?, ? FROM image WHERE id BETWEEN ? AND ? ON CONFLICT DO UPDATE SET"
            " class_id = excluded.class_id, classes = excluded.classes, changed_at = excluded.changed_at",
            group,
            (grader, *stored(value), changed_at),
        )
