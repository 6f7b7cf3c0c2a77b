"""What each grader says of the images: comparing two, and the images that one should grade (again)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.project.database import Database
from workbench.project.ids import ImageId, LabelValue
from workbench.project.label_tables import restored
from workbench.project.labels import Labels

Kind = Literal["unseen", "disagree"]

_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Constants of splitmix64 (Steele, Lea and Flood 2014)."""


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


def _mixed(ids: Sequence[int] | NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Return a number for each id that looks random, and stays whatever else is in the list."""
    mixed = np.asarray(ids, dtype=np.int64).astype(np.uint64) + np.uint64((seed * _MIX[0]) % 2**64)
    for shift, factor in ((30, _MIX[1]), (27, _MIX[2])):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
