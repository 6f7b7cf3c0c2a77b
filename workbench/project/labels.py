"""Classes and labels: assigning, undoing by inverse, and the history of every change."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from workbench.project import class_edits, classes, label_edits, task
from workbench.project import label_tables as tables
from workbench.project.changes import require_images
from workbench.project.class_change import ClassesChange
from workbench.project.class_change import apply as apply_classes
from workbench.project.classes import ClassRow as ClassRow  # callers know it as part of the labels
from workbench.project.database import Database
from workbench.project.id_ranges import Ids, as_ids, unpack
from workbench.project.ids import ClassId, ImageId, LabelValue, Task

# Named again, because callers know them as part of the labels.
from workbench.project.label_change import HistoryRow as HistoryRow
from workbench.project.label_change import LabelChange as LabelChange
from workbench.project.label_edits import Edit
from workbench.project.label_tables import Values

FOLDER = "folder"
"""The source of a label that came from the name of a folder; a rescan may change only these."""


class Labels:
    """The classes of a project, in its order, and the label of each image. Every change is committed on return."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def task(self) -> Task:
        """What a label is: one class, any number of classes, or one class on the scale that their order is."""
        return task.read(self._database)

    def set_task(self, wanted: Task) -> None:
        """Say what a label is from now on. Raises WorkbenchError where an image would lose one of several labels."""
        task.change(self._database, wanted)

    @property
    def multi(self) -> bool:
        return self.task == "multi"

    def classes(self) -> list[ClassRow]:
        """Return the classes in the project's order, which is also the order of a model's outputs."""
        return classes.listed(self._database)

    def add_class(self, name: str) -> ClassId:
        """Add a class at the end. Raises WorkbenchError for an empty name or one that is taken."""
        return self.create_class(name).added[0]

    def create_class(self, name: str, *, grader: str = "") -> ClassesChange:
        """Add a class as `add_class` does, and return what undo takes back; ``added`` of it names the class."""
        with self._database.transaction():
            return self._do(class_edits.adding(self._database, name, grader))

    def ensure_classes(self, names: Iterable[str]) -> dict[str, ClassId]:
        """Return the class of each name; missing classes are appended in natural order (1, 2, 10).

        A name that a class had before it was renamed or merged still stands for that class.
        """
        return classes.ensure(self._database, names)

    def rename(self, class_id: ClassId, name: str, *, grader: str = "") -> ClassesChange:
        """Rename a class; its old name goes on to stand for it in folders."""
        with self._database.transaction():
            return self._do(class_edits.renaming(self._database, class_id, name, grader))

    def recolour(self, class_id: ClassId, colour: str, *, grader: str = "") -> ClassesChange:
        """Show a class in another colour, "#rrggbb"."""
        with self._database.transaction():
            return self._do(class_edits.recolouring(self._database, class_id, colour, grader))

    def reorder(self, ids: Sequence[ClassId], *, grader: str = "") -> ClassesChange:
        """Give the classes a new order; ``ids`` names each class once."""
        with self._database.transaction():
            return self._do(class_edits.reordering(self._database, ids, grader))

    def remove_class(self, class_id: ClassId, *, grader: str = "") -> ClassesChange:
        """Remove a class that no image has. Raises WorkbenchError where one has it."""
        with self._database.transaction():
            return self._do(class_edits.removing(self._database, class_id, grader))

    def merge(self, sources: Sequence[ClassId], into: ClassId, *, grader: str = "") -> ClassesChange:
        """Let every image, grade and region of the classes ``sources`` have the class ``into``, and remove ``sources``.

        Their names go on to stand for it in folders.
        """
        with self._database.transaction():
            return self._do(class_edits.merging(self._database, sources, into, grader))

    def assign(self, ids: Ids, value: LabelValue, *, source: str = "user", grader: str = "") -> LabelChange:
        """Label the images alike; None takes the label away. Committed to the disk when it returns.

        With several labels ``value`` is all classes of an image (one class alone counts as these), () where none of them
        applies. A named grader's own grade of each image becomes the same.
        """
        array = as_ids(ids)
        with self._database.transaction():
            values = Values.all(label_edits.cleaned(value, multi=self.multi), len(array))
            return self._make(Edit(array, values, source, grader, values if grader else None))

    def assign_each(
        self, ids: Ids, values: Sequence[LabelValue], *, source: str = "user", grader: str = ""
    ) -> LabelChange:
        """Give each image its own label, the last one where an image occurs twice."""
        if len(ids) != len(values):
            raise ValueError(f"{len(ids)} images cannot have {len(values)} labels")
        given = np.asarray(ids, dtype=np.int64)
        array = as_ids(given)
        # The last place of each id: a stable sort keeps their order.
        order = np.argsort(given, kind="stable")
        places = order[np.searchsorted(given[order], array, side="right") - 1] if len(array) else order
        with self._database.transaction():
            multi = self.multi
            raw = Values.of([values[place] for place in places.tolist()])
            each = _recoded(raw, [label_edits.cleaned(value, multi=multi) for value in raw.known])
            return self._make(Edit(array, each, source, grader, each if grader else None))

    def toggle(self, ids: Ids, class_id: ClassId, on: bool, *, source: str = "user", grader: str = "") -> LabelChange:
        """Give the images one more class, or take it away; the rest of their classes stays.

        Only images where that changes something are in the change. An image that loses its last class has no label.
        Raises WorkbenchError in a project of one label an image.
        """
        array, class_id = as_ids(ids), ClassId(int(class_id))
        with self._database.transaction():
            task.require_multi(self._database)
            label_edits.require_classes([class_id], self._order())
            before, _ = tables.read_labels(self._database, array, multi=True)
            has = np.array([class_id in (value or ()) for value in before.known], dtype=np.bool_)  # type: ignore[operator]
            changing = has[before.codes] != on if len(array) else np.zeros(0, dtype=np.bool_)
            raw = Values(before.codes[changing], before.known)
            after = _recoded(raw, [_toggled(value, class_id, on) for value in before.known])
            return self._make(Edit(array[changing], after, source, grader, after if grader else None))

    def apply(self, change: LabelChange, *, source: str = "user", grader: str = "") -> LabelChange:
        """Set every image of ``change`` to its label ``after``; return what that changed against the present."""
        array = np.array(change.ids, dtype=np.int64)
        if len(array) > 1 and not (np.diff(array) > 0).all():
            raise ValueError("the ids of a label change must be sorted and occur once")
        with self._database.transaction():
            multi = self.multi

            def coded(values: Sequence[LabelValue]) -> Values:
                raw = Values.of(values)
                return _recoded(raw, [label_edits.cleaned(value, multi=multi) for value in raw.known])

            who = grader or change.grader
            values = coded(change.after)
            grades = None
            if who:
                grades = coded(change.graded_after) if change.graded_after else values
            return self._make(Edit(array, values, source, who, grades, change.stands))

    def of(self, ids: Ids) -> list[LabelValue]:
        """Return the label of each image, in the order of ``ids``. Raises ValueError for an id that is no image."""
        given = np.asarray(ids, dtype=np.int64)
        array = as_ids(given)
        with self._database.snapshot():
            values, _ = tables.read_labels(self._database, array, multi=self.multi)
        known = values.known
        return [known[code] for code in values.codes[np.searchsorted(array, given)].tolist()]

    def counts(self, *, rejected: bool | None = False) -> dict[ClassId | None, int]:
        """Return the number of images of each class (0 where none), and under None those without a label.

        With several labels an image counts for each of its classes; under NO_CLASS are those to which none applies.
        Rejected images are left out unless ``rejected`` is None (all images) or True (only those).
        """
        with self._database.snapshot():
            return classes.counted(self._database, multi=self.multi, rejected=rejected)

    def history(self, image_id: ImageId) -> list[HistoryRow]:
        """Return every decision about the image's label, oldest first."""
        multi = self.multi
        rows = self._database.rows(
            "SELECT changed_at, class_id, classes, source, grader, first_id, image_ids FROM label_history"
            " WHERE first_id <= ? AND last_id >= ? ORDER BY id",
            (int(image_id), int(image_id)),
        )
        return [
            HistoryRow(
                datetime.fromtimestamp(changed_at, UTC), tables.restored(class_id, text, multi=multi), source, grader
            )
            for changed_at, class_id, text, source, grader, first, packed in rows
            if packed is None or int(image_id) in unpack(first, packed)
        ]

    def record(self, ids: NDArray[np.int64], class_id: ClassId | None, *, source: str, grader: str = "") -> None:
        """Write a decision about these (sorted) ids into the history; whoever calls it sets the label itself.

        With several labels also what makes it the image's only class, beyond its row.
        """
        with self._database.transaction():
            value = label_edits.cleaned(class_id, multi=self.multi)
            label_edits.record(self._database, ids, value, source=source, grader=grader)
            if isinstance(value, tuple):
                tables.write_memberships(self._database, ids, Values.all(value, len(ids)))

    def _do(self, change: ClassesChange) -> ClassesChange:
        return apply_classes(self._database, change, source="user")

    def _make(self, edit: Edit) -> LabelChange:
        require_images(self._database, edit.ids)
        return label_edits.make(self._database, edit, multi=self.multi, order=self._order())

    def _order(self) -> dict[ClassId, int]:
        return {row.id: row.position for row in self.classes()}


def _recoded(values: Values, known: Sequence[LabelValue]) -> Values:
    """Return the values with others in place of the known ones, each of which then occurs once again."""
    again = Values.of(known)
    return Values(again.codes[values.codes] if len(known) else values.codes, again.known)


def _toggled(value: LabelValue, class_id: ClassId, on: bool) -> LabelValue:
    so_far = set(value) if isinstance(value, tuple) else set()
    return tuple(sorted(so_far | {class_id} if on else so_far - {class_id})) or None
