"""The grid's item model: an array of image ids laid out in columns, rows fetched in blocks as they are shown."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.project.images import ImageRow
from workbench.ui.dataset.filter_words import finding_title

Ids = NDArray[np.int64]
Fetch = Callable[[Ids], Sequence[ImageRow]]
AnyIndex = QModelIndex | QPersistentModelIndex

ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""Role of the `ImageRow` of a cell; None for a cell after the last image."""

BLOCK = 64
KEPT_BLOCKS = 64
_NOWHERE = QModelIndex()
_ROLES = (
    ROW_ROLE,
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)


class GridModel(QAbstractTableModel):
    """Positions 0 to ``len(ids) - 1`` in reading order, ``columns`` to a row.

    ``fetch`` gets up to `BLOCK` ids and returns their rows in that order. Only blocks that are shown are asked for, and
    the last `KEPT_BLOCKS` of them are kept, so a million images cost their ids and a few thousand rows.
    """

    def __init__(self, fetch: Fetch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._ids: Ids = np.zeros(0, np.int64)
        self._columns = 1
        self._blocks: OrderedDict[int, Sequence[ImageRow]] = OrderedDict()

    @property
    def ids(self) -> Ids:
        return self._ids

    @property
    def columns(self) -> int:
        return self._columns

    def set_ids(self, ids: Ids) -> None:
        """Show another query."""
        self.beginResetModel()
        self._ids = np.ascontiguousarray(ids, np.int64)
        self._blocks.clear()
        self.endResetModel()

    def set_columns(self, columns: int) -> None:
        """Lay out anew. Rows that were fetched stay fetched."""
        columns = max(1, columns)
        if columns != self._columns:
            self.beginResetModel()
            self._columns = columns
            self.endResetModel()

    def refresh(self) -> None:
        """Labels or splits changed: fetch again what is shown."""
        self._blocks.clear()
        if len(self._ids):
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self._columns - 1))

    def row_at(self, position: int) -> ImageRow | None:
        """Return the row at a position, fetching its block where it is not at hand."""
        if not 0 <= position < len(self._ids):
            return None
        number, within = divmod(position, BLOCK)
        block = self._blocks.get(number)
        if block is None:
            block = self._fetch(self._ids[number * BLOCK : (number + 1) * BLOCK])
            self._blocks[number] = block
            if len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(number)
        return block[within] if within < len(block) else None

    def position_of(self, image_id: int) -> int:
        """Return where an image is in the query, -1 where it is not."""
        found = np.flatnonzero(self._ids == image_id)
        return int(found[0]) if len(found) else -1

    def position(self, index: AnyIndex) -> int:
        """Return the position of a cell, -1 for a cell after the last image."""
        position = index.row() * self._columns + index.column() if index.isValid() else -1
        return position if position < len(self._ids) else -1

    def index_at(self, position: int) -> QModelIndex:
        return self.index(position // self._columns, position % self._columns) if position >= 0 else QModelIndex()

    def rowCount(self, parent: AnyIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else -(-len(self._ids) // self._columns)

    def columnCount(self, parent: AnyIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._columns

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if self.position(index) < 0:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        position = self.position(index)
        if position < 0 or role not in _ROLES:
            return None
        row = self.row_at(position)
        if row is None or role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row)
        return row.relative

    def _tip(self, row: ImageRow) -> str:
        lines = [row.relative, f"{row.width} × {row.height}"]
        if row.tags:
            lines.append(self.tr("Tags: {0}").format(", ".join(row.tags)))
        if row.findings:
            lines.append(", ".join(finding_title(kind, self.tr) for kind in row.findings))
        if row.test_set is not None:
            lines.append(self.tr("In the frozen test set {0}").format(row.test_set))
        elif row.pinned:
            lines.append(self.tr("Keeps its part of the split"))
        if row.error is not None:
            lines.append(row.error)
        return "\n".join(lines)
