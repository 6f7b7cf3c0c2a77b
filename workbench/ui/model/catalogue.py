"""The catalogue of backbones as a table, and the filter in front of it.

Some 1 300 rows are searched at each key, so the work is done on strings prepared once: the filter asks each row for a
flag, the order is made in Python and passed to the view as one change of layout.
"""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from workbench.models.catalog import BackboneInfo
from workbench.ui import figures

Index = QModelIndex | QPersistentModelIndex

NAME, LIBRARY, PARAMETERS, SIZE, HERE, LICENCE = range(6)
InfoRole = Qt.ItemDataRole.UserRole + 1


def millions(parameters: float | None) -> str:
    """Return a count of parameters, given in millions, in words: 3.5 -> "3.5 M", 0.83 -> "830 k"; None -> "–"."""
    if parameters is None:
        return "–"
    if parameters < 1:
        return f"{parameters * 1000:.0f} k"
    return f"{parameters:.1f} M" if parameters < 100 else f"{figures.count(round(parameters))} M"


class CatalogueModel(QAbstractTableModel):
    """One row per backbone. ``here`` answers whether the hub weights of one are on this machine."""

    def __init__(
        self, backbones: Sequence[BackboneInfo], here: Callable[[BackboneInfo], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._here = {each.name: here(each) for each in backbones}
        self._haystack = {each.name: f"{each.name} {each.family} {each.title}".lower() for each in backbones}
        self._column, self._descending = -1, False
        self._needle = ""
        self._rows = self._arranged(backbones)

    # -- what the view asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else LICENCE + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= LICENCE:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                self.tr("Name"),
                self.tr("Library"),
                self.tr("Parameters"),
                self.tr("Input"),
                self.tr("Weights here"),
                self.tr("Licence"),
            )[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in (PARAMETERS, SIZE):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (PARAMETERS, SIZE):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == InfoRole:
            return row
        return None

    def _text(self, row: BackboneInfo, column: int) -> str:
        if column == NAME:
            return ("★ " if row.recommended else "") + row.name.partition("/")[2]
        if column == LIBRARY:
            return row.library
        if column == PARAMETERS:
            return millions(row.parameters)
        if column == SIZE:
            return self.tr("{0} px").format(row.input_size)
        if column == HERE:
            return self._here_text(row)
        return row.licence or self.tr("not recorded")

    def _here_text(self, row: BackboneInfo) -> str:
        if not row.weights:
            return self.tr("none published")
        return self.tr("yes") if self._here[row.name] else self.tr("to download")

    def _tip(self, row: BackboneInfo, column: int) -> str:
        if column == HERE:
            if not row.weights:
                return self.tr(
                    "Nobody publishes weights for this one: it starts from random numbers or from your file."
                )
            if self._here[row.name]:
                return self.tr("The hub's weights are on this machine.")
            return self.tr("The hub's weights are fetched once, when a run starts; without a network choose a file.")
        parts = [row.name, row.family]
        if row.note:
            parts.append(row.note)
        return " · ".join(part for part in parts if part)

    # -- what the panel asks

    def backbone(self, row: int) -> BackboneInfo:
        return self._rows[row]

    def row_of(self, name: str) -> int:
        """Return the row of a backbone, or -1."""
        return next((row for row, each in enumerate(self._rows) if each.name == name), -1)

    def here(self, name: str) -> bool:
        """Whether the hub's weights of this backbone are on this machine."""
        return self._here.get(name, False)

    def libraries(self) -> list[str]:
        return sorted({row.library for row in self._rows})

    def matches(self, row: int, words: Sequence[str]) -> bool:
        """Whether every one of ``words`` (lower case) stands in the row's name, family or title."""
        haystack = self._haystack[self._rows[row].name]
        return all(word in haystack for word in words)

    # -- order

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._rearrange()

    def rank_by(self, needle: str) -> None:
        """Put names that are or begin with ``needle`` first; an empty one gives the plain order back."""
        if needle != self._needle:
            self._needle = needle
            self._rearrange()

    def _rearrange(self) -> None:
        before, after = self._rows, self._arranged(self._rows)
        if after == before:
            return
        self.layoutAboutToBeChanged.emit()
        self._rows = after
        now = {row.name: number for number, row in enumerate(after)}
        old = self.persistentIndexList()
        self.changePersistentIndexList(old, [self.index(now[before[each.row()].name], each.column()) for each in old])
        self.layoutChanged.emit()

    def _arranged(self, rows: Sequence[BackboneInfo]) -> list[BackboneInfo]:
        order = sorted(rows, key=lambda row: (not row.recommended, row.name.partition("/")[2]))
        if self._column >= 0:
            order.sort(key=self._sort_key(self._column), reverse=self._descending)
        if self._needle:
            order.sort(key=lambda row: _rank(row.name.partition("/")[2].lower(), self._needle))
        return order

    def _sort_key(self, column: int) -> Callable[[BackboneInfo], Any]:
        keys: tuple[Callable[[BackboneInfo], Any], ...] = (
            lambda row: row.name.partition("/")[2].lower(),
            lambda row: row.library,
            lambda row: row.parameters or 0.0,
            lambda row: row.input_size,
            lambda row: (not self._here[row.name], not row.weights),
            lambda row: row.licence or "~",
        )
        return keys[column]


def _rank(name: str, needle: str) -> int:
    return 0 if name == needle else 1 if name.startswith(needle) else 2


class CatalogueFilter(QSortFilterProxyModel):
    """The rows that fit the search, the library and the switches. Its order is the source's own."""

    def __init__(self, source: CatalogueModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._library = ""
        self._recommended = False
        self._here = False
        self.setDynamicSortFilter(False)
        self.setSourceModel(source)

    def catalogue(self) -> CatalogueModel:
        source = self.sourceModel()
        assert isinstance(source, CatalogueModel)
        return source

    def narrow(
        self,
        *,
        text: str | None = None,
        library: str | None = None,
        recommended: bool | None = None,
        here: bool | None = None,
    ) -> None:
        """Change what is asked for; what is None stays."""
        if text is not None:
            self._words = text.lower().split()
        self._library = self._library if library is None else library
        self._recommended = self._recommended if recommended is None else recommended
        self._here = self._here if here is None else here
        self.catalogue().rank_by(" ".join(self._words))
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        catalogue = self.catalogue()
        row = catalogue.backbone(source_row)
        if self._library and row.library != self._library:
            return False
        if self._recommended and not row.recommended:
            return False
        if self._here and not catalogue.here(row.name):
            return False
        return not self._words or catalogue.matches(source_row, self._words)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.catalogue().sort(column, order)
