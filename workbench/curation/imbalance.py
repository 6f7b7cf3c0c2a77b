"""Class balance: classes with too few images to learn or to be measured, and large differences between classes."""

from collections.abc import Iterator

from workbench.curation.finding import Finding
from workbench.jobs import Event
from workbench.project.ids import ClassId
from workbench.project.project import Project

FEW = 20
"""Images of a class below which a test share of a fifth holds three of them: nothing can be measured on those."""

RATIO = 5.0
"""Of the largest class to this one, from which on training should be told of it."""


def find(project: Project) -> Iterator[Event]:
    """Yield a Finding per class that has too few images, and one for the set as a whole; the strongest first.

    They name no images: a class is not a picture.
    """
    names = {row.id: row.name for row in project.labels.classes()}
    counted = project.labels.counts()
    counts = {class_id: counted.get(class_id, 0) for class_id in names}
    if len(counts) < 2 or not any(counts.values()):
        return
    found = [*_few(counts, names), *_ratio(counts, names)]
    yield from sorted(found, key=lambda finding: -finding.score)


def _few(counts: dict[ClassId, int], names: dict[ClassId, str]) -> Iterator[Finding]:
    for class_id, count in sorted(counts.items(), key=lambda pair: pair[1]):
        if count >= FEW:
            return
        images = "no images" if not count else "1 image" if count == 1 else f"{count} images"
        helps = (
            "label some or remove the class"
            if not count
            else f"label at least {FEW}, or merge it with a class it resembles"
        )
        message = f"The class '{names[class_id]}' has {images}, too few to be learnt or measured; {helps}."
        yield Finding("imbalance", [], round(1 - 0.5 * count / FEW, 4), message)


def _ratio(counts: dict[ClassId, int], names: dict[ClassId, str]) -> Iterator[Finding]:
    present = {class_id: count for class_id, count in counts.items() if count}
    if len(present) < 2:
        return
    most, least = max(present, key=lambda key: present[key]), min(present, key=lambda key: present[key])
    ratio = present[most] / present[least]
    if ratio < RATIO:
        return
    listed = ", ".join(
        f"'{names[key]}' {count:,}" for key, count in sorted(present.items(), key=lambda pair: -pair[1])[:8]
    )
    message = (
        f"The largest class has {ratio:.0f} times the images of the smallest ({listed}); label more of '{names[least]}', or "
        "train with class weights or balanced sampling, and judge by balanced accuracy."
    )
    yield Finding("imbalance", [], round(min(1.0, 0.5 + 0.1 * (ratio / RATIO - 1)), 4), message)
