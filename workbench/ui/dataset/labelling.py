"""Labelling by key, menu and drag: saved as it is made, and on to the next image."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QTextEdit

from workbench.project.images import Query
from workbench.ui import figures
from workbench.ui.dataset.class_model import ClassModel
from workbench.ui.dataset.grid_model import Ids
from workbench.ui.dataset.grid_view import GridView
from workbench.ui.dataset.selection import Selection
from workbench.ui.session import Session

ADVANCE = "dataset/advance"


class Labelling(QObject):
    """Labels ``selected()`` through the session. ``advance``: after one image is labelled, the next is selected."""

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

    def with_key(self, number: int) -> None:
        """Label with the class at this place of the order, counted from 0."""
        if number < len(self._classes.classes):
            self.label(self._classes.classes[number].id)

    @Slot()
    def unlabel(self) -> None:
        """Take the labels of the selected images away. The files stay where they are."""
        self.label(None)

    @Slot(int)
    def label(self, class_id: int | None) -> None:
        """Label the selected images; while a text field has the keyboard, do nothing."""
        ids = self._selected()
        if not len(ids) or is_writing():
            return
        position = self._selection.current
        if not self._session.assign(ids, class_id):
            return
        if len(ids) > 1:
            self._tell(len(ids), class_id)
        elif class_id is not None and self.advance:
            shown = self._grid.ids
            stayed = 0 <= position < len(shown) and shown[position] == ids[0]
            if stayed and position + 1 < len(shown):
                self._grid.move_to(position + 1)

    def _tell(self, count: int, class_id: int | None) -> None:
        known = next((known for known in self._classes.classes if known.id == class_id), None)
        text = self.tr("{count} images labelled {name}") if known else self.tr("{count} labels taken away")
        self._session.toast.emit(text.format(count=figures.count(count), name=known.name if known else ""))

    def go_to_unlabelled(self, query: Query) -> None:
        """Go to the next image of ``query`` that has no class: after the current one, then from the start."""
        project = self._session.project
        if project is None:
            return
        unlabelled = project.images.ids(replace(query, unlabelled=True, class_id=None))
        places = np.flatnonzero(np.isin(self._grid.ids, unlabelled))
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


def is_writing() -> bool:
    """Return True while a text field has the keyboard: class keys then are text."""
    return isinstance(QApplication.focusWidget(), QLineEdit | QTextEdit | QPlainTextEdit | QAbstractSpinBox)
