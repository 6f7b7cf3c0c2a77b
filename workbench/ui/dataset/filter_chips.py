"""What is asked for now, as chips that go with a click, and how many images that gives."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from workbench.project.images import Query
from workbench.ui import figures, icons, theme
from workbench.ui.dataset import filter_words
from workbench.ui.layouts import FlowLayout, column
from workbench.ui.widgets import label

HEIGHT = 22


class FilterChips(QWidget):
    """Hidden where every image is shown. ``chosen`` carries the query that a click asks for."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.filters")
        self._query = filter_words.USUAL
        self._names: dict[int, str] = {}
        self._shown: tuple[object, ...] = ()
        self._wanted = False
        self._flow = FlowLayout(spacing=6)
        self._count = label("", "secondary")
        self._count.setFixedHeight(HEIGHT)
        self._flow.addWidget(self._count)
        layout = column(self._flow)
        layout.setContentsMargins(12, theme.GRID, 12, theme.GRID)
        self.setLayout(layout)
        self.chips: list[QPushButton] = []
        self.hide()

    def show_query(self, query: Query, names: Mapping[int, str]) -> None:
        """Show the parts of ``query``; ``names`` are those of the classes."""
        parts = filter_words.parts(query, names, self.tr)
        self._query = query
        if tuple(parts) == self._shown:
            return
        self._shown = tuple(parts)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = [self._chip(part.text, part.without) for part in parts]
        if len(parts) > 1:
            everything = QPushButton(self.tr("Show all"))
            everything.setProperty("role", "link")
            everything.setStyleSheet("min-height: 20px; max-height: 20px; font-size: 12px;")
            everything.clicked.connect(self._show_everything)
            self.chips.append(everything)
        for chip in self.chips:
            chip.setFixedHeight(HEIGHT)
            self._flow.addWidget(chip)
        self.show_view(self._wanted)
        self.updateGeometry()

    def show_view(self, wanted: bool) -> None:
        """Show the chips, if there are any, or hide them."""
        self._wanted = wanted
        self.setVisible(wanted and bool(self._shown))

    def show_count(self, shown: int | None) -> None:
        """Say how many images the query gives; None while it is being asked."""
        if shown is not None:
            self._count.setText(figures.counted(shown, self.tr("image"), self.tr("images")))

    def _chip(self, text: str, without: Query) -> QPushButton:
        chip = QPushButton(text.replace("&", "&&"))
        chip.setProperty("role", "chip")
        chip.setIconSize(QSize(10, 10))
        chip.setIcon(icons.icon("close", "secondary"))
        chip.setLayoutDirection(chip.layoutDirection().RightToLeft)
        chip.setToolTip(self.tr("Take this filter away"))
        chip.setAccessibleName(self.tr("Take away: {0}").format(text))
        chip.clicked.connect(lambda: self.chosen.emit(without))
        return chip

    @Slot()
    def _show_everything(self) -> None:
        self.chosen.emit(filter_words.everything(self._query))
