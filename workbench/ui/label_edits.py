"""What the user does to labels, classes and the split of one project, with the undo stack. No widgets."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.errors import WorkbenchError
from workbench.ui import figures

if TYPE_CHECKING:
    from workbench.project.history import UndoStack
    from workbench.project.labels import LabelChange
    from workbench.project.project import Project
    from workbench.project.splits import SplitOutcome


class LabelEdits(QObject):
    """Changes the open project at once. What is not possible becomes ``problem``, and nothing is changed."""

    labelled = Signal()
    classAdded = Signal()
    splitMade = Signal()
    told = Signal(str)
    problem = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self.undo: UndoStack | None = None

    def move_to(self, project: "Project | None") -> None:
        """Edit another project from now on, with nothing to undo; None where none is open."""
        self._project, self.undo = project, None
        if project is not None:
            from workbench.project.history import UndoStack

            self.undo = UndoStack()

    def assign(self, ids: Sequence[int], class_id: int | None) -> bool:
        """Give the images a class; True where that was done."""
        if self._project is None or self.undo is None or len(ids) == 0:
            return False
        with self._telling():
            self.undo.push(self._project.labels.assign(ids, class_id))
            self.labelled.emit()
            return True
        return False

    def take_back(self) -> "LabelChange | None":
        """Undo the last change; return it."""
        return self._step("undo", self.tr("Undone: {0}"))

    def make_again(self) -> "LabelChange | None":
        """Redo the change that was undone last; return it."""
        return self._step("redo", self.tr("Redone: {0}"))

    def _step(self, direction: str, text: str) -> "LabelChange | None":
        change: LabelChange | None = None
        with self._telling():
            change = getattr(self.undo, direction)(self._project.labels) if self._project is not None else None
        if change is not None:
            self.labelled.emit()
            self.told.emit(text.format(figures.counted(len(change.ids), self.tr("label"), self.tr("labels"))))
        return change

    def add_class(self, name: str) -> int | None:
        """Add a class at the end of the project's order; return its id."""
        if self._project is None:
            return None
        with self._telling():
            made = self._project.labels.add_class(name)
            self.classAdded.emit()
            return made
        return None

    def make_split(self, *, validation: float, test: float, seed: int) -> "SplitOutcome | None":
        """Divide the labelled images; return what came out."""
        if self._project is None:
            return None
        with self._telling():
            outcome = self._project.splits.make(validation=validation, test=test, seed=seed)
            self.splitMade.emit()
            return outcome
        return None

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except WorkbenchError as error:
            self.problem.emit(str(error))
