"""What the user does to the classes themselves: name, order, colour, merging, removal, and what a label is."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from workbench.errors import WorkbenchError
from workbench.project.ids import ClassId, Task
from workbench.project.labels import Labels
from workbench.ui.session import Session


class ClassEdits(QObject):
    """Slots for the class list. A change that is not possible becomes a banner, and the list shows what is true."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session

    @Slot(str)
    def add(self, name: str) -> None:
        self._session.add_class(name)

    @Slot(int, str)
    def rename(self, class_id: int, name: str) -> None:
        self._change(lambda labels: labels.rename(ClassId(class_id), name))

    @Slot(list)
    def reorder(self, ids: list[int]) -> None:
        self._change(lambda labels: labels.reorder([ClassId(class_id) for class_id in ids]))

    @Slot(int, str)
    def recolour(self, class_id: int, colour: str) -> None:
        self._change(lambda labels: labels.recolour(ClassId(class_id), colour))

    @Slot(int)
    def remove(self, class_id: int) -> None:
        self._change(lambda labels: labels.remove_class(ClassId(class_id)))

    @Slot(int, int)
    def merge(self, source: int, into: int) -> None:
        """Let all images of a class have another one, and remove it. One undo takes it back."""
        project = self._session.project
        if project is None or source == into:
            return
        names = {known.id: known.name for known in project.labels.classes()}
        grader = self._session.grader
        if self._change(lambda labels: labels.merge([ClassId(source)], ClassId(into), grader=grader)):
            said = self.tr("{0} is part of {1} now; Ctrl+Z takes it back.")
            self._session.toast.emit(said.format(names.get(source, ""), names.get(into, "")))

    def set_task(self, task: Task) -> bool:
        """Say what a label is in this project; False, and a banner, where that would lose labels."""
        project = self._session.project
        if project is None or task == project.labels.task:
            return False
        try:
            project.labels.set_task(task)
        except WorkbenchError as error:
            self._session.problem.emit("dataset", str(error))
            return False
        self._session.classesChanged.emit()
        self._session.labelsChanged.emit()
        return True

    def _change(self, change: Callable[[Labels], object]) -> bool:
        done = self._session.edit_classes(change)
        if not done:
            self._session.classesChanged.emit()  # the list shows what the user asked for
        return done
