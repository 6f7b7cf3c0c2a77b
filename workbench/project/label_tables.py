"""Reading and writing the labels of many images: what one class, several classes and no label mean in the tables.

Values of many images are codes into the few different ones, so that 100 000 images cost arrays and not objects. Several
classes of an image are packed as image * 2^20 + class, which makes sets of them sorted arrays.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.project.changes import spans_to_read
from workbench.project.database import Database
from workbench.project.id_ranges import ranges
from workbench.project.ids import NO_CLASS, ClassId, LabelValue

Array = NDArray[np.int64]

_BITS = 20
_MASK = (1 << _BITS) - 1

SOURCES = ("folder", "user", "import", "suggestion", "undo", "redo", "merge")
"""Usual sources of a label; others are read one by one."""


@dataclass(frozen=True)
class Values:
    """A label of each of many images: ``codes`` [N] are places in ``known``, each of which occurs once there."""

    codes: Array
    known: list[LabelValue]

    @classmethod
    def of(cls, values: Sequence[LabelValue]) -> "Values":
        places: dict[LabelValue, int] = {}
        codes = [places.setdefault(value, len(places)) for value in values]
        return cls(np.array(codes, dtype=np.int64), list(places))

    @classmethod
    def all(cls, value: LabelValue, count: int) -> "Values":
        return cls(np.zeros(count, dtype=np.int64), [value])

    def listed(self) -> tuple[LabelValue, ...]:
        known = self.known
        return tuple([known[code] for code in self.codes.tolist()])

    def groups(self, ids: Array) -> Iterator[tuple[LabelValue, Array]]:
        """Yield each value that occurs with its ids, in their order."""
        if len(self.known) == 1:
            if len(ids):
                yield self.known[0], ids
            return
        for code, value in enumerate(self.known):
            group = ids[self.codes == code]
            if len(group):
                yield value, group


def stored(value: LabelValue, first: Callable[[ClassId], int]) -> tuple[int | None, str | None]:
    """Return a label as the columns class_id and classes hold it; ``first`` is the key of the class that counts as first.

    ``classes`` is None where class_id says it all.
    """
    if not isinstance(value, tuple):
        return (None if value is None else int(value)), None
    if not value:
        return int(NO_CLASS), "[]"
    text = None if len(value) == 1 else json.dumps([int(class_id) for class_id in value])
    return int(min(value, key=first)), text


def restored(class_id: int | None, classes: str | None, *, multi: bool) -> LabelValue:
    """Return the label that `stored` wrote."""
    if classes is not None:
        return tuple(sorted(ClassId(number) for number in json.loads(classes)))
    if class_id is None:
        return None
    return (ClassId(class_id),) if multi else ClassId(class_id)


def read_sources(database: Database, ids: Array) -> tuple[Array, list[str | None]]:
    """Return who set the label of each of the sorted ids, as codes [N] and what they stand for.

    Raises ValueError for an id that is no image.
    """
    names: list[str | None] = [None, *SOURCES]
    cases = " ".join(f"WHEN '{source}' THEN {code}" for code, source in enumerate(SOURCES, 1))
    other = len(names)
    codes = _column(database, f"CASE coalesce(label_source, '') WHEN '' THEN 0 {cases} ELSE {other} END", ids)
    for place in np.flatnonzero(codes == other).tolist():
        source = database.value("SELECT label_source FROM image WHERE id = ?", (int(ids[place]),))
        if source not in names:
            names.append(source)
        codes[place] = names.index(source)
    return codes, names


def read_labels(database: Database, ids: Array, *, multi: bool) -> Values:
    """Return the label of each of the sorted ids. Raises ValueError for an id that is no image."""
    firsts = first_classes(database, ids)
    if not multi:
        found, codes = distinct(firsts)
        return Values(codes, [ClassId(code) if code else None for code in found.tolist()])
    codes, known = _combined(ids, memberships(database, ids))
    # Without a class an image was either looked at, or not.
    looked = firsts == NO_CLASS
    if looked.any():
        known.append(())
        codes = np.where(looked, len(known) - 1, codes)
    return Values(codes, known)


def first_classes(database: Database, ids: Array) -> Array:
    """Return the class that each of the sorted ids has in its row, 0 where none."""
    return _column(database, "coalesce(class_id, 0)", ids)


def write_labels(
    database: Database, ids: Array, values: Values, source: str | None, *, order: dict[ClassId, int]
) -> None:
    """Write the label of each of the sorted ids; ``order`` is the place of each class in the project's order."""
    for value, group in values.groups(ids):
        class_id, _ = stored(value, order.__getitem__)
        database.execute_many(
            "UPDATE image SET class_id = ?, label_source = ? WHERE id BETWEEN ? AND ?",
            ((class_id, source, *span) for span in ranges(group)),
        )


def write_sources(database: Database, ids: Array, codes: Array, names: Sequence[str | None]) -> None:
    """Say who set the label of each of the sorted ids."""
    for code in np.unique(codes).tolist():
        database.execute_many(
            "UPDATE image SET label_source = ? WHERE id BETWEEN ? AND ?",
            ((names[code], *span) for span in ranges(ids[codes == code])),
        )


def memberships(database: Database, ids: Array) -> Array:
    """Return every class of every one of the sorted ids, packed and sorted."""
    parts = [
        database.integers(
            f"SELECT (image_id << {_BITS}) + class_id AS value FROM image_class WHERE image_id BETWEEN ? AND ?"
            " ORDER BY image_id, class_id",
            span,
        )
        for span in spans_to_read(ids)
    ]
    pairs = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    return pairs[within(pairs >> _BITS, ids)]


def write_memberships(database: Database, ids: Array, values: Values) -> None:
    """Give each of the sorted ids exactly the classes of its label (which is a tuple, or None)."""
    before = memberships(database, ids)
    parts = [packed(group, class_id) for value, group in values.groups(ids) for class_id in _classes_of(value)]
    after = np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
    change_memberships(database, np.setdiff1d(before, after, assume_unique=True), on=False)
    change_memberships(database, np.setdiff1d(after, before, assume_unique=True), on=True)


def packed(ids: Array, class_id: int) -> Array:
    """Return this class of each of the ids, packed."""
    return (ids << _BITS) + class_id


def unpacked(pairs: Array) -> tuple[Array, Array]:
    """Return the images and the classes of what is packed."""
    return pairs >> _BITS, pairs & _MASK


def change_memberships(database: Database, pairs: Array, *, on: bool) -> None:
    """Add or take away classes of images, packed and sorted."""
    sql = (
        "INSERT OR IGNORE INTO image_class (class_id, image_id) SELECT ?, id FROM image WHERE id BETWEEN ? AND ?"
        if on
        else "DELETE FROM image_class WHERE class_id = ? AND image_id BETWEEN ? AND ?"
    )
    images, classes = unpacked(pairs)
    for class_id in np.unique(classes).tolist():
        spans = ranges(images[classes == class_id])
        database.execute_many(sql, ((class_id, *span) for span in spans))


def _column(database: Database, expression: str, ids: Array) -> Array:
    """Return an integer of each of the sorted ids from the table of images."""
    sql = f"SELECT {expression} AS value FROM image WHERE id BETWEEN ? AND ? ORDER BY id"
    parts = []
    for first, last in spans_to_read(ids):
        found = database.integers(sql, (first, last))
        if len(found) != last - first + 1:
            raise ValueError("an id is not the id of an image of this project")
        parts.append(found)
    if len(parts) == 1 and len(parts[0]) != len(ids):
        spread: Array = parts[0][ids - ids[0]]
        return spread
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def within(values: Array, ids: Array) -> NDArray[np.bool_]:
    """Tell which values are among the sorted ids."""
    if not len(ids):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ids, values), len(ids) - 1)
    same: NDArray[np.bool_] = ids[places] == values
    return same


def distinct(values: Array) -> tuple[Array, Array]:
    """Return the different values, ascending, and the place of each value among them."""
    found: Array
    codes: Array
    found, codes = np.unique(values, return_inverse=True)
    return found, codes.astype(np.int64)


def _combined(ids: Array, pairs: Array) -> tuple[Array, list[LabelValue]]:
    """Return the set of classes of each of the sorted ids as codes, and the sets: None for no class."""
    codes = np.zeros(len(ids), dtype=np.int64)
    known: list[LabelValue] = [None]
    images, classes = unpacked(pairs)
    places = np.searchsorted(ids, images)
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    rank = np.arange(len(places)) - np.repeat(starts, np.diff(starts, append=len(places)))
    # Class by class: the set so far and the next class make the next set.
    for level in range(int(rank.max(initial=-1)) + 1):
        here = rank == level
        longer, inverse = distinct((codes[places[here]] << _BITS) + classes[here])
        base = len(known)
        for pair in longer.tolist():
            so_far = known[pair >> _BITS]
            known.append((*(so_far if isinstance(so_far, tuple) else ()), ClassId(pair & _MASK)))
        codes[places[here]] = base + inverse
    return codes, known


def _classes_of(value: LabelValue) -> tuple[ClassId, ...]:
    return value if isinstance(value, tuple) else ()
