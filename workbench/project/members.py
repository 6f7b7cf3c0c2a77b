"""The images that a split divides, as columns of numbers: their classes, their groups, and where some are held."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from workbench.project.database import Database
from workbench.project.id_ranges import Ids
from workbench.project.ids import NO_CLASS, OK, UNVERIFIED
from workbench.project.labels import Labels

_ROW = np.dtype([("id", "i8"), ("class", "i8"), ("place", "i8"), ("key", "u8")])


@dataclass(frozen=True)
class Members:
    """The labelled images that can be used and are not rejected, by path. n images, m pairs.

    ``keys`` [n] are random numbers that seed and path alone decide. Image ``rows[i]`` has class ``columns[i]`` [m] of
    ``names``, which are sorted; a last column without a name stands for "none of them". ``held`` [n] is the place in SPLITS
    where an image is pinned, -1 where it is not. ``groups`` [n] counts from 1, 0 for an image that stands alone;
    ``group_ids`` are the caller's numbers of these groups.
    """

    ids: NDArray[np.int64]
    keys: NDArray[np.uint64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    names: list[str]
    several: bool
    held: NDArray[np.int64]
    groups: NDArray[np.int64]
    group_ids: NDArray[np.int64]
    held_outside: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Groups, and the place of an image in each that is pinned but takes no part: it has no label or cannot be used."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The images of each column."""
        return np.bincount(self.columns, minlength=self.width)

    @property
    def width(self) -> int:
        """The number of columns, with the one that has no name."""
        return max(len(self.names), int(self.columns.max()) + 1 if len(self.columns) else 0)


def members(database: Database, labels: Labels, *, seed: int, groups: tuple[Ids, Ids] | None) -> Members:
    """Read what can be split. Groups below 1 are none."""
    table = _table(database, seed)
    ids = table["id"].copy()
    several = labels.multi
    rows, classes = _several(database, ids) if several else (np.arange(len(ids)), table["class"])
    found = set(np.unique(classes).tolist())
    named = sorted((row.name, int(row.id)) for row in labels.classes() if int(row.id) in found)
    column = {class_id: place for place, (_, class_id) in enumerate(named)} | {int(NO_CLASS): len(named)}
    known = np.array(sorted(column), dtype=np.int64)
    columns = np.array([column[class_id] for class_id in known.tolist()], dtype=np.int64)[
        np.searchsorted(known, classes)
    ]
    numbers, group_ids, outside = _grouped(database, ids, groups)
    return Members(
        ids=ids,
        keys=table["key"].copy(),
        rows=rows,
        columns=columns,
        names=[name for name, _ in named],
        several=several,
        held=table["place"].copy(),
        groups=numbers,
        group_ids=group_ids,
        held_outside=outside,
    )


def _table(database: Database, seed: int) -> NDArray[np.void]:
    """Return the rows of what can be split, by path."""
    # Read by id, as the rows lie, and put in the order of the paths here: for a million that saves seconds.
    stream = database.stream(
        "SELECT image.id, class_id, CASE WHEN pinned THEN coalesce(split, -1) ELSE -1 END, relative"
        " FROM image CROSS JOIN file ON file.image_id = image.id"
        " WHERE class_id IS NOT NULL AND state IN (?, ?) AND rejected = 0 ORDER BY image.id",
        (UNVERIFIED, OK),
    )
    keyed = blake2b(key=str(seed).encode(), digest_size=8)

    def number(relative: str) -> int:
        state = keyed.copy()
        state.update(relative.encode())
        return int.from_bytes(state.digest(), "big")

    rows = ((image_id, class_id, place, number(relative)) for image_id, class_id, place, relative in stream)
    table = np.fromiter(rows, dtype=_ROW)
    by_path = database.integers("SELECT image_id AS value FROM file ORDER BY root_id, relative")
    found = np.full(len(by_path) + 1, -1, dtype=np.int64)
    found[table["id"]] = np.arange(len(table))
    order = found[by_path]
    return table[order[order >= 0]]


def _several(database: Database, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs (row, class) of images with several labels; those without any have NO_CLASS."""
    pairs = database.integers(
        "SELECT image_id || ',' || class_id AS value FROM image_class ORDER BY image_id, class_id"
    ).reshape(-1, 2)
    order = np.argsort(ids)
    places = np.searchsorted(ids[order], pairs[:, 0])
    taking_part = places < len(ids)
    taking_part[taking_part] = ids[order][places[taking_part]] == pairs[taking_part, 0]
    rows, classes = order[places[taking_part]], pairs[taking_part, 1]
    without = np.ones(len(ids), dtype=np.bool_)
    without[rows] = False
    rest = np.flatnonzero(without)
    return np.concatenate([rows, rest]), np.concatenate([classes, np.full(len(rest), int(NO_CLASS))])


def _grouped(
    database: Database, ids: NDArray[np.int64], groups: tuple[Ids, Ids] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the group of each id, counted from 1, the caller's numbers of them, and what is held outside of ``ids``."""
    nothing = np.empty(0, dtype=np.int64)
    if groups is None:
        return np.zeros(len(ids), dtype=np.int64), nothing, (nothing, nothing)
    images, given = (np.asarray(part, dtype=np.int64) for part in groups)
    if images.shape != given.shape:
        raise ValueError("each image of the groups has one group")
    images, given = images[given > 0], given[given > 0]
    group_ids, numbers = np.unique(given, return_inverse=True)
    of_image = np.zeros(int(max(images.max(initial=0), ids.max(initial=0))) + 1, dtype=np.int64)
    of_image[images] = numbers + 1
    pinned = database.integers(
        "SELECT id || ',' || split AS value FROM image WHERE pinned = 1 AND split IS NOT NULL AND rejected = 0"
    ).reshape(-1, 2)
    pinned = pinned[pinned[:, 0] < len(of_image)]
    pinned = pinned[~np.isin(pinned[:, 0], ids) & (of_image[pinned[:, 0]] > 0)]
    return of_image[ids], group_ids, (of_image[pinned[:, 0]], pinned[:, 1])
