"""Telling the format of a file from its name and content."""

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.data.formats.coco import is_coco
from workbench.data.formats.idx import is_idx_name
from workbench.data.formats.label_studio import is_label_studio
from workbench.data.formats.labelme import is_labelme
from workbench.data.formats.text import read_json
from workbench.errors import WorkbenchError

_TABLES = (".csv", ".tsv", ".tab", ".txt")
_LINES = (".jsonl", ".ndjson")
_LOOKED_AT = 200
"""Entries of a folder: what it holds is seen from the first of them."""

_GLANCE = 65_536
_LARGE = 4_000_000
"""Bytes: a larger JSON file is told by its beginning."""


def format_of(file: Path) -> str:
    """Return the name of the format. Raises WorkbenchError where it cannot be told."""
    if file.is_dir():
        return _format_of_folder(file)
    if not file.exists():
        raise WorkbenchError(f"The file {file} does not exist; choose a file of labels.")
    if is_idx_name(file.name):
        return "idx"
    ending = file.suffix.casefold()
    if ending in _TABLES:
        return "csv"
    if ending in _LINES:
        return "jsonl"
    if ending == ".json":
        if file.stat().st_size > _LARGE:
            return _format_at_a_glance(file)
        return format_of_json(read_json(file)[0], file)
    raise WorkbenchError(
        f"The format of {file} cannot be told from its name; name it with --format, or choose a .csv, .jsonl or .json file."
    )


def format_of_json(value: Any, file: Path) -> str:
    """Return which of the formats in JSON it is."""
    if is_coco(value):
        return "coco"
    if is_labelme(value):
        return "labelme"
    if is_label_studio(value):
        return "label-studio"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "jsonl"
    raise WorkbenchError(
        f"Line 1 of the file {file} begins no label file that is known (COCO, Label Studio, labelme, a list of rows); choose "
        "another one. Nothing was changed."
    )


def format_of_exported(file: Path) -> str:
    """Return the format that the name of a file to write asks for. Raises WorkbenchError where it asks for none."""
    ending = file.suffix.casefold()
    if ending in (".csv", ".tsv"):
        return "csv"
    if ending in _LINES:
        return "jsonl"
    if ending == ".json":
        return "coco"
    raise WorkbenchError(
        f"The format for {file} cannot be told from its name; name it .csv, .jsonl or .json (COCO), or say --format folders, "
        "yolo, labelme or label-studio."
    )


def _format_of_folder(folder: Path) -> str:
    try:
        names = sorted(entry.name for entry in islice(folder.iterdir(), _LOOKED_AT))
        if any(is_idx_name(name) for name in names):
            return "idx"
        for name in ("metadata.csv", "metadata.jsonl"):
            if name in names:
                raise WorkbenchError(f"The folder {folder} holds {name}; choose that file.")
        below = [folder / name for name in names if not name.startswith(".")]
        files = below + [each for inner in below[:20] if inner.is_dir() for each in islice(inner.iterdir(), _LOOKED_AT)]
    except OSError as error:
        raise WorkbenchError(
            f"The folder {folder} cannot be read ({error.strerror}); check its permissions."
        ) from error
    for file in [each for each in files if each.suffix.casefold() == ".json"][:20]:
        try:
            if is_labelme(json.loads(file.read_bytes())):
                return "labelme"
        except (OSError, ValueError, RecursionError):
            continue
    return "folders"


def _format_at_a_glance(file: Path) -> str:
    """Tell a large JSON file by its beginning."""
    with file.open("rb") as stream:
        start = stream.read(_GLANCE).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"{":
        return "labelme" if b'"shapes"' in start else "coco"
    return "label-studio" if re.search(rb'"data"\s*:\s*\{', start) else "jsonl"
