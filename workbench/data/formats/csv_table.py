"""CSV of any delimiter and encoding, with any column names; also Hugging Face's ``metadata.csv``."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from workbench.data.formats.columns import CLASSES, FIELD, OWN, ROLES
from workbench.data.formats.lists import joined
from workbench.data.formats.records import Extent, Head, Record, malformed
from workbench.data.formats.tables import Table
from workbench.data.formats.text import read_text
from workbench.data.reading import is_image_name

DELIMITERS = (",", ";", "\t", "|")
WIDEST = 1000
"""Columns: a table with more of them is no list of labels."""
_LONGEST = 131_072
"""Characters in a cell, as Python's reader has it."""


_SAID = re.compile(r"sep=(?P<delimiter>[,;\t|])[ \t]*(?:\r\n|\n|\r)", re.IGNORECASE)
"""The first line with which Excel is told the delimiter."""


def read(file: Path, *, most: int | None = None) -> Table:
    """Return the table, or with ``most`` what can be seen of it in its first bytes.

    Raises WorkbenchError, naming the line, for a file that is no sound CSV.
    """
    text, encoding = read_text(file, most=most)
    text = text.removeprefix("\ufeff")
    said = _SAID.match(text)
    delimiter = said["delimiter"] if said else _delimiter(text)
    if said:
        text = "\n" + text[said.end() :]
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    columns: tuple[str, ...] = ()
    for cells, line in _cells(text, delimiter, file):
        if not columns:
            columns, headed = _columns(cells, file, line)
            if headed:
                continue
        if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
            raise malformed(file, line, f"has {len(cells)} cells where the first line has {len(columns)}")
        rows.append(tuple(cells[: len(columns)]))
        lines.append(line)
    if not columns:
        raise malformed(file, None, "is empty", "choose a file of labels")
    if not rows:
        raise malformed(file, None, "has a line of column names and no rows", "choose a file of labels")
    noticed = (f"The file {file} is not in UTF-8; it was read as {encoding}.",) if encoding == "windows-1252" else ()
    return Table("csv", file, columns, rows, lines, noticed)


def write(
    stream: TextIO,
    records: Iterable[Record],
    *,
    head: Head,
    extent: Extent,
    delimiter: str = ",",
    hugging: bool = False,
) -> None:
    """Write records; the first columns are always `OWN`, the others only where there is something in them.

    With ``hugging`` the image is under ``file_name``, as Hugging Face reads it. With ``head.task`` set a last column holds
    the task and the classes in its first row.
    """
    further = [name for name in ("tags", "note", "rejected", "pinned", "test_set") if getattr(extent, name)]
    classes = [CLASSES] if head.task else []
    fields = [
        FIELD + name if name in (*ROLES, CLASSES, "file_name") or name.startswith(FIELD) else name
        for name in extent.fields
    ]
    # A cell with a lone carriage return is not quoted by Python before 3.13.
    plain = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    quoted = csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(["file_name" if hugging else OWN[0], *OWN[1:], *further, *fields, *classes])
    first = f"{head.task}:{joined(head.classes)}"
    for record in records:
        cells = [record.image, joined(record.labels), record.split or "", record.group, record.grader]
        cells += [_further(record, name) for name in further]
        cells += [record.fields.get(name, "") for name in extent.fields]
        if classes:
            cells.append(first)
            first = ""
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)


def _further(record: Record, name: str) -> str:
    match name:
        case "tags":
            return joined(record.tags) if record.tags else ""
        case "rejected" | "pinned":
            return "1" if getattr(record, name) else ""
        case _:
            return str(getattr(record, name))


def _cells(text: str, delimiter: str, file: Path) -> Iterator[tuple[list[str], int]]:
    """Yield (cells, line on which they begin) of each row that is not blank."""
    own = text.startswith((delimiter.join(OWN), delimiter.join(("file_name", *OWN[1:]))))
    line = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=not own)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise malformed(file, line, f"is no valid CSV ({_reason(error)})") from error
        if any(cell.strip() for cell in cells):
            yield cells, line


def _reason(error: csv.Error) -> str:
    reason = str(error)
    if "field larger" in reason:
        return f"a cell has more than {_LONGEST:,} characters"
    if "unexpected end" in reason:
        return "a quotation mark is never closed"
    return reason


def _columns(cells: Sequence[str], file: Path, line: int) -> tuple[tuple[str, ...], bool]:
    """Return (column names, whether the first row holds them); a first row with an image's name is data."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) > WIDEST:
        raise malformed(file, line, f"has {len(cells):,} columns, more than {WIDEST:,}", "keep those that matter")
    if any(is_image_name(cell.strip()) and len(cell.strip()) > 4 for cell in cells):
        return tuple(str(number) for number in range(1, len(cells) + 1)), False
    names = tuple(cell.strip() for cell in cells)
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            raise malformed(file, line, f"has two columns named '{name[:80]}'", "rename one of them")
        seen.add(name)
    return names, True


def _delimiter(text: str) -> str:
    """Return what divides the first rows into most cells, alike in each of them."""
    start = text[:100_000]
    best, score = ",", (0.0, 1)
    for delimiter in (*DELIMITERS, " "):
        counts = []
        try:
            for cells in csv.reader(io.StringIO(start, newline=""), delimiter=delimiter):
                if cells:
                    counts.append(len(cells))
                if len(counts) >= 40:
                    break
        except csv.Error:
            continue
        if len(counts) > 2 and len(start) < len(text):
            counts.pop()  # it may be cut off
        if not counts or counts[0] < 2:
            continue
        alike = sum(count == counts[0] for count in counts) / len(counts)
        if delimiter == " " and (alike < 1 or score[1] > 1):
            continue
        if (round(alike, 1), counts[0]) > score:
            best, score = delimiter, (round(alike, 1), counts[0])
    return best
