"""Every kind of edit of a project, drawn by hypothesis, and what a project holds besides its histories."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.project.changes import Change
from workbench.project.images import NewImage
from workbench.project.project import Project

IMAGES = 9
CLASSES = ("a", "b", "c", "d")

Edit = Callable[[Project], Change | None]

STATE = {
    "setting": "SELECT * FROM setting",
    "class": "SELECT * FROM class ORDER BY id",
    "class_alias": "SELECT * FROM class_alias",
    "image": "SELECT * FROM image",
    "image_class": "SELECT * FROM image_class",
    "grade": "SELECT name, image_id, class_id, classes, changed_at FROM grade JOIN grader ON grader.id = grader_id ORDER BY 1, 2",
    "tag": "SELECT name, image_id FROM image_tag JOIN tag ON tag.id = tag_id ORDER BY 1, 2",
    "note": "SELECT * FROM note",
    "region": "SELECT * FROM region WHERE removed_at IS NULL ORDER BY id",
    "prediction": "SELECT * FROM prediction",
    "test_set": "SELECT * FROM test_set",
}


def state(project: Project) -> dict[str, list[Any]]:
    """Return all that the project has decided now; not how it came to that."""
    return {name: project._database.rows(sql) for name, sql in STATE.items()}


def everything(project: Project) -> dict[str, list[Any]]:
    """Return every row of every table."""
    names = [name for (name,) in project._database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: project._database.rows(f"SELECT * FROM {name}") for name in names}


def filled(folder, task: str) -> Project:
    """Return a new project with a few images, classes, grades, tags, regions and predictions."""
    project = Project.create(folder)
    project._database.execute("PRAGMA synchronous = OFF")
    root = project.images.add_root(folder)
    names = (*CLASSES, *CLASSES, None)
    project.images.add(root, [NewImage(f"{n}.png", 4, 4, 3, 8, 1, 1, name) for n, name in enumerate(names)])
    project.labels.set_task(task)
    made = [row.id for row in project.labels.classes()]
    project.labels.assign([1, 2, 3], made[1], grader="ann", source="import")
    project.labels.assign([2, 3, 4], made[2], grader="bob")
    if task == "multi":
        project.labels.assign([5, 6], (made[0], made[3]), grader="ann")
        project.labels.assign([7], ())
    project.tags.add([1, 9], "odd")
    project.notes.set(4, "look again")
    project.regions.add(2, "box", [(0, 0), (2, 3)], made[1])
    ids = list(range(1, IMAGES + 1))
    project.predictions.replace("test", ids, [made[n % 4] for n in ids], [0.5] * IMAGES, [0.1] * IMAGES)
    return project


def _chosen(project: Project, places: tuple[int, ...]) -> list[int]:
    rows = project.labels.classes()
    return list(dict.fromkeys(rows[place % len(rows)].id for place in places)) if rows else []


def _value(project: Project, places: tuple[int, ...] | None) -> Any:
    if places is None:
        return None
    classes = _chosen(project, places)
    if project.labels.task == "multi":
        return tuple(classes)
    return classes[0] if classes else None


def _toggle(project: Project, ids, place, on, grader) -> Change | None:
    classes = _chosen(project, (place,))
    return project.labels.toggle(ids, classes[0], on, grader=grader) if classes else None


def _class_edit(project: Project, kind: str, first: int, second: int, name: str, grader: str) -> Change | None:
    labels, classes = project.labels, _chosen(project, (first, second))
    if kind == "create":
        return labels.create_class(name, grader=grader)
    if not classes:
        return None
    match kind:
        case "rename":
            return labels.rename(classes[0], name, grader=grader)
        case "recolour":
            return labels.recolour(classes[0], "#12345" + str(second), grader=grader)
        case "remove":
            return labels.remove_class(classes[0], grader=grader)
        case "reorder":
            ids = [row.id for row in labels.classes()]
            return labels.reorder(ids[first % len(ids) :] + ids[: first % len(ids)][::-1], grader=grader)
        case _:
            return labels.merge(classes[:1], classes[-1], grader=grader)


def _region(project: Project, kind: str, image: int, place: int) -> Change | None:
    regions = list(project.regions.all())
    if kind == "add" or not regions:
        classes = _chosen(project, (place,))
        return project.regions.add(image, "freehand", [(0, 0), (1, place), (2, 2)], classes[0] if classes else None)
    region = regions[place % len(regions)]
    if kind == "remove":
        return project.regions.remove(region.id)
    return project.regions.change(region.id, class_id=None, points=[(3, 3), (1, place), (0, 1)][-len(region.points) :])


def edits() -> st.SearchStrategy[Edit]:
    """Return edits that can be made on a project; those that it refuses raise WorkbenchError."""
    ids = st.sets(st.integers(1, IMAGES), min_size=1).map(sorted)
    image, place = st.integers(1, IMAGES), st.integers(0, 5)
    grader = st.sampled_from(["", "ann", "bob", "cleo"])
    places = st.none() | st.lists(place, max_size=3).map(tuple)
    name = st.sampled_from([*CLASSES, "e", "f"])
    word = st.sampled_from(["odd", "blurred", "new"])
    kinds = (
        st.sampled_from(["create", "rename", "recolour"]),
        st.sampled_from(["remove", "reorder"]),
        st.just("merge"),
    )

    def each(ids, values, grader):
        values = [values[n % len(values)] for n in range(len(ids))]
        return lambda project: project.labels.assign_each(
            ids, [_value(project, value) for value in values], grader=grader, source="import"
        )

    return st.one_of(
        st.builds(
            lambda ids, value, grader: (
                lambda project: project.labels.assign(ids, _value(project, value), grader=grader)
            ),
            ids,
            places,
            grader,
        ),
        st.builds(each, ids, st.lists(places, min_size=1, max_size=3), grader),
        st.builds(
            lambda ids, place, on, grader: lambda project: _toggle(project, ids, place, on, grader),
            ids,
            place,
            st.booleans(),
            grader,
        ),
        *(
            st.builds(lambda *given: lambda project: _class_edit(project, *given), kind, place, place, name, grader)
            for kind in kinds
        ),
        st.builds(lambda ids, on: lambda project: project.rejection.set(ids, on), ids, st.booleans()),
        st.builds(lambda ids, word: lambda project: project.tags.add(ids, word), ids, word),
        st.builds(lambda ids, word: lambda project: project.tags.remove(ids, word), ids, word),
        st.builds(lambda old, new: lambda project: project.tags.rename(old, new), word, word),
        st.builds(
            lambda image, text: lambda project: project.notes.set(image, text), image, st.sampled_from(["", "x", "y"])
        ),
        st.builds(
            lambda kind, image, place: lambda project: _region(project, kind, image, place),
            st.sampled_from(["add", "remove", "change"]),
            image,
            place,
        ),
        st.builds(
            lambda ids, split, pin: lambda project: project.splits.move(ids, split, pin=pin),
            ids,
            st.sampled_from(["train", "validation", "test", None]),
            st.booleans(),
        ),
        st.builds(lambda ids, on: lambda project: project.predictions.refuse(ids, on), ids, st.booleans()),
        st.builds(
            lambda ids, value, grader: (
                lambda project: project.graders.grade(ids, _value(project, value), grader=grader)
            ),
            ids,
            places,
            grader,
        ),
    )


def tried(edit: Edit, project: Project) -> Change | None:
    """Return what the edit changed; None where the project refuses it, which changes nothing."""
    before = state(project)
    try:
        return edit(project)
    except WorkbenchError:
        assert state(project) == before
        return None
