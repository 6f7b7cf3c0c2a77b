"""Writing the labels of a project to a file, or to a new folder of copies."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workbench.data.formats import coco, csv_table, json_lines, label_studio, labelme
from workbench.data.formats.records import Head, Record
from workbench.data.formats.telling_apart import format_of_exported
from workbench.data.formats.writing import new_text, require_new
from workbench.errors import WorkbenchError
from workbench.exchange.collecting import Collection
from workbench.exchange.copying import Copied, copy
from workbench.exchange.events import LabelsExported
from workbench.jobs import Event, Job, Progress, Stop
from workbench.project.classes import COLOURS
from workbench.project.project import Project
from workbench.project.rows import ImageRow

_COPIES = ("folders", "yolo", "filename")


def export_labels(project_folder: Path, file: Path, *, format: str | None = None) -> Job:
    """Return the job that writes the labels to ``file``, ending with `LabelsExported`.

    ``format`` is told from the file name where it is None. "folders", "yolo" and "filename" make copies of the images in a
    new folder, "labelme" a folder of JSON files; the images themselves stay as they are. Raises WorkbenchError where
    something is there already: nothing is ever overwritten.
    """
    return partial(_export, Path(project_folder), Path(file), format)


def _export(project_folder: Path, file: Path, format: str | None, stop: Stop) -> Iterator[Event]:
    format = format or format_of_exported(file)
    if format in ("idx", "torchvision"):
        raise WorkbenchError(f"Labels cannot be written as {format}; choose csv, jsonl, coco, label-studio or folders.")
    require_new(file)
    with Project.open_as_it_is(project_folder) as project:
        _require_outside(project, file)
        hugging = format == "jsonl" or file.name.casefold() == "metadata.csv"
        collection = Collection(project, near=file.absolute().parent if hugging else None)
        yield Progress(0, None, f"Writing {file.name}")
        if format in _COPIES:
            found = Copied()
            for event in copy(collection, file, format):
                if isinstance(event, Copied):
                    found = event
                else:
                    yield event
            yield LabelsExported(str(file), format, found.images, found.labels, found.lost())
            return
        written = _Written(collection, stop)
        try:
            yield from _write(written, file, format)
        except _Stopped:
            return
        yield LabelsExported(str(file), format, written.images, written.labels, _lost(collection, format))


class _Stopped(Exception):
    """The job was stopped while a format drew the records; what was written is under a temporary name and goes."""


class _Written:
    """Hands out the records of a collection, counting images and labels, until the job is stopped."""

    def __init__(self, collection: Collection, stop: Stop) -> None:
        self.collection = collection
        self._stop = stop
        self.images = self.labels = 0

    def records(self) -> Iterator[Record]:
        for _, records in self.counted():
            yield from records

    def counted(self) -> Iterator[tuple[ImageRow, list[Record]]]:
        """Yield each image with its records. Raises _Stopped."""
        for row, records in self.collection.images():
            if self._stop.stopped:
                raise _Stopped
            self.images += 1
            self.labels += len(records[0].labels or ())
            yield row, records


def _write(written: _Written, file: Path, format: str) -> Iterator[Event]:
    """Write one file. (Its formats draw the records themselves, so that progress is only told at the end.)"""
    collection = written.collection
    head = collection.head()
    total = len(collection.project.images.ids())
    if format == "labelme":
        _write_labelme(written, file, head)
    else:
        with new_text(file) as stream:
            match format:
                case "csv":
                    said = Head() if collection.is_plain() else head
                    delimiter = "\t" if file.suffix.casefold() == ".tsv" else ","
                    extent = collection.extent()
                    hugging = file.name.casefold() == "metadata.csv"
                    csv_table.write(
                        stream, written.records(), head=said, extent=extent, delimiter=delimiter, hugging=hugging
                    )
                case "jsonl":
                    said = Head() if collection.is_plain() else head
                    json_lines.write(stream, written.records(), head=said, extent=collection.extent())
                case "coco":
                    coco.write(stream, written.records(), head=head)
                case "label-studio":
                    label_studio.write(stream, written.records(), head=head)
                case _:
                    raise WorkbenchError(f"There is no label format {format}; choose another one.")
    yield Progress(total, total, f"Writing {file.name}")


def _write_labelme(written: _Written, folder: Path, head: Head) -> None:
    def pairs() -> Iterator[tuple[Record, Path]]:
        for row, records in written.counted():
            yield records[0], row.path

    labelme.write(folder, pairs(), head=head)


def _require_outside(project: Project, file: Path) -> None:
    """Keep folders of copies out of the folders that are scanned: the copies would come in as new images."""
    for _, root in project.images.roots():
        if file.suffix == "" and file.absolute().resolve().is_relative_to(root):
            raise WorkbenchError(
                f"The folder {file} lies within {root}, whose images the project reads; choose a folder elsewhere."
            )


def _lost(collection: Collection, format: str) -> list[str]:
    """Return what this format cannot hold of what the project has, in sentences."""
    extent, project = collection.extent(), collection.project
    lost: list[str] = []
    if format in ("csv", "jsonl"):
        if extent.regions:
            lost.append(f"{project.regions.count():,} regions need COCO: export a .json as well.")
        if any(row.colour != COLOURS[row.position % len(COLOURS)] for row in collection.rows):
            lost.append("The colours of the classes need COCO: export a .json as well.")
    if format == "labelme":
        beside = {
            "graders": extent.graders,
            "tags": extent.tags,
            "notes": extent.note,
            "further columns": bool(extent.fields),
            "splits": any(count for name, count in project.splits.counts().items() if name is not None),
        }
        named = [name for name, there in beside.items() if there]
        if named:
            lost.append(f"labelme has no place for {', '.join(named)}; export a CSV as well.")
    return lost
