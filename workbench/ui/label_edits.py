"""What the user does to labels, marks and classes of one project, with the undo stack. No widgets."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.errors import WorkbenchError
from workbench.ui import figures

if TYPE_CHECKING:
    from workbench.project.changes import Change
    from workbench.project.history import UndoStack
    from workbench.project.ids import LabelValue
    from workbench.project.project import Project


class LabelEdits(QObject):
    """Changes the open project at once. What is not possible becomes ``problem``, and nothing is changed."""

    changed = Signal(object)
    """The `Change` that was made, taken back or made again."""
    told = Signal(str)
    problem = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self.undo: UndoStack | None = None
        self.blind = False
        """Keep what the grader says beside the labels, which stay: nobody's label is changed by grading blind."""

    def move_to(self, project: "Project | None") -> None:
        """Edit another project from now on, with nothing to undo; None where none is open."""
        self._project, self.undo, self.blind = project, None, False
        if project is not None:
            from workbench.project.history import UndoStack

            self.undo = UndoStack()

    def do(self, change: "Change") -> None:
        """Take note of a change that was made: undo can take it back, and whoever shows it is told."""
        if self.undo is not None:
            self.undo.push(change)
        self.changed.emit(change)

    def make(self, edit: "Callable[[Project], Change | None]") -> bool:
        """Let ``edit`` change the project; True where it did. Its WorkbenchError becomes ``problem``."""
        if self._project is None:
            return False
        with self._telling():
            change = edit(self._project)
            if change is not None:
                self.do(change)
            return True
        return False

    def assign(self, ids: Sequence[int], value: "LabelValue", *, grader: str = "") -> bool:
        """Give the images a label; True where that was done."""
        if len(ids) == 0:
            return False
        if self.blind:
            return self.make(lambda project: project.graders.grade(ids, value, grader=grader))
        return self.make(lambda project: project.labels.assign(ids, value, grader=grader))

    def toggle_class(self, ids: Sequence[int], class_id: int, *, on: bool | None = None, grader: str = "") -> bool:
        """With several labels: put the class ``on`` or off; None takes it away where all of the images have it."""
        if len(ids) == 0:
            return False

        def toggle(project: "Project") -> "Change":
            if self.blind:
                return project.graders.toggle(ids, class_id, on, grader=grader)
            wanted = on
            if wanted is None:
                wanted = not all(isinstance(value, tuple) and class_id in value for value in project.labels.of(ids))
            return project.labels.toggle(ids, class_id, wanted, grader=grader)

        return self.make(toggle)

    def take_back(self) -> "Change | None":
        """Undo the last change; return it."""
        return self._step("undo", self.tr("Undone: {0}"))

    def make_again(self) -> "Change | None":
        """Redo the change that was undone last; return it."""
        return self._step("redo", self.tr("Redone: {0}"))

    def _step(self, direction: str, text: str) -> "Change | None":
        change: Change | None = None
        with self._telling():
            change = getattr(self.undo, direction)(self._project) if self._project is not None else None
        if change is not None:
            self.changed.emit(change)
            self.told.emit(text.format(self.name_of(change)))
        return change

    def name_of(self, change: "Change") -> str:
        """Return what a change is about, in words: "12 labels"."""
        tr = self.tr
        counted: dict[str, tuple[str, str]] = {
            "label": (tr("label"), tr("labels")),
            "grade": (tr("grade"), tr("grades")),
            "reject": (tr("rejection"), tr("rejections")),
            "tag": (tr("tag"), tr("tags")),
            "note": (tr("note"), tr("notes")),
            "region": (tr("region"), tr("regions")),
            "pin": (tr("split"), tr("splits")),
            "suggestion": (tr("suggestion"), tr("suggestions")),
            "finding": (tr("finding"), tr("findings")),
        }
        parts = getattr(change, "changes", ())
        if parts:
            return self.name_of(parts[0])
        count = len(getattr(change, "findings", change.ids))
        if change.what not in counted:
            return tr("change of the classes")
        return figures.counted(count, *counted[change.what])

    def add_class(self, name: str) -> int | None:
        """Add a class at the end of the project's order; return its id."""
        if self._project is None or not self.make(lambda project: project.labels.create_class(name)):
            return None
        return self._project.labels.classes()[-1].id

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except WorkbenchError as error:
            self.problem.emit(str(error))
