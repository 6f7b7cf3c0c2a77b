"""JSON lines, one object for each image: Hugging Face's ``metadata.jsonl`` and the like; also a JSON list of flat objects."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from workbench.data.formats.columns import CLASSES, FIELD, ROLES
from workbench.data.formats.csv_table import WIDEST
from workbench.data.formats.lists import joined
from workbench.data.formats.records import Extent, Head, Record, malformed
from workbench.data.formats.tables import Table
from workbench.data.formats.text import lines_of, parse_json, read_json, read_text


def read(file: Path, *, most: int | None = None) -> Table:
    """Return the table, or with ``most`` what can be seen of it in its first bytes; also of a JSON file that is one list.

    Raises WorkbenchError, naming the line, where a line is no JSON object.
    """
    if file.suffix.casefold() == ".json":
        value, text = read_json(file)
        if not isinstance(value, list):
            raise malformed(file, 1, "is no list of objects")
        return from_list(file, value, text)
    text, _ = read_text(file, most=most)
    rows: list[Mapping[str, Any]] = []
    lines: list[int] = []
    for line, part in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if part.strip():
            rows.append(_object(parse_json(part, file, line=line), file, line))
            lines.append(line)
    return _table(file, rows, lines)


def from_list(file: Path, values: list[Any], text: str) -> Table:
    """Return the table of a JSON file that is one list of flat objects."""
    lines = lines_of(text)
    rows = [_object(value, file, line) for value, line in zip(values, lines, strict=True)]
    return _table(file, rows, lines)


def write(stream: TextIO, records: Iterable[Record], *, head: Head, extent: Extent) -> None:
    """Write records with the image under ``file_name``, as Hugging Face reads them; each object has the same keys."""
    several = extent.several or head.task == "multi"
    first = f"{head.task}:{joined(head.classes)}"
    for record in records:
        row: dict[str, Any] = {
            "file_name": record.image,
            "label": None if record.labels is None else list(record.labels) if several else record.labels[0],
            "split": record.split,
            "group": record.group,
            "grader": record.grader,
        }
        if extent.tags:
            row["tags"] = list(record.tags)
        if extent.note:
            row["note"] = record.note
        for name in ("rejected", "pinned"):
            if getattr(extent, name):
                row[name] = bool(getattr(record, name))
        if extent.test_set:
            row["test_set"] = record.test_set
        for name in extent.fields:
            taken = name in (*ROLES, CLASSES, "file_name") or name.startswith(FIELD)
            row[FIELD + name if taken else name] = record.fields.get(name, "")
        if head.task:
            row[CLASSES], first = first, ""
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _object(value: Any, file: Path, line: int) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise malformed(file, line, f"is no JSON object, but {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _table(file: Path, rows: list[Mapping[str, Any]], lines: list[int]) -> Table:
    if not rows:
        raise malformed(file, None, "is empty", "choose a file of labels")
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    if len(columns) > WIDEST:
        raise malformed(file, lines[0], f"has {len(columns):,} keys, more than {WIDEST:,}", "keep those that matter")
    cells = [tuple(row.get(name) for name in columns) for row in rows]
    return Table("jsonl", file, columns, cells, lines)
