"""The classes of a project: names, order, colours. Their order is the project's own and never derived again."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.project.database import Database
from workbench.project.ids import ClassId

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


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key that sorts 1, 2, 10 and ignores case; the name itself breaks ties."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(part), "") if part[:1].isdigit() else (1, 0, part) for part in parts if part], name


def listed(database: Database) -> list[ClassRow]:
    """Return the classes in the project's order."""
    rows = database.rows("SELECT id, name, position, colour FROM class ORDER BY position, id")
    return [ClassRow(ClassId(class_id), name, position, colour) for class_id, name, position, colour in rows]


def add(database: Database, name: str) -> ClassId:
    """Append a class. Raises WorkbenchError for an empty name or one that is taken."""
    name = _cleaned(name)
    with database.transaction():
        if any(row.name == name for row in listed(database)):
            raise WorkbenchError(f"There is already a class named '{name}'; choose another name.")
        database.execute("DELETE FROM class_alias WHERE name = ?", (name,))
        return _append(database, name)


def ensure(database: Database, names: Iterable[str]) -> dict[str, ClassId]:
    """Return the class of each name, also a former name; missing ones are appended in natural order."""
    wanted = {name: _cleaned(name) for name in names}
    if _missing(database, wanted.values()):
        with database.transaction():
            for name in sorted(_missing(database, wanted.values()), key=natural_key):
                _append(database, name)
    known = _known(database)
    return {name: known[cleaned] for name, cleaned in wanted.items()}


def rename(database: Database, class_id: ClassId, name: str) -> None:
    """Rename a class; its old name goes on to stand for it in folders."""
    name = _cleaned(name)
    with database.transaction():
        old = _row(database, class_id).name
        if old == name:
            return
        if any(row.name == name for row in listed(database)):
            raise WorkbenchError(f"There is already a class named '{name}'; choose another name.")
        database.execute("DELETE FROM class_alias WHERE name = ?", (name,))
        database.execute("UPDATE class SET name = ? WHERE id = ?", (name, int(class_id)))
        database.execute("INSERT OR REPLACE INTO class_alias (name, class_id) VALUES (?, ?)", (old, int(class_id)))


def recolour(database: Database, class_id: ClassId, colour: str) -> None:
    """Give a class another colour, "#rrggbb"."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise ValueError(f"{colour!r} is not a colour like #e69f00")
    with database.transaction():
        row = _row(database, class_id)
        database.execute("UPDATE class SET colour = ? WHERE id = ?", (colour.lower(), int(row.id)))


def reorder(database: Database, ids: Sequence[ClassId]) -> None:
    """Put the classes into this order, which names each of them once."""
    with database.transaction():
        if sorted(ids) != sorted(row.id for row in listed(database)):
            raise ValueError("a new order must name each class once")
        _place(database, ids)


def remove(database: Database, class_id: ClassId) -> None:
    """Remove a class that no image has. Raises WorkbenchError where one has it."""
    with database.transaction():
        row = _row(database, class_id)
        images = database.value("SELECT count(*) FROM image WHERE class_id = ?", (int(class_id),))
        if images:
            raise WorkbenchError(
                f"The class '{row.name}' still has {images:,} images; give them another class, then remove it."
            )
        database.execute("DELETE FROM class WHERE id = ?", (int(class_id),))
        database.execute("DELETE FROM class_alias WHERE class_id = ?", (int(class_id),))
        _place(database, [row.id for row in listed(database)])


def _cleaned(name: str) -> str:
    """Return the name on one line and in valid Unicode, which a folder's name need not be."""
    name = " ".join(name.encode("utf-8", "replace").decode("utf-8").split())
    name = "".join(letter for letter in name if unicodedata.category(letter) != "Cc")
    if not name:
        raise WorkbenchError("A class needs a name; use letters, digits or signs.")
    return name


def _row(database: Database, class_id: ClassId) -> ClassRow:
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


def _append(database: Database, name: str) -> ClassId:
    rows = listed(database)
    used = [row.colour for row in rows]
    colour = min(COLOURS, key=used.count)  # the least used, the first of several
    cursor = database.execute("INSERT INTO class (name, position, colour) VALUES (?, ?, ?)", (name, len(rows), colour))
    return ClassId(int(cursor.lastrowid or 0))


def _place(database: Database, ids: Iterable[ClassId]) -> None:
    database.execute_many("UPDATE class SET position = ? WHERE id = ?", ((n, int(i)) for n, i in enumerate(ids)))
