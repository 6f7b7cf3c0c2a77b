"""The orders of a query."""

import json

import numpy as np
from numpy.typing import NDArray

from workbench.project.database import Database
from workbench.project.query import Query
from workbench.project.settings import Settings

PATHS = "paths"
"""The setting that counts how often paths were changed: whoever changes one adds to it."""

Marks = NDArray[np.bool_]
"""One mark per image, at the place of its id; place 0 is nobody's."""

FINE = 2**53
"""Real numbers are compared in so many steps of the largest: integers are read several times as fast."""

_BY_SIZE = {"newest": "modified_ns", "largest": "width * height", "size": "bytes"}


class Ordering:
    """Puts the images in order. Keeps the order of the paths, which changes only with new images and moved ones."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._by_path: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._version: tuple[int, int] = (0, 0)

    def ids(self, query: Query, last: int, marks: Marks | None) -> NDArray[np.int64]:
        """Return the marked ids (None: all, up to ``last``) in the query's order, as an array of the caller's own."""
        if query.order in ("confidence", "priority", "finding"):
            return self._ranked(query, last, marks)
        ordered = self._all(query, last)
        if query.descending:
            ordered = ordered[::-1]
        return ordered.copy() if marks is None else ordered[marks[ordered]]

    def _all(self, query: Query, last: int) -> NDArray[np.int64]:
        if query.order == "given" and query.ids is not None:
            return within(query.ids, last)
        if query.order == "added":
            return np.arange(1, last + 1, dtype=np.int64)
        if query.order in _BY_SIZE:
            values = self._database.integers(f"SELECT {_BY_SIZE[query.order]} AS value FROM file ORDER BY image_id")
            return np.argsort(-values, kind="stable").astype(np.int64) + 1
        by_path = self._paths(last)
        if query.order != "class":
            return by_path
        places = self._database.integers(
            "SELECT coalesce(class.position, 9999999 + (class_id IS NULL)) AS value"
            " FROM image LEFT JOIN class ON class.id = image.class_id ORDER BY image.id"
        )
        return by_path[np.argsort(places[by_path - 1], kind="stable")]

    def _ranked(self, query: Query, last: int, marks: Marks | None) -> NDArray[np.int64]:
        """Return the marked ids by what only some images have; the others follow, by path."""
        by_path = self._paths(last)
        chosen = by_path if marks is None else by_path[marks[by_path]]
        ranked = self._by_finding(query) if query.order == "finding" else self._by_prediction(query, chosen, last)
        nobody = len(ranked) + 1
        rank = np.full(last + 1, nobody, dtype=np.int64)
        # Backwards, so that an image with several findings keeps the first, its strongest.
        rank[ranked[::-1]] = np.arange(len(ranked))[::-1]
        if query.descending:
            rank = np.where(rank == nobody, nobody, -rank)
        return chosen[np.argsort(rank[chosen], kind="stable")]

    def _by_finding(self, query: Query) -> NDArray[np.int64]:
        """Return the images of open findings, strongest first; an image may occur several times."""
        of_kind = query.finding not in (None, "any")
        return self._database.integers(
            "SELECT image_id AS value FROM finding JOIN finding_image ON finding_id = finding.id WHERE dismissed = 0"
            f" {'AND kind = ?' if of_kind else ''} ORDER BY score DESC, finding.id, place",
            (query.finding,) if of_kind else (),
        )

    def _by_prediction(self, query: Query, chosen: NDArray[np.int64], last: int) -> NDArray[np.int64]:
        """Return the images with a prediction, of all or at least of the chosen ones."""
        column = "confidence" if query.order == "confidence" else "priority"
        most = float(self._database.value(f"SELECT coalesce(max(abs({column})), 0) FROM prediction")) or 1.0
        source, parameters = "prediction ORDER BY image_id", [FINE / most]
        if len(chosen) * 5 < last:
            source = "json_each(?) CROSS JOIN prediction ON image_id = json_each.value ORDER BY image_id"
            parameters.append(json.dumps(chosen.tolist()))  # type: ignore[arg-type]
        values = self._database.integers(f"SELECT CAST({column} * ? AS INTEGER) AS value FROM {source}", parameters)
        ids = self._database.integers(f"SELECT image_id AS value FROM {source}", parameters[1:])
        return ids[np.argsort(values if column == "confidence" else -values, kind="stable")]

    def _paths(self, last: int) -> NDArray[np.int64]:
        version = (last, int(self._settings.get(PATHS, 0)))
        if self._version != version:
            self._by_path = self._database.integers("SELECT image_id AS value FROM file ORDER BY root_id, relative")
            self._version = version
        return self._by_path


def within(ids: tuple[int, ...], last: int) -> NDArray[np.int64]:
    """Return those ids that are images, each once, in their order."""
    given = np.array(list(dict.fromkeys(ids)), dtype=np.int64)
    return given[(given >= 1) & (given <= last)]
