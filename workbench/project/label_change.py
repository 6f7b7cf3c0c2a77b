"""What a change of labels is, and a row of an image's label history."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from workbench.project.ids import NO_CLASS, ClassId, ImageId, LabelValue
from workbench.project.label_tables import Sources

if TYPE_CHECKING:
    from workbench.project.project import Project


@dataclass(frozen=True)
class HistoryRow:
    """One decision about an image's label: ``value`` None means that the label was taken away."""

    when: datetime
    value: LabelValue
    source: str
    grader: str

    @property
    def class_id(self) -> ClassId | None:
        """The class; of several the one with the lowest id, NO_CLASS where none of the classes applies."""
        if isinstance(self.value, tuple):
            return self.value[0] if self.value else NO_CLASS
        return self.value


@dataclass(frozen=True, eq=False)
class Standing:
    """Who set the label of each image, and when the grader graded it (microseconds, 0: never; empty without a grader)."""

    sources: Sources
    graded: NDArray[np.int64]


@dataclass(frozen=True)
class LabelChange:
    """What an assignment changed: ``ids`` sorted, with the label of each one before and after.

    With a grader also what they said of each one before and after. ``stood`` and ``stands`` are what hangs on the labels,
    so that undo brings back also who had set them; without ``stands`` the source is that of `apply`, the time is now.
    """

    ids: tuple[ImageId, ...]
    before: tuple[LabelValue, ...]
    after: tuple[LabelValue, ...]
    grader: str = ""
    graded_before: tuple[LabelValue, ...] = ()
    graded_after: tuple[LabelValue, ...] = ()
    stood: Standing | None = field(default=None, compare=False, repr=False)
    stands: Standing | None = field(default=None, compare=False, repr=False)

    @property
    def what(self) -> str:
        return "label"

    def inverse(self) -> Self:
        return type(self)(
            ids=self.ids,
            before=self.after,
            after=self.before,
            grader=self.grader,
            graded_before=self.graded_after,
            graded_after=self.graded_before,
            stood=self.stands,
            stands=self.stood,
        )

    def apply(self, project: "Project", *, source: str) -> "LabelChange":
        return project.labels.apply(self, source=source)
