"""What every edit has in common: it can be taken back, and it is kept as a decision with time, source and grader."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project import among
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, pack, ranges

if TYPE_CHECKING:
    from workbench.project.project import Project


class Change(Protocol):
    """What an edit changed. `UndoStack` takes it back by applying its inverse.

    ``what`` is "label", "reject", "tag", "note", "region", "classes", "pin", "suggestion", "grade", "finding" or
    "several"; ``ids`` the images it touched (none for most edits of the classes).
    """

    @property
    def ids(self) -> Sequence[int] | NDArray[np.int64]: ...

    @property
    def what(self) -> str: ...

    def inverse(self) -> "Change": ...

    def apply(self, project: "Project", *, source: str) -> "Change":
        """Make the change, committed on return; return what that changed against the present.

        Raises WorkbenchError, and changes nothing, where the project no longer allows it.
        """
        ...


def is_empty(change: Change) -> bool:
    """Return whether the change changed nothing, so that there is nothing to take back."""
    return len(change.ids) == 0 and change.what not in ("classes", "finding")


@dataclass(frozen=True)
class Together:
    """Changes that one act of the user made, in their order: one step of undo takes all of them back."""

    changes: tuple[Change, ...]

    @property
    def ids(self) -> NDArray[np.int64]:
        return np.unique(np.concatenate([np.asarray(change.ids, np.int64) for change in self.changes]))

    @property
    def what(self) -> str:
        return "several"

    def inverse(self) -> "Together":
        return Together(tuple(change.inverse() for change in reversed(self.changes)))

    def apply(self, project: "Project", *, source: str) -> "Together":
        with project.transaction():
            return Together(tuple(change.apply(project, source=source) for change in self.changes))


def record(database: Database, what: str, detail: str, *, ids: Ids, source: str, grader: str = "") -> None:
    """Keep a decision about the images; without ids, about the project. Belongs into the transaction of the edit."""
    now = time.time()
    packed = pack(as_ids(ids)) if len(ids) else [(0, 0, None)]
    database.execute_many(
        "INSERT INTO decision (changed_at, what, detail, source, grader, first_id, last_id, image_ids)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((now, what, detail, source, grader, *part) for part in packed),
    )


def spans_to_read(ids: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the ranges to read for sorted ids. A query costs 3 us, a row 0.1 us: many small ranges are read as one."""
    spans = ranges(ids)
    if len(spans) > 1 and len(spans) * 30 > int(ids[-1]) - int(ids[0]):
        return [(int(ids[0]), int(ids[-1]))]
    return spans


def read_ids(
    database: Database, sql: str, ids: NDArray[np.int64], parameters: Sequence[object] = ()
) -> NDArray[np.int64]:
    """Return those of the sorted ids that ``sql`` finds; it selects ids ``AS value`` and ends with "BETWEEN ? AND ?"."""
    return np.intersect1d(ids, among.read(database, sql, ids, parameters), assume_unique=True)


def require_images(database: Database, ids: NDArray[np.int64]) -> None:
    """Raise ValueError unless each of the sorted ids is the id of an image."""
    # Ids of images are dense and never removed.
    last = int(database.value("SELECT coalesce(max(id), 0) FROM image"))
    if len(ids) and (int(ids[0]) < 1 or int(ids[-1]) > last):
        raise ValueError("an id is not the id of an image of this project")


def one_line(name: str, what: str) -> str:
    """Return a name on one line, in valid Unicode. Raises WorkbenchError where nothing is left of it."""
    cleaned = " ".join(name.encode("utf-8", "replace").decode("utf-8").split())
    cleaned = "".join(letter for letter in cleaned if letter.isprintable())
    if not cleaned:
        raise WorkbenchError(f"{what} needs a name; use letters, digits or signs.")
    return cleaned
