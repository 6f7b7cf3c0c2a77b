"""Reading and writing the labels of many images: what one class, several classes and no label mean in the tables.

Values of many images are codes into the few different ones, so that 100 000 images cost arrays and not objects. Several
classes of an image are packed as image * 2^20 + class, which makes sets of them sorted arrays.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.project import among
from workbench.project.database import Database
from workbench.project.ids import NO_CLASS, ClassId, LabelValue

Array = NDArray[np.int64]

_BITS = 20
_MASK = (1 << _BITS) - 1

SOURCES = ("folder", "user", "import", "suggestion", "undo", "redo", "merge")
"""Usual sources of a label; others are read one by one."""

_OTHER = len(SOURCES) + 1
_SOURCE = (
    "CASE coalesce(label_source, '') WHEN '' THEN 0 "
    + " ".join(f"WHEN '{source}' THEN {code}" for code, source in enumerate(SOURCES, 1))
    + f" ELSE {_OTHER} END"
)


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
        for code, group in among.split(ids, self.codes):
            yield self.known[code], group


@dataclass(frozen=True, eq=False)
class Sources:
    """Who set the label of each of many images, as codes [N] into ``names``; None for nobody."""

    codes: Array
    names: tuple[str | None, ...]

    @classmethod
    def all(cls, name: str, count: int) -> "Sources":
        return cls(np.zeros(count, dtype=np.int64), (name,))


def stored(value: LabelValue) -> tuple[int | None, str | None]:
    """Return a label as the columns class_id and classes of grades and histories hold it.

    ``classes`` is None where class_id says it all; else class_id is the lowest, whatever the order of the classes.
    """
    if not isinstance(value, tuple):
        return (None if value is None else int(value)), None
    if not value:
        return int(NO_CLASS), "[]"
    return int(min(value)), None if len(value) == 1 else json.dumps([int(class_id) for class_id in sorted(value)])


def first_of(value: LabelValue, order: Mapping[ClassId, int]) -> int | None:
    """Return a label as the row of an image holds it: of several classes the first one in ``order``."""
    return int(min(value, key=order.__getitem__)) if isinstance(value, tuple) and value else stored(value)[0]


def restored(class_id: int | None, classes: str | None, *, multi: bool) -> LabelValue:
    """Return the label that `stored` wrote."""
    if classes is not None:
        return tuple(sorted(ClassId(number) for number in json.loads(classes)))
    if class_id is None:
        return None
    return (ClassId(class_id),) if multi else ClassId(class_id)


def read_labels(database: Database, ids: Array, *, multi: bool) -> tuple[Values, Sources]:
    """Return the label of each of the sorted ids, and who set it. Raises ValueError for an id that is no image."""
    both = among.column(database, f"(coalesce(class_id, 0) << {_BITS}) + {_SOURCE}", ids)
    firsts, codes = both >> _BITS, both & _MASK
    sources = _named_sources(database, ids, codes)
    if not multi:
        found, codes = among.distinct(firsts)
        return Values(codes, [ClassId(code) if code else None for code in found.tolist()]), sources
    codes, known = _combined(ids, memberships(database, ids))
    # Without a class an image was either looked at, or not.
    looked = firsts == NO_CLASS
    if looked.any():
        known.append(())
        codes = np.where(looked, len(known) - 1, codes)
    return Values(codes, known), sources


def _named_sources(database: Database, ids: Array, codes: Array) -> Sources:
    names: list[str | None] = [None, *SOURCES]
    for place in np.flatnonzero(codes == _OTHER).tolist():
        source = database.value("SELECT label_source FROM image WHERE id = ?", (int(ids[place]),))
        if source not in names:
            names.append(source)
        codes[place] = names.index(source)
    return Sources(codes, tuple(names))


def first_classes(database: Database, ids: Array) -> Array:
    """Return the class that each of the sorted ids has in its row, 0 where none."""
    return among.column(database, "coalesce(class_id, 0)", ids)


def write_labels(
    database: Database, ids: Array, values: Values, sources: Sources, *, order: Mapping[ClassId, int]
) -> None:
    """Write the label of each of the sorted ids; ``order`` is the place of each class in the project's order."""
    names = sources.names
    for both, group in among.split(ids, values.codes * len(names) + sources.codes):
        among.change(
            database,
            "UPDATE image SET class_id = ?, label_source = ? WHERE id BETWEEN ? AND ?",
            group,
            (first_of(values.known[both // len(names)], order), names[both % len(names)]),
        )


def memberships(database: Database, ids: Array) -> Array:
    """Return every class of every one of the sorted ids, packed and sorted."""
    packing = f"SELECT (image_id << {_BITS}) + class_id AS value FROM image_class WHERE image_id BETWEEN ? AND ?"
    pairs = among.read(database, packing, ids)
    return np.sort(pairs[among.within(pairs >> _BITS, ids)])


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
    for class_id, group in among.split(images, classes):
        among.change(database, sql, group, (class_id,))


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
        longer, inverse = among.distinct((codes[places[here]] << _BITS) + classes[here])
        base = len(known)
        for pair in longer.tolist():
            so_far = known[pair >> _BITS]
            known.append((*(so_far if isinstance(so_far, tuple) else ()), ClassId(pair & _MASK)))
        codes[places[here]] = base + inverse
    return codes, known


def _classes_of(value: LabelValue) -> tuple[ClassId, ...]:
    return value if isinstance(value, tuple) else ()
