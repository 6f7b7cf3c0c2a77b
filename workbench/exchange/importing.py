"""Bringing labels from a file into a project: guess what the file holds, plan what would change, change it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from workbench.jobs import Event, Job, Stop
from workbench.project.ids import Task


@dataclass(frozen=True)
class Guess:
    """What a file seems to be, for a dialog that lets the user correct it.

    ``columns`` are those of a table (empty for other formats), ``mapping`` says which one is the image, the label, ...
    (a key without a value in it was not found), ``samples`` are the first rows as text, ``problem`` says in a sentence
    why the file cannot be imported as guessed ("" where it can).
    """

    format: str
    columns: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


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

    Everything is checked before and written in one transaction. Raises WorkbenchError, with nothing changed, for a file
    that is malformed or names an image that cannot be told from another one.
    """
    return partial(
        _import, Path(project_folder), Path(file), task, dict(mapping or {}), format, pattern, grader, dry_run
    )


def guess(file: Path, *, format: str | None = None) -> Guess:
    """Return what the file seems to be. Raises WorkbenchError only where it cannot be read at all."""
    raise NotImplementedError


def _import(
    project_folder: Path,
    file: Path,
    task: Task | None,
    mapping: dict[str, str],
    format: str | None,
    pattern: str | None,
    grader: str,
    dry_run: bool,
    stop: Stop,
) -> Iterator[Event]:
    raise NotImplementedError
    yield
