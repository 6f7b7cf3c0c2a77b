"""The edits of classes, each as the `ClassesChange` that would make it: adding, renaming, colour, order, removing, merging."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.project import label_tables as tables
from workbench.project import task
from workbench.project.class_change import ClassesChange, Move
from workbench.project.classes import ClassRow, ClassTable, cleaned, found, next_colour, table
from workbench.project.database import Database
from workbench.project.ids import ClassId, LabelValue

Array = NDArray[np.int64]


def adding(database: Database, name: str, grader: str) -> ClassesChange:
    """Add a class at the end."""
    name, before = cleaned(name), table(database)
    number = int(database.value("SELECT seq FROM sqlite_sequence WHERE name = 'class'") or 0) + 1
    row = ClassRow(ClassId(number), name, len(before.rows), next_colour(before.rows))
    aliases = {alias: class_id for alias, class_id in before.aliases.items() if alias != name}
    return ClassesChange(before, ClassTable((*before.rows, row), aliases), f"added '{name}'", grader=grader)


def renaming(database: Database, class_id: ClassId, name: str, grader: str) -> ClassesChange:
    """Call a class otherwise."""
    name, before, old = cleaned(name), table(database), found(database, class_id)
    aliases = {alias: owner for alias, owner in before.aliases.items() if alias != name}
    if old.name != name:
        aliases[old.name] = int(class_id)
    after = ClassTable(_with(before.rows, replace(old, name=name)), aliases)
    return ClassesChange(before, after, f"renamed '{old.name}' to '{name}'", grader=grader)


def recolouring(database: Database, class_id: ClassId, colour: str, grader: str) -> ClassesChange:
    """Show a class in another colour. Raises ValueError unless it is like "#rrggbb"."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"{colour!r} is not a colour like #e69f00")
    before, old = table(database), found(database, class_id)
    after = ClassTable(_with(before.rows, replace(old, colour=colour.lower())), before.aliases)
    return ClassesChange(before, after, f"gave '{old.name}' the colour {colour.lower()}", grader=grader)


def reordering(database: Database, ids: Sequence[ClassId], grader: str) -> ClassesChange:
    """Put the classes into this order. Raises ValueError unless it names each class once."""
    before = table(database)
    rows = {row.id: row for row in before.rows}
    if sorted(ids) != sorted(rows):
        raise ValueError("a new order must name each class once")
    after = ClassTable(_placed(rows[class_id] for class_id in ids), before.aliases)
    moves: tuple[Move, ...] = ()
    multi = task.read(database) == "multi"
    if multi:
        pairs = database.integers(
            "SELECT (image_id << 20) + class_id AS value FROM image_class ORDER BY image_id, class_id"
        )
        moves = _first_moves(database, pairs, after)
    return ClassesChange(before, after, "put in another order", moves, grader=grader, multi=multi)


def removing(database: Database, class_id: ClassId, grader: str) -> ClassesChange:
    """Remove a class; `apply` refuses it where anything still has it."""
    before, old = table(database), found(database, class_id)
    aliases = {alias: owner for alias, owner in before.aliases.items() if owner != class_id}
    after = ClassTable(_placed(row for row in before.rows if row.id != class_id), aliases)
    lost = database.rows(
        "SELECT image_id, class_id, confidence, priority, refused FROM prediction WHERE class_id = ? ORDER BY image_id",
        (int(class_id),),
    )
    ids = np.array([row[0] for row in lost], dtype=np.int64)
    moves = (Move("lost", tuple(lost), None, ids),) if lost else ()
    multi = task.read(database) == "multi"
    return ClassesChange(before, after, f"removed '{old.name}'", moves, grader=grader, multi=multi)


def merging(database: Database, sources: Sequence[ClassId], into: ClassId, grader: str) -> ClassesChange:
    """Make one class of several. Raises WorkbenchError where there is nothing to merge."""
    before, kept = table(database), found(database, into)
    gone = [found(database, class_id) for class_id in dict.fromkeys(sources)]
    if not gone or kept in gone:
        raise WorkbenchError("A class can only be merged into another one; choose two different classes.")
    merged = {int(row.id) for row in gone}
    aliases = {name: int(into) if owner in merged else owner for name, owner in before.aliases.items()}
    aliases |= {row.name: int(into) for row in gone}
    after = ClassTable(_placed(row for row in before.rows if row.id not in merged), aliases)
    multi = task.read(database) == "multi"
    if multi:
        ids, moves = _merged_sets(database, merged, int(into), after)
    else:
        moves = _moved(database, "image", "id", merged, int(into))
        ids = _joined(move.ids for move in moves)
    moves += _merged_grades(database, merged, into)
    moves += _moved(database, "region", "id", merged, int(into))
    moves += _moved(database, "prediction", "image_id", merged, int(into))
    names = ", ".join(f"'{row.name}'" for row in gone)
    return ClassesChange(before, after, f"merged {names} into '{kept.name}'", tuple(moves), ids, grader, multi=multi)


def _with(rows: Iterable[ClassRow], changed: ClassRow) -> tuple[ClassRow, ...]:
    return tuple(changed if row.id == changed.id else row for row in rows)


def _placed(rows: Iterable[ClassRow]) -> tuple[ClassRow, ...]:
    return tuple(replace(row, position=position) for position, row in enumerate(rows))


def _moved(database: Database, name: str, key: str, merged: set[int], into: int) -> list[Move]:
    """Return the moves of a table that has one class in each row."""
    moves = []
    for class_id in sorted(merged):
        ids = database.integers(f"SELECT {key} AS value FROM {name} WHERE class_id = ? ORDER BY {key}", (class_id,))
        if len(ids):
            moves.append(Move(name, (class_id,), (into,), ids))
    return moves


def _merged_sets(database: Database, merged: set[int], into: int, after: ClassTable) -> tuple[Array, list[Move]]:
    """Return the images that have one of the classes, and the moves of their sets of classes."""

    def having(class_id: int) -> Array:
        return database.integers(
            "SELECT image_id AS value FROM image_class WHERE class_id = ? ORDER BY image_id", (class_id,)
        )

    moves = [Move("image_class", (class_id,), None, having(class_id)) for class_id in sorted(merged)]
    ids = _joined(move.ids for move in moves)
    moves.append(Move("image_class", None, (into,), np.setdiff1d(ids, having(into), assume_unique=True)))
    images, classes = tables.unpacked(tables.memberships(database, ids))
    classes = np.where(np.isin(classes, sorted(merged)), into, classes)
    pairs = np.unique(tables.packed(images, 0) + classes)
    return ids, [*moves, *_first_moves(database, pairs, after)]


def _first_moves(database: Database, pairs: Array, after: ClassTable) -> tuple[Move, ...]:
    """Return the moves that make the first class by position that of each image; ``pairs`` are all its classes."""
    images, classes = tables.unpacked(pairs)
    if not len(images):
        return ()
    known = np.array([int(row.id) for row in after.rows], dtype=np.int64)
    places = np.zeros(int(known.max()) + 1, dtype=np.int64)
    places[known] = np.arange(len(known))
    ordered = np.sort(tables.packed(images, 0) + places[classes])
    owners, firsts = tables.unpacked(ordered)
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    ids, wanted = owners[begins], known[firsts[begins]]
    present = tables.first_classes(database, ids)
    moves = []
    for old, new in sorted(set(zip(present.tolist(), wanted.tolist(), strict=True))):
        if old != new:
            moves.append(Move("image", (old,), (new,), ids[(present == old) & (wanted == new)]))
    return tuple(moves)


def _merged_grades(database: Database, merged: set[int], into: ClassId) -> list[Move]:
    moves = []
    rows = database.rows("SELECT DISTINCT grader_id, class_id, classes FROM grade ORDER BY 1, 2, 3")
    for grader, class_id, classes in rows:
        named = json.loads(classes) if classes is not None else [class_id]
        if not merged & set(named):
            continue
        several = tuple(sorted({into if number in merged else ClassId(number) for number in named}))
        value: LabelValue = several if classes is not None else into
        ids = database.integers(
            "SELECT image_id AS value FROM grade WHERE grader_id = ? AND class_id = ? AND classes IS ? ORDER BY image_id",
            (grader, class_id, classes),
        )
        now = tables.stored(value)
        moves.append(Move("grade", (class_id, classes), now, ids, (grader,)))
    return moves


def _joined(parts: Iterable[Array]) -> Array:
    return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *parts]))
