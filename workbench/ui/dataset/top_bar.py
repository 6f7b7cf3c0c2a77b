"""The line over the grid: the filter, and the button that adds a folder. Nothing in it is cut where it is narrow."""

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from workbench.ui import theme
from workbench.ui.dataset.filter_bar import LEAST_TEXT, FilterBar
from workbench.ui.layouts import row
from workbench.ui.widgets import button, tool_button

MARGIN = 12
SHORT_TEXT = 52


class TopBar(QWidget):
    """Where room is short, first the words of the button go, then the counts in the chips."""

    addAsked = Signal()

    def __init__(self, filter_bar: FilterBar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = filter_bar
        self._text = self.tr("Add a folder")
        tip = self.tr("Add the images of a folder (Ctrl+Shift+O)")
        self.add = button(self._text, self._add, icon="folder-plus", name="dataset.addFolder", tip=tip)
        self.add.setAccessibleName(self._text)
        self._add_width = self.add.sizeHint().width()
        self.more = tool_button("more", self.tr("Labels in and out, rescan, moved folders"), name="dataset.files")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.hide()
        layout = row(filter_bar, None, self.add, self.more)
        layout.setStretch(0, 100)
        layout.setContentsMargins(MARGIN, theme.GRID, MARGIN, theme.GRID)
        self.setLayout(layout)
        self.setMinimumWidth(1)

    def set_menu(self, menu: QMenu) -> None:
        """Show ``menu`` behind the button at the end."""
        self.more.setMenu(menu)
        self.more.show()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        room = self.width() - 2 * MARGIN - theme.GRID
        if not self.more.isHidden():
            room -= theme.CONTROL + theme.GRID
        text = self._filter.text
        chips = self._filter.minimumSizeHint().width() - text.minimumWidth() + LEAST_TEXT
        # A little more to show them again than to hide them, so that it does not flicker between the two.
        with_counts = chips + self._filter.spared + (theme.GRID if self._filter.brief else 0)
        words = room >= with_counts + self._add_width
        if bool(self.add.text()) != words:
            self.add.setText(self._text if words else "")
        brief = room < with_counts + self.add.sizeHint().width()
        if brief != self._filter.brief:
            self._filter.set_brief(brief)
            return  # the chips have another width now, and ask again
        # Last, the button itself: its action is in the menu beside it.
        short = brief and room < chips + self.add.sizeHint().width()
        text.setMinimumWidth(SHORT_TEXT if short else LEAST_TEXT)
        self.add.setVisible(not (short and self._filter.isVisible() and self.more.isVisible()))

    @Slot()
    def _add(self) -> None:
        self.addAsked.emit()
