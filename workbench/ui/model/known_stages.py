"""The stages of a backbone as the project's own runs recorded them: exact, and without importing torch."""

from itertools import islice

from workbench.errors import WorkbenchError
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training.events import FitStarted, read

LINES = 200
"""How far into a run's events its FitStarted is looked for."""


def find(project: Project | None, backbone: str) -> list[str]:
    """Return the stages, stem first and head last, from the newest run of this backbone; empty where there is none."""
    if project is None:
        return []
    try:
        rows = project.runs.list()
    except WorkbenchError:
        return []  # the panel that lists the runs says why
    for row in rows:
        if row.backbone == backbone and (stages := _recorded(row.folder)):
            return stages
    return []


def _recorded(run: RunFolder) -> list[str]:
    try:
        with run.events.open(encoding="utf-8") as lines:
            for line in islice(lines, LINES):
                if '"FitStarted"' in line:
                    event = read(line)
                    return list(event.stages) if isinstance(event, FitStarted) else []
    except (OSError, ValueError, TypeError):
        return []  # a run that is being written, or was cut off: the next one may tell
    return []
