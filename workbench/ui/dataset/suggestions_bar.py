"""The strip above the grid that says what a model suggests, and accepts or refuses it in bulk."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSizePolicy, QWidget

from workbench.ui import figures, theme
from workbench.ui.layouts import row
from workbench.ui.widgets import ElidedLabel, button, tool_button

SURE = 0.95
HEIGHT = 44
NARROW = 680
"""Pixels below which the words about the suggestions need the room of the link."""


class SuggestionsBar(QWidget):
    """Hidden where nothing is suggested. Its signals say what the user wants."""

    acceptAsked = Signal()
    refuseAsked = Signal()
    acceptAboveAsked = Signal(float)
    showAsked = Signal()
    """Show the images with a suggestion, the most helpful first."""
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.suggestions")
        self.setProperty("surface", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.text = ElidedLabel()
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_all = button(
            self.tr("Most helpful first"),
            self.showAsked.emit,
            role="link",
            name="dataset.suggestions.show",
            tip=self.tr(
                "Show the images whose label teaches the model most: where it is unsure, and unlike each other"
            ),
        )
        self.accept = button(
            self.tr("Accept"),
            self.acceptAsked.emit,
            name="dataset.suggestions.accept",
            tip=self.tr("Take the suggestion as the label of the selected images (Space)"),
        )
        self.refuse = button(
            self.tr("Refuse"),
            self.refuseAsked.emit,
            name="dataset.suggestions.refuse",
            tip=self.tr("It is not that class: suggest it no more for the selected images (Backspace)"),
        )
        self.above = QDoubleSpinBox()
        self.above.setObjectName("dataset.suggestions.above")
        self.above.setAccessibleName(self.tr("Least confidence"))
        self.above.setRange(0.5, 1.0)
        self.above.setSingleStep(0.01)
        self.above.setDecimals(2)
        self.above.setValue(SURE)
        self.above.setFixedWidth(72)
        self.above.setToolTip(self.tr("How sure the model must be"))
        self.accept_above = button(
            self.tr("Accept all above"),
            self._accept_above,
            name="dataset.suggestions.acceptAbove",
            tip=self.tr(
                "Take the suggestion as the label of every image that the filter shows, where the model is that sure"
            ),
        )
        close = tool_button(
            "close", self.tr("Hide the suggestions"), self.dismissed.emit, name="dataset.suggestions.close"
        )
        layout = row(
            self.text, self.show_all, self.accept, self.refuse, theme.HALF, self.accept_above, self.above, close
        )
        layout.setContentsMargins(12, 0, theme.GRID, 0)
        layout.setStretchFactor(self.text, 1)
        self.setLayout(layout)
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.show_all.setVisible(event.size().width() >= NARROW)  # the palette and the sort menu have it too

    def show_counts(self, suggested: int, source: str) -> None:
        """Say how many images have a suggestion that stands, and who made it."""
        what = figures.counted(suggested, self.tr("suggestion"), self.tr("suggestions"))
        short = self._in_words(source)
        self.text.setText(self.tr("{what} by {source}").format(what=what, source=short) if short else what)
        self.text.set_tip(source)
        self.accept_above.setEnabled(suggested > 0)
        self.show_all.setEnabled(suggested > 0)

    def _in_words(self, source: str) -> str:
        kind, _, name = source.partition(" ")
        if kind == "embedding":
            return name.partition(",")[0].rpartition("/")[2]
        return self.tr("text prompts") if source.startswith("prompt") else source

    def show_selected(self, count: int, *, all_counted: bool = True) -> None:
        """Say how many of the selected images have one; no number where not all of them were looked at."""
        for part in (self.accept, self.refuse):
            part.setEnabled(count > 0)
        many = f" {figures.count(count)}" if count > 1 and all_counted else ""
        self.accept.setText(self.tr("Accept") + many)
        self.refuse.setText(self.tr("Refuse") + many)

    @Slot()
    def _accept_above(self) -> None:
        self.acceptAboveAsked.emit(self.above.value())
