"""The line on top: which run, which images, Evaluate, and how far it is."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from workbench.ui.layouts import column, row
from workbench.ui.run_job import RunJobBar
from workbench.ui.widgets import Segmented


class EvaluateBar(RunJobBar):
    """Says what the user wants; the panel does it."""

    changed = Signal()
    """Another run or another split."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "evaluate",
            self.tr("Evaluate"),
            icon="evaluation",
            stop_tip=self.tr("End the evaluation; nothing is written"),
            parent=parent,
        )
        self.split = Segmented(
            [("test", self.tr("Test")), ("validation", self.tr("Validation")), ("train", self.tr("Train"))], parent=self
        )
        self._inputs.append(self.split)
        self.split.setObjectName("evaluate.split")
        self.split.button("test").setToolTip(self.tr("Images no choice was made on: the honest score"))
        self.split.button("validation").setToolTip(self.tr("The images that chose the best epoch"))
        self.split.button("train").setToolTip(self.tr("The images it learnt: a check, never a score"))
        self.bar.setFixedWidth(160)
        self.setLayout(row(self.run, self.split, self.go, column(None, self.what, self.bar, None, spacing=3), None))
        self.run.chosen.connect(self.changed)
        self.split.changed.connect(self.changed)
        self.show_idle()

    def choose_split(self, split: str) -> None:
        """Choose a split without announcing it."""
        with QSignalBlocker(self.split):
            self.split.set_value(split)

    def show_idle(self, *, again: bool = False, possible: bool = False, why: str = "") -> None:
        """Show what can be done now; ``again`` where there is a result already, ``why`` where nothing can be done."""
        self.end_progress(self.tr("Evaluate again") if again else self.tr("Evaluate"), primary=not again)
        self.go.setEnabled(possible)
        self.go.setToolTip(why or self.tr("Measure the run on these images, on the deployment path"))
