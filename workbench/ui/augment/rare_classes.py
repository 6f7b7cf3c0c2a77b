"""Which classes are rare. No widgets."""

from collections.abc import Collection, Mapping
from statistics import median

from workbench.project.ids import ImageId
from workbench.project.images import Query
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


def image_of(project: Project, names: Collection[str], shown: int | None) -> int | None:
    """Return the image ``shown`` where it is of one of these classes, else the first one that is; None where none is."""
    ids = [row.id for row in project.labels.classes() if row.name in names]
    if shown is not None and project.images.get(ImageId(shown)).class_id in ids:
        return shown
    for class_id in ids:
        found = project.images.ids(Query(class_id=class_id, rejected=False))
        if len(found):
            return int(found[0])
    return None
