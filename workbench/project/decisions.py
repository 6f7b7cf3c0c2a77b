"""Everything that was decided about an image, whatever it is: labels, rejection, tags, notes, regions, pins."""

from dataclasses import dataclass
from datetime import UTC, datetime

from workbench.project.database import Database
from workbench.project.id_ranges import unpack
from workbench.project.ids import ImageId, LabelValue
from workbench.project.labels import Labels


@dataclass(frozen=True)
class Decision:
    """One decision: ``what`` as a `Change` says it, ``detail`` in words (of a label the names of its classes)."""

    when: datetime
    what: str
    detail: str
    source: str
    grader: str


class Decisions:
    """Call it with an image's id."""

    def __init__(self, database: Database, labels: Labels) -> None:
        self._database = database
        self._labels = labels

    def __call__(self, image_id: ImageId) -> list[Decision]:
        """Return every decision about the image, oldest first."""
        names = {int(row.id): row.name for row in self._labels.classes()}
        labels = [
            Decision(row.when, "label", _named(row.value, names), row.source, row.grader)
            for row in self._labels.history(image_id)
        ]
        return sorted(labels + self._others(int(image_id)), key=lambda decision: decision.when)

    def of_project(self) -> list[Decision]:
        """Return every decision about the project as a whole, such as those on its classes, oldest first."""
        return self._others(0)

    def _others(self, image_id: int) -> list[Decision]:
        rows = self._database.rows(
            "SELECT changed_at, what, detail, source, grader, first_id, image_ids FROM decision"
            " WHERE first_id <= ? AND last_id >= ? ORDER BY id",
            (image_id, image_id),
        )
        return [
            Decision(datetime.fromtimestamp(changed_at, UTC), what, detail, source, grader)
            for changed_at, what, detail, source, grader, first, packed in rows
            if packed is None or image_id in unpack(first, packed)
        ]


def _named(value: LabelValue, names: dict[int, str]) -> str:
    if value is None:
        return "no label"
    if isinstance(value, tuple):
        return ", ".join(names.get(class_id, "a class that is gone") for class_id in value) or "none of the classes"
    return names.get(value, "a class that is gone")
