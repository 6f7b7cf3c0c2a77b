"""What a rescan asks of the project: which files it knows, which of them were not seen, and where they lie now."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, ranges
from workbench.project.ids import MISSING, STATES, UNVERIFIED, ImageId, ImageState, RootId
from workbench.project.labels import FOLDER
from workbench.project.roots import Roots

MOVED = "moved"
"""The source of a label that came from a folder, once its image lies in the folder of another class."""


class KnownFile(NamedTuple):
    """An image as it was when the disk was last looked at."""

    id: ImageId
    bytes: int
    modified_ns: int
    state: ImageState


@dataclass(frozen=True, slots=True)
class LostFile:
    """An image whose file is not where it was; ``relative`` is where it was, posix below its root."""

    id: ImageId
    root: RootId
    relative: str
    bytes: int
    content_hash: str | None


class Moving:
    """The files of a project's images, against those on the disk."""

    def __init__(self, database: Database, roots: Roots) -> None:
        self._database = database
        self._roots = roots

    def known(self, root: RootId, relatives: Sequence[str]) -> dict[str, KnownFile]:
        """Return the images at these paths of a root, also those that an overlapping root holds."""
        found: dict[str, KnownFile] = {}
        for other, here, there in [(root, "", ""), *self._roots.overlapping(root)]:
            paths = {there + name.removeprefix(here): name for name in relatives if name.startswith(here)}
            rows = self._database.rows(
                "SELECT file.relative, image.id, file.bytes, file.modified_ns, image.state FROM json_each(?) AS wanted"
                " CROSS JOIN file ON file.root_id = ? AND file.relative = wanted.value"
                " CROSS JOIN image ON image.id = file.image_id",
                (json.dumps(list(paths)), int(other)),
            )
            for relative, image_id, size, modified_ns, state in rows:
                found.setdefault(paths[relative], KnownFile(image_id, size, modified_ns, STATES[state]))
        return found

    def pages(self, root: RootId, relative: str) -> list[ImageId]:
        """Return the images that are further pages of a file."""
        found: list[ImageId] = []
        for other, here, there in [(root, "", ""), *self._roots.overlapping(root)]:
            if relative.startswith(here):
                name = there + relative.removeprefix(here)
                # ">" follows "=", so that the index finds all names that begin so.
                rows = self._database.rows(
                    "SELECT image_id FROM file WHERE root_id = ? AND relative > ? AND relative < ?",
                    (int(other), f"{name}#page=", f"{name}#page>"),
                )
                found += [image_id for (image_id,) in rows]
        return found

    def unseen(self, roots: Sequence[RootId], seen: Ids) -> NDArray[np.int64]:
        """Return the images of these roots that were there when last looked for and are not among ``seen``."""
        there = self._database.integers(
            "SELECT image.id AS value FROM image JOIN file ON file.image_id = image.id"
            " WHERE state <> ? AND root_id IN (SELECT value FROM json_each(?)) ORDER BY image.id",
            (MISSING, json.dumps([int(root) for root in roots])),
        )
        found: NDArray[np.int64] = np.setdiff1d(there, as_ids(seen), assume_unique=True)
        return found

    def lost(self, gone: Ids) -> list[LostFile]:
        """Return the files of ``gone`` and of all images that are missing already."""
        rows = self._database.rows(
            "SELECT image_id, root_id, relative, bytes, content_hash FROM file"
            " WHERE image_id IN (SELECT value FROM json_each(?) UNION SELECT id FROM image WHERE state = ?)"
            " ORDER BY image_id",
            (json.dumps(np.asarray(gone, dtype=np.int64).tolist()), MISSING),
        )
        return [LostFile(*row) for row in rows]

    def of_root(self, root: RootId) -> list[LostFile]:
        """Return all files of a root, whether they are there or not."""
        rows = self._database.rows(
            "SELECT image_id, root_id, relative, bytes, content_hash FROM file WHERE root_id = ?", (int(root),)
        )
        return [LostFile(*row) for row in rows]

    def point(self, root: RootId, folder: Path) -> None:
        """Say that a root is another folder now, whatever that holds; `rescan` then finds the images in it."""
        self._roots.point(root, folder)

    def found_again(self, ids: Ids) -> None:
        """Say that files which were missing are back, as they were: their content is hashed and decoded once more."""
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE image SET state = ? WHERE state = ? AND id BETWEEN ? AND ?",
                ((UNVERIFIED, MISSING, first, last) for first, last in ranges(as_ids(ids))),
            )

    def stamp(self, times: Sequence[tuple[ImageId, int]]) -> None:
        """Store modification times (ns) of files whose content is known to be the same."""
        with self._database.transaction():
            self._database.execute_many(
                "UPDATE file SET modified_ns = ? WHERE image_id = ?", ((ns, int(image_id)) for image_id, ns in times)
            )

    def keep_labels(self, ids: Ids) -> None:
        """Let the folder no longer decide the label of these images: they were moved to the folder of another class."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE image SET label_source = ? WHERE label_source = ? AND id IN (SELECT value FROM json_each(?))",
                (MOVED, FOLDER, json.dumps(np.asarray(ids, dtype=np.int64).tolist())),
            )
