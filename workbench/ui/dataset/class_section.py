"""The classes in the inspector: what a label is, the list with its keys, and a field for another class."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from workbench.project.ids import Task
from workbench.ui import theme
from workbench.ui.dataset.class_list import ClassList
from workbench.ui.dataset.class_model import ClassModel
from workbench.ui.dataset.marks import GraderChoice
from workbench.ui.layouts import column, row
from workbench.ui.widgets import Segmented, button, label


class TaskChoice(QWidget):
    """What a label of this project is, with a sentence about what that means."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tr = self.tr
        self.choice = Segmented((("single", tr("One class")), ("multi", tr("Several")), ("ordinal", tr("Grades"))))
        self.choice.setObjectName("dataset.task")
        self._meaning = {
            "single": tr("Each image has one class."),
            "multi": tr("An image may have any number of classes, also none: keys put them on and off."),
            "ordinal": tr("Each image has one grade; the order of the classes is the scale, lowest first."),
        }
        for key, text in self._meaning.items():
            self.choice.button(key).setToolTip(text)
        self.meaning = label("", "secondary", wrap=True)
        self._showing = False
        self.choice.changed.connect(self._changed)
        self.setLayout(column(self.choice, self.meaning, spacing=theme.HALF))
        self.show_task("single")

    def show_task(self, task: Task) -> None:
        """Show what it is; that is not told."""
        self._showing = True
        self.choice.set_value(task)
        self._showing = False
        self.meaning.setText(self._meaning[task])

    @Slot(str)
    def _changed(self, key: str) -> None:
        if not self._showing:
            self.chosen.emit(key)


class ClassSection(QWidget):
    """Shows what it is given; the signals of its parts say what the user wants."""

    classAdded = Signal(str)

    def __init__(self, model: ClassModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = ClassList(model)
        self.grader = GraderChoice()
        self.task = TaskChoice()
        self.new_class = QLineEdit()
        self.new_class.setObjectName("dataset.newClass")
        self.new_class.setPlaceholderText(self.tr("New class"))
        self.new_class.setAccessibleName(self.tr("New class"))
        self.new_class.setMaxLength(200)
        self.new_class.returnPressed.connect(self.add)
        add = button(
            self.tr("Add"), self.add, name="dataset.addClass", tip=self.tr("Add a class at the end of the order")
        )
        self._hint = label(
            self.tr("Classes come from the names of sub-folders. Add them here where the images have none."),
            "secondary",
            wrap=True,
        )
        self.advance = QCheckBox(self.tr("Go on to the next image"))
        self.advance.setObjectName("dataset.advance")
        self.advance.setToolTip(self.tr("After labelling one image, select the next (G)"))
        self.suggest = button(
            self.tr("Suggest labels"),
            role="link",
            name="dataset.suggestLabels",
            tip=self.tr(
                "Let the newest trained model, or one made now from the labels there are, look at the other images"
            ),
        )
        self.suggest.setStyleSheet("padding: 0;")
        self.setLayout(
            column(
                self.grader,
                self.task,
                self.list,
                row(self.new_class, add),
                self._hint,
                row(self.advance, None, self.suggest),
                spacing=theme.GRID,
            )
        )

    @Slot()
    def add(self) -> None:
        name = self.new_class.text().strip()
        if name:
            self.new_class.clear()
            self.classAdded.emit(name)

    def has_classes(self, has: bool) -> None:
        """With classes there is something to choose and to go on from; without, a hint says where they come from."""
        self._hint.setVisible(not has)
        self.advance.setVisible(has)
        self.suggest.setVisible(has)
        self.task.setVisible(has)
        self.grader.setVisible(has)
