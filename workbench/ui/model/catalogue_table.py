"""The table of the catalogue."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from workbench.models.catalog import BackboneInfo
from workbench.ui import tables, theme
from workbench.ui.model.catalogue_delegates import NameDelegate, StarDelegate
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.catalogue_model import (
    EXPORTS,
    FAMILY,
    GMACS,
    HERE,
    LICENCE,
    NAME,
    PARAMETERS,
    SIZE,
    STAR,
    TOP1,
    YEAR,
    InfoRole,
)

WIDTHS = {
    STAR: 28,
    FAMILY: 120,
    YEAR: 52,
    PARAMETERS: 88,
    GMACS: 68,
    SIZE: 66,
    TOP1: 64,
    HERE: 52,
    EXPORTS: 74,
    LICENCE: 108,
}
SPARE = (LICENCE, FAMILY, EXPORTS, YEAR, SIZE, GMACS, TOP1, HERE, PARAMETERS)
"""What goes first where the room is short; the inspector on the right says all of it."""
LEAST_NAME = 232


class CatalogueTable(QTableView):
    """The table: a click chooses a backbone, a click on the star makes it a favourite and chooses nothing."""

    def __init__(self, rows: CatalogueFilter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.table")
        self.setAccessibleName(self.tr("Backbones"))
        self.model_ = rows.catalogue()
        self._rows = rows
        self.setModel(rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setItemDelegateForColumn(NAME, NameDelegate(self))
        self.setItemDelegateForColumn(STAR, StarDelegate(self))
        tables.dress(self, widths=WIDTHS, stretched=NAME)
        tables.make_sortable(self)
        tables.KeptReadable(self, stretched=NAME, least=LEAST_NAME, spare=SPARE)
        self.horizontalHeader().moveSection(STAR, 0)

    def info_at(self, row: int) -> BackboneInfo:
        """Return the backbone in a row that is shown."""
        info = self._rows.index(row, NAME).data(InfoRole)
        assert isinstance(info, BackboneInfo)
        return info

    def star(self, row: int) -> None:
        """Make the backbone of a row a favourite, or no longer."""
        name = self.info_at(row).name
        self.model_.set_favourite(name, not self.model_.is_favourite(name))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == STAR and event.button() == Qt.MouseButton.LeftButton:
            self.star(index.row())
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if theme.is_theme_change(event):
            self.viewport().update()
