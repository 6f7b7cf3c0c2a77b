"""The left half of the Model panel: the catalogue of backbones, what it is narrowed to, and advice on where to begin."""

import functools
from collections.abc import Callable

import psutil
from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QStackedWidget, QWidget

from workbench.models import catalog
from workbench.training.config import TrainConfig
from workbench.ui import figures, theme
from workbench.ui.layouts import column, rule
from workbench.ui.model import filters
from workbench.ui.model.advice_box import AdviceBox
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.catalogue_model import CatalogueModel
from workbench.ui.model.catalogue_table import CatalogueTable
from workbench.ui.model.filters import FilterBar
from workbench.ui.model.presence import Presence
from workbench.ui.model.wanted import Wanted
from workbench.ui.session import Session
from workbench.ui.widgets import EmptyState

FAVOURITES = "favourite_backbones"
"""The preference that holds the stars, for all projects."""


class CatalogueSide(QWidget):
    """Chooses a backbone. What is narrowed to changes the list only, never the choice."""

    chosen = Signal(str)
    """The name of the backbone that was clicked."""
    wayChosen = Signal(str)
    """A key of `WAYS`: the advice was taken."""
    advised = Signal()
    """Other backbones are recommended, or for other reasons."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._selecting = False
        self._name = ""
        self._size = -1
        self.catalogue = CatalogueModel(catalog.backbones(), _is_here(), self._stored(), self)
        self._first_choices = self.catalogue.advised()  # before anything is known of the images
        self.filter = CatalogueFilter(self.catalogue, self)
        self.bar = FilterBar(self.catalogue.families(), self.catalogue.libraries(), self.catalogue.rowCount())
        self.table = CatalogueTable(self.filter)
        self.nothing = EmptyState("search", "", self.tr("Show all backbones"), name="model.nothing.showAll")
        self.nothing.setObjectName("model.nothing")
        self._views = QStackedWidget()
        self._views.addWidget(self.table)
        self._views.addWidget(self.nothing)
        self.advice = AdviceBox(session)
        layout = column(self.advice, rule(), self.bar, self._views, margins=theme.GRID * 2)
        layout.setStretchFactor(self._views, 1)
        self.setLayout(layout)
        self.advice.wayChosen.connect(self.wayChosen)
        self.advice.backboneChosen.connect(self.chosen)
        self.advice.recommended.connect(self._advised)
        self._advised(self.advice.short_list())
        self.bar.changed.connect(self._narrow)
        self.bar.search.installEventFilter(self)
        self.nothing.clicked.connect(self.bar.clear.click)
        self.table.selectionModel().selectionChanged.connect(self._row_chosen)
        self.catalogue.favouritesChanged.connect(self._favourites_changed)
        QTimer.singleShot(0, self, self.reveal)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._settle_focus)

    @Slot()
    def _settle_focus(self) -> None:
        """Where nobody chose a place for the focus it falls on the first button; the keys belong to the list."""
        if self.advice.is_head_focused():
            self.table.setFocus()

    # -- what the panel asks

    def here(self, name: str) -> bool:
        """Whether hub weights of a backbone are on this machine."""
        return self.catalogue.here(name)

    def look_again(self, name: str = "") -> None:
        """Weights came or went: ask the disk again, of one backbone or of all."""
        self.catalogue.look_again(_is_here(), name)
        if self.filter.wanted.here:
            self._narrow(self.filter.wanted)

    def show_config(self, config: TrainConfig) -> None:
        """Mark the config's backbone, where the filters show it."""
        self._name = config.backbone.name
        if config.preprocess.size != self._size:
            self._size = config.preprocess.size
            self._measure()
        self.advice.show_device(config.compute.device)
        self._mark()

    @Slot()
    def reveal(self) -> None:
        """Bring the chosen backbone into view."""
        index = self.table.currentIndex()
        if index.isValid():
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @Slot()
    def focus_search(self) -> None:
        self.bar.search.setFocus()
        self.bar.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down leads from the search into what it found."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Down:
            if self.filter.rowCount():
                self.table.setFocus()
                if not self.table.selectionModel().hasSelection():
                    self.table.selectRow(0)
            return True
        return super().eventFilter(watched, event)

    @Slot()
    def toggle_favourite(self) -> None:
        """Give the chosen backbone a star, or take it away."""
        if self._name:
            self.catalogue.set_favourite(self._name, not self.catalogue.is_favourite(self._name))

    # -- the list

    @Slot(object)
    def _narrow(self, wanted: Wanted) -> None:
        self._selecting = True
        self.filter.narrow(wanted)
        self._selecting = False
        shown = self.filter.rowCount()
        self.bar.show_count(shown)
        if not shown:
            only = (
                "star" if wanted == Wanted(favourites=True) else "download" if wanted == Wanted(here=True) else "search"
            )
            self.nothing.say(self._why_nothing(wanted), only)
        self._views.setCurrentWidget(self.table if shown else self.nothing)
        self._mark()
        self.table.scrollToTop()

    @Slot(object)
    def _advised(self, reasons: dict[str, str]) -> None:
        self.catalogue.set_advised(reasons or self._first_choices)
        self._narrow(self.filter.wanted)
        self.advised.emit()

    def _why_nothing(self, wanted: Wanted) -> str:
        if wanted == Wanted(favourites=True):
            return self.tr("No favourites yet: click the star before a name, or press F.")
        if wanted == Wanted(here=True):
            return self.tr(
                "No published weights are on this machine yet: download some on the right, or choose a folder of packs there."
            )
        return self.tr("Nothing matches. Shorten the search, or switch a filter off.")

    def _mark(self) -> None:
        source = self.catalogue.row_of(self._name)
        index = self.filter.mapFromSource(self.catalogue.index(source, 0)) if source >= 0 else QModelIndex()
        if index.row() == self.table.currentIndex().row() and self.table.selectionModel().hasSelection():
            return
        self._selecting = True
        if index.isValid():
            away = not self.table.viewport().rect().contains(self.table.visualRect(index).center())
            self.table.selectRow(index.row())
            if away:
                self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        else:
            self.table.selectionModel().clear()
        self._selecting = False

    @Slot()
    def _row_chosen(self) -> None:
        # Selected, not only current: a view that gets the focus makes some row the current one, and nobody chose that.
        rows = self.table.selectionModel().selectedRows()
        if not self._selecting and rows:
            self.chosen.emit(self.table.info_at(rows[0].row()).name)

    # -- favourites, and what fits

    def _stored(self) -> list[str]:
        stored = self._session.preferences.get(FAVOURITES, [])
        names = [stored] if isinstance(stored, str) else list(stored or []) if isinstance(stored, list) else []
        return [str(name) for name in names]

    @Slot()
    def _favourites_changed(self) -> None:
        self._session.preferences.set(FAVOURITES, self.catalogue.favourites())
        if self.filter.wanted.favourites:
            self._narrow(self.filter.wanted)

    def _measure(self) -> None:
        memory = psutil.virtual_memory().total
        self.filter.set_fits(functools.partial(filters.fits, size=self._size, memory=memory))
        most = figures.size(memory * filters.SHARE_OF_MEMORY)
        images = self.tr("images of {0} px").format(self._size) if self._size else self.tr("images of its own size")
        self.bar.explain_fits(
            self.tr(
                "Only those that take {0}, and whose weights, gradients and AdamW's two means need no more than {1}, half of the "
                "main memory of this machine. A batch of images comes on top: Measure says how much"
            ).format(images, most)
        )
        if self.filter.wanted.fits:
            self._narrow(self.filter.wanted)


def _is_here() -> Callable[[catalog.BackboneInfo], bool]:
    presence = Presence()
    return lambda info: bool(presence.tags(info))
