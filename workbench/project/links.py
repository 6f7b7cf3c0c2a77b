"""What ties images together, as whole columns: same content, near-duplicates found, groups. Fast for a million rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.project.database import Database
from workbench.project.ids import OK, UNVERIFIED

_LETTERS = 16
"""Of the content hash, so many hexadecimal digits (64 bits) are compared."""

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

    def in_splits(self) -> Held:
        """Return the usable images that have a split; those pinned or in a frozen test set are held."""
        packed = self._database.integers(
            "SELECT id * 8 + split * 2 + (pinned <> 0 OR test_set IS NOT NULL) AS value FROM image"
            f" WHERE split IS NOT NULL AND rejected = 0 AND state IN ({UNVERIFIED}, {OK}) ORDER BY id"
        )
        return Held(packed >> 3, ((packed >> 1) & 3).astype(np.int8), (packed & 1).astype(np.bool_))

    def same_content(self) -> Ties:
        """Return the images whose content is that of another one as well, keyed by content."""
        text = self._database.value(
            f"SELECT group_concat(letters, '') FROM (SELECT substr(content_hash || '{' ' * _LETTERS}', 1, {_LETTERS})"
            " AS letters FROM file WHERE content_hash IS NOT NULL ORDER BY image_id)"
        )
        if not text:
            return Ties(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
        ids = self._database.integers(
            "SELECT image_id AS value FROM file WHERE content_hash IS NOT NULL ORDER BY image_id"
        )
        halves = np.frombuffer(text.encode("ascii"), dtype="<u8").reshape(-1, 2)
        keys = (halves[:, 0] ^ (halves[:, 1] * _MIX)).view(np.int64)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        same = ordered[1:] == ordered[:-1]
        several = np.concatenate([same, [False]]) | np.concatenate([[False], same])
        return Ties(ids[order][several], ordered[several])

    def near_duplicates(self) -> Ties:
        """Return the images of the near-duplicate findings that nobody dismissed, keyed by the finding."""
        return self._ties(
            "SELECT {} AS value FROM finding_image JOIN finding ON finding.id = finding_id"
            " WHERE kind = 'near-duplicate' AND dismissed = 0 ORDER BY finding_id, place",
            "image_id",
            "finding_id",
        )

    def groups(self) -> Ties:
        """Return the images of the stored groups, keyed by the group."""
        return self._ties("SELECT {} AS value FROM image_group ORDER BY image_id", "image_id", "group_id")

    def _ties(self, sql: str, ids: str, keys: str) -> Ties:
        return Ties(self._database.integers(sql.format(ids)), self._database.integers(sql.format(keys)))
