"""The images of a project: adding them, queries that give ids, pages of rows, and what a run takes as samples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.project import rows

# Named again, because callers know them as part of the images.
from workbench.project.adding import Added as Added
from workbench.project.adding import Addition
from workbench.project.adding import NewImage as NewImage
from workbench.project.database import Database
from workbench.project.filters import SavedFilters
from workbench.project.id_ranges import Ids, as_ids, ranges
from workbench.project.ids import CORRUPT, MISSING, OK, UNVERIFIED, ImageId, RootId, SplitName
from workbench.project.labels import Labels
from workbench.project.ordering import PATHS
from workbench.project.query import ALL as ALL
from workbench.project.query import Order as Order
from workbench.project.query import Query as Query
from workbench.project.roots import Roots
from workbench.project.rows import ImageRow as ImageRow
from workbench.project.rows import SampleRow as SampleRow
from workbench.project.selection import Selection
from workbench.project.settings import Settings


class Images:
    """The images of a project. Ids are dense, from 1, and stay; a row is never removed, only marked as missing."""

    def __init__(self, database: Database, labels: Labels, roots: Roots) -> None:
        self._database = database
        self._labels = labels
        self._roots = roots
        self._settings = Settings(database)
        self._selection = Selection(database, self._settings)
        self.filters = SavedFilters(self._settings)

    def add_root(self, folder: Path) -> RootId:
        """Return the root for this folder; it is added at first sight. Raises WorkbenchError where it is no folder."""
        return self._roots.add(folder)

    def roots(self) -> list[tuple[RootId, Path]]:
        """Return the roots in the order they were added; the folders need not be there."""
        return self._roots.listed()

    def moved_root(self, folder: Path) -> RootId | None:
        """Return the root that is gone from where it was and whose images lie in ``folder`` now; None for a new folder."""
        return self._roots.moved_to(folder)

    def relink(self, root: RootId, folder: Path) -> None:
        """Say that the images of ``root`` now lie in ``folder``; missing ones count as unverified again.

        Raises WorkbenchError where the folder holds none of them.
        """
        self._roots.relink(root, folder)

    def add(self, root: RootId, images: Sequence[NewImage]) -> Added:
        """Add what a scan of ``root`` found, in one transaction.

        Classes are made by name, in natural order within this call: name them all before with
        `Labels.ensure_classes` where images come in several calls. A changed file (size or time) counts as unverified
        again. The folder gives a label only where no one else did, and a split only to new images. A file that another
        root already holds is not added twice.
        """
        with self._database.transaction():
            return Addition(self._database, self._labels, self._roots, root).run(images)

    def ids(self, query: Query = ALL) -> NDArray[np.int64]:
        """Return the ids of the images that match, in the query's order: 10 ms for a class of 100 000 in 1 000 000."""
        return self._selection.ids(query)

    def count(self, query: Query = ALL) -> int:
        """Return the number of images that match."""
        return self._selection.count(query)

    def page(self, ids: Ids) -> list[ImageRow]:
        """Return the rows of up to 1000 ids, in their order. Raises ValueError for an id that is no image."""
        return rows.page(self._database, self._roots, ids)

    def get(self, image_id: ImageId) -> ImageRow:
        """Return one row. Raises ValueError for an id that is no image."""
        return self.page([image_id])[0]

    def unverified(self) -> NDArray[np.int64]:
        """Return the ids of images that were never decoded, or have changed since."""
        return self._database.integers("SELECT id AS value FROM image WHERE state = ? ORDER BY id", (UNVERIFIED,))

    def set_verified(self, found: Sequence[tuple[ImageId, str | None, str | None]]) -> None:
        """Store what decoding found, as (id, content hash, error): an image with an error is corrupt, else it is ok."""
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE file SET content_hash = ?, error = ? WHERE image_id = ?",
                ((content_hash, error, int(image_id)) for image_id, content_hash, error in found),
            )
            self._database.execute_many(
                "UPDATE image SET state = ? WHERE id = ?",
                ((OK if error is None else CORRUPT, int(image_id)) for image_id, _, error in found),
            )

    def mark_missing(self, ids: Ids) -> None:
        """Say that the files are gone. They keep their labels, and count again once a scan finds them."""
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE image SET state = ? WHERE id BETWEEN ? AND ?",
                ((MISSING, first, last) for first, last in ranges(as_ids(ids))),
            )

    def relocate(self, moves: Sequence[tuple[ImageId, RootId, str]]) -> None:
        """Say where files lie now, as (id, root, posix path below it): the images keep all that was decided about them.

        One that was missing is unverified again. Raises ValueError for a path that another image has.
        """
        with self._database.transaction():
            # Out of the way first, so that two files can change places.
            self._database.execute_many(
                "UPDATE file SET relative = char(0) || image_id WHERE image_id = ?", ((int(i),) for i, _, _ in moves)
            )
            taken = [
                relative
                for _, root, relative in moves
                if self._database.rows("SELECT 1 FROM file WHERE root_id = ? AND relative = ?", (int(root), relative))
            ]
            if taken:
                raise ValueError(f"another image has the path {taken[0]}")
            self._database.execute_many(
                "UPDATE file SET root_id = ?, relative = ? WHERE image_id = ?",
                ((int(root), relative, int(image_id)) for image_id, root, relative in moves),
            )
            self._database.execute_many(
                "UPDATE image SET state = ? WHERE id = ? AND state = ?",
                ((UNVERIFIED, int(image_id), MISSING) for image_id, _, _ in moves),
            )
            self._settings.set(PATHS, int(self._settings.get(PATHS, 0)) + 1)

    def largest_side(self) -> int:
        """Return the longest width or height of any image in pixels, 0 without images. Reads the whole table: 0.1 s a
        million.
        """
        return int(self._database.value("SELECT max(max(width, height)) FROM file") or 0)

    def samples(self, split: SplitName | None = None) -> list[SampleRow]:
        """Return the labelled images that can be used and are not rejected, by path: of one split, or of all and none."""
        return rows.samples(self._database, self._roots, split)
