"""From a query to the ids that it means. Each condition gives the images that meet it, as marks by id."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.project.conditions import on_image, on_other_tables
from workbench.project.database import Database
from workbench.project.ids import NO_CLASS
from workbench.project.ordering import Marks, Ordering, within
from workbench.project.predictions import disagreeing
from workbench.project.query import Query, likely, matcher
from workbench.project.settings import Settings


class Selection:
    """Answers queries."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._ordering = Ordering(database, settings)

    def ids(self, query: Query) -> NDArray[np.int64]:
        """Return the ids of the images that match, in the query's order."""
        with self._database.snapshot():
            last = self._last()
            return self._ordering.ids(query, last, self._matching(query, last))

    def count(self, query: Query) -> int:
        """Return the number of images that match."""
        with self._database.snapshot():
            where, parameters = on_image(query)
            if where and query == _only_on_image(query) and not self._one_of_several(query):
                return int(self._database.value(f"SELECT count(*) FROM image WHERE {where}", parameters))
            last = self._last()
            marks = self._matching(query, last)
        return last if marks is None else int(np.count_nonzero(marks))

    def _matching(self, query: Query, last: int) -> Marks | None:
        """Return the images that match, or None for all."""
        marks: Marks | None = None
        for found in self._all_marks(query, last):
            marks = found if marks is None else marks & found
        if query.pattern:
            marks = self._fitting(matcher(query.pattern), likely(query.pattern), marks, last)
        return marks

    def _all_marks(self, query: Query, last: int) -> Iterator[Marks]:
        several = self._one_of_several(query)
        if several:
            yield self._marked("SELECT image_id AS value FROM image_class WHERE class_id = ?", (query.class_id,), last)
        where, values = on_image(query, without_class=several)
        if where == "rejected = ?" and not query.rejected:
            # The usual view: few images are rejected, and all others take ten times as long to read.
            others = ~self._marked("SELECT id AS value FROM image WHERE rejected = 1", (), last)
            others[0] = False
            yield others
        elif where:
            yield self._marked(f"SELECT id AS value FROM image WHERE {where}", values, last)
        for sql, parameters in on_other_tables(query):
            yield self._marked(sql, parameters, last)
        if query.disagrees:
            yield disagreeing(self._database)
        if query.ids is not None:
            given = np.zeros(last + 1, dtype=np.bool_)
            given[within(query.ids, last)] = True
            yield given

    def _marked(self, sql: str, parameters: Sequence[Any], last: int) -> Marks:
        marks = np.zeros(last + 1, dtype=np.bool_)
        marks[self._database.integers(sql, parameters)] = True
        return marks

    def _fitting(self, fits: Callable[[str], object], loose: str, among: Marks | None, last: int) -> Marks:
        """Return the images whose path fits, of those that LIKE finds by ``loose``: mostly few."""
        if among is not None and np.count_nonzero(among) * 5 < last:
            rows = self._database.stream(
                "SELECT image_id, relative FROM json_each(?) CROSS JOIN file ON image_id = value",
                (json.dumps(np.flatnonzero(among).tolist()),),
            )
        else:
            rows = self._database.stream(
                "SELECT image_id, relative FROM file WHERE relative LIKE ? ESCAPE '\\'", (loose,)
            )
        marks = np.zeros(last + 1, dtype=np.bool_)
        marks[np.fromiter((image_id for image_id, relative in rows if fits(relative)), dtype=np.int64)] = True
        return marks if among is None else marks & among

    def _one_of_several(self, query: Query) -> bool:
        """Return whether the asked class is one of several that an image may have."""
        if query.class_id is None or query.class_id == NO_CLASS:
            return False
        return bool(self._database.value("SELECT EXISTS (SELECT 1 FROM image_class)"))

    def _last(self) -> int:
        return int(self._database.value("SELECT coalesce(max(id), 0) FROM image"))


def _only_on_image(query: Query) -> Query:
    """Return the part of the query that the table of images answers alone."""
    return Query(
        class_id=query.class_id,
        unlabelled=query.unlabelled,
        split=query.split,
        state=query.state,
        rejected=query.rejected,
        order=query.order,
        descending=query.descending,
    )
