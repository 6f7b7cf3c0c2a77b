"""Tags: words of the user's own on images, any number on each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project import among
from workbench.project.changes import one_line, read_ids, record, require_images
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids
from workbench.project.ids import ImageId

if TYPE_CHECKING:
    from workbench.project.project import Project


class TagEdit(NamedTuple):
    """A tag that these images (sorted) got, or lost."""

    name: str
    on: bool
    ids: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TagChange:
    """What an edit of tags changed, in its order; only images that did not have it so before."""

    edits: tuple[TagEdit, ...]
    grader: str = ""

    @property
    def what(self) -> str:
        return "tag"

    @property
    def ids(self) -> NDArray[np.int64]:
        """The images whose tags changed, sorted."""
        parts = [edit.ids for edit in self.edits]
        return as_ids(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)

    def inverse(self) -> Self:
        turned = tuple(TagEdit(edit.name, not edit.on, edit.ids) for edit in reversed(self.edits))
        return type(self)(turned, self.grader)

    def apply(self, project: "Project", *, source: str) -> "TagChange":
        return project.tags.apply(self, source=source)


class Tags:
    """The tags of a project's images. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, ids: Ids, name: str, *, source: str = "user", grader: str = "") -> TagChange:
        """Put the tag on the images. Raises WorkbenchError for an empty name."""
        return self.apply(TagChange((TagEdit(one_line(name, "A tag"), True, as_ids(ids)),), grader), source=source)

    def remove(self, ids: Ids, name: str, *, source: str = "user", grader: str = "") -> TagChange:
        """Take the tag off the images."""
        return self.apply(TagChange((TagEdit(one_line(name, "A tag"), False, as_ids(ids)),), grader), source=source)

    def rename(self, old: str, new: str, *, grader: str = "") -> TagChange:
        """Call a tag otherwise; where ``new`` is a tag already, the two become one.

        Raises WorkbenchError where no image has the tag ``old``.
        """
        new = one_line(new, "A tag")
        with self._database.transaction():
            ids = self.images(old)
            if not len(ids):
                raise WorkbenchError(f"No image has the tag '{old}'; choose another tag.")
            edits = (TagEdit(old, False, ids), TagEdit(new, True, ids)) if new != old else ()
            return self.apply(TagChange(edits, grader), source="user")

    def counts(self) -> dict[str, int]:
        """Return the number of images of each tag that is on any, by name."""
        return dict(
            self._database.rows(
                "SELECT name, count(*) FROM image_tag JOIN tag ON tag.id = tag_id GROUP BY tag_id ORDER BY name"
            )
        )

    def of(self, image_id: ImageId) -> list[str]:
        """Return the image's tags, sorted by name."""
        rows = self._database.rows(
            "SELECT name FROM image_tag JOIN tag ON tag.id = tag_id WHERE image_id = ? ORDER BY name", (int(image_id),)
        )
        return [name for (name,) in rows]

    def images(self, name: str) -> NDArray[np.int64]:
        """Return the ids of the images that have the tag, sorted."""
        return self._database.integers(
            "SELECT image_id AS value FROM image_tag WHERE tag_id = (SELECT id FROM tag WHERE name = ?) ORDER BY image_id",
            (name,),
        )

    def apply(self, change: TagChange, *, source: str = "user") -> TagChange:
        """Make the change; return what it changed against the present."""
        with self._database.transaction():
            made = [self._edit(edit, source=source, grader=change.grader) for edit in change.edits]
        return TagChange(tuple(edit for edit in made if len(edit.ids)), change.grader)

    def _edit(self, edit: TagEdit, *, source: str, grader: str) -> TagEdit:
        require_images(self._database, edit.ids)
        if edit.on:
            self._database.execute("INSERT OR IGNORE INTO tag (name) VALUES (?)", (edit.name,))
        tag = self._database.value("SELECT id FROM tag WHERE name = ?", (edit.name,))
        if tag is None:
            return edit._replace(ids=edit.ids[:0])
        tagged = read_ids(
            self._database,
            "SELECT image_id AS value FROM image_tag WHERE tag_id = ? AND image_id BETWEEN ? AND ?",
            edit.ids,
            (tag,),
        )
        ids = np.setdiff1d(edit.ids, tagged, assume_unique=True) if edit.on else tagged
        if len(ids):
            sql = (
                "INSERT INTO image_tag (tag_id, image_id) SELECT ?, id FROM image WHERE id BETWEEN ? AND ?"
                if edit.on
                else "DELETE FROM image_tag WHERE tag_id = ? AND image_id BETWEEN ? AND ?"
            )
            among.change(self._database, sql, ids, (tag,))
            detail = f"{'added' if edit.on else 'removed'} '{edit.name}'"
            record(self._database, "tag", detail, ids=ids, source=source, grader=grader)
        return edit._replace(ids=ids)
