"""The line on top: which run, which images, Evaluate, and how far it is."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QProgressBar, QWidget

from workbench.ui import figures, icons, theme
from workbench.ui.layouts import column, row
from workbench.ui.run_choice import RunChoice
from workbench.ui.widgets import Segmented, button, label


class EvaluateBar(QWidget):
    """Says what the user wants; the panel does it."""

    evaluated = Signal()
    stopped = Signal()
    changed = Signal()
    """Another run or another split."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self.run = RunChoice()
        self.run.setObjectName("evaluate.choice")
        self.split = Segmented(
            [("test", self.tr("Test")), ("validation", self.tr("Validation")), ("train", self.tr("Train"))], parent=self
        )
        self.split.setObjectName("evaluate.split")
        self.split.button("test").setToolTip(self.tr("Images no choice was made on: the honest score"))
        self.split.button("validation").setToolTip(self.tr("The images that chose the best epoch"))
        self.split.button("train").setToolTip(self.tr("The images it learnt: a check, never a score"))
        self.go = button(self.tr("Evaluate"), self._clicked, role="primary", icon="evaluation", name="evaluate.run")
        self.what = label("", "secondary", name="evaluate.progress")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(160)
        self.setLayout(row(self.run, self.split, self.go, column(None, self.what, self.bar, None, spacing=3), None))
        self.run.chosen.connect(self.changed)
        self.split.changed.connect(self.changed)
        self.show_idle()

    def choose_split(self, split: str) -> None:
        """Choose a split without announcing it."""
        with QSignalBlocker(self.split):
            self.split.set_value(split)

    def show_progress(self, what: str, share: float | None) -> None:
        """Show a running evaluation; Evaluate has become Stop."""
        self._running = True
        self.go.setText(self.tr("Stop"))
        self.go.setIcon(icons.icon("stop"))
        theme.set_role(self.go, "")
        self.go.setEnabled(True)
        self.go.setToolTip(self.tr("End the evaluation; nothing is written"))
        self.what.setText(what if share is None else f"{what} · {figures.percent(share)}")
        self.bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.bar.setValue(round(1000 * share))
        self.what.show()
        self.bar.show()
        self.run.setEnabled(False)
        self.split.setEnabled(False)

    def show_idle(self, *, again: bool = False, possible: bool = False, why: str = "") -> None:
        """Show what can be done now; ``again`` where there is a result already, ``why`` where nothing can be done."""
        self._running = False
        self.go.setText(self.tr("Evaluate again") if again else self.tr("Evaluate"))
        self.go.setIcon(icons.icon("evaluation", "secondary" if again else "on_accent"))
        theme.set_role(self.go, "" if again else "primary")
        self.go.setEnabled(possible)
        self.go.setToolTip(why or self.tr("Measure the run on these images, on the deployment path"))
        self.what.hide()
        self.bar.hide()
        self.run.setEnabled(True)
        self.split.setEnabled(True)

    @Slot()
    def _clicked(self) -> None:
        if self._running:
            self.stopped.emit()
        else:
            self.evaluated.emit()
