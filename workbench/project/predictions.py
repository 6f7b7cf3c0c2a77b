"""What a model says of the images: suggestions to accept or refuse, and where it disagrees with the labels."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from workbench.project.changes import read_ids, record, require_images
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, ranges
from workbench.project.settings import Settings

if TYPE_CHECKING:
    from workbench.project.project import Project

_SETTING = "predictions"


@dataclass(frozen=True, eq=False)
class SuggestionChange:
    """The images (sorted) whose suggestion was refused or taken up again; only those where it was not so before."""

    ids: NDArray[np.int64]
    refused: bool
    grader: str = ""

    @property
    def what(self) -> str:
        return "suggestion"

    def inverse(self) -> Self:
        return type(self)(self.ids, not self.refused, self.grader)

    def apply(self, project: "Project", *, source: str) -> "SuggestionChange":
        return project.predictions.refuse(self.ids, self.refused, source=source, grader=self.grader)


class Predictions:
    """One prediction per image, all of one source. Every change is committed on return."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    @property
    def source(self) -> str | None:
        """What made the predictions (a run, a prompt), or None where there are none."""
        source: str | None = self._settings.get(_SETTING)
        return source

    def replace(
        self,
        source: str,
        ids: Ids,
        class_ids: Ids,
        confidences: NDArray[np.floating],
        priorities: NDArray[np.floating],
    ) -> None:
        """Keep these predictions instead of all before; ``priorities`` are higher where a label helps more.

        An image whose suggestion of the same class was refused keeps it refused. Raises ValueError for an id that is no
        image or occurs twice, and for confidences outside 0 to 1.
        """
        images = np.asarray(ids, dtype=np.int64)
        order = np.argsort(images, kind="stable")
        sure = np.asarray(confidences, dtype=np.float64)
        if len(as_ids(images)) != len(images) or (len(sure) and not (sure.min() >= 0 and sure.max() <= 1)):
            raise ValueError("each image has one prediction, with a confidence from 0 to 1")
        columns = [images, np.asarray(class_ids, dtype=np.int64), sure, np.asarray(priorities, dtype=np.float64)]
        with self._database.transaction():
            require_images(self._database, images[order])
            refused = dict(self._database.rows("SELECT image_id, class_id FROM prediction WHERE refused = 1"))
            self.clear()
            self._database.execute_many(
                "INSERT INTO prediction (image_id, class_id, confidence, priority) VALUES (?, ?, ?, ?)",
                zip(*(column[order].tolist() for column in columns), strict=True),
            )
            self._database.execute_many(
                "UPDATE prediction SET refused = 1 WHERE image_id = ? AND class_id = ?", refused.items()
            )
            self._settings.set(_SETTING, source)

    def refuse(self, ids: Ids, on: bool = True, *, source: str = "user", grader: str = "") -> SuggestionChange:
        """Refuse the suggestion of each of the images that has one, or with ``on`` False take it up again."""
        with self._database.transaction():
            changing = read_ids(
                self._database,
                "SELECT image_id AS value FROM prediction WHERE refused = ? AND image_id BETWEEN ? AND ?",
                as_ids(ids),
                (int(not on),),
            )
            self._database.execute_many(
                "UPDATE prediction SET refused = ? WHERE image_id BETWEEN ? AND ?",
                ((int(on), *span) for span in ranges(changing)),
            )
            if len(changing):
                detail = "refused" if on else "taken up again"
                record(self._database, "suggestion", detail, ids=changing, source=source, grader=grader)
        return SuggestionChange(changing, on, grader)

    def of(self, ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return class (0: no prediction), confidence (NaN) and whether it was refused of each id, in their order."""
        wanted = np.asarray(ids, dtype=np.int64).tolist()
        rows = self._database.rows(
            "SELECT coalesce(class_id, 0), confidence, coalesce(refused, 0) FROM json_each(?) AS wanted"
            " LEFT JOIN prediction ON image_id = wanted.value ORDER BY wanted.key",
            (json.dumps(wanted),),
        )
        classes, confidences, refused = zip(*rows, strict=True) if rows else ((), (), ())
        return (
            np.array(classes, dtype=np.int64),
            np.array([np.nan if sure is None else sure for sure in confidences], dtype=np.float64),
            np.array(refused, dtype=np.bool_),
        )

    def clear(self) -> None:
        """Forget all predictions."""
        with self._database.transaction():
            self._database.execute("DELETE FROM prediction")
            self._settings.set(_SETTING, None)

    def counts(self) -> dict[str, int]:
        """Return how many images are ``suggested`` a class (no label, not refused) and how many ``disagree`` with theirs."""
        suggested = int(self._database.value(f"SELECT count(*) {SUGGESTED}"))
        return {"suggested": suggested, "disagree": int(np.count_nonzero(disagreeing(self._database)))}


SUGGESTED = (
    "FROM prediction JOIN image ON image.id = image_id"
    " WHERE refused = 0 AND image.class_id IS NULL AND image.rejected = 0"
)
"""The images without a label whose suggestion stands."""


def disagreeing(database: Database) -> NDArray[np.bool_]:
    """Mark, at the place of its id, each image that has a label, but not the predicted class; rejected ones are left out."""
    last = int(database.value("SELECT coalesce(max(id), 0) FROM image"))

    def marked(sql: str, *parameters: int) -> NDArray[np.bool_]:
        marks = np.zeros(last + 1, dtype=np.bool_)
        marks[database.integers(sql, parameters)] = True
        return marks

    # Class by class, as the indexes lie: three times as fast as joining a million rows.
    several = bool(database.value("SELECT EXISTS (SELECT 1 FROM image_class)"))
    has_class = (
        "SELECT image_id AS value FROM image_class WHERE class_id = ?"
        if several
        else "SELECT id AS value FROM image WHERE class_id = ?"
    )
    found = np.zeros(last + 1, dtype=np.bool_)
    for (class_id,) in database.rows("SELECT DISTINCT class_id FROM prediction"):
        predicted = marked("SELECT image_id AS value FROM prediction WHERE class_id = ?", class_id)
        found |= predicted & ~marked(has_class, class_id)
    return found & ~marked("SELECT id AS value FROM image WHERE class_id IS NULL OR rejected = 1")
