"""Bringing labels from a file into a project: read it, plan what would change, change it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from workbench.data import scan
from workbench.data.formats.records import Document, Record
from workbench.data.formats.telling_apart import format_of
from workbench.data.formats.trees import compile_pattern, names_of_folders, read_folders, read_names
from workbench.errors import WorkbenchError
from workbench.exchange.applying import apply, steps_with
from workbench.exchange.events import LabelsImported
from workbench.exchange.planning import Plan, plan
from workbench.exchange.reading import PACKED, TABLES, TREES, read
from workbench.exchange.reading import Guess as Guess  # the dialog knows them as part of the import
from workbench.exchange.reading import guess as guess
from workbench.exchange.unpacking import Packed, packed_idx, packed_torchvision, unpack
from workbench.intake import Intake, add_folders
from workbench.jobs import Event, Job, Noticed, Progress, Stop
from workbench.project import listing
from workbench.project.ids import Task
from workbench.project.project import Project

TOLD = 20
"""How many rows without an image are named; the rest are counted."""


@dataclass(frozen=True)
class _Asked:
    project_folder: Path
    file: Path
    task: Task | None
    mapping: Mapping[str, str]
    format: str | None
    pattern: str | None
    grader: str
    dry_run: bool


def import_labels(
    project_folder: Path,
    file: Path,
    *,
    task: Task | None = None,
    mapping: Mapping[str, str] | None = None,
    format: str | None = None,
    pattern: str | None = None,
    grader: str = "",
    dry_run: bool = False,
) -> Job:
    """Return the job that brings the labels of ``file`` into a project, ending with `LabelsImported`.

    Yields Progress and Noticed (the first rows that name no image, and what a file holds that is left out). Everything is
    checked before and written in one transaction; ``dry_run`` writes nothing. ``grader`` is whose labels they are where the
    file does not say. Folders and packed data sets bring their images with them where the project does not have them.

    Raises WorkbenchError, with nothing changed, for a file that is malformed, names an image that cannot be told from
    another one, or names none of the project's.
    """
    asked = _Asked(
        Path(project_folder), Path(file), task, dict(mapping or {}), format, pattern, grader.strip(), dry_run
    )
    return partial(_import, asked)


def _import(asked: _Asked, stop: Stop) -> Iterator[Event]:
    yield Progress(0, None, f"Reading {asked.file.name}")
    format = asked.format or ("filename" if asked.pattern else format_of(asked.file))
    if asked.pattern and format != "filename":
        raise WorkbenchError(f"A pattern belongs to the format filename, not to {format}; leave one of them out.")
    if format in PACKED:
        yield from _import_packed(asked, format)
    elif format in TREES:
        yield from _import_tree(asked, format, asked.file)
    else:
        opened = Project.open_as_it_is if asked.dry_run else Project.open
        with opened(asked.project_folder) as project:
            several = project.labels.task == "multi"
            document = read(asked.file, format, mapping=asked.mapping, task=asked.task, several=several)
            yield from _settle(project, document, asked, added=0)


def _settle(project: Project, document: Document, asked: _Asked, *, added: int) -> Iterator[Event]:
    """Plan, tell, and unless it is a dry run do it."""
    yield Progress(0, len(document.records), "Finding the images")
    found = plan(project, document, task=asked.task, grader=asked.grader)
    if not found.matching.rows:
        raise WorkbenchError(_no_image(found))
    yield from (Noticed(notice) for notice in found.notices[:TOLD])
    yield from _unmatched(found)
    before = project.labels.task
    if asked.task is None and before != found.task:
        yield Noticed(
            f"The file {asked.file} makes the project one of the task {found.task} (it was {before}); name another one with "
            "--task where that is not wanted.",
            str(asked.file),
        )
    yield Progress(len(document.records), len(document.records), "Finding the images")
    if asked.dry_run:
        _try_task(project, found)
    else:
        yield Progress(0, None, "Writing the labels")
        apply(project, found)
    yield _imported(found, asked, added)


def _unmatched(found: Plan) -> Iterator[Event]:
    rows = found.unmatched
    file = found.document.file
    for row in rows[:TOLD]:
        place = f"Line {row.line} of {file.name}" if row.line is not None else file.name
        yield Noticed(f"{place} names {row.name}, which is no image of the project.", str(file))
    if len(rows) > TOLD:
        yield Noticed(f"{len(rows) - TOLD:,} more rows of {file.name} name no image of the project.", str(file))


def _no_image(found: Plan) -> str:
    file, rows = found.document.file, found.unmatched
    if not rows:
        return f"The file {file} names no image; choose another one. Nothing was changed."
    place = f"line {rows[0].line} names" if rows[0].line is not None else "it names"
    table = found.document.format in TABLES
    return (
        f"None of the {len(rows):,} rows of the file {file} names an image of the project ({place} "
        f"'{rows[0].name[:80]}'); add these images first"
        f"{', or say which column is the image, as in --map image=COLUMN' if table else ''}. Nothing was changed."
    )


class _DryRun(Exception):
    pass


def _try_task(project: Project, found: Plan) -> None:
    """Raise WorkbenchError where the project's labels cannot become what the plan wants; change nothing."""
    if found.task == project.labels.task or project.read_only:
        return
    try:
        with listing.transaction(project):
            project.labels.set_task(found.task)
            raise _DryRun
    except _DryRun:
        pass


def _imported(found: Plan, asked: _Asked, added: int) -> LabelsImported:
    # Images that were added got their labels from their folders a moment ago.
    new = min(added, found.unchanged)
    return LabelsImported(
        format=found.document.format,
        file=str(asked.file),
        rows=len(found.document.records),
        matched=found.matched,
        labelled=found.labelled + new,
        changed=found.changed,
        unchanged=found.unchanged - new,
        removed=found.removed,
        unnamed=found.unnamed,
        unmatched=len(found.unmatched),
        task=found.task,
        classes=list(found.classes),
        new_classes=list(found.new_classes),
        splits=found.splits,
        moved=found.moved,
        groups=found.groups,
        graders=list(found.graders),
        fields=sorted({name for step in found.steps for name in step.fields}),
        tags=steps_with(found, "tags"),
        notes=steps_with(found, "notes"),
        rejected=steps_with(found, "rejected"),
        regions=sum(len(step.regions) for step in found.steps),
        added=added,
        dry_run=asked.dry_run,
    )


# folders, and names in them


def _import_tree(asked: _Asked, format: str, folder: Path) -> Iterator[Event]:
    if asked.mapping and format != "torchvision":
        raise WorkbenchError(f"--map names columns, which the format {format} has not; leave it out.")
    if not folder.is_dir():
        raise WorkbenchError(
            f"The format {format} is read from a folder, and {folder} is none; choose a folder of images."
        )
    if format == "filename":
        if not asked.pattern:
            raise WorkbenchError("The format filename needs a pattern, as in --pattern '(?P<label>[a-z]+)_[0-9]+'.")
        compile_pattern(asked.pattern)
    else:
        _read_tree(asked, format, folder, [])  # whether it is a tree at all
    added = 0
    known = _known_below(asked.project_folder, folder)
    if not known and asked.dry_run:
        yield from _dry_run_of_new(asked, format, folder)
        return
    if not known:
        for event in add_folders(asked.project_folder, [folder])(Stop()):
            if isinstance(event, Intake):
                added = event.added
            else:
                yield event
        known = _known_below(asked.project_folder, folder)
    with Project.open(asked.project_folder) as project:
        yield from _settle(project, _read_tree(asked, format, folder, known), asked, added=added)


def _read_tree(asked: _Asked, format: str, folder: Path, paths: Sequence[str]) -> Document:
    if format == "filename":
        document = read_names(folder, asked.pattern or "", paths)
    else:
        document = read_folders(folder, paths, yolo=format == "yolo")
    top = folder.resolve().as_posix()
    records = [replace(record, image=f"{top}/{record.image}") for record in document.records]
    return replace(document, records=records)


def _known_below(project_folder: Path, folder: Path) -> list[str]:
    """Return the paths below ``folder`` of the images that the project has there; none where it is no project."""
    if not (project_folder / "project.sqlite").is_file():
        return []
    top = folder.resolve().as_posix() + "/"
    with Project.open(project_folder) as project:
        roots = {root: path.as_posix() + "/" for root, path in project.images.roots()}
        near = {root for root, path in roots.items() if path.startswith(top) or top.startswith(path)}
        if not near:
            return []
        paths = (roots[root] + relative for _, root, relative in listing.paths(project) if root in near)
        return sorted((path.removeprefix(top) for path in paths if path.startswith(top)), key=scan.natural_key)


def _dry_run_of_new(asked: _Asked, format: str, folder: Path) -> Iterator[Event]:
    """Say what a folder would bring that the project does not know yet."""
    found = scan.layout(folder)
    paths = [scanned.relative for batch in scan.walk(found) if not isinstance(batch, Noticed) for scanned in batch]
    document = _read_tree(asked, format, folder, paths)
    splits: dict[str, int] = {}
    for record in document.records:
        if record.split is not None:
            splits[record.split] = splits.get(record.split, 0) + 1
    names = {name for record in document.records for name in record.labels or ()}
    yield _of_new(
        asked,
        format,
        count=len(paths),
        labelled=sum(bool(record.labels) for record in document.records),
        classes=sorted(names, key=scan.natural_key),
        splits=splits,
    )


def _of_new(
    asked: _Asked, format: str, *, count: int, labelled: int, classes: list[str], splits: dict[str, int]
) -> LabelsImported:
    known: set[str] = set()
    task: str = asked.task or "single"
    unnamed = 0
    if (asked.project_folder / "project.sqlite").is_file():
        with Project.open(asked.project_folder) as project:
            known, unnamed = set(listing.class_names(project)), listing.images(project)
            task = asked.task or project.labels.task
    return LabelsImported(
        format=format,
        file=str(asked.file),
        rows=count,
        matched=0,
        labelled=labelled,
        changed=0,
        unchanged=0,
        removed=0,
        unnamed=unnamed,
        unmatched=0,
        task=task,
        classes=classes,
        new_classes=[name for name in classes if name not in known],
        splits=splits,
        added=count,
        dry_run=True,
    )


# packed data sets


def _import_packed(asked: _Asked, format: str) -> Iterator[Event]:
    if format == "torchvision":
        yield Progress(0, None, "Opening the data set")
        packed: Packed = packed_torchvision(asked.file, asked.mapping)
    elif asked.mapping:
        raise WorkbenchError("--map names columns, which the format idx has not; leave it out.")
    else:
        packed = packed_idx(asked.file)
    if asked.dry_run:
        labelled = sum(part.count for part in packed.parts if part.classes)
        classes = sorted(packed.classes, key=scan.natural_key)
        yield _of_new(asked, format, count=packed.count, labelled=labelled, classes=classes, splits=packed.splits)
        return
    Project.open_or_create(asked.project_folder).close()
    folder = asked.project_folder
    for event in unpack(packed, asked.project_folder):
        if isinstance(event, Path):
            folder = event
        else:
            yield event
    yield from _unpacked(asked, format, folder, packed)


def _unpacked(asked: _Asked, format: str, folder: Path, packed: Packed) -> Iterator[Event]:
    """Bring the unpacked images in, with the classes in the order of the data set."""
    added = 0
    with Project.open(asked.project_folder) as project:
        known = listing.class_names(project)
        with listing.transaction(project):
            for name in names_of_folders(packed.classes).values():
                if name not in known:
                    project.labels.add_class(name)
    for event in add_folders(asked.project_folder, [folder])(Stop()):
        if isinstance(event, Intake):
            added = event.added
        else:
            yield event
    paths = _known_below(asked.project_folder, folder)
    with Project.open(asked.project_folder) as project:
        if packed.classes:
            document = replace(_read_tree(asked, "folders", folder, paths), format=format, file=asked.file)
        else:
            document = Document(format, asked.file, [Record(f"{folder.resolve().as_posix()}/{path}") for path in paths])
        yield from _settle(project, document, asked, added=added)
