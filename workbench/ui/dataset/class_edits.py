"""What the user does to the classes themselves: name, order, colour, removal."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from workbench.errors import WorkbenchError
from workbench.project.ids import ClassId
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

    def _change(self, change: Callable[[Labels], object]) -> None:
        project = self._session.project
        if project is None:
            return
        try:
            change(project.labels)
        except WorkbenchError as error:
            self._session.problem.emit("dataset", str(error))
        self._session.classesChanged.emit()
