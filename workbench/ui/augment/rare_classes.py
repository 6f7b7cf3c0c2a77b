"""Which classes are rare. No widgets."""

from collections.abc import Mapping
from statistics import median

from workbench.project.project import Project

RARE = 1 / 3
"""A class with less than this share of the median count is suggested."""


def counted(project: Project) -> dict[str, int]:
    """Return how many images each class has, rejected ones aside, in the project's order."""
    counts = project.labels.counts()
    return {row.name: counts.get(row.id, 0) for row in project.labels.classes()}


def suggested(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the classes with images, but less than a third of the median count, rarest first."""
    filled = {name: count for name, count in counts.items() if count}
    if not filled:
        return ()
    middle = median(filled.values())
    return tuple(sorted((name for name, count in filled.items() if count < RARE * middle), key=filled.__getitem__))
