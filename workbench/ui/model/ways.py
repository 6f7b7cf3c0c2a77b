"""The ways to a classifier, as eight buttons with a sentence each."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QWidget

from workbench.training.config import WAYS
from workbench.ui import run_way, theme
from workbench.ui.layouts import column
from workbench.ui.widgets import label

ACROSS = 4


class Ways(QWidget):
    """One of the eight is chosen; the sentence says what it does and when it is the right one."""

    chosen = Signal(str)
    """A key of `WAYS`, when the user picks another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles, self._sentences = run_way.titles(), self._written()
        self._keys = list(WAYS)
        self._group = QButtonGroup(self)
        grid = QGridLayout()
        grid.setSpacing(theme.HALF)
        for number, key in enumerate(self._keys):
            part = QPushButton(self._titles[key])
            part.setObjectName(f"model.way.{key}")
            part.setProperty("role", "narrow")
            part.setCheckable(True)
            part.setToolTip(self._sentences[key])
            self._group.addButton(part, number)
            grid.addWidget(part, number // ACROSS, number % ACROSS)
        for side in range(ACROSS):
            grid.setColumnStretch(side, 1)
        self.says = label("", "secondary", wrap=True, name="model.waySays")
        self.setLayout(column(grid, self.says))
        self._group.idClicked.connect(self._clicked)
        self._group.idToggled.connect(self._toggled)
        for each in self._group.buttons():
            each.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.show_way("frozen")

    def show_way(self, way: str) -> None:
        """Show which one the config follows."""
        self._group.button(self._keys.index(way)).setChecked(True)
        self.says.setText(self._sentences[way])

    def way(self) -> str:
        return self._keys[self._group.checkedId()]

    def title(self, way: str) -> str:
        return self._titles[way]

    @Slot(int, bool)
    def _toggled(self, number: int, on: bool) -> None:
        # Tab stops at the way that is chosen, as at a set of radio buttons.
        self._group.button(number).setFocusPolicy(Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.ClickFocus)

    @Slot(int)
    def _clicked(self, number: int) -> None:
        self.says.setText(self._sentences[self._keys[number]])
        self.chosen.emit(self._keys[number])

    def _written(self) -> dict[str, str]:
        return {
            "features-once": self.tr(
                "The frozen backbone looks at each image once and a plain classifier learns from what it saw: "
                "seconds to minutes, without augmentation. Good to begin with."
            ),
            "frozen": self.tr(
                "Only the new head learns, on augmented images: quick, and safe with few images that look like "
                "photographs."
            ),
            "partial": self.tr(
                "The head and the last stages learn, gently: for a thousand images and more, or images unlike those the "
                "backbone knows."
            ),
            "full": self.tr("All of it learns, the backbone gently: for ten thousand images and more. Wants a GPU."),
            "gradual": self.tr(
                "Head first, then the last stage, then all, more slowly each time: the most careful way to let "
                "everything learn."
            ),
            "scratch": self.tr(
                "Begins with random numbers: for tens of thousands of images, or to see what pretraining is worth."
            ),
            "as-is": self.tr("Nothing learns: the pretrained classifier answers with its own classes, where they fit."),
            "baseline": self.tr(
                "Colours, gradients (HOG) and key points (SIFT) with a support vector machine: the baseline that a "
                "network has to beat."
            ),
        }
