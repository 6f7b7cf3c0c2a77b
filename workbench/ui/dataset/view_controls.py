"""How the grid is shown: the saved filters, the order, the size of the pictures."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QLineEdit, QMenu, QSlider, QWidget, QWidgetAction

from workbench.project.images import Query
from workbench.ui import theme
from workbench.ui.dataset import filter_words, grid_view
from workbench.ui.layouts import row
from workbench.ui.widgets import tool_button


class ViewControls(QWidget):
    """Stands at the end of the tabs' line, and goes with the grid."""

    orderChosen = Signal(str, bool)
    """An order of `Query`, and whether it is turned round."""
    tileSizeChanged = Signal(int)
    filterChosen = Signal(object)
    """A saved `Query`."""
    filterNamed = Signal(str)
    """Save the present filter by this name."""
    filterForgotten = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._saved: dict[str, Query] = {}
        self._query = filter_words.USUAL
        self.saved = tool_button("star", self.tr("Saved filters"), name="dataset.savedFilters")
        self.saved.setPopupMode(self.saved.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.saved)
        menu.aboutToShow.connect(self._fill_saved)
        self.saved.setMenu(menu)
        self.order = tool_button("sort", self.tr("Sort the images"), name="dataset.sort")
        self.order.setPopupMode(self.order.ToolButtonPopupMode.InstantPopup)
        self._orders: dict[tuple[str, bool], QAction] = {}
        self.order.setMenu(self._order_menu())
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setObjectName("dataset.tileSize")
        self.size_slider.setRange(grid_view.SMALLEST, grid_view.LARGEST)
        self.size_slider.setSingleStep(grid_view.STEP)
        self.size_slider.setPageStep(grid_view.STEP)
        self.size_slider.setValue(grid_view.USUAL)
        self.size_slider.setFixedWidth(88)
        self.size_slider.setToolTip(self.tr("Size of the pictures (Ctrl+wheel)"))
        self.size_slider.setAccessibleName(self.tr("Size of the pictures"))
        self.size_slider.valueChanged.connect(self.tileSizeChanged)
        self.setLayout(row(self.saved, self.order, self.size_slider, spacing=6))

    def show_query(self, query: Query) -> None:
        """Mark the order of ``query``; it is what would be saved."""
        self._query = query
        for (order, descending), entry in self._orders.items():
            entry.setChecked((order, descending) == (query.order, query.descending))
        in_order = next((entry.text() for entry in self._orders.values() if entry.isChecked()), "")
        tip = self.tr("Sort the images (now: {0})").format(in_order) if in_order else self.tr("Sort the images")
        self.order.setToolTip(tip)

    def show_saved(self, saved: Mapping[str, Query]) -> None:
        self._saved = dict(saved)

    def _order_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        tr = self.tr
        choices: tuple[tuple[str, str, bool] | None, ...] = (
            (tr("Path"), "path", False),
            (tr("Path, backwards"), "path", True),
            (tr("As they were added"), "added", False),
            (tr("Class"), "class", False),
            None,
            (tr("Newest first"), "newest", False),
            (tr("Oldest first"), "newest", True),
            (tr("Most pixels first"), "largest", False),
            (tr("Fewest pixels first"), "largest", True),
            (tr("Largest file first"), "size", False),
            None,
            (tr("Most helpful to label first"), "priority", False),
            (tr("Least sure first"), "confidence", False),
            (tr("Most sure first"), "confidence", True),
            (tr("Strongest finding first"), "finding", False),
        )
        for choice in choices:
            if choice is None:
                menu.addSeparator()
                continue
            text, order, descending = choice
            entry = menu.addAction(text)
            entry.setCheckable(True)
            entry.setChecked((order, descending) == ("path", False))
            group.addAction(entry)
            self._orders[order, descending] = entry
            entry.triggered.connect(
                lambda _on=False, order=order, descending=descending: self.orderChosen.emit(order, descending)
            )
        return menu

    @Slot()
    def _fill_saved(self) -> None:
        menu = self.saved.menu()
        menu.clear()
        for name, query in self._saved.items():
            entry = menu.addAction(filter_words.short(name).replace("&", "&&"))
            entry.setCheckable(True)
            entry.setChecked(query == self._query)
            entry.triggered.connect(lambda _on=False, query=query: self.filterChosen.emit(query))
        if not self._saved:
            menu.addAction(self.tr("No filter is saved yet")).setEnabled(False)
        menu.addSeparator()
        field = QLineEdit()
        field.setObjectName("dataset.filterName")
        field.setMaxLength(80)
        nothing = filter_words.is_usual(self._query) and self._query.order == "path"
        field.setEnabled(not nothing)
        field.setPlaceholderText(self.tr("Set a filter to save it") if nothing else self.tr("Save this filter as…"))
        field.returnPressed.connect(lambda: self._name(field.text()))
        holder = QWidget()
        holder.setMinimumWidth(208)
        holder.setLayout(row(field, margins=theme.HALF))
        writing = QWidgetAction(menu)
        writing.setDefaultWidget(holder)
        menu.addAction(writing)
        if self._saved:
            forget = menu.addMenu(self.tr("Forget"))
            for known in self._saved:
                entry = forget.addAction(filter_words.short(known).replace("&", "&&"))
                entry.triggered.connect(lambda _on=False, known=known: self.filterForgotten.emit(known))

    def _name(self, name: str) -> None:
        if name.strip():
            self.saved.menu().close()
            self.filterNamed.emit(name.strip())
