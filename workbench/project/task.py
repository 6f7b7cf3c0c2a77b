"""What a label is in a project: one class, any number of classes, or one class of a scale."""

import json

from workbench.errors import WorkbenchError
from workbench.project.changes import record
from workbench.project.database import Database
from workbench.project.ids import NO_CLASS, TASKS, Task
from workbench.project.settings import Settings

_SETTING = "task"


def read(database: Database) -> Task:
    """Return the project's task; single unless it was set."""
    text = database.value("SELECT value FROM setting WHERE key = ?", (_SETTING,))
    found = "single" if text is None else json.loads(text)
    return found if found in TASKS else "single"


def require_multi(database: Database) -> None:
    """Raise WorkbenchError in a project of one label an image."""
    if read(database) != "multi":
        raise WorkbenchError("An image has one class in this project; make it a project of several labels first.")


def change(database: Database, wanted: Task) -> None:
    """Set the task and bring the tables into its form.

    Raises WorkbenchError, and changes nothing, where an image or a grade says more than one class can.
    """
    if wanted not in TASKS:
        raise ValueError(f"{wanted!r} is no task; there are {', '.join(TASKS)}")
    with database.transaction():
        present = read(database)
        if present == wanted:
            return
        if wanted == "multi":
            database.execute(
                "INSERT INTO image_class (image_id, class_id) SELECT id, class_id FROM image WHERE class_id IS NOT NULL"
            )
        elif present == "multi":
            _require_one_class(database)
            database.execute("DELETE FROM image_class")
        Settings(database).set(_SETTING, wanted)
        record(database, "classes", f"{present} became {wanted}", ids=(), source="user")


def _require_one_class(database: Database) -> None:
    several = int(
        database.value("SELECT count(*) FROM (SELECT 1 FROM image_class GROUP BY image_id HAVING count(*) > 1)")
    )
    none = int(database.value("SELECT count(*) FROM image WHERE class_id = ?", (int(NO_CLASS),)))
    grades = int(database.value("SELECT count(*) FROM grade WHERE classes IS NOT NULL"))
    for count, one, many in (
        (several, "image with several classes", "images with several classes"),
        (none, "image to which none of the classes applies", "images to which none of the classes applies"),
        (grades, "grade with several classes or none", "grades with several classes or none"),
    ):
        if count:
            raise WorkbenchError(
                f"The project has {count:,} {one if count == 1 else many}, which cannot be kept with one class per image; "
                "give one class there first."
            )
