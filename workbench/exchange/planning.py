"""What a label file would change in a project: settled row by row before anything is written."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.formats.records import Document, Malformed, Record, Shape, SplitName, malformed
from workbench.exchange.matching import Ambiguous, Matching, Unmatched, match
from workbench.project import listing
from workbench.project.classes import cleaned, natural_key
from workbench.project.ids import ClassId, LabelValue, Task
from workbench.project.labels import FOLDER
from workbench.project.project import Project
from workbench.project.rows import ImageRow

Names = tuple[str, ...]
"""A label by the names of its classes; () where none of them applies."""

LONGEST = 200
"""Characters in the name of a class, tag, grader or group: a longer one is a text in the wrong column."""

FIELD_OF_GROUP = "group"


@dataclass(frozen=True)
class Step:
    """What one image gets. ``final`` is its label in the end (by ``grader``); ``grades`` are those of others, before it."""

    row: ImageRow
    grades: tuple[tuple[str, Names], ...] = ()
    final: Names | None = None
    grader: str = ""
    assigns: bool = False
    """``final`` is to be written, None of it takes the label away."""
    split: SplitName | None = None
    moves: bool = False
    record: Record | None = None
    """Where tags, note and the like are."""
    fields: dict[str, str] = field(default_factory=dict)
    regions: tuple[Shape, ...] = ()


@dataclass
class Plan:
    """What an import would do; see `events.LabelsImported` for the counts."""

    document: Document
    task: Task
    matching: Matching
    steps: list[Step] = field(default_factory=list)
    classes: tuple[str, ...] = ()
    """The classes that the file names, in its order or natural order."""
    new_classes: tuple[str, ...] = ()
    labelled: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    moved: int = 0
    groups: int = 0
    graders: tuple[str, ...] = ()
    notices: list[str] = field(default_factory=list)

    @property
    def unmatched(self) -> Sequence[Unmatched]:
        return self.matching.unmatched

    @property
    def ambiguous(self) -> Sequence[Ambiguous]:
        return self.matching.ambiguous

    @property
    def matched(self) -> int:
        """The rows that name an image."""
        return sum(len(rows) for rows in self.matching.rows.values())

    @property
    def unnamed(self) -> int:
        """The images that no row names."""
        return self.matching.images - len(self.matching.rows)


def plan(project: Project, document: Document, *, task: Task | None = None, grader: str = "") -> Plan:
    """Return what importing ``document`` would change.

    ``task`` is what labels shall be (None: as the file or the project has it), ``grader`` whose they are where the file
    does not say. Raises WorkbenchError, naming file and line, where a name fits several images, an image has two
    labels, or a label cannot be one.
    """
    matching = match(project, document.records)
    for each in matching.ambiguous:
        raise _wrong(
            document,
            each.record,
            f"names '{each.name}', which fits {len(each.images)}{' or more' if len(each.images) > 3 else ''} images "
            f"({', '.join(each.images)})",
            "write the path of the image",
        )
    found = Plan(document, _task(project, document, task), matching)
    found.notices += document.noticed
    return _Planning(project, found, grader).run()


def _task(project: Project, document: Document, asked: Task | None) -> Task:
    present = project.labels.task
    if asked is not None:
        return asked
    if present == "multi" or document.several:
        return "multi"
    if present == "single" and document.head.task is not None:
        return document.head.task
    return present


class _Planning:
    def __init__(self, project: Project, found: Plan, grader: str) -> None:
        self.project, self.plan, self.grader = project, found, grader
        self.document = found.document
        self.known = listing.class_names(project)
        self.names = {row.id: row.name for row in project.labels.classes()}
        self.named: dict[str, str] = {}
        """The cleaned name of each label of the file."""
        self.seen: dict[str, None] = {}
        self.frozen = 0

    def run(self) -> Plan:
        rows = self.plan.matching.rows
        ids = sorted(rows)
        clears_splits = self.document.complete and any(record.split for record in self.document.records)
        counts: dict[str, int] = defaultdict(int)
        graders: set[str] = set()
        groups: set[str] = set()
        for start in range(0, len(ids), 1000):
            chunk = ids[start : start + 1000]
            sources = listing.label_sources(self.project, chunk) if self.document.complete else {}
            grades = listing.grades(self.project, chunk)
            for row in self.project.images.page(chunk):
                step = self._step(
                    row, rows[row.id], sources.get(row.id, ""), dict(grades.get(row.id, [])), clears_splits
                )
                self.plan.steps.append(step)
                graders.update(name for name, _ in step.grades)
                graders.update({step.grader} - {""})
                groups.update({step.fields.get(FIELD_OF_GROUP, "")} - {""})
                if step.split is not None:
                    counts[step.split] += 1
                self.plan.moved += step.moves and row.split is not None
        self.plan.splits = {split: counts[split] for split in ("train", "validation", "test") if counts[split]}
        self.plan.graders, self.plan.groups = tuple(sorted(graders)), len(groups)
        self._classes()
        if self.frozen:
            self.plan.notices.append(
                f"{self.frozen:,} images belong to a frozen test set and stay in it, whatever their split in the file."
            )
        return self.plan

    def _classes(self) -> None:
        head = [self._cleaned(name, None) for name in self.document.head.classes]
        used = list(self.seen)
        if self.document.complete or self.document.head.task is not None:
            head_names = list(dict.fromkeys(head))
        else:  # classes that a file only announces are not made
            head_names = [name for name in dict.fromkeys(head) if name in self.seen]
        rest = sorted((name for name in used if name not in head_names), key=natural_key)
        for shape_name in self._region_names():
            if shape_name not in head_names and shape_name not in rest:
                rest.append(shape_name)
        self.plan.classes = (*head_names, *rest)
        self.plan.new_classes = tuple(name for name in self.plan.classes if name not in self.known)

    def _region_names(self) -> list[str]:
        names = {
            self._cleaned(shape.label, step.record)
            for step in self.plan.steps
            for shape in step.regions
            if shape.label is not None
        }
        return sorted(names, key=natural_key)

    def _step(
        self, row: ImageRow, records: list[Record], source: str, graded: dict[str, LabelValue], clears_splits: bool
    ) -> Step:
        said = self._by_grader(records)
        first = records[0]
        own = "" if said.get("") is not None else next((name for name, names in said.items() if names is not None), "")
        if self.document.complete:
            own = next(iter(said))  # the first row of an image holds its label
        final = said.get(own)
        before = self._present(row)
        grades = tuple((name, names) for name, names in said.items() if names is not None and name and name != own)
        grades = tuple((name, names) for name, names in grades if self._same(graded.get(name), names) is False)
        assigns = self._counted(row, before, final, own, graded, source, bool(grades))
        if final is None and assigns and not (source == FOLDER or before is None):
            final = before  # said again after the grades of others
        split, moves = self._split(row, records, clears_splits)
        merged = first if len(records) == 1 else _merged(records)
        self._check_names(merged)
        return Step(
            row=row,
            grades=grades,
            final=final,
            grader=own if said.get(own) is not None else "",
            assigns=assigns,
            split=split,
            moves=moves,
            record=merged,
            fields=self._fields(merged),
            regions=self._regions(row, records),
        )

    def _counted(
        self,
        row: ImageRow,
        before: Names | None,
        final: Names | None,
        own: str,
        graded: dict[str, LabelValue],
        source: str,
        others: bool,
    ) -> bool:
        """Count what becomes of the label of one image; return whether it has to be written."""
        if final is None:
            if before is not None and self.document.complete and source == FOLDER:
                self.plan.removed += 1
                return True
            return others and self.document.complete
        if before is None:
            self.plan.labelled += 1
        elif before == final:
            self.plan.unchanged += 1
            return others or (own != "" and self._same(graded.get(own), final) is False)
        else:
            self.plan.changed += 1
        return True

    def _by_grader(self, records: list[Record]) -> dict[str, Names | None]:
        """Return what each grader says, in the order of the rows."""
        said: dict[str, Names | None] = {}
        where: dict[str, Record] = {}
        for record in records:
            name = record.grader or (
                "" if self.document.complete and self.document.format != "filename" else self.grader
            )
            names = None if record.labels is None else self._names(record)
            if said.get(name) is None:
                said[name] = names
                where.setdefault(name, record)
                if names is not None:
                    where[name] = record
            elif names is not None and names != said[name]:
                if self.plan.task != "multi":
                    first = where[name].line
                    raise _wrong(
                        self.document,
                        record,
                        f"gives the image '{record.image}' another label than "
                        f"{f'line {first}' if first else 'a row before it'}",
                        "keep one of them, or import with --task multi to keep both",
                    )
                said[name] = self._ordered({*(said[name] or ()), *names})
        return said

    def _names(self, record: Record) -> Names:
        names = tuple(dict.fromkeys(self._cleaned(label, record) for label in record.labels or ()))
        for name in names:
            self.seen.setdefault(name)
        if self.plan.task != "multi" and len(names) != 1:
            what = f"{len(names)} labels ({', '.join(names)[:80]})" if names else "none of the classes"
            raise _wrong(
                self.document, record, f"gives the image '{record.image}' {what}", "import it with --task multi"
            )
        return self._ordered(set(names))

    def _cleaned(self, label: str, record: Record | None) -> str:
        """Return the name of the class that is meant, as the project has it now."""
        if label not in self.named:
            if len(label) > LONGEST:
                raise _wrong(self.document, record, f"has a label of {len(label):,} characters ('{label[:40]}...')")
            try:
                name = cleaned(label)
            except Exception as error:
                raise _wrong(self.document, record, "has a label without letters, digits or signs") from error
            class_id = self.known.get(name)
            self.named[label] = self.names.get(ClassId(class_id), name) if class_id is not None else name
        return self.named[label]

    def _present(self, row: ImageRow) -> Names | None:
        if row.class_id is None:
            return None
        return self._ordered({self.names[class_id] for class_id in row.classes})

    def _same(self, value: LabelValue, names: Names) -> bool:
        if value is None:
            return False
        ids = value if isinstance(value, tuple) else (value,)
        return self._ordered({self.names[class_id] for class_id in ids}) == names

    def _ordered(self, names: set[str]) -> Names:
        return tuple(sorted(names))

    def _split(self, row: ImageRow, records: list[Record], clears: bool) -> tuple[SplitName | None, bool]:
        """Return (the split in the file, whether the image moves)."""
        told = [record for record in records if record.split is not None]
        if len({record.split for record in told}) > 1:
            other = next(record for record in told if record.split != told[0].split)
            raise _wrong(
                self.document,
                other,
                f"puts the image '{other.image}' into {other.split}, an earlier row into {told[0].split}",
                "keep one of them",
            )
        split = told[0].split if told else None
        moves = split != row.split and (split is not None or clears)
        if moves and row.test_set is not None:
            self.frozen += 1
            return None, False
        return split, moves

    def _drawn_by(self, shape: Shape, record: Record) -> str:
        return shape.grader if self.document.complete else shape.grader or record.grader or self.grader

    def _fields(self, record: Record) -> dict[str, str]:
        found = {name: value for name, value in record.fields.items() if value}
        return found | ({FIELD_OF_GROUP: record.group} if record.group else {})

    def _check_names(self, record: Record) -> None:
        for what, name in (("grader", record.grader), ("group", record.group), ("test set", record.test_set)):
            if len(name) > LONGEST:
                raise _wrong(self.document, record, f"has a {what} of {len(name):,} characters")

    def _regions(self, row: ImageRow, records: list[Record]) -> tuple[Shape, ...]:
        """Return the regions in pixels, without those that the image has already."""
        wanted = [(record, shape) for record in records for shape in record.regions]
        if not wanted:
            return ()
        if not row.width or not row.height:
            self.plan.notices.append(f"The regions of {row.relative} are left out, since its size is not known.")
            return ()
        present = {
            (region.shape, _rounded(region.points), self.names.get(region.class_id) if region.class_id else None)
            for region in (self.project.regions.of(row.id) if row.regions else [])
        }
        found = []
        for record, shape in wanted:
            if record.sides is not None and not shape.relative and record.sides != (row.width, row.height):
                self.plan.notices.append(
                    f"The regions of {row.relative} are left out: the file has it with {record.sides[0]} x {record.sides[1]} "
                    f"pixels, it is shown with {row.width} x {row.height}."
                )
                return ()
            wide, high = (row.width, row.height) if shape.relative else (1, 1)
            points = tuple(
                (min(max(x * wide, 0.0), row.width), min(max(y * high, 0.0), row.height)) for x, y in shape.points
            )
            label = None if shape.label is None else self._cleaned(shape.label, record)
            if _is_flat(points):
                raise _wrong(self.document, record, f"has a region that lies outside of the image '{record.image}'")
            if (shape.shape, _rounded(points), label) not in present:
                found.append(Shape(shape.shape, points, label, grader=self._drawn_by(shape, record)))
        return tuple(found)


def _rounded(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((round(x, 2), round(y, 2)) for x, y in points)


def _is_flat(points: Sequence[tuple[float, float]]) -> bool:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return max(xs) <= min(xs) or max(ys) <= min(ys)


def _merged(records: list[Record]) -> Record:
    """Return what several rows of one image say beside their labels: the first that says something."""
    fields: dict[str, str] = {}
    for record in records:
        for name, value in record.fields.items():
            fields.setdefault(name, value)
    return Record(
        image=records[0].image,
        group=next((record.group for record in records if record.group), ""),
        tags=tuple(dict.fromkeys(tag for record in records for tag in record.tags)),
        note=next((record.note for record in records if record.note), ""),
        rejected=next((record.rejected for record in records if record.rejected is not None), None),
        pinned=next((record.pinned for record in records if record.pinned is not None), None),
        test_set=next((record.test_set for record in records if record.test_set), ""),
        fields=fields,
        line=records[0].line,
        file=records[0].file,
    )


def _wrong(document: Document, record: Record | None, what: str, advice: str = "correct the file") -> Malformed:
    file: Path = document.file if record is None or record.file is None else record.file
    return malformed(file, None if record is None else record.line, what, advice)
