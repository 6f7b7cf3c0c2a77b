"""The labels of a project as records of the formats, image by image, in the order of the paths."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.data.formats.records import Extent, Head, Record, Shape
from workbench.exchange.applying import BY_COLUMN
from workbench.exchange.planning import FIELD_OF_GROUP
from workbench.project import listing
from workbench.project.classes import natural_key
from workbench.project.ids import NO_CLASS, ClassId, LabelValue
from workbench.project.project import Project
from workbench.project.rows import ImageRow

_PAGE = 1000


class Collection:
    """Everything that is written, read page by page; one project, one snapshot of its names."""

    def __init__(self, project: Project, *, near: Path | None = None) -> None:
        """``near`` is the folder from which images below it are named (Hugging Face), instead of their roots."""
        self.project = project
        self.rows = project.labels.classes()
        self.names = {row.id: row.name for row in self.rows}
        self.places = {row.id: row.position for row in self.rows}
        self.multi = project.labels.task == "multi"
        self._near = near.resolve() if near is not None else None
        self._shared = listing.shared_paths(project)
        self._by_column = project.groups.by in (None, BY_COLUMN)
        self._groups = listing.group_names(project)

    def head(self) -> Head:
        """Return the task, the classes in order, and their colours."""
        colours = {row.name: row.colour for row in self.rows}
        return Head(tuple(row.name for row in self.rows), self.project.labels.task, colours)

    def is_plain(self) -> bool:
        """Tell whether the labels alone say all: no class without an image, all in natural order, and the task as it is
        seen in the labels (several labels show that there may be several; that one class is a grade does not show).
        """
        counts = self.project.labels.counts(rejected=None)
        names = [row.name for row in self.rows]
        if names != sorted(names, key=natural_key) or not all(counts.get(row.id) for row in self.rows):
            return False
        if self.multi:
            none = counts.get(NO_CLASS, 0)
            labelled = len(self.project.images.ids()) - counts.get(None, 0) - none
            return none > 0 or sum(counts[row.id] for row in self.rows) > labelled
        return self.project.labels.task == "single"

    def extent(self) -> Extent:
        """Return what there is beside labels, splits and groups."""
        project = self.project
        return Extent(
            several=self.multi,
            graders=bool(project.graders.counts()),
            tags=bool(project.tags.counts()),
            note=bool(project.notes.count()),
            rejected=bool(project.rejection.count()),
            pinned=bool(listing.pinned(project)),
            test_set=bool(project.splits.test_sets()),
            regions=bool(project.regions.count()),
            fields=tuple(name for name in project.fields.names() if name != FIELD_OF_GROUP or not self._by_column),
        )

    def images(self) -> Iterator[tuple[ImageRow, list[Record]]]:
        """Yield each image and its records: first the one with its label, then those of the graders who differ."""
        ids = self.project.images.ids()
        for start in range(0, len(ids), _PAGE):
            chunk: Sequence[int] = ids[start : start + _PAGE].tolist()
            grades = listing.grades(self.project, chunk)
            fields = listing.field_values(self.project, chunk)
            notes = listing.notes(self.project, chunk)
            for row in self.project.images.page(chunk):
                yield row, self._records(row, grades.get(row.id, []), fields.get(row.id, {}), notes.get(row.id, ""))

    def name(self, row: ImageRow) -> str:
        """Return how an image is named: by its path below its root, by the whole one where two roots share it."""
        if self._near is not None and row.path.is_relative_to(self._near):
            return row.path.relative_to(self._near).as_posix()
        return row.path.as_posix() if row.relative in self._shared else row.relative

    def _records(
        self, row: ImageRow, grades: list[tuple[str, LabelValue]], fields: dict[str, str], note: str
    ) -> list[Record]:
        own = self._label(row)
        said = {name: self._named(value) for name, value in grades}
        # The image's own label is a grader's where it is what one of them says; the latest of them comes first.
        grader = next((name for name, labels in said.items() if labels == own), "")
        group = fields.get(FIELD_OF_GROUP, "") if self._by_column else ""
        if row.group is not None and not self._by_column:
            group = self._groups.get(row.group, str(row.group))
        name = self.name(row)
        regions = self._regions(row)
        sides = (row.width, row.height) if row.width and row.height else None
        first = Record(
            image=name,
            labels=own,
            split=row.split,
            group=group,
            grader=grader,
            tags=row.tags,
            note=note,
            rejected=row.rejected,
            pinned=row.pinned and row.test_set is None,
            test_set=row.test_set or "",
            fields={key: value for key, value in fields.items() if key != FIELD_OF_GROUP or not self._by_column},
            regions=regions,
            sides=sides,
        )
        others = [each for each in said if each != grader]
        return [
            first,
            *(
                Record(image=name, labels=said[each], split=row.split, group=group, grader=each, sides=sides)
                for each in others
            ),
        ]

    def _label(self, row: ImageRow) -> tuple[str, ...] | None:
        if row.class_id is None:
            return None
        return self._named(row.classes if self.multi else row.class_id)

    def _named(self, value: LabelValue) -> tuple[str, ...] | None:
        if value is None:
            return None
        ids: tuple[ClassId, ...] = value if isinstance(value, tuple) else (value,)
        return tuple(self.names[class_id] for class_id in sorted(ids, key=self.places.__getitem__))

    def _regions(self, row: ImageRow) -> tuple[Shape, ...]:
        if not row.regions:
            return ()
        return tuple(
            Shape(
                region.shape,
                region.points,
                None if region.class_id is None else self.names[region.class_id],
                grader=region.grader,
            )
            for region in self.project.regions.of(row.id)
        )
