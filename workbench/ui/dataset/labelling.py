"""Labelling by key, menu and drag: saved as it is made, and on to the next image."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit

from workbench.project.ids import ClassId, LabelValue
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.ui import figures
from workbench.ui.dataset.class_model import ClassModel
from workbench.ui.dataset.grid_model import Ids
from workbench.ui.dataset.grid_view import GridView
from workbench.ui.dataset.selection import Selection, places_of
from workbench.ui.session import Session

ADVANCE = "dataset/advance"


class Labelling(QObject):
    """Labels ``selected()`` through the session. ``advance``: after one image is decided on, the next is selected.

    With several labels per image a key puts its class on or takes it off, and the image stays.
    """

    def __init__(
        self,
        session: Session,
        grid: GridView,
        selection: Selection,
        classes: ClassModel,
        selected: Callable[[], Ids],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._grid, self._selection, self._classes = session, grid, selection, classes
        self._selected = selected
        self.advance = session.preferences.switch(ADVANCE, True)

    @property
    def several(self) -> bool:
        """True in a project where an image may have several labels."""
        project = self._session.project
        return project is not None and project.labels.task == "multi"

    def with_key(self, number: int) -> None:
        """Label with the class at this place of the order, counted from 0; with several labels put it on or off."""
        if number < len(self._classes.classes):
            class_id = self._classes.classes[number].id
            if self.several:
                self.toggle(class_id)
            else:
                self.label(class_id)

    @Slot()
    def unlabel(self) -> None:
        """Take the labels of the selected images away. The files stay where they are."""
        self.label(None)

    @Slot()
    def none_applies(self) -> None:
        """With several labels: say that the selected images were looked at, and none of the classes applies."""
        ids = self._selected()
        if self.several and not is_writing() and len(ids):
            position = self._selection.current
            if self._session.assign(ids, ()):
                self._tell(ids, self.tr("{count} images have none of the classes"))
                self.go_on(ids, position)

    @Slot(int)
    def toggle(self, class_id: int) -> None:
        """Put a class on the selected images, or take it off where all of them have it."""
        ids = self._selected()
        if not len(ids) or is_writing() or not self._session.toggle_class(ids, class_id):
            return
        name = self._name(class_id)
        project = self._session.project
        now = project.labels.of(ids[:1])[0] if project is not None else None
        on = isinstance(now, tuple) and class_id in now
        self._tell(
            ids, self.tr("{count} images have {name} now") if on else self.tr("{name} taken off {count} images"), name
        )

    @Slot(int)
    def label(self, class_id: int | None) -> None:
        """Label the selected images; while a text field has the keyboard, do nothing."""
        ids = self._selected()
        if not len(ids) or is_writing():
            return
        position = self._selection.current
        if not self._give(ids, class_id):
            return
        name = self._name(class_id)
        self._tell(
            ids, self.tr("{count} images labelled {name}") if name else self.tr("{count} labels taken away"), name
        )
        if class_id is not None and not self.several:
            self.go_on(ids, position)

    def _give(self, ids: Ids, class_id: int | None) -> bool:
        if class_id is None or not self.several:
            value: LabelValue = None if class_id is None else ClassId(class_id)
            return self._session.assign(ids, value)
        return self._session.give_class(ids, class_id)

    @Slot()
    def reject(self) -> None:
        """Take the selected images out of the data set; where the first of them is out already, in again."""
        ids = self._selected()
        project = self._session.project
        if project is None or not len(ids) or is_writing():
            return
        position = self._selection.current
        on = not project.images.page(ids[:1])[0].rejected
        if self._session.reject(ids, on):
            count = figures.counted(len(ids), self.tr("image"), self.tr("images"))
            said = self.tr("{count} rejected; Ctrl+Z takes it back") if on else self.tr("{count} back in the data set")
            self._session.toast.emit(said.format(count=count))
            if on:
                self.go_on(ids, position)

    def go_on(self, ids: Ids, position: int) -> None:
        """After one image was decided on, select the next, if that is wanted and the image is still where it was."""
        shown = self._grid.ids
        stayed = 0 <= position < len(shown) and shown[position] == ids[0]
        if self.advance and len(ids) == 1 and stayed and position + 1 < len(shown):
            self._grid.move_to(position + 1)

    def _name(self, class_id: int | None) -> str:
        return next((known.name for known in self._classes.classes if known.id == class_id), "")

    def _tell(self, ids: Ids, text: str, name: str = "") -> None:
        if len(ids) > 1:
            self._session.toast.emit(text.format(count=figures.count(len(ids)), name=name))

    def go_to_unlabelled(self, query: Query) -> None:
        """Go to the next image of ``query`` that has no class: after the current one, then from the start."""
        asked = replace(query, unlabelled=True, class_id=None)
        self._session.reader.ask("unlabelled", partial(_ids_of, asked), self._go_to_one_of)

    def _go_to_one_of(self, unlabelled: Ids) -> None:
        places = places_of(self._grid.ids, unlabelled)
        if not len(places):
            self._session.toast.emit(self.tr("Every image shown has a class."))
            return
        after = places[places > self._selection.current]
        self._grid.move_to(int(after[0] if len(after) else places[0]))

    @Slot(bool)
    def set_advance(self, on: bool) -> None:
        """Go on to the next image after labelling, or stay. Remembered."""
        self.advance = on
        self._session.preferences.set(ADVANCE, on)


def _ids_of(query: Query, project: Project) -> Ids:
    return project.images.ids(query)


def is_writing() -> bool:
    """Return True while a text field has the keyboard: class keys then are text."""
    focus = QApplication.focusWidget()
    if isinstance(focus, QComboBox):
        return focus.isEditable()
    return isinstance(focus, QLineEdit | QTextEdit | QPlainTextEdit | QAbstractSpinBox)
