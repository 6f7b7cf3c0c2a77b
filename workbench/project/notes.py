"""Notes: a text of the user's on an image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from workbench.project.changes import record, require_images
from workbench.project.database import Database
from workbench.project.ids import ImageId

if TYPE_CHECKING:
    from workbench.project.project import Project


@dataclass(frozen=True)
class NoteChange:
    """The note of one image before and after; "" is no note. ``ids`` is empty where nothing changed."""

    ids: tuple[ImageId, ...]
    before: str
    after: str
    grader: str = ""

    @property
    def what(self) -> str:
        return "note"

    def inverse(self) -> Self:
        return type(self)(self.ids, self.after, self.before, self.grader)

    def apply(self, project: "Project", *, source: str) -> "NoteChange":
        if not self.ids:
            return self
        return project.notes.set(self.ids[0], self.after, source=source, grader=self.grader)


class Notes:
    """The notes of a project's images. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, image_id: ImageId) -> str:
        """Return the image's note, "" where it has none."""
        return str(self._database.value("SELECT text FROM note WHERE image_id = ?", (int(image_id),)) or "")

    def set(self, image_id: ImageId, text: str, *, source: str = "user", grader: str = "") -> NoteChange:
        """Write the image's note; "" takes it away. Lines stay, space around the text goes."""
        text = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
        with self._database.transaction():
            require_images(self._database, np.array([image_id], dtype=np.int64))
            before = self.get(image_id)
            if text == before:
                return NoteChange((), before, text, grader)
            if text:
                self._database.execute(
                    "INSERT OR REPLACE INTO note (image_id, text) VALUES (?, ?)", (int(image_id), text)
                )
            else:
                self._database.execute("DELETE FROM note WHERE image_id = ?", (int(image_id),))
            record(self._database, "note", text, ids=[int(image_id)], source=source, grader=grader)
        return NoteChange((ImageId(int(image_id)),), before, text, grader)

    def count(self) -> int:
        """Return the number of images that have a note."""
        return int(self._database.value("SELECT count(*) FROM note"))
