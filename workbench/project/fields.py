"""Further columns of imported tables, by name: a patient, a camera, a batch."""

from collections.abc import Mapping

import numpy as np

from workbench.project.changes import one_line, require_images
from workbench.project.database import Database
from workbench.project.id_ranges import as_ids
from workbench.project.ids import ImageId


class Fields:
    """The values of an image in the columns that came with its labels. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, name: str, values: Mapping[int, str]) -> None:
        """Set the column's value of these images; "" takes it away. Other images keep theirs.

        Raises WorkbenchError for an empty name and ValueError for an id that is no image.
        """
        name = one_line(name, "A column")
        given = sorted((int(image_id), value) for image_id, value in values.items())
        with self._database.transaction():
            require_images(self._database, as_ids(np.array([image_id for image_id, _ in given], dtype=np.int64)))
            self._database.execute("INSERT OR IGNORE INTO field (name) VALUES (?)", (name,))
            field = int(self._database.value("SELECT id FROM field WHERE name = ?", (name,)))
            self._database.execute_many(
                "INSERT OR REPLACE INTO image_field (field_id, image_id, value) VALUES (?, ?, ?)",
                ((field, image_id, value) for image_id, value in given if value),
            )
            self._database.execute_many(
                "DELETE FROM image_field WHERE field_id = ? AND image_id = ?",
                ((field, image_id) for image_id, value in given if not value),
            )
            self._database.execute(
                "DELETE FROM field WHERE id = ? AND NOT EXISTS (SELECT 1 FROM image_field WHERE field_id = field.id)",
                (field,),
            )

    def names(self) -> list[str]:
        """Return the names of the columns that have values, in the order in which they came."""
        return [name for (name,) in self._database.rows("SELECT name FROM field ORDER BY id")]

    def values(self, name: str) -> dict[int, str]:
        """Return the column's value of each image that has one, by id."""
        return dict(
            self._database.rows(
                "SELECT image_id, value FROM image_field WHERE field_id = (SELECT id FROM field WHERE name = ?)"
                " ORDER BY image_id",
                (name,),
            )
        )

    def of(self, image_id: ImageId) -> dict[str, str]:
        """Return the image's values by the name of the column."""
        return dict(
            self._database.rows(
                "SELECT name, value FROM image_field JOIN field ON field.id = field_id WHERE image_id = ? ORDER BY field.id",
                (int(image_id),),
            )
        )
