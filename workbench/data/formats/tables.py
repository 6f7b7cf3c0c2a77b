"""Tables of any origin (CSV, JSON lines): which column means what, and the records that its rows are."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.data.formats.columns import CLASSES, OWN, ROLES, Reading, choose
from workbench.data.formats.label_studio import names_of
from workbench.data.formats.lists import parted
from workbench.data.formats.records import (
    SPLIT_WORDS,
    TASKS,
    Document,
    Head,
    Malformed,
    Record,
    SplitName,
    TaskName,
    malformed,
)
from workbench.errors import WorkbenchError

Cell = Any
"""Text, or from JSON also a number, a truth value, a list or None."""

MARKS = ("|", ";")
"""What separates several labels in one cell of a table that is not ours."""

_UPLOADS = ("/data/upload/", "/data/local-files/")
_TRUE = {"1", "1.0", "true", "yes", "y", "x"}
_FALSE = {"", "0", "0.0", "false", "no", "n"}


@dataclass(frozen=True)
class Table:
    """The rows of a file as they are: the cells of each row by column, and the line it begins on."""

    format: str
    file: Path
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    lines: Sequence[int]
    noticed: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Tell whether Workbench wrote it, by its first columns."""
        return self.columns[:5] in (OWN, ("file_name", *OWN[1:]))

    @property
    def escaped(self) -> bool:
        """Tell whether a cell may be a list that `lists.joined` wrote; JSON has lists of its own."""
        return self.own and self.format == "csv"

    def samples(self, count: int = 8) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(as_text(cell) for cell in row) for row in self.rows[:count])


@dataclass
class _Labels:
    """How the label cells of one table are read."""

    several: bool
    """A cell may hold several names."""
    mark: str | None
    whole: bool
    """All labels are numbers like "3.0", and mean "3"."""
    names: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def as_text(cell: Cell) -> str:
    """Return a cell as a person would write it."""
    match cell:
        case None:
            return ""
        case bool():
            return "1" if cell else "0"
        case dict():
            return json.dumps(cell, ensure_ascii=False)
        case list() if any(isinstance(part, dict | list) for part in cell):
            return json.dumps(cell, ensure_ascii=False)
        case list():
            return "|".join(as_text(part) for part in cell)
        case _:
            return str(cell)


def document(
    table: Table, mapping: Mapping[str, str], *, task: TaskName | None = None, known: bool = False
) -> Document:
    """Return what the table says.

    ``mapping`` names the column of a role (or of a field of one's own); the others are found by their names. ``task``
    is what the labels shall be, None where the table decides. ``known`` says that the project's labels are several.
    Raises WorkbenchError, naming file and line, where a column cannot be told or a cell cannot be taken.
    """
    reading = choose(table.columns, mapping, table.file, table.samples(2000), own=table.own)
    return _Rows(table, reading, task, known).document()


def guessed(table: Table) -> dict[str, str]:
    """Return the column of each role, as far as there is no doubt. Raises WorkbenchError as `document` does."""
    reading = choose(table.columns, {}, table.file, table.samples(2000), own=table.own)
    rows = _Rows(table, reading, None, False)
    roles = dict(reading.roles)
    if rows.hardly_a_label() is not None:
        del roles["label"]
    return roles


class _Rows:
    def __init__(self, table: Table, reading: Reading, task: TaskName | None, known: bool) -> None:
        self.table, self.reading, self.task = table, reading, task
        self.own = table.own
        self.head = self._head()
        self.place = {name: number for number, name in enumerate(table.columns)}
        self.roles = {role: self.place[column] for role, column in reading.roles.items()}
        self.fields = {name: self.place[column] for name, column in reading.fields.items()}
        self.indicators = [self.place[column] for column in reading.indicators]
        self.labels = self._labels(known)

    def document(self) -> Document:
        self._refuse_without_labels()
        self._refuse_labels_that_are_none()
        records = list(self._records())
        several = self.labels.several or any(
            record.labels is not None and len(record.labels) != 1 for record in records
        )
        head = self.head
        if self.indicators and not head.classes:
            head = Head(classes=tuple(self.table.columns[place] for place in self.indicators))
        return Document(
            format=self.table.format,
            file=self.table.file,
            records=records,
            head=head,
            complete=self.own,
            several=several,
            noticed=self.table.noticed,
        )

    def _records(self) -> Iterator[Record]:
        roles = self.roles
        strict_split = self.own or self.reading.strict_split
        for row, line in zip(self.table.rows, self.table.lines, strict=True):
            image = as_text(row[roles["image"]])
            image = image if self.own else image.strip()
            if not image.strip():
                raise self._wrong(line, f"names no image (column {self.table.columns[roles['image']]})")
            if len(image) > 4000 or "\0" in image:
                raise self._wrong(line, "names an image by what is no file name")
            text = {
                role: as_text(row[roles[role]]) if role in roles else ""
                for role in ("split", "group", "grader", "note")
            }
            # Label Studio's CSV says where it keeps the file.
            name, aliases = names_of(image) if image.startswith(_UPLOADS) and not self.own else (image, ())
            yield Record(
                image=name,
                aliases=aliases,
                labels=self._labels_of(row, line),
                split=self._split(text["split"], line, strict=strict_split),
                group=text["group"].strip(),
                grader=text["grader"].strip(),
                tags=self._tags(row),
                note=text["note"],
                rejected=self._truth(row, "rejected", line),
                pinned=self._truth(row, "pinned", line),
                test_set=as_text(row[roles["test_set"]]).strip() if "test_set" in roles else "",
                fields={
                    name: value for name, place in self.fields.items() if (value := as_text(row[place]).strip()) != ""
                },
                line=line,
            )

    def _labels(self, known: bool) -> _Labels:
        """Decide how label cells are read, from all of them."""
        several = self.task == "multi" or (self.task is None and (known or self.head.task == "multi"))
        if "label" not in self.roles:
            return _Labels(several, None, False)
        cells = Counter(as_text(row[self.roles["label"]]).strip() for row in self.table.rows)
        cells.pop("", None)
        if self.table.escaped:
            lists = any((names := parted(cell)) is not None and len(names) != 1 for cell in cells)
            return _Labels(several or (lists and self.task is None), "|", False)
        if any(isinstance(row[self.roles["label"]], list) for row in self.table.rows):
            return _Labels(self.task not in ("single", "ordinal"), None, False)
        if self.own:
            return _Labels(several, None, False)
        marks = [mark for mark in MARKS if any(mark in cell for cell in cells)]
        mark = marks[0] if len(marks) == 1 else None
        if self.task is None and not several and mark is not None:
            several = _is_list(cells, mark)
        if several and len(marks) > 1:
            mark = max(marks, key=lambda each: sum(count for cell, count in cells.items() if each in cell))
        if self.task == "multi" and not marks:
            mark = next((mark for mark in (",", " ") if _is_list(cells, mark, alone=mark == " ")), None)
        whole = bool(cells) and all(_is_whole(cell) for cell in cells) and any(cell.endswith(".0") for cell in cells)
        return _Labels(several, mark if several else None, whole)

    def _labels_of(self, row: tuple[Cell, ...], line: int) -> tuple[str, ...] | None:
        if self.indicators:
            return self._indicated(row, line)
        if "label" not in self.roles:
            return None
        cell = row[self.roles["label"]]
        if isinstance(cell, dict) or (isinstance(cell, list) and any(isinstance(part, dict | list) for part in cell)):
            raise self._wrong(line, "has a label that is an object", "name the column that holds the class")
        if isinstance(cell, list):
            if not self.labels.several and len(cell) > 1:
                raise self._wrong(line, f"has {len(cell)} labels", "import it with --task multi")
            return tuple(dict.fromkeys(name for part in cell if (name := as_text(part).strip())))
        text = as_text(cell).strip()
        if not text:
            return None
        if self.table.escaped:
            names = parted(text)
            if names is not None and len(names) != 1 and not self.labels.several:
                raise self._wrong(line, f"has {len(names)} labels", "import it with --task multi")
            return names
        if self.labels.whole:
            text = text.removesuffix(".0")
        if self.labels.mark is None:
            return (text,)
        return tuple(dict.fromkeys(name for part in text.split(self.labels.mark) if (name := part.strip())))

    def _indicated(self, row: tuple[Cell, ...], line: int) -> tuple[str, ...] | None:
        names: list[str] = []
        said = False
        for place in self.indicators:
            text = as_text(row[place]).strip().lower()
            said = said or text != ""
            if text in _TRUE:
                names.append(self.table.columns[place])
            elif text not in _FALSE:
                raise self._wrong(line, f"has '{text[:40]}' in the column {self.table.columns[place]}, not 0 or 1")
        if not said:
            return None
        if self.task in ("single", "ordinal") and len(names) != 1:
            raise self._wrong(line, f"marks {len(names)} classes, not one", "import it with --task multi")
        return tuple(names)

    def _split(self, text: str, line: int, *, strict: bool) -> SplitName | None:
        word = text.strip().casefold()
        if not word:
            return None
        if word in SPLIT_WORDS:
            return SPLIT_WORDS[word]
        if strict:
            raise self._wrong(line, f"has the split '{text[:40]}'", "write train, validation or test")
        return None

    def _tags(self, row: tuple[Cell, ...]) -> tuple[str, ...]:
        if "tags" not in self.roles:
            return ()
        cell = row[self.roles["tags"]]
        if isinstance(cell, list):
            return tuple(dict.fromkeys(tag for part in cell if (tag := as_text(part).strip())))
        text = as_text(cell)
        if self.table.escaped:
            return parted(text) or ()
        mark = next((mark for mark in ("|", ";", ",") if mark in text), None)
        return tuple(dict.fromkeys(tag for part in text.split(mark) if (tag := part.strip()))) if text.strip() else ()

    def _truth(self, row: tuple[Cell, ...], role: str, line: int) -> bool | None:
        if role not in self.roles:
            return None
        text = as_text(row[self.roles[role]]).strip().lower()
        if text not in _TRUE | _FALSE:
            column = self.table.columns[self.roles[role]]
            raise self._wrong(line, f"has '{text[:40]}' in the column {column}, not 0 or 1")
        return text in _TRUE

    def _head(self) -> Head:
        if not self.own or CLASSES not in self.table.columns:
            return Head()
        place = self.table.columns.index(CLASSES)
        for row, line in zip(self.table.rows, self.table.lines, strict=True):
            text = as_text(row[place])
            if text:
                task, colon, names = text.partition(":")
                if not colon or task not in TASKS:
                    raise self._wrong(line, f"has '{text[:40]}' in the column {CLASSES}, not like single:good|scratch")
                return Head(classes=parted(names) or (), task=TASKS[task])
        return Head()

    def _refuse_without_labels(self) -> None:
        if "label" in self.roles or self.indicators or set(self.roles) - {"image"} or self.reading.asked - {"image"}:
            return
        columns = ", ".join(self.table.columns)[:200]
        raise malformed(
            self.table.file,
            1,
            f"has no column that is surely the label ({columns})",
            "say which one, as in --map label=COLUMN",
        )

    def hardly_a_label(self) -> tuple[str, int] | None:
        """Return (column, different values) where the label column has as many values as a name or a measurement."""
        if self.own or "label" not in self.roles or self.indicators:
            return None
        values = {as_text(row[self.roles["label"]]) for row in self.table.rows}
        if len(values) <= max(100, len(self.table.rows) // 2):
            return None
        return self.table.columns[self.roles["label"]], len(values)

    def _refuse_labels_that_are_none(self) -> None:
        """Ask whether a column of so many values is the label; who names it has answered."""
        found = None if "label" in self.reading.asked else self.hardly_a_label()
        if found is not None:
            column, values = found
            raise WorkbenchError(
                f"The column {column} of the file {self.table.file} has {values:,} different values in "
                f"{len(self.table.rows):,} rows and is hardly a label; say --map label={column} if it is. "
                "Nothing was changed."
            )

    def _wrong(self, line: int, what: str, advice: str = "correct the file and import it again") -> Malformed:
        return malformed(self.table.file, line, what, advice)


def _is_list(cells: Counter[str], mark: str, *, alone: bool = False) -> bool:
    """Tell whether the cells with a mark are lists beyond doubt: a name in one of them occurs in another cell, too.

    With ``alone`` each of the names must be a cell of its own, or all be numbers: blanks are in names as well.
    """
    if alone:
        names = {part for cell in cells if mark in cell for part in cell.split(mark)}
        return bool(names) and (names <= cells.keys() or all(name.isdecimal() for name in names))
    found: Counter[str] = Counter()
    for cell in cells:
        found.update({part.strip() for part in cell.split(mark)})
    return any(mark in cell and any(found[part.strip()] > 1 for part in cell.split(mark)) for cell in cells)


def _is_whole(cell: str) -> bool:
    return cell.removesuffix(".0").removeprefix("-").isdecimal()


__all__ = ["MARKS", "ROLES", "Cell", "Table", "as_text", "document"]
