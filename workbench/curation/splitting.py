"""Splits as jobs: made, checked for leaks, repaired."""

from collections.abc import Iterator
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Stop
from workbench.project.project import Project


def split(
    project_folder: Path,
    *,
    validation: float,
    test: float,
    seed: int,
    group_by: str | None = None,
    folds: int = 0,
    fold: int = 1,
    backbone: str | None = None,
    weights: str | None = None,
) -> Job:
    """Return the job that splits the project anew, ending with `SplitOutcome`."""

    def job(_: Stop) -> Iterator[Event]:
        with Project.open(project_folder) as project:
            yield project.splits.make(validation=validation, test=test, seed=seed)

    return job


def repair(project_folder: Path) -> Job:
    raise WorkbenchError(f"The split of {project_folder} cannot be repaired yet.")


def freeze_test(project_folder: Path, name: str) -> Job:
    raise WorkbenchError(f"The test images of {project_folder} cannot be frozen as {name} yet.")
