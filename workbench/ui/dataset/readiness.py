"""What the dataset still lacks before a run, in one sentence. No widgets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workbench.project.ids import ClassId, SplitName
from workbench.ui import figures
from workbench.ui.widgets import PanelState


@dataclass(frozen=True)
class Counts:
    """How many images there are by class (None: no class), and by split of the labelled, usable ones (None: no part)."""

    by_class: Mapping[ClassId | None, int] = field(default_factory=dict)
    by_split: Mapping[SplitName | None, int] = field(default_factory=dict)
    unreadable: int = 0
    rejected: int = 0
    total: int | None = None
    """The images that are not rejected; with several labels the classes say more than there are. None: as they say."""

    @property
    def images(self) -> int:
        return sum(self.by_class.values()) if self.total is None else self.total

    @property
    def unlabelled(self) -> int:
        return self.by_class.get(None, 0)

    @property
    def labelled(self) -> int:
        return self.images - self.unlabelled

    @property
    def used_classes(self) -> int:
        return sum(1 for key, count in self.by_class.items() if key is not None and count)

    @property
    def is_split(self) -> bool:
        return bool(self.by_split.get("train"))

    @property
    def left_over(self) -> int:
        """Labelled images that are in no part although there is a split."""
        return self.by_split.get(None, 0) if self.is_split else 0


def readiness(counts: Counts, tr: Callable[[str], str]) -> tuple[PanelState, str]:
    """Return the stage's state and why."""
    number = figures.count
    if not counts.images:
        return "empty", tr("There are no images yet: add a folder.")
    if not counts.labelled:
        return "work", tr("None of the {0} images has a class yet: label them with the keys 1 to 9 and 0.").format(
            number(counts.images)
        )
    if counts.used_classes < 2:
        return "attention", tr("All labelled images are of one class; a classifier needs two or more.")
    if not counts.is_split:
        return "work", tr("The images are not split yet: press “Split the images” in the inspector.")
    if not counts.by_split.get("validation"):
        return "attention", tr("The split has no validation images, so training cannot tell which epoch is best.")
    if counts.left_over:
        return "attention", tr("{0} labelled images are in no part of the split: split again.").format(
            number(counts.left_over)
        )
    parts = tr("{0} to train, {1} to validate, {2} to test").format(
        *(number(counts.by_split.get(part, 0)) for part in ("train", "validation", "test"))
    )
    if counts.unlabelled:
        return "ready", tr("Ready: {0}. {1} images without a class stay out.").format(parts, number(counts.unlabelled))
    return "ready", tr("Ready: {0}.").format(parts)
