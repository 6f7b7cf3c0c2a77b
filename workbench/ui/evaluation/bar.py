"""The line on top: which run, which images, Evaluate, and how far it is."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from workbench.evaluation import test_time
from workbench.ui.layouts import column, row
from workbench.ui.run_job import RunJobBar
from workbench.ui.widgets import Segmented

NARROWEST = 140
"""Pixels of the choice of views, where the window has no room for its longest line."""


class EvaluateBar(RunJobBar):
    """Says what the user wants; the panel does it."""

    changed = Signal()
    """Another run or another split."""
    viewsChanged = Signal()

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
        self.views = QComboBox()
        self.views.setObjectName("evaluate.views.choice")
        self.views.setAccessibleName(self.tr("Views"))
        self.views.setToolTip(
            self.tr(
                "Also average over several views of each image, and tell what that brings and costs. "
                "The figure above stays that of one look, as the exported package takes it. "
                "Mirrored views are for images in which left and right mean nothing."
            )
        )
        titles = {
            "none": self.tr("One view"),
            "flip": self.tr("2 views: mirrored"),
            "turns": self.tr("4 views: quarter turns"),
            "d4": self.tr("8 views: turned, mirrored"),
            "crops": self.tr("5 views: whole, corners"),
            "chain:4": self.tr("4 views: by its chain"),
        }
        for name in [*test_time.names(), "chain:4"]:
            self.views.addItem(titles.get(name, name), name)
        self.views.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.views.setMinimumWidth(NARROWEST)
        self.views.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.views.view().setMinimumWidth(200)
        self._inputs += [self.split, self.views]
        self.split.setObjectName("evaluate.split")
        self.split.button("test").setToolTip(self.tr("Images no choice was made on: the honest score"))
        self.split.button("validation").setToolTip(self.tr("The images that chose the best epoch"))
        self.split.button("train").setToolTip(self.tr("The images it learnt: a check, never a score"))
        self.bar.setFixedWidth(160)
        self.setLayout(
            row(self.run, self.split, self.go, self.views, column(None, self.what, self.bar, None, spacing=3), None)
        )
        self.run.chosen.connect(self.changed)
        self.split.changed.connect(self.changed)
        self.views.currentIndexChanged.connect(self._views_changed)
        self.show_idle()

    def _show_running(self) -> None:
        super()._show_running()
        self.views.setVisible(
            not self.running
        )  # how far it is takes its place, so that Stop stands where Evaluate stood

    def chosen_views(self) -> test_time.Views:
        """Return the views that are chosen; those named "none" are one look."""
        return test_time.find(str(self.views.currentData()))

    @Slot()
    def _views_changed(self) -> None:
        self.viewsChanged.emit()

    def choose_split(self, split: str) -> None:
        """Choose a split without announcing it."""
        with QSignalBlocker(self.split):
            self.split.set_value(split)

    def show_idle(self, *, again: bool = False, possible: bool = False, why: str = "") -> None:
        """Show what can be done now; ``again`` where there is a result already, ``why`` where nothing can be done."""
        self.end_progress(self.tr("Evaluate again") if again else self.tr("Evaluate"), primary=not again)
        self.go.setEnabled(possible)
        self.go.setToolTip(why or self.tr("Measure the run on these images, on the deployment path"))
