"""The images that the grid shows: asks the project for the ids of a query, and keeps selection and place when they change."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Signal

from workbench.project.images import Query
from workbench.project.project import Project
from workbench.ui.dataset.grid_model import GridModel, Ids
from workbench.ui.dataset.grid_view import GridView
from workbench.ui.dataset.selection import Selection, places_of
from workbench.ui.reader import Reader

IDS = "ids"
_NONE: Ids = np.zeros(0, np.int64)


class _Awaited(NamedTuple):
    ids: Ids
    tell: bool


class ShownImages(QObject):
    """``arrived`` is emitted when the grid shows the images of the query that was asked for last."""

    arrived = Signal()
    outside = Signal(int)
    """None of so many images that should be revealed are in the query."""

    def __init__(
        self, reader: Reader, model: GridModel, selection: Selection, grid: GridView, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._reader, self._model, self._selection, self._grid = reader, model, selection, grid
        self._awaited: _Awaited | None = None

    @property
    def is_asking(self) -> bool:
        return self._reader.is_asking(IDS)

    def clear(self) -> None:
        """No project is open, or another one."""
        self._awaited = None
        self._model.set_ids(_NONE)
        self._selection.reset(0)

    def ask(self, query: Query) -> None:
        """Show the images of ``query``: at once in a small project, else when the answer is there."""
        self._reader.ask(IDS, partial(_ids_of, query), self._show, urgent=True)

    def _show(self, new: Ids) -> None:
        """Show what the query gave, and keep what is selected and current where it is still shown."""
        old, chosen, current = self._model.ids, self._selection.positions(), self._selection.current
        kept_ids = old[chosen]
        current_id = int(old[current]) if 0 <= current < len(old) else -1
        self._model.set_ids(new)
        kept = places_of(new, kept_ids)
        place = self._model.position_of(current_id)
        if place < 0:
            place = min(current, len(new) - 1)
            if len(chosen) and not len(kept) and place >= 0:
                kept = np.array([place])  # What was selected left the query: the next one takes its place.
        self._selection.reset(len(new), selected=kept, current=place)
        self._grid.reveal(place)
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            self._reveal(awaited)
        self.arrived.emit()

    def reveal(self, ids: Ids, *, quietly: bool = True) -> None:
        """Select these images and scroll to the first; where a query is on its way, when it is there.

        Unless ``quietly``, ``outside`` tells where the query has none of them.
        """
        awaited = _Awaited(np.asarray(ids, np.int64), not quietly)
        if self.is_asking:
            self._awaited = awaited
        else:
            self._reveal(awaited)

    def _reveal(self, awaited: _Awaited) -> None:
        places = places_of(self._model.ids, awaited.ids)
        if len(places):
            self._selection.select(places)
            self._selection.go_to(int(places[0]))
            self._grid.reveal(int(places[0]))
        elif awaited.tell and len(awaited.ids):
            self.outside.emit(len(awaited.ids))


def _ids_of(query: Query, project: Project) -> Any:
    return project.images.ids(query)
