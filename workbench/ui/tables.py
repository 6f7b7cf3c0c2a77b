"""Tables that are read, not edited like a sheet: no grid, rows of one height, and columns that go where room is short."""

from collections.abc import Mapping

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from workbench.ui import theme


def dress(table: QTableView, *, widths: Mapping[int, int], stretched: int) -> None:
    """Give a table the look of all tables; ``stretched`` is the column that takes the room that is left."""
    table.setTabKeyNavigation(False)  # Tab goes on to the next widget: from cell to cell it would never get out
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(theme.ROW)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for section, width in widths.items():
        header.resizeSection(section, width)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)


def table_of(model: QAbstractItemModel, name: str, *, widths: Mapping[int, int], stretched: int) -> QTableView:
    """Return a table of one selectable row, which nobody edits."""
    table = QTableView()
    table.setObjectName(name)
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    dress(table, widths=widths, stretched=stretched)
    return table


def make_sortable(table: QTableView) -> None:
    """A click on a head sorts, a third one brings the model's own order back."""
    header = table.horizontalHeader()
    header.setSortIndicatorShown(True)
    header.setSortIndicatorClearable(True)
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    table.setSortingEnabled(True)


class KeptReadable(QObject):
    """Hides columns, the first given first, until the stretched one has ``least`` pixels; shows them where there is room."""

    def __init__(self, table: QTableView, *, stretched: int, least: int, spare: tuple[int, ...]) -> None:
        super().__init__(table)
        self._table, self._stretched, self._least, self._spare = table, stretched, least, spare
        self._widths = {section: table.columnWidth(section) for section in spare}
        table.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        table = self._table
        model = table.model()
        others = set(range(model.columnCount())) - {self._stretched, *self._spare}
        room = table.viewport().width() - self._least - sum(table.columnWidth(section) for section in others)
        room -= sum(self._widths.values())
        for section in self._spare:
            hidden = room < 0
            if hidden:
                room += self._widths[section]
            elif not table.isColumnHidden(section):
                self._widths[section] = table.columnWidth(section)
            if table.isColumnHidden(section) != hidden:
                table.setColumnHidden(section, hidden)
