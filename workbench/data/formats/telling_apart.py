"""Telling the format of a file from its name and content."""

import json
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
_LOOKED_AT = 20


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
    names = [entry.name for entry in sorted(folder.iterdir())[:2000]]
    if any(is_idx_name(name) for name in names):
        return "idx"
    for name in ("metadata.csv", "metadata.jsonl"):
        if name in names:
            raise WorkbenchError(f"The folder {folder} holds {name}; choose that file.")
    for file in list(folder.rglob("*.json"))[:_LOOKED_AT]:
        try:
            if is_labelme(json.loads(file.read_bytes())):
                return "labelme"
        except (OSError, ValueError, RecursionError):
            continue
    return "folders"
