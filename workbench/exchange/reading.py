"""Reading a label file of any format into a document; guessing its columns for a dialog."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.formats import coco, csv_table, json_lines, label_studio, labelme, tables
from workbench.data.formats.records import Document
from workbench.data.formats.tables import Table
from workbench.data.formats.telling_apart import format_of
from workbench.errors import WorkbenchError
from workbench.project.ids import Task

TABLES = ("csv", "jsonl")
TREES = ("folders", "yolo", "filename")
PACKED = ("idx", "torchvision")
_GLANCE = 1_000_000


@dataclass(frozen=True)
class Guess:
    """What a file seems to be, for a dialog that lets the user correct it.

    ``columns`` are those of a table (empty for other formats), ``mapping`` says which one is the image, the label, ...
    (a role that is not in it was not found), ``samples`` are the first rows as text, ``problem`` says in a sentence
    why the file cannot be imported as guessed ("" where it can).
    """

    format: str
    columns: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


def guess(file: Path, *, format: str | None = None) -> Guess:
    """Return what the file seems to be, from its beginning: the time does not grow with the file, but for JSON lists.

    Raises WorkbenchError only where it cannot be read at all, or its format not be told.
    """
    file = Path(file)
    format = format or format_of(file)
    if format not in TABLES:
        return Guess(format)
    table = read_table(file, format, most=_GLANCE)
    try:
        roles, problem = tables.guessed(table), ""
    except WorkbenchError as error:
        roles, problem = {}, str(error)
    return Guess(format, table.columns, roles, table.samples(), problem)


def read_table(file: Path, format: str, *, most: int | None = None) -> Table:
    """Return the table in a file. Raises WorkbenchError, naming the line, where it is none."""
    return csv_table.read(file, most=most) if format == "csv" else json_lines.read(file, most=most)


def read(file: Path, format: str, *, mapping: Mapping[str, str], task: Task | None, several: bool) -> Document:
    """Return what a file of this format says (not a tree, and not a packed one).

    ``several`` says that the project's labels are. Raises WorkbenchError, naming file and line, for what is malformed.
    """
    if format in TABLES:
        return tables.document(read_table(file, format), mapping, task=task, known=several)
    if mapping:
        raise WorkbenchError(f"--map names columns, which the format {format} of {file} has not; leave it out.")
    match format:
        case "coco":
            return coco.read(file)
        case "label-studio":
            return label_studio.read(file)
        case "labelme":
            return labelme.read(file)
    raise WorkbenchError(f"There is no label format {format}; choose another one.")
