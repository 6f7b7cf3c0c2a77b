"""Writing the labels of a project to a file, or to a new folder of copies."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workbench.jobs import Event, Job, Stop


def export_labels(project_folder: Path, file: Path, *, format: str | None = None) -> Job:
    """Return the job that writes the labels to ``file``, ending with `LabelsExported`.

    ``format`` is told from the file name where it is None. Raises WorkbenchError where the file exists: nothing is ever
    overwritten.
    """
    return partial(_export, Path(project_folder), Path(file), format)


def _export(project_folder: Path, file: Path, format: str | None, stop: Stop) -> Iterator[Event]:
    raise NotImplementedError
    yield
