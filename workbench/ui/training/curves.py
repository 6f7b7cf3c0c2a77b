"""The live plots of a run: loss, score, learning rate, speed and the wait for images."""

from collections.abc import Sequence
from typing import assert_never

from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.training.events import (
    CheckpointSaved,
    EpochEnded,
    FitEnded,
    FitStarted,
    Paused,
    Preparing,
    Resumed,
    StageChanged,
    StepEnded,
    Tick,
    TrainingEvent,
    Warned,
)
from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.plots import LiveCurve
from workbench.ui.training.history import RunHistory


class Curves(QWidget):
    """Draws what a `RunHistory` holds; `take` adds one event that the history has taken already."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.curves")
        self.loss = LiveCurve(self.tr("Loss"), x_label=self.tr("step"))
        self.loss.add_series("train", self.tr("training"), thick=False)
        self.loss.add_series("validation", self.tr("validation"))
        self.score = LiveCurve(self.tr("Accuracy"), x_label=self.tr("epoch"), y_range=(0.0, 1.0))
        self.score.add_series("train", self.tr("training"), thick=False)
        self.score.add_series("accuracy", self.tr("validation"), "secondary", thick=False)
        tip = self.tr(
            "Balanced accuracy on the validation images: the mean over the classes; it chooses the best epoch"
        )
        self.score.add_series("balanced", self.tr("balanced"), tip=tip)
        self.rate = LiveCurve(self.tr("Learning rate"), x_label=self.tr("step"))
        self.rate.add_series("rate", self.tr("head"))
        self.speed = LiveCurve(self.tr("Speed"), x_label=self.tr("step"))
        self.speed.add_series("speed", self.tr("images/s"))
        self.wait = LiveCurve(self.tr("Data wait"), x_label=self.tr("step"), y_range=(0.0, 100.0))
        self.wait.add_series("wait", self.tr("% of time"))
        self.wait.setToolTip(self.tr("Share of the time in which the device waited for images; low is good"))
        for plot in self.plots():
            plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        upper = row(self.loss, self.score, spacing=theme.GRID * 3)
        lower = row(self.rate, self.speed, self.wait, spacing=theme.GRID * 3)
        layout = column(upper, lower, spacing=theme.GRID)
        for line in (upper, lower):
            for position in range(line.count()):
                line.setStretch(position, 1)
        layout.setStretch(0, 5)
        layout.setStretch(1, 3)
        self.setLayout(layout)

    def plots(self) -> Sequence[LiveCurve]:
        return self.loss, self.score, self.rate, self.speed, self.wait

    def clear(self) -> None:
        """Another run: remove all points."""
        for plot in self.plots():
            plot.clear()

    def take(self, event: TrainingEvent, history: RunHistory) -> None:
        """Draw what ``event`` brought. Where the run went back to a checkpoint, everything is drawn again."""
        match event:
            case StepEnded():
                if self.rate.points("rate") + 1 == len(history.steps):
                    self._step(event)
                else:
                    self._again(history)
            case EpochEnded():
                if self.score.points("train") + 1 == len(history.epochs):
                    self._epoch(event)
                else:
                    self._again(history)
                best = history.best
                if best is not None:
                    self.score.mark_best(best.epoch, best.validation_balanced_accuracy)
            case FitStarted():
                self._again(history)
            case (
                Tick() | Preparing() | StageChanged() | CheckpointSaved() | Paused() | Resumed() | Warned() | FitEnded()
            ):
                pass
            case _:
                assert_never(event)

    def _step(self, event: StepEnded) -> None:
        self.loss.append("train", event.step, event.loss)
        self.rate.append("rate", event.step, event.learning_rate)
        self.speed.append("speed", event.step, event.images_per_second)
        self.wait.append("wait", event.step, 100 * event.data_wait)

    def _epoch(self, event: EpochEnded) -> None:
        self.loss.append("validation", event.step, event.validation_loss)
        self.score.append("train", event.epoch, event.train_accuracy)
        self.score.append("accuracy", event.epoch, event.validation_accuracy)
        self.score.append("balanced", event.epoch, event.validation_balanced_accuracy)

    def _again(self, history: RunHistory) -> None:
        self.clear()
        for step in history.steps:
            self._step(step)
        for epoch in history.epochs:
            self._epoch(epoch)
        if history.best is not None:
            self.score.mark_best(history.best.epoch, history.best.validation_balanced_accuracy)
