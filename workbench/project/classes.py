"""The classes of a project: names, order, colours. Their order is the project's own and never derived again."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.project.database import Database
from workbench.project.ids import NO_CLASS, ClassId

COLOURS = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#8f7ee6",
    "#9a6324",
    "#a0a8b4",
)
"""Okabe and Ito's seven (2008), then violet, brown and grey: told apart by colour-blind people, seen on dark and on light."""


@dataclass(frozen=True)
class ClassRow:
    """A class; ``position`` counts from 0 in the project's order, ``colour`` is "#rrggbb"."""

    id: ClassId
    name: str
    position: int
    colour: str


@dataclass(frozen=True)
class ClassTable:
    """The classes in their order, and the former names that still stand for one."""

    rows: tuple[ClassRow, ...]
    aliases: dict[str, int]


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key that sorts 1, 2, 10 and ignores case; the name itself breaks ties."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(part), "") if part[:1].isdigit() else (1, 0, part) for part in parts if part], name


def listed(database: Database) -> list[ClassRow]:
    """Return the classes in the project's order."""
    rows = database.rows("SELECT id, name, position, colour FROM class ORDER BY position, id")
    return [ClassRow(ClassId(class_id), name, position, colour) for class_id, name, position, colour in rows]


def table(database: Database) -> ClassTable:
    """Return the classes and their former names."""
    return ClassTable(tuple(listed(database)), dict(database.rows("SELECT name, class_id FROM class_alias")))


def ensure(database: Database, names: Iterable[str]) -> dict[str, ClassId]:
    """Return the class of each name, also a former name; missing ones are appended in natural order."""
    wanted = {name: cleaned(name) for name in names}
    if _missing(database, wanted.values()):
        with database.transaction():
            for name in sorted(_missing(database, wanted.values()), key=natural_key):
                _append(database, name)
    known = _known(database)
    return {name: known[cleaned] for name, cleaned in wanted.items()}


def counted(database: Database, *, multi: bool, rejected: bool | None) -> dict[ClassId | None, int]:
    """Return the number of images by class, and under None without a label; see `Labels.counts`."""
    counts: dict[ClassId | None, int] = dict.fromkeys([row.id for row in listed(database)], 0)
    counts[None] = 0
    kept = "" if rejected is None else f"WHERE rejected = {int(rejected)}"
    if not multi:
        return counts | dict(database.rows(f"SELECT class_id, count(*) FROM image {kept} GROUP BY class_id"))
    and_kept = kept.replace("WHERE", "AND")
    counts[None] = int(database.value(f"SELECT count(*) FROM image WHERE class_id IS NULL {and_kept}"))
    counts[NO_CLASS] = int(
        database.value(f"SELECT count(*) FROM image WHERE class_id = ? {and_kept}", (int(NO_CLASS),))
    )
    # Counting all by their index, and then the few rejected ones, is faster than joining a million rows;
    # CROSS keeps SQLite from beginning with the larger table.
    among_rejected = {}
    if rejected is not None:
        among_rejected = dict(
            database.rows(
                "SELECT image_class.class_id, count(*) FROM image CROSS JOIN image_class ON image_id = image.id"
                " WHERE rejected = 1 GROUP BY image_class.class_id"
            )
        )
    if rejected:
        return counts | among_rejected
    for class_id, count in database.rows("SELECT class_id, count(*) FROM image_class GROUP BY class_id"):
        counts[class_id] = count - among_rejected.get(class_id, 0)
    return counts


def cleaned(name: str) -> str:
    """Return the name on one line and in valid Unicode, which a folder's name need not be."""
    name = " ".join(name.encode("utf-8", "replace").decode("utf-8").split())
    name = "".join(letter for letter in name if unicodedata.category(letter) != "Cc")
    if not name:
        raise WorkbenchError("A class needs a name; use letters, digits or signs.")
    return name


def found(database: Database, class_id: ClassId) -> ClassRow:
    """Return a class. Raises WorkbenchError where it is gone."""
    for row in listed(database):
        if row.id == class_id:
            return row
    raise WorkbenchError("That class is no longer in the project; choose another class.")


def _known(database: Database) -> dict[str, ClassId]:
    known = dict(database.rows("SELECT name, class_id FROM class_alias"))
    known.update(database.rows("SELECT name, id FROM class"))
    return known


def _missing(database: Database, wanted: Iterable[str]) -> set[str]:
    return set(wanted) - set(_known(database))


def next_colour(rows: Sequence[ClassRow]) -> str:
    """Return the colour that the fewest classes have, the first of several."""
    used = [row.colour for row in rows]
    return min(COLOURS, key=used.count)


def _append(database: Database, name: str) -> ClassId:
    rows = listed(database)
    values = (name, len(rows), next_colour(rows))
    cursor = database.execute("INSERT INTO class (name, position, colour) VALUES (?, ?, ?)", values)
    return ClassId(int(cursor.lastrowid or 0))
