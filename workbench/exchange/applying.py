"""Making the change that a plan says, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from workbench.data.formats.records import SplitName
from workbench.exchange.planning import FIELD_OF_GROUP, Names, Plan, Step
from workbench.project import listing
from workbench.project.changes import Change
from workbench.project.classes import natural_key
from workbench.project.ids import ClassId, LabelValue
from workbench.project.labels import LabelChange
from workbench.project.project import Project
from workbench.project.query import Query
from workbench.project.regions import NewRegion
from workbench.project.rows import ImageRow

SOURCE = "import"
BY_COLUMN = f"column:{FIELD_OF_GROUP}"
"""By what the groups of an imported column are called."""


def apply(project: Project, plan: Plan) -> list[Change]:
    """Do all of it or nothing; return the changes of labels in their order, for a stack of undo."""
    with listing.transaction(project):
        before = project.labels.task
        # A project in which nobody has labelled yet becomes what an export of ours says, in every respect.
        restores = plan.document.complete and listing.is_untouched(project)
        used = (
            {class_id for class_id, count in project.labels.counts(rejected=None).items() if count}
            if restores
            else set()
        )
        project.labels.set_task(plan.task)
        ids = _classes(project, plan, was_scale=before == "ordinal", restores=restores)
        changes = _labels(project, plan, ids)
        _drop_emptied(project, plan, used)
        _splits(project, plan)
        _fields(project, plan)
        _further(project, plan)
        _regions(project, plan, ids)
    return changes


def _classes(project: Project, plan: Plan, *, was_scale: bool, restores: bool) -> dict[str, ClassId]:
    """Make the new classes, and bring them into the order that the file or the scale wants."""
    labels = project.labels
    known = listing.class_names(project)
    for name in plan.classes:
        if name not in known:
            labels.add_class(name)
    rows = labels.classes()
    ids = {row.name: row.id for row in rows}
    head = plan.document.head
    order: list[ClassId] = [row.id for row in rows]
    if restores:
        first = [ids[name] for name in plan.classes if name in ids]
        order = first + [class_id for class_id in order if class_id not in set(first)]
    elif plan.task == "ordinal" and not was_scale:
        order = [row.id for row in sorted(rows, key=lambda row: natural_key(row.name))]
    if order != [row.id for row in rows]:
        labels.reorder(order)
    for row in rows:
        colour = head.colours.get(row.name, row.colour) if restores else row.colour
        if colour.lower() != row.colour:
            labels.recolour(row.id, colour)
    return {name: ClassId(number) for name, number in listing.class_names(project).items()}


def _drop_emptied(project: Project, plan: Plan, used: set[ClassId | None]) -> None:
    """Remove the classes of folders that were renamed or given up before the export, and have no image left now."""
    counts = project.labels.counts(rejected=None)
    for row in project.labels.classes():
        if row.id in used and row.name not in plan.classes and not counts.get(row.id):
            project.labels.remove_class(row.id)


def _labels(project: Project, plan: Plan, ids: dict[str, ClassId]) -> list[Change]:
    multi = plan.task == "multi"
    known: dict[Names | None, LabelValue] = {None: None}

    def value(names: Names | None) -> LabelValue:
        if names not in known:
            classes = tuple(sorted(ids[name] for name in names or ()))
            known[names] = classes if multi else classes[0]
        return known[names]

    grades: dict[str, list[tuple[int, LabelValue]]] = defaultdict(list)
    finals: dict[str, list[tuple[int, LabelValue]]] = defaultdict(list)
    for step in plan.steps:
        for grader, names in step.grades:
            grades[grader].append((step.row.id, value(names)))
        if step.assigns:
            finals[step.grader].append((step.row.id, value(step.final)))
    changes: list[Change] = []
    # An image's own label comes last, whoever else graded it.
    for given in (grades, finals):
        for grader, pairs in given.items():
            changes.append(_assign(project, pairs, grader))
    return changes


def _assign(project: Project, pairs: Iterable[tuple[int, LabelValue]], grader: str) -> LabelChange:
    images, values = zip(*pairs, strict=True)
    return project.labels.assign_each(images, values, source=SOURCE, grader=grader)


def _splits(project: Project, plan: Plan) -> None:
    moves: dict[SplitName | None, list[int]] = defaultdict(list)
    pins: dict[bool, list[int]] = defaultdict(list)
    tests: dict[str, list[int]] = defaultdict(list)
    present = project.splits.test_sets()
    for step in plan.steps:
        if step.moves:
            moves[step.split].append(step.row.id)
        record = step.record
        if record is None or step.row.test_set is not None:
            continue
        if (
            record.test_set
            and record.test_set not in present
            and (step.split or step.row.split) == "test"
            and not step.row.rejected
        ):
            tests[record.test_set].append(step.row.id)
        elif record.pinned is not None and record.pinned != step.row.pinned:
            pins[record.pinned].append(step.row.id)
    for split, ids in moves.items():
        project.splits.assign(sorted(ids), split)
    for pinned, ids in pins.items():
        project.splits.pin(sorted(ids), pinned, source=SOURCE)
    _freeze(project, tests)


def _freeze(project: Project, tests: dict[str, list[int]]) -> None:
    """Freeze each test set; as freezing takes all free test images, the others are put aside meanwhile."""
    if not tests:
        return
    free = [row.id for row in _rows(project) if row.test_set is None]
    for name, members in tests.items():
        aside = sorted(set(free) - set(members))
        project.splits.assign(aside, None)
        project.splits.freeze_test(name)
        project.splits.assign(aside, "test")
        free = aside


def _rows(project: Project) -> Iterator[ImageRow]:
    ids = project.images.ids(Query(split="test"))
    for start in range(0, len(ids), 1000):
        yield from project.images.page(ids[start : start + 1000])


def _fields(project: Project, plan: Plan) -> None:
    values: dict[str, dict[int, str]] = defaultdict(dict)
    for step in plan.steps:
        for name, value in step.fields.items():
            values[name][step.row.id] = value
    for name, found in values.items():
        project.fields.set(name, found)
    if FIELD_OF_GROUP in values and project.groups.by in (None, BY_COLUMN):
        _groups(project)


def _groups(project: Project) -> None:
    """Make the column of groups the project's grouping, over all images that have one."""
    values = project.fields.values(FIELD_OF_GROUP)
    numbers = {name: number for number, name in enumerate(sorted(set(values.values()), key=natural_key), 1)}
    project.groups.set(
        BY_COLUMN,
        list(values),
        [numbers[name] for name in values.values()],
        {number: name for name, number in numbers.items()},
    )


def _further(project: Project, plan: Plan) -> None:
    tags: dict[str, list[int]] = defaultdict(list)
    rejected: dict[bool, list[int]] = defaultdict(list)
    for step in plan.steps:
        record = step.record
        if record is None:
            continue
        for tag in record.tags:
            tags[tag].append(step.row.id)
        if record.note:
            project.notes.set(step.row.id, record.note, source=SOURCE)
        if record.rejected is not None and record.rejected != step.row.rejected:
            rejected[record.rejected].append(step.row.id)
    for tag, ids in tags.items():
        project.tags.add(sorted(ids), tag, source=SOURCE)
    for on, ids in rejected.items():
        project.rejection.set(sorted(ids), on, source=SOURCE)


def _regions(project: Project, plan: Plan, ids: dict[str, ClassId]) -> None:
    found: dict[str, list[NewRegion]] = defaultdict(list)
    for step in plan.steps:
        for shape in step.regions:
            class_id = None if shape.label is None else ids[shape.label]
            found[shape.grader].append(NewRegion(step.row.id, shape.shape, shape.points, class_id))
    for grader, regions in found.items():
        project.regions.add_all(regions, source=SOURCE, grader=grader)


def steps_with(plan: Plan, what: str) -> int:
    """Return how many images get tags, notes, regions or are rejected."""

    def gets(step: Step) -> bool:
        record = step.record
        match what:
            case "regions":
                return bool(step.regions)
            case "tags":
                return record is not None and bool(record.tags)
            case "notes":
                return record is not None and bool(record.note)
            case _:
                return record is not None and bool(record.rejected) and not step.row.rejected

    return sum(gets(step) for step in plan.steps)
