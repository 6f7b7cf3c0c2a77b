"""What ties images together, as whole columns: same content, pages of one file, near-duplicates found, groups. Fast for a
million rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.project.database import Database
from workbench.project.ids import OK, UNVERIFIED

_LETTERS = 16
"""Of the content hash, so many of the first and as many of the last characters are compared."""

_PAGE = "#page="
"""Between the path of a file and the number of a further page, as `data.pages` writes it."""

_BLANK = np.frombuffer(b" " * 8, dtype="<u8")[0]

_MIX = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that multiplying by it loses nothing; any such number with mixed bits does."""


@dataclass(frozen=True)
class Held:
    """The images of the split that take part: ids ascending, the split's code, and whether a person holds them there."""

    ids: NDArray[np.int64]
    splits: NDArray[np.int8]
    held: NDArray[np.bool_]


@dataclass(frozen=True)
class Ties:
    """Images that belong together: those whose ``keys`` are equal. Both int64, of one length, in no order."""

    ids: NDArray[np.int64]
    keys: NDArray[np.int64]


class Links:
    """Ties between images. Rejected, missing and corrupt images take part in nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def usable(self) -> NDArray[np.int64]:
        """Return the ids of all images that are neither rejected, missing nor corrupt, ascending."""
        return self._database.integers(
            f"SELECT id AS value FROM image WHERE rejected = 0 AND state IN ({UNVERIFIED}, {OK}) ORDER BY id"
        )

    def contents(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return the usable images that were read, by id ascending, and the SHA-256 of each, uint8 [N, 32]."""
        where = (
            f"content_hash IS NOT NULL AND rejected = 0 AND state IN ({UNVERIFIED}, {OK})"
            " AND length(content_hash) = 64 ORDER BY image.id"
        )
        joined = f"image JOIN file ON file.image_id = image.id WHERE {where}"
        with self._database.snapshot():
            ids = self._database.integers(f"SELECT image.id AS value FROM {joined}")
            text = self._database.value(
                f"SELECT group_concat(content_hash, '') FROM (SELECT content_hash FROM {joined})"
            )
        return ids, np.frombuffer(bytes.fromhex(text or ""), dtype=np.uint8).reshape(-1, 32)

    def of_class(self, class_id: int) -> NDArray[np.int64]:
        """Return the ids of the images whose class, or first class, this is, ascending."""
        return np.sort(self._database.integers("SELECT id AS value FROM image WHERE class_id = ?", (class_id,)))

    def in_splits(self) -> Held:
        """Return the usable images that have a split; those pinned or in a frozen test set are held."""
        packed = self._database.integers(
            "SELECT id * 8 + split * 2 + (pinned <> 0 OR test_set IS NOT NULL) AS value FROM image"
            f" WHERE split IS NOT NULL AND rejected = 0 AND state IN ({UNVERIFIED}, {OK}) ORDER BY id"
        )
        return Held(packed >> 3, ((packed >> 1) & 3).astype(np.int8), (packed & 1).astype(np.bool_))

    def same_content(self) -> Ties:
        """Return the images whose content is that of another one as well, keyed by content."""
        # Ids are dense, from 1, so a row's place in the text tells its id; no hash is all blanks.
        blank = " " * _LETTERS
        text = self._database.value(
            "SELECT group_concat(letters, '') FROM (SELECT"
            f" substr(coalesce(content_hash, '') || '{blank}', 1, {_LETTERS})"
            f" || substr('{blank}' || coalesce(content_hash, ''), -{_LETTERS}) AS letters FROM file ORDER BY image_id)"
        )
        parts = np.frombuffer((text or "").encode("ascii", "replace"), dtype="<u8").reshape(-1, 4)
        mixed = parts[:, 0].copy()
        for column in range(1, 4):
            mixed *= _MIX
            mixed ^= parts[:, column]
        keys = mixed.view(np.int64)
        ids = np.flatnonzero(parts[:, 0] != _BLANK).astype(np.int64) + 1
        keys = keys[ids - 1]
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        same = ordered[1:] == ordered[:-1]
        several = np.concatenate([same, [False]]) | np.concatenate([[False], same])
        several = several[: len(ids)]
        return Ties(ids[order][several], ordered[several])

    def perhaps_copies(self) -> NDArray[np.int64]:
        """Return the ids, ascending, of the images in splits that were never read but are of the same bytes as another."""
        usable = f"rejected = 0 AND state IN ({UNVERIFIED}, {OK})"
        if not self._database.value(
            "SELECT EXISTS (SELECT 1 FROM image JOIN file ON file.image_id = image.id"
            f" WHERE split IS NOT NULL AND content_hash IS NULL AND {usable})"
        ):
            return np.empty(0, dtype=np.int64)
        return self._database.integers(
            "SELECT image.id AS value FROM image JOIN file ON file.image_id = image.id"
            f" WHERE split IS NOT NULL AND content_hash IS NULL AND {usable} AND bytes IN (SELECT bytes FROM file"
            f" JOIN image ON file.image_id = image.id WHERE split IS NOT NULL AND {usable} GROUP BY bytes HAVING count(*) > 1)"
            " ORDER BY image.id"
        )

    def pages(self) -> Ties:
        """Return the images that are pages of one file, keyed by the image that is its first page."""
        pairs = self._database.integers(
            "SELECT page.image_id || ',' || first.image_id AS value FROM file AS page"
            " JOIN file AS first ON first.root_id = page.root_id"
            f" AND first.relative = substr(page.relative, 1, length(rtrim(page.relative, '0123456789')) - {len(_PAGE)})"
            f" WHERE instr(page.relative, '{_PAGE}') AND substr(rtrim(page.relative, '0123456789'), -{len(_PAGE)}) = '{_PAGE}'"
        ).reshape(-1, 2)
        firsts = np.unique(pairs[:, 1])
        return Ties(np.concatenate([pairs[:, 0], firsts]), np.concatenate([pairs[:, 1], firsts]))

    def near_duplicates(self) -> Ties:
        """Return the images of the near-duplicate findings that nobody dismissed, keyed by the finding."""
        return self._ties(
            "SELECT image_id || ',' || finding_id AS value FROM finding_image JOIN finding ON finding.id = finding_id"
            " WHERE kind = 'near-duplicate' AND dismissed = 0"
        )

    def groups(self) -> Ties:
        """Return the images of the stored groups, keyed by the group."""
        return self._ties("SELECT image_id || ',' || group_id AS value FROM image_group")

    def _ties(self, sql: str) -> Ties:
        pairs = self._database.integers(sql).reshape(-1, 2)
        return Ties(pairs[:, 0], pairs[:, 1])
