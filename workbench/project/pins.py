"""Images that stay where a person put them: pinned to a split, or frozen as a test set of a name."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project.bulk import bulk
from workbench.project.changes import one_line, record, require_images, spans_to_read
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, ranges
from workbench.project.ids import SPLITS, SplitName

if TYPE_CHECKING:
    from workbench.project.project import Project

NONE = -1
"""The code of no split."""

TEST = SPLITS.index("test")


@dataclass(frozen=True, eq=False)
class PinChange:
    """The split of each image (sorted ids) and whether it is pinned there, before and after.

    Coded as 2 * split + pinned, with -1 for no split.
    """

    ids: NDArray[np.int64]
    before: NDArray[np.int8]
    after: NDArray[np.int8]
    grader: str = ""

    @property
    def what(self) -> str:
        return "pin"

    def inverse(self) -> Self:
        return type(self)(self.ids, self.after, self.before, self.grader)

    def apply(self, project: "Project", *, source: str) -> "PinChange":
        return project.splits.pins.write(self.ids, self.after, source=source, grader=self.grader)


def code_of(split: SplitName | None) -> int:
    """Return the number that the database stores, -1 for None."""
    return NONE if split is None else SPLITS.index(split)


class Pins:
    """Which images are pinned, and the frozen test sets. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def places(self, ids: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the place (2 * split + pinned, -1 for no split) of each of the sorted ids."""
        require_images(self._database, ids)
        found = [
            self._database.integers(
                "SELECT id * 16 + 8 + coalesce(split * 2 + pinned, -1) AS value FROM image WHERE id BETWEEN ? AND ?",
                span,
            )
            for span in spans_to_read(ids)
        ]
        if not found:
            return np.empty(0, dtype=np.int8)
        packed = np.sort(np.concatenate(found))
        packed = packed[np.searchsorted(packed >> 4, ids)]
        places: NDArray[np.int8] = ((packed & 15) - 8).astype(np.int8)
        return places

    def write(self, ids: Ids, places: NDArray[np.int8], *, source: str = "user", grader: str = "") -> PinChange:
        """Put each image (sorted, once) in its place; return what that changed.

        Raises WorkbenchError where that would take an image out of a frozen test set.
        """
        array = as_ids(ids)
        with self._database.transaction():
            before = self.places(array)
            changing = before != places
            array, before, after = array[changing], before[changing], places[changing]
            self.require_free(array)
            with bulk(self._database, len(array)):
                for place in np.unique(after).tolist():
                    moved = array[after == place]
                    split, pinned = (None, 0) if place < 0 else (place >> 1, place & 1)
                    self._database.execute_many(
                        "UPDATE image SET split = ?, pinned = ? WHERE id BETWEEN ? AND ?",
                        ((split, pinned, *span) for span in ranges(moved)),
                    )
                    detail = f"{'no split' if split is None else SPLITS[split]}{', pinned' if pinned else ''}"
                    record(self._database, "pin", detail, ids=moved, source=source, grader=grader)
        return PinChange(array, before, after, grader)

    def require_free(self, ids: NDArray[np.int64]) -> None:
        """Raise WorkbenchError where one of the (sorted) ids belongs to a frozen test set."""
        for name, frozen in self._frozen():
            count = len(np.intersect1d(frozen, ids, assume_unique=True))
            if count:
                raise WorkbenchError(
                    f"{count:,} of these images belong{'s' if count == 1 else ''} to the frozen test set '{name}' and stay "
                    "there; choose other images, or release the test set first."
                )

    def freeze(self, name: str) -> int:
        """Keep the test images that are in no test set yet as one of this name; return how many they are."""
        name = one_line(name, "A test set")
        with self._database.transaction():
            if name in self.sets():
                raise WorkbenchError(f"There is already a test set named '{name}'; choose another name.")
            free = "split = ? AND test_set IS NULL AND rejected = 0"
            ids = self._database.integers(f"SELECT id AS value FROM image WHERE {free} ORDER BY id", (TEST,))
            if not len(ids):
                raise WorkbenchError(
                    f"No test image is left to freeze as '{name}'; make a split with a test share, or move images to test."
                )
            cursor = self._database.execute(
                "INSERT INTO test_set (name, created_at) VALUES (?, ?)", (name, time.time())
            )
            self._database.execute(f"UPDATE image SET test_set = ?, pinned = 1 WHERE {free}", (cursor.lastrowid, TEST))
            record(self._database, "pin", f"frozen in the test set '{name}'", ids=ids, source="user")
        return len(ids)

    def release(self, name: str) -> None:
        """Give up a frozen test set: its images stay in the test split until the next split.

        Raises WorkbenchError where there is none of that name.
        """
        with self._database.transaction():
            number = self._database.value("SELECT id FROM test_set WHERE name = ?", (name,))
            if number is None:
                raise WorkbenchError(f"There is no test set named '{name}'; {_known(list(self.sets()))}.")
            ids = self._database.integers("SELECT id AS value FROM image WHERE test_set = ? ORDER BY id", (number,))
            self._database.execute("UPDATE image SET test_set = NULL, pinned = 0 WHERE test_set = ?", (number,))
            self._database.execute("DELETE FROM test_set WHERE id = ?", (number,))
            record(self._database, "pin", f"released from the test set '{name}'", ids=ids, source="user")

    def sets(self) -> dict[str, int]:
        """Return the number of images of each frozen test set, oldest first; rejected ones are not counted."""
        return dict(
            self._database.rows(
                "SELECT name, count(image.id) FROM test_set LEFT JOIN image ON test_set = test_set.id AND rejected = 0"
                " GROUP BY test_set.id ORDER BY test_set.id"
            )
        )

    def _frozen(self) -> list[tuple[str, NDArray[np.int64]]]:
        rows = self._database.rows("SELECT id, name FROM test_set ORDER BY id")
        sql = "SELECT id AS value FROM image WHERE test_set = ? ORDER BY id"
        return [(name, self._database.integers(sql, (number,))) for number, name in rows]


def _known(names: list[str]) -> str:
    return f"there are {', '.join(names)}" if names else "none was frozen"
