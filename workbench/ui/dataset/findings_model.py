"""The findings of the curation checks as a list, fetched page by page, with the rows of their images."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.project.findings import FindingRow
from workbench.project.images import ImageRow

Index = QModelIndex | QPersistentModelIndex

FindingRole = Qt.ItemDataRole.UserRole + 1
ImagesRole = Qt.ItemDataRole.UserRole + 2

PAGE = 100
MOST_IMAGES = 8
"""Images of one finding that are shown in the list; the grid shows them all."""

_NOWHERE = QModelIndex()

Fetch = Callable[[int, int], Sequence[FindingRow]]
"""(start, limit) -> findings, strongest first."""
Look = Callable[[Sequence[int]], Sequence[ImageRow]]
"""Ids -> rows of the images, in their order."""


class FindingsModel(QAbstractListModel):
    """Findings strongest first; more are fetched as the list is scrolled."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fetch: Fetch = lambda _start, _limit: []
        self._look: Look = lambda _ids: []
        self._found: list[FindingRow] = []
        self._images: dict[int, ImageRow] = {}
        self._complete = True

    def show(self, fetch: Fetch, look: Look) -> None:
        """Show other findings, from the first on."""
        self.beginResetModel()
        self._fetch, self._look = fetch, look
        self._found, self._images, self._complete = [], {}, False
        self._append(0)
        self.endResetModel()

    def finding(self, row: int) -> FindingRow:
        return self._found[row]

    def images(self, row: int) -> list[ImageRow]:
        """Return the first images of a finding."""
        return [self._images[i] for i in self._found[row].ids[:MOST_IMAGES] if i in self._images]

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._found)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._complete

    def fetchMore(self, parent: Index) -> None:
        if self._complete:
            return
        start = len(self._found)
        more = list(self._fetch(start, PAGE))
        if not more:
            self._complete = True
            return
        self.beginInsertRows(QModelIndex(), start, start + len(more) - 1)
        self._take(more)
        self.endInsertRows()

    def _append(self, start: int) -> None:
        more = list(self._fetch(start, PAGE))
        self._take(more)

    def _take(self, more: list[FindingRow]) -> None:
        self._complete = len(more) < PAGE
        self._found += more
        new = {image_id for found in more for image_id in found.ids[:MOST_IMAGES]} - self._images.keys()
        wanted = sorted(new)
        for start in range(0, len(wanted), 1000):
            self._images.update((row.id, row) for row in self._look(wanted[start : start + 1000]))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self._found[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return found.message
        if role == Qt.ItemDataRole.ToolTipRole:
            names = [row.relative for row in self.images(index.row())]
            return "\n".join([found.message, *names])
        if role == FindingRole:
            return found
        if role == ImagesRole:
            return self.images(index.row())
        return None
