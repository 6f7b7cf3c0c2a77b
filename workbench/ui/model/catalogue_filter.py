"""The rows of the catalogue that are wanted."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSortFilterProxyModel, Qt

from workbench.models.catalog import BackboneInfo
from workbench.models.searching import squeezed
from workbench.ui.model.catalogue_model import ANSWERED, CatalogueModel, Index
from workbench.ui.model.wanted import Wanted


class CatalogueFilter(QSortFilterProxyModel):
    """The rows that are wanted. Its order is the source's own."""

    def __init__(self, source: CatalogueModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fits: Callable[[BackboneInfo], bool] = _fits_all
        self._wanted = Wanted()
        self._accepted: list[bool] = []
        self.setDynamicSortFilter(False)
        source.layoutChanged.connect(self._count)  # before this proxy's own slot, which asks for the flags
        self._source = source
        self._count()
        self.setSourceModel(source)

    def catalogue(self) -> CatalogueModel:
        return self._source

    @property
    def wanted(self) -> Wanted:
        return self._wanted

    def set_fits(self, fits: Callable[[BackboneInfo], bool]) -> None:
        """Say what ``Wanted.fits`` means: whether a backbone can be used with the images and on this machine."""
        self._fits = fits
        if self._wanted.fits:
            self.narrow(self._wanted)

    def narrow(self, wanted: Wanted) -> None:
        """Show what is wanted."""
        self._wanted = wanted
        self._source.rank_by(squeezed("".join(wanted.words)))
        self._count()
        self.invalidate()

    def _count(self) -> None:
        self._accepted = self._source.accepted(self._wanted, self._fits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return super().data(index, role) if role in ANSWERED else None

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        return self._accepted[source_row]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._source.sort(column, order)


def _fits_all(_info: BackboneInfo) -> bool:
    return True
