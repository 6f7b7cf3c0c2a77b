"""What the session lets its callers do to the open project, with undo, and how it tells of it. No widgets."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from workbench.ui.label_edits import LabelEdits
from workbench.ui.places import Preferences

if TYPE_CHECKING:
    # Only for types: the window appears before the core is imported.
    from workbench.project.changes import Change
    from workbench.project.history import UndoStack
    from workbench.project.ids import LabelValue
    from workbench.project.labels import Labels
    from workbench.project.project import Project

GRADER = "grader"
"""The preference that says who labels."""


class EditingSession(QObject):
    """The part of the session that edits. Each edit is saved when the call returns."""

    imagesChanged = Signal()
    labelsChanged = Signal()
    classesChanged = Signal()
    splitChanged = Signal()
    findingsChanged = Signal()
    """Findings were stored or dismissed."""
    predictionsChanged = Signal()
    """Suggestions were stored or refused."""
    decisionsChanged = Signal(object)
    """A `Change` of any kind was made, taken back or made again; the more particular signal follows it."""
    undone = Signal(object)
    """A `Change` was taken back or made again, and everybody was told: whoever shows images shows these."""
    graderChanged = Signal(str)
    blindChanged = Signal(bool)
    """From now on grades are given without seeing the labels, or no longer."""
    undoChanged = Signal()
    saved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.preferences = Preferences()
        self.saved_at: float | None = None
        self._labels = LabelEdits(self)
        self._labels.changed.connect(self._edited)

    @property
    def undo(self) -> "UndoStack | None":
        """What can be undone and redone in the open project."""
        return self._labels.undo

    @property
    def grader(self) -> str:
        """Who labels; "" where nobody is named. Remembered, and written beside each decision."""
        return str(self.preferences.get(GRADER, "") or "")

    def set_grader(self, name: str) -> None:
        """Say who labels from now on."""
        name = " ".join(name.split())
        if name != self.grader:
            self.preferences.set(GRADER, name)
            self.graderChanged.emit(name)

    @property
    def blind(self) -> bool:
        """True while a grader grades without seeing what others said; labels then stay as they are."""
        return self._labels.blind

    def set_blind(self, on: bool) -> None:
        """Begin or end grading blind; it needs a grader's name."""
        on = on and bool(self.grader)
        if on != self._labels.blind:
            self._labels.blind = on
            self.blindChanged.emit(on)

    def do(self, change: "Change") -> None:
        """Take note of a change that was made to the project: undo can take it back, and who shows it is told."""
        self._labels.do(change)

    def make(self, edit: "Callable[[Project], Change | None]") -> bool:
        """Let ``edit`` change the project, as `do`; a WorkbenchError becomes a banner. True where it was done."""
        return self._labels.make(edit)

    def assign(self, ids: Sequence[int], value: "LabelValue | int") -> bool:
        """Give the images a label (None takes it away). Undo takes it back."""
        return self._labels.assign(ids, value, grader=self.grader)

    def toggle_class(self, ids: Sequence[int], class_id: int) -> bool:
        """With several labels per image: take the class away where all of the images have it, else give it to each."""
        return self._labels.toggle_class(ids, class_id, grader=self.grader)

    def give_class(self, ids: Sequence[int], class_id: int) -> bool:
        """With several labels per image: put the class on each of the images, beside those that it has."""
        return self._labels.toggle_class(ids, class_id, on=True, grader=self.grader)

    def reject(self, ids: Sequence[int], on: bool = True) -> bool:
        """Take the images out of the data set, or in again. The files stay where they are."""
        return self.make(lambda project: project.rejection.set(ids, on, grader=self.grader))

    def tag(self, ids: Sequence[int], name: str, on: bool = True) -> bool:
        """Put a tag on the images, or take it off."""
        return self.make(
            lambda project: (project.tags.add if on else project.tags.remove)(ids, name, grader=self.grader)
        )

    def note(self, image_id: int, text: str) -> bool:
        """Write the note of an image; "" takes it away."""
        return self.make(lambda project: project.notes.set(image_id, text, grader=self.grader))

    def edit_classes(self, edit: "Callable[[Labels], Change | None]") -> bool:
        """Let ``edit`` change the classes: name, order, colour, merging, removal."""
        return self.make(lambda project: edit(project.labels))

    def undo_label(self) -> "Change | None":
        """Take the last change back, of whatever kind. Returns what changed."""
        return self._stepped(self._labels.take_back())

    def redo_label(self) -> "Change | None":
        """Make the change again that was undone last. Returns what changed."""
        return self._stepped(self._labels.make_again())

    def _stepped(self, change: "Change | None") -> "Change | None":
        if change is not None:
            self.undone.emit(change)
        return change

    @Slot(object)
    def _edited(self, change: "Change") -> None:
        self.was_saved()
        parts = getattr(change, "changes", (change,))
        for part in parts:
            self.decisionsChanged.emit(part)
        news: dict[str, tuple[SignalInstance, ...]] = {
            "label": (self.labelsChanged, self.splitChanged),
            "reject": (self.imagesChanged, self.labelsChanged, self.splitChanged),
            "classes": (self.classesChanged, self.labelsChanged),
            "pin": (self.splitChanged,),
            "suggestion": (self.predictionsChanged,),
            "grade": (self.labelsChanged,),
            "finding": (self.findingsChanged,),
        }
        told = [signal for part in parts for signal in news.get(getattr(part, "what", "label"), ())]
        for place, signal in enumerate(told):
            if signal not in told[:place]:
                signal.emit()
        self.undoChanged.emit()

    def add_class(self, name: str) -> int | None:
        """Add a class at the end of the project's order. None where that is not possible."""
        return self._labels.add_class(name)

    @Slot()
    def was_saved(self) -> None:
        """Take note that the project was written just now."""
        self.saved_at = time.time()
        self.saved.emit()
