"""Reading and changing a project as a whole, for the import and export of labels."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from workbench.project.ids import LabelValue, RootId
from workbench.project.label_tables import restored
from workbench.project.labels import FOLDER
from workbench.project.project import Project

_CHUNK = 20_000


@contextmanager
def transaction(project: Project) -> Iterator[None]:
    """Make every change in the block together, or none of them."""
    with project._database.transaction():
        yield


def paths(project: Project) -> Iterator[tuple[int, RootId, str]]:
    """Yield (id, root, relative path) of every image, by id; some ten thousand are read at a time."""
    last = 0
    while True:
        rows = project._database.rows(
            "SELECT image_id, root_id, relative FROM file WHERE image_id > ? ORDER BY image_id LIMIT ?", (last, _CHUNK)
        )
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


def images(project: Project) -> int:
    """Return the number of images."""
    return int(project._database.value("SELECT count(*) FROM image"))


def class_names(project: Project) -> dict[str, int]:
    """Return the id of each class by its name, and by the names that it had before."""
    known = dict(project._database.rows("SELECT name, class_id FROM class_alias"))
    return known | dict(project._database.rows("SELECT name, id FROM class"))


def label_sources(project: Project, ids: Sequence[int]) -> dict[int, str]:
    """Return who set the label of each of these images that has one ("folder", "user", ...)."""
    return dict(
        project._database.rows(
            "SELECT image.id, coalesce(label_source, '') FROM json_each(?) AS wanted"
            " CROSS JOIN image ON image.id = wanted.value"
            " WHERE class_id IS NOT NULL",
            (json.dumps([int(image_id) for image_id in ids]),),
        )
    )


def grades(project: Project, ids: Sequence[int]) -> dict[int, list[tuple[str, LabelValue]]]:
    """Return what the graders say of each of these images that anybody graded, the latest first."""
    multi = project.labels.task == "multi"
    found: dict[int, list[tuple[str, LabelValue]]] = defaultdict(list)
    for image_id, name, class_id, classes in project._database.rows(
        "SELECT image_id, grader.name, class_id, classes FROM json_each(?) AS wanted"
        " CROSS JOIN grade ON image_id = wanted.value JOIN grader ON grader.id = grader_id"
        " ORDER BY image_id, changed_at DESC, grader.name",
        (json.dumps([int(image_id) for image_id in ids]),),
    ):
        found[image_id].append((name, restored(class_id, classes, multi=multi)))
    return found


def group_names(project: Project) -> dict[int, str]:
    """Return the name of each group."""
    return dict(project._database.rows("SELECT group_id, name FROM group_name"))


def field_values(project: Project, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return the further columns of each of these images that has any, by name."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for image_id, name, value in project._database.rows(
        "SELECT image_id, field.name, image_field.value FROM json_each(?) AS wanted"
        " CROSS JOIN image_field ON image_id = wanted.value JOIN field ON field.id = field_id ORDER BY field.id",
        (json.dumps([int(image_id) for image_id in ids]),),
    ):
        found[image_id][name] = value
    return found


def shared_paths(project: Project) -> set[str]:
    """Return the relative paths that occur below more than one root."""
    rows = project._database.rows("SELECT relative FROM file GROUP BY relative HAVING count(*) > 1")
    return {relative for (relative,) in rows}


def pinned(project: Project) -> int:
    """Return the number of images that are pinned to their split and in no frozen test set."""
    return int(project._database.value("SELECT count(*) FROM image WHERE pinned = 1 AND test_set IS NULL"))


def notes(project: Project, ids: Sequence[int]) -> dict[int, str]:
    """Return the note of each of these images that has one."""
    return dict(
        project._database.rows(
            "SELECT image_id, text FROM json_each(?) AS wanted CROSS JOIN note ON image_id = wanted.value",
            (json.dumps([int(image_id) for image_id in ids]),),
        )
    )


def is_untouched(project: Project) -> bool:
    """Tell whether nobody has labelled anything yet: all labels are from the names of folders, and there is no run."""
    labelled = project._database.value(
        "SELECT 1 FROM image WHERE label_source IS NOT NULL AND label_source <> ? LIMIT 1", (FOLDER,)
    )
    graded = project._database.value("SELECT 1 FROM grade LIMIT 1")
    return labelled is None and graded is None and project._database.value("SELECT 1 FROM run LIMIT 1") is None
