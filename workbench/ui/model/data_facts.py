"""What the advice has to know of a project's images, asked in the reader's thread. No Qt."""

from collections.abc import Callable
from typing import Any, NamedTuple

from workbench.project.project import Project

SIMILAR = "similar_to_photographs"
"""The setting of a project that keeps what its user said of the images: similar, different or unknown."""
LOOKED_AT = 400
"""So many images stand for the size of all: their headers are in the database, but a million rows take a while."""


class ProjectFacts(NamedTuple):
    """Labelled images, classes with images, images of the smallest of them; the median size in pixels, 0 without images."""

    images: int
    classes: int
    smallest: int
    width: int
    height: int
    similar: str


NOTHING = ProjectFacts(0, 0, 0, 0, 0, "unknown")


def gather(project: Project) -> ProjectFacts:
    """Return the facts of an open project. Reads its database only."""
    counts = [count for known, count in project.labels.counts().items() if known is not None and count]
    ids = project.images.ids()
    rows = project.images.page(ids[:: max(1, len(ids) // LOOKED_AT)][:LOOKED_AT])
    return ProjectFacts(
        images=sum(counts),
        classes=len(counts),
        smallest=min(counts, default=0),
        width=_median(rows, lambda row: row.width),
        height=_median(rows, lambda row: row.height),
        similar=str(project.settings.get(SIMILAR, "unknown")),
    )


def _median(rows: list[Any], of: Callable[[Any], int]) -> int:
    values = sorted(value for row in rows if (value := of(row)) > 0)
    return values[len(values) // 2] if values else 0
