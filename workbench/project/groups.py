"""Groups of images that belong together (a patient, a casting, a video), which a split keeps on one side."""

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from workbench.project.changes import require_images
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids
from workbench.project.settings import Settings

_SETTING = "grouping"


class Groups:
    """The group of each image: a number from 1 on, 0 for an image that stands alone. A project has one grouping."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    @property
    def by(self) -> str | None:
        """What the groups were made by ("path:REGEX", "column:NAME"), or None where there are none."""
        by: str | None = self._settings.get(_SETTING)
        return by

    def set(self, by: str, ids: Ids, group_ids: Ids, names: Mapping[int, str]) -> None:
        """Replace the grouping: ``group_ids[i]`` is the group of ``ids[i]``, 0 for none; ``names`` say what users read.

        Raises ValueError for an id that is no image or occurs twice, and for groups below 0.
        """
        images, groups = np.asarray(ids, dtype=np.int64), np.asarray(group_ids, dtype=np.int64)
        if images.shape != groups.shape or len(as_ids(images)) != len(images) or (len(groups) and groups.min() < 0):
            raise ValueError("each image has one group, from 1 on, or 0")
        kept = groups > 0
        order = np.argsort(images[kept], kind="stable")
        with self._database.transaction():
            require_images(self._database, as_ids(images))
            self.clear()
            self._database.execute_many(
                "INSERT INTO image_group (image_id, group_id) VALUES (?, ?)",
                zip(images[kept][order].tolist(), groups[kept][order].tolist(), strict=True),
            )
            self._database.execute_many(
                "INSERT INTO group_name (group_id, name) VALUES (?, ?)",
                ((int(group), name) for group, name in names.items()),
            )
            self._settings.set(_SETTING, by)

    def of(self, ids: Ids) -> NDArray[np.int64]:
        """Return the group of each id, in their order."""
        wanted = np.asarray(ids, dtype=np.int64)
        if len(wanted) <= 1000:
            found = dict(
                self._database.rows(
                    "SELECT image_id, group_id FROM image_group WHERE image_id IN (SELECT value FROM json_each(?))",
                    (json.dumps(wanted.tolist()),),
                )
            )
            return np.array([found.get(image_id, 0) for image_id in wanted.tolist()], dtype=np.int64)
        images = self._database.integers("SELECT image_id AS value FROM image_group ORDER BY image_id")
        groups = self._database.integers("SELECT group_id AS value FROM image_group ORDER BY image_id")
        table = np.zeros(int(max(wanted.max(), images[-1] if len(images) else 0)) + 1, dtype=np.int64)
        table[images] = groups
        return table[wanted]

    def members(self, group_id: int) -> NDArray[np.int64]:
        """Return the ids of the images of a group, sorted."""
        return self._database.integers(
            "SELECT image_id AS value FROM image_group WHERE group_id = ? ORDER BY image_id", (int(group_id),)
        )

    def name(self, group_id: int) -> str:
        """Return what users read of a group; its number where it has no name."""
        found = self._database.value("SELECT name FROM group_name WHERE group_id = ?", (int(group_id),))
        return str(group_id) if found is None else str(found)

    def crossing(self) -> list[tuple[int, NDArray[np.int64]]]:
        """Return each group that has images in more than one split, with its images that have a split, sorted.

        Rejected images take no part. By the number of the group.
        """
        rows = self._database.rows(
            """SELECT group_id, group_concat(image_id) FROM image_group JOIN image ON image.id = image_id
               WHERE split IS NOT NULL AND rejected = 0
               GROUP BY group_id HAVING min(split) <> max(split) ORDER BY group_id"""
        )
        return [(group, np.sort(np.fromstring(ids, dtype=np.int64, sep=","))) for group, ids in rows]

    def clear(self) -> None:
        """Forget the grouping."""
        with self._database.transaction():
            self._database.execute("DELETE FROM image_group")
            self._database.execute("DELETE FROM group_name")
            self._settings.set(_SETTING, None)
