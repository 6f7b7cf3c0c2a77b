"""From a query to the ids that it means. Each condition gives the images that meet it, as marks by id."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.project.database import Database
from workbench.project.ids import NO_CLASS, SPLITS, STATES
from workbench.project.predictions import DISAGREEING, SUGGESTED
from workbench.project.query import Order, Query, matcher
from workbench.project.settings import Settings

PATHS = "paths"
"""The setting that counts how often paths were changed: whoever changes one adds to it."""

Marks = NDArray[np.bool_]
"""One mark per image, at the place of its id; place 0 is nobody's."""

_Condition = tuple[str, Sequence[Any]]
"""A statement that selects ids ``AS value``, and its parameters."""

_TEXT = "SELECT image_id AS value FROM file WHERE relative LIKE ? ESCAPE '\\'"


class Selection:
    """Answers queries. Keeps the order of the paths, which changes only with new images and moved ones."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._by_path: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._path_version: tuple[int, int] = (0, 0)

    def ids(self, query: Query) -> NDArray[np.int64]:
        """Return the ids of the images that match, in the query's order."""
        with self._database.snapshot():
            last = self._last()
            ordered = self._ordered(query, last)
            marks = self._marks(query, last)
        return ordered.copy() if marks is None else ordered[marks[ordered]]

    def count(self, query: Query) -> int:
        """Return the number of images that match."""
        with self._database.snapshot():
            last = self._last()
            where, parameters = _on_image(query)
            if where and not _on_others(query) and not self._several(query):
                return int(self._database.value(f"SELECT count(*) FROM image WHERE {where}", parameters))
            marks = self._marks(query, last)
        return last if marks is None else int(np.count_nonzero(marks))

    def _marks(self, query: Query, last: int) -> Marks | None:
        """Return the images that match, or None for all."""
        several = self._several(query)
        conditions = _on_others(query)
        if several:
            conditions.append(("SELECT image_id AS value FROM image_class WHERE class_id = ?", (query.class_id,)))
        marks: Marks | None = None
        if (
            query == Query(order=query.order, descending=query.descending, rejected=False, text=query.text)
            and not several
        ):
            # The usual view: few images are rejected, and all others take ten times as long to read.
            marks = ~self._marked("SELECT id AS value FROM image WHERE rejected = 1", (), last)
            marks[0] = False
        else:
            where, values = _on_image(query, without_class=several)
            if where:
                conditions.insert(0, (f"SELECT id AS value FROM image WHERE {where}", values))
        for sql, parameters in conditions:
            found = self._marked(sql, parameters, last)
            marks = found if marks is None else marks & found
        if query.ids is not None:
            found = np.zeros(last + 1, dtype=np.bool_)
            found[_within(query.ids, last)] = True
            marks = found if marks is None else marks & found
        return self._matching(query.pattern, marks, last) if query.pattern else marks

    def _marked(self, sql: str, parameters: Sequence[Any], last: int) -> Marks:
        marks = np.zeros(last + 1, dtype=np.bool_)
        marks[self._database.integers(sql, parameters)] = True
        return marks

    def _matching(self, pattern: str, among: Marks | None, last: int) -> Marks:
        fits = matcher(pattern)
        marks = np.zeros(last + 1, dtype=np.bool_)
        if among is not None and np.count_nonzero(among) * 5 < last:
            rows = self._database.rows(
                "SELECT image_id, relative FROM json_each(?) CROSS JOIN file ON image_id = value",
                (json.dumps(np.flatnonzero(among).tolist()),),
            )
        else:
            rows = self._database.rows("SELECT image_id, relative FROM file")
        marks[[image_id for image_id, relative in rows if fits(relative)]] = True
        return marks if among is None else marks & among

    def _several(self, query: Query) -> bool:
        """Return whether the asked class is one of several that an image may have."""
        if query.class_id is None or query.class_id == NO_CLASS:
            return False
        return bool(self._database.value("SELECT EXISTS (SELECT 1 FROM image_class)"))

    def _last(self) -> int:
        return int(self._database.value("SELECT coalesce(max(id), 0) FROM image"))

    def _ordered(self, query: Query, last: int) -> NDArray[np.int64]:
        """Return all ids, which end at ``last`` (with "given" those that are given), in the query's order."""
        order: Order = query.order
        if order in ("confidence", "priority", "finding"):
            return self._ranked(query, last)
        if order == "given" and query.ids is not None:
            ordered = _within(query.ids, last)
        elif order == "added":
            ordered = np.arange(1, last + 1, dtype=np.int64)
        elif order in ("path", "given"):
            ordered = self._paths(last)
        elif order == "class":
            places = self._database.integers(
                "SELECT coalesce(class.position, 9999999 + (class_id IS NULL)) AS value"
                " FROM image LEFT JOIN class ON class.id = image.class_id ORDER BY image.id"
            )
            by_path = self._paths(last)
            ordered = by_path[np.argsort(places[by_path - 1], kind="stable")]
        else:
            column = {"newest": "modified_ns", "largest": "width * height", "size": "bytes"}[order]
            values = self._database.integers(f"SELECT {column} AS value FROM file ORDER BY image_id")
            ordered = np.argsort(-values, kind="stable").astype(np.int64) + 1
        return ordered[::-1] if query.descending else ordered

    def _ranked(self, query: Query, last: int) -> NDArray[np.int64]:
        """Return all ids by what only some of them have; the others follow, by path."""
        if query.order == "finding":
            of_kind = query.finding not in (None, "any")
            ranked = self._database.integers(
                "SELECT image_id AS value FROM finding JOIN finding_image ON finding_id = finding.id WHERE dismissed = 0"
                f" {'AND kind = ?' if of_kind else ''} ORDER BY score DESC, finding.id, place",
                (query.finding,) if of_kind else (),
            )
        else:
            ids = self._database.integers("SELECT image_id AS value FROM prediction ORDER BY image_id")
            column = "confidence" if query.order == "confidence" else "-priority"
            text = self._database.value(
                f"SELECT group_concat(value) FROM (SELECT {column} AS value FROM prediction ORDER BY image_id)"
            )
            ranked = ids[np.argsort(np.fromstring(text or "", dtype=np.float64, sep=","), kind="stable")]
        nobody = len(ranked) + 1
        rank = np.full(last + 1, nobody, dtype=np.int64)
        # Backwards, so that an image with several findings keeps the first, its strongest.
        rank[ranked[::-1]] = np.arange(len(ranked))[::-1]
        if query.descending:
            rank = np.where(rank == nobody, nobody, -rank)
        by_path = self._paths(last)
        return by_path[np.argsort(rank[by_path], kind="stable")]

    def _paths(self, last: int) -> NDArray[np.int64]:
        version = (last, int(self._settings.get(PATHS, 0)))
        if self._path_version != version:
            self._by_path = self._database.integers("SELECT image_id AS value FROM file ORDER BY root_id, relative")
            self._path_version = version
        return self._by_path


def _within(ids: Sequence[int], last: int) -> NDArray[np.int64]:
    """Return those ids that are images, each once, in their order."""
    given = np.array(list(dict.fromkeys(ids)), dtype=np.int64)
    return given[(given >= 1) & (given <= last)]


def _on_image(query: Query, *, without_class: bool = False) -> tuple[str, list[int]]:
    """Return the conditions on the table ``image`` that its index answers."""
    conditions: list[str] = []
    parameters: list[int] = []

    def add(condition: str, *values: int) -> None:
        conditions.append(condition)
        parameters.extend(values)

    if query.unlabelled:
        add("class_id IS NULL")
    if query.class_id is not None and not without_class:
        add("class_id = ?", int(query.class_id))
    if query.split == "none":
        add("split IS NULL")
    elif query.split is not None:
        add("split = ?", SPLITS.index(query.split))
    if query.state is not None:
        add("state = ?", STATES.index(query.state))
    if query.rejected is not None:
        add("rejected = ?", int(query.rejected))
    return " AND ".join(conditions), parameters


def _on_others(query: Query) -> list[_Condition]:
    """Return the conditions on the other tables."""
    found: list[_Condition] = []
    if query.text:
        found.append((_TEXT, (_like(query.text),)))
    on_file = _on_file(query)
    if on_file is not None:
        found.append(on_file)
    if query.tag is not None:
        found.append(
            ("SELECT image_id AS value FROM image_tag WHERE tag_id = (SELECT id FROM tag WHERE name = ?)", (query.tag,))
        )
    if query.grader is not None:
        sql = "SELECT image_id AS value FROM grade WHERE grader_id = (SELECT id FROM grader WHERE name = ?)"
        found.append((sql, (query.grader,)))
    if query.finding is not None:
        of_kind = query.finding != "any"
        sql = (
            "SELECT image_id AS value FROM finding JOIN finding_image ON finding_id = finding.id"
            f" WHERE dismissed = 0 {'AND kind = ?' if of_kind else ''}"
        )
        found.append((sql, (query.finding,) if of_kind else ()))
    if query.finding_id is not None:
        found.append(("SELECT image_id AS value FROM finding_image WHERE finding_id = ?", (query.finding_id,)))
    if query.test_set is not None:
        sql = "SELECT id AS value FROM image WHERE test_set = (SELECT id FROM test_set WHERE name = ?)"
        found.append((sql, (query.test_set,)))
    if query.group is not None:
        found.append(("SELECT image_id AS value FROM image_group WHERE group_id = ?", (query.group,)))
    if query.noted:
        found.append(("SELECT image_id AS value FROM note", ()))
    if query.has_regions:
        found.append(("SELECT image_id AS value FROM region WHERE removed_at IS NULL", ()))
    if query.field is not None:
        sql = (
            "SELECT image_id AS value FROM image_field"
            " WHERE field_id = (SELECT id FROM field WHERE name = ?) AND value = ?"
        )
        found.append((sql, query.field))
    return found + _on_predictions(query)


def _on_file(query: Query) -> _Condition | None:
    conditions: list[str] = []
    parameters: list[int] = []
    for bound, condition, scale in (
        (query.modified_after, "modified_ns >= ?", 1e9),
        (query.modified_before, "modified_ns <= ?", 1e9),
        (query.min_side, "min(width, height) >= ?", 1),
        (query.max_side, "max(width, height) <= ?", 1),
    ):
        if bound is not None:
            conditions.append(condition)
            parameters.append(round(bound * scale))
    return (f"SELECT image_id AS value FROM file WHERE {' AND '.join(conditions)}", parameters) if conditions else None


def _on_predictions(query: Query) -> list[_Condition]:
    found: list[_Condition] = []
    if query.predicted is not None:
        found.append(("SELECT image_id AS value FROM prediction WHERE class_id = ?", (int(query.predicted),)))
    if query.confidence is not None:
        sql = "SELECT image_id AS value FROM prediction WHERE confidence BETWEEN ? AND ?"
        found.append((sql, query.confidence))
    if query.disagrees:
        found.append((f"SELECT image.id AS value {DISAGREEING}", ()))
    if query.suggested:
        found.append((f"SELECT image.id AS value {SUGGESTED}", ()))
    return found


def _like(text: str) -> str:
    for letter in ("\\", "%", "_"):
        text = text.replace(letter, "\\" + letter)
    return f"%{text}%"
