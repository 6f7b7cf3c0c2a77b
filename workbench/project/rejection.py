"""Rejecting images: kept with everything they have, but out of splits, samples, runs and curation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from workbench.project import among
from workbench.project.bulk import bulk
from workbench.project.changes import read_ids, record, require_images
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids

if TYPE_CHECKING:
    from workbench.project.project import Project


@dataclass(frozen=True, eq=False)
class RejectChange:
    """The images (sorted) that were rejected or taken back; only those that were not so before."""

    ids: NDArray[np.int64]
    rejected: bool
    grader: str = ""

    @property
    def what(self) -> str:
        return "reject"

    def inverse(self) -> Self:
        return type(self)(self.ids, not self.rejected, self.grader)

    def apply(self, project: "Project", *, source: str) -> "RejectChange":
        return project.rejection.set(self.ids, self.rejected, source=source, grader=self.grader)


class Rejection:
    """Which images of a project are rejected. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, ids: Ids, rejected: bool, *, source: str = "user", grader: str = "") -> RejectChange:
        """Reject the images, or take them back."""
        wanted = as_ids(ids)
        with self._database.transaction():
            require_images(self._database, wanted)
            changing = read_ids(
                self._database,
                "SELECT id AS value FROM image WHERE rejected = ? AND id BETWEEN ? AND ?",
                wanted,
                (int(not rejected),),
            )
            if len(changing):
                with bulk(self._database, len(changing)):
                    sql = "UPDATE image SET rejected = ? WHERE id BETWEEN ? AND ?"
                    among.change(self._database, sql, changing, (int(rejected),))
                detail = "rejected" if rejected else "taken back"
                record(self._database, "reject", detail, ids=changing, source=source, grader=grader)
        return RejectChange(changing, rejected, grader)

    def count(self) -> int:
        """Return the number of rejected images."""
        return int(self._database.value("SELECT count(*) FROM image WHERE rejected = 1"))
