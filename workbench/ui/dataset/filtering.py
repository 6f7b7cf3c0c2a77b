"""The parts that say which images are shown, and keep each other in step: bar, chips, sheet, order, saved filters."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.errors import WorkbenchError
from workbench.project.filters import SavedFilters
from workbench.project.images import Query
from workbench.ui import theme
from workbench.ui.dataset import filter_words
from workbench.ui.dataset.counting import Overview
from workbench.ui.dataset.filter_bar import FilterBar
from workbench.ui.dataset.filter_chips import FilterChips
from workbench.ui.dataset.filter_more import MoreFilters
from workbench.ui.dataset.view_controls import ViewControls
from workbench.ui.session import Session


class Filtering(QObject):
    """``changed`` is emitted when ``query`` has become another one. The widgets are placed by ``panel``."""

    changed = Signal()

    def __init__(self, session: Session, panel: QWidget) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._overview = Overview()
        self.bar = FilterBar()
        self.chips = FilterChips()
        self.controls = ViewControls()
        self.more = MoreFilters(panel)
        self.bar.changed.connect(self._query_changed)
        self.bar.moreAsked.connect(self._show_more)
        self.more.chosen.connect(self.bar.set_query)
        self.more.closed.connect(self._write)
        self.chips.chosen.connect(self.bar.set_query)
        self.controls.orderChosen.connect(self._sort)
        self.controls.filterChosen.connect(self.bar.set_query)
        self.controls.filterNamed.connect(self._save)
        self.controls.filterForgotten.connect(self._forget)

    @property
    def query(self) -> Query:
        return self.bar.query

    @Slot()
    def show_everything(self) -> None:
        """Ask for all images that are not rejected."""
        self.bar.set_query(filter_words.everything(self.query))

    def begin(self) -> None:
        """Another project is open: forget what was asked for. ``changed`` is not emitted."""
        self.bar.blockSignals(True)
        self.bar.set_query(filter_words.USUAL)
        self.bar.blockSignals(False)
        self.more.dismiss()
        self._write()

    def show_overview(self, overview: Overview) -> None:
        """Offer what the project has, with its counts."""
        self._overview = overview
        self.more.show_overview(overview)
        self.controls.show_saved(overview.saved)
        self.show_counts(overview)
        self._write()

    def show_counts(self, overview: Overview) -> None:
        """Show other counts of the same."""
        self._overview = overview
        self.bar.show_overview(overview)

    def show_parts(self, *, images: bool, grid: bool) -> None:
        """Hide what makes no sense without ``images``, or with another view than the ``grid`` in front."""
        self.bar.setVisible(images)
        self.controls.setVisible(grid)
        self.chips.show_view(images and grid)

    @Slot()
    def _query_changed(self) -> None:
        self._write()
        self.changed.emit()

    @Slot()
    def _write(self) -> None:
        names = {known.id: known.name for known in self._overview.classes}
        self.chips.show_query(self.query, names)
        self.more.show_query(self.query)
        self.controls.show_query(self.query)
        self.bar.more.setDown(self.more.isVisible())

    @Slot()
    def _show_more(self) -> None:
        if self.more.isVisible():
            self.more.dismiss()
            return
        chip = self.bar.more
        corner = chip.mapTo(self._panel, chip.rect().bottomLeft())
        self.more.move(corner.x(), corner.y() + theme.HALF)
        self.more.open()
        self.more.setFocus()
        self._write()

    @Slot(str, bool)
    def _sort(self, order: str, descending: bool) -> None:
        self.bar.ask(order=order, descending=descending)

    @Slot(str)
    def _save(self, name: str) -> None:
        if self._edit(lambda saved: saved.save(name, self.query)):
            self._session.toast.emit(self.tr("The filter is saved as {0}").format(name))

    @Slot(str)
    def _forget(self, name: str) -> None:
        self._edit(lambda saved: saved.remove(name))

    def _edit(self, edit: Callable[[SavedFilters], None]) -> bool:
        project = self._session.project
        if project is None:
            return False
        try:
            edit(project.images.filters)
        except WorkbenchError as error:
            self._session.problem.emit("dataset", str(error))
            return False
        self.controls.show_saved(project.images.filters.list())
        return True
