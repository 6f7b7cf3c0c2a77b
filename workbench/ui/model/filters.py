"""What is asked of the catalogue: the search, the family and the library, and the switches under them."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.ui import figures, icons, theme
from workbench.ui.layouts import FlowLayout, column, row
from workbench.ui.model.wanted import Wanted
from workbench.ui.widgets import button, label

ROOMY = 500
"""In less width, in pixels, the choice of a library gives its room to the search, which finds libraries too."""
BYTES_OF_A_WEIGHT = 16
"""A weight in training, in bytes: itself, its gradient, and the two means that AdamW keeps, four bytes each."""
SHARE_OF_MEMORY = 0.5
"""What of the memory the weights in training may take: images, activations and the rest of the machine need theirs."""


def fits(info: catalog.BackboneInfo, *, size: int, memory: int) -> bool:
    """Whether a backbone is supported, takes images of ``size`` pixels (0: its own), and its weights leave room for more.

    With their gradients and the optimizer's state, everything learning, they may take half of ``memory`` bytes. What the
    images of a batch need comes on top: it depends on the plan and the batch, and is counted for the chosen backbone.
    """
    if info.unsupported:
        return False
    try:
        catalog.check_size(info, size)
    except WorkbenchError:
        return False
    return info.parameters is None or info.parameters * 1e6 * BYTES_OF_A_WEIGHT <= memory * SHARE_OF_MEMORY


class FilterBar(QWidget):
    """One line to search, and one of switches that wraps where the room is short."""

    changed = Signal(object)
    """The new `Wanted`."""

    def __init__(
        self, families: Sequence[tuple[str, int]], libraries: Sequence[str], total: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._total = total
        self.search = QLineEdit()
        self.search.setObjectName("model.search")
        self.search.setPlaceholderText(self.tr("Search {0} backbones").format(figures.count(total)))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        key = QKeySequence("Ctrl+F").toString(QKeySequence.SequenceFormat.NativeText)
        self.search.setToolTip(
            self.tr("Search by name, family, year or tag of the weights: resnet 50, clip, 2021 ({0})").format(key)
        )
        self.search.setAccessibleName(self.tr("Search the backbones"))
        self.search.setMinimumWidth(140)
        self.family = self._choice("model.family", self.tr("Family"), self.tr("All families"))
        for name, count in families:
            self.family.addItem(f"{name}  ({figures.count(count)})", name)
        self.library = self._choice("model.library", self.tr("Library"), self.tr("All libraries"))
        for name in libraries:
            self.library.addItem(name, name)
        self.recommended = self._switch(
            "model.recommended", self.tr("Recommended"), self.tr("A short list for the images of this project")
        )
        self.here = self._switch(
            "model.here", self.tr("On this machine"), self.tr("Only those whose published weights are here already")
        )
        self.fits = self._switch("model.fits", self.tr("Weights fit"), "")
        self.favourites = self._switch("model.favourites", self.tr("Favourites"), self.tr("Only those with a star"))
        self.matches = label("", "secondary", name="model.matches")
        self.clear = button(self.tr("Show all"), self._clear, role="link", name="model.showAll")
        switches = FlowLayout(spacing=theme.HALF)
        for part in (self.recommended, self.here, self.fits, self.favourites, self._count()):
            switches.addWidget(part)
        upper = row(self.search, self.family, self.library)
        upper.setStretch(0, 1)
        self.setLayout(column(upper, switches))
        self.search.textChanged.connect(self._edited)
        for combo in (self.family, self.library):
            combo.currentIndexChanged.connect(self._edited)
        for switch in self._switches():
            switch.toggled.connect(self._edited)
        self.show_count(total)

    def _count(self) -> QWidget:
        made = QWidget()
        made.setFixedHeight(theme.CONTROL)
        made.setLayout(row(theme.HALF, self.matches, self.clear, spacing=theme.HALF))
        return made

    def _choice(self, name: str, accessible: str, everything: str) -> QComboBox:
        made = QComboBox()
        made.setObjectName(name)
        made.setAccessibleName(accessible)
        made.setToolTip(accessible)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(9)
        made.setMaxVisibleItems(24)
        made.addItem(everything, "")
        return made

    def _switch(self, name: str, text: str, tip: str) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(name)
        made.setCheckable(True)
        made.setToolTip(tip)
        return made

    def _switches(self) -> tuple[QPushButton, ...]:
        return self.recommended, self.here, self.fits, self.favourites

    def wanted(self) -> Wanted:
        """Return what the user asks for."""
        return Wanted(
            tuple(self.search.text().lower().split()),
            self.family.currentData(),
            self.library.currentData(),
            self.recommended.isChecked(),
            self.here.isChecked(),
            self.fits.isChecked(),
            self.favourites.isChecked(),
        )

    def show_count(self, shown: int) -> None:
        """Say how many of all are shown."""
        self.matches.setText(
            self.tr("{0} of {1}").format(figures.count(shown), figures.count(self._total))
            if shown != self._total
            else figures.count(self._total)
        )
        self.clear.setVisible(self.wanted() != Wanted())

    def explain_fits(self, tip: str) -> None:
        """Say what the switch asks on this machine, with the image size that is set."""
        self.fits.setToolTip(tip)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.library.setVisible(event.size().width() >= ROOMY or self.library.currentIndex() > 0)

    @Slot()
    def _edited(self, *_value: object) -> None:
        self.changed.emit(self.wanted())

    @Slot()
    def _clear(self) -> None:
        before = self.wanted()
        # The parts' own signals go on: the search takes away its cross by them.
        with QSignalBlocker(self):
            self.search.clear()
            for choice in (self.family, self.library):
                choice.setCurrentIndex(0)
            for switch in self._switches():
                switch.setChecked(False)
        if self.wanted() != before:
            self._edited()
