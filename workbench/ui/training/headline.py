"""Where the followed run stands: one large number, the figures around it, and the way on where it ended early."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from workbench.training.events import FitStarted
from workbench.ui import figures, theme
from workbench.ui.layouts import column, row
from workbench.ui.progress import ACTIVE, RunStateName
from workbench.ui.training.history import RunHistory
from workbench.ui.widgets import Badge, ElidedLabel, button, label

TONE = {
    "preparing": "accent",
    "training": "accent",
    "stopping": "accent",
    "paused": "amber",
    "finished": "green",
    "failed": "red",
    "crashed": "red",
}


class Headline(QWidget):
    """Best score with its unit, state, epoch, time left, speed; a sentence and a button for a run that ended early."""

    resumeAsked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = label("–", "headline", name="train.best")
        self.unit = ElidedLabel("", "")
        self.unit.setObjectName("train.bestUnit")
        self.origin = ElidedLabel("", "secondary")
        self.run = ElidedLabel("", "")
        self.run.setObjectName("train.run")
        self.badge = Badge()
        self.badge.setObjectName("train.state")
        self.facts = ElidedLabel("", "secondary")
        self.facts.setObjectName("train.facts")
        self.bar = QProgressBar()
        self.bar.setObjectName("train.progress")
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.what = label("", "secondary", wrap=True, name="train.what")
        self.resume = button(
            self.tr("Resume from the last checkpoint"), self.resumeAsked, role="primary", name="train.continue"
        )
        self._ended_early = QWidget()
        ended = row(self.what, self.resume)
        ended.setStretch(0, 1)
        self._ended_early.setLayout(ended)
        meaning = column(None, self.unit, self.origin, None, spacing=theme.HALF)
        state = column(None, row(self.run, self.badge, None), self.facts, self.bar, None, spacing=theme.HALF)
        top = row(self.number, meaning, theme.GRID * 2, state)
        top.setStretch(1, 4)
        top.setStretch(3, 7)
        self.setLayout(column(top, self._ended_early))

    def show_run(self, run: str, state: RunStateName, history: RunHistory, *, what: str, resumable: bool) -> None:
        """Show a run. ``what`` is why it ended early; ``resumable`` offers to go on with it."""
        self.run.setText(run)
        self.badge.show_text(self._state_words(state, history), TONE.get(state, ""))
        self._show_number(history)
        self.facts.setText(" · ".join(self._facts(state, history)))
        preparing = history.preparing if state == "preparing" else None
        if preparing is not None and preparing.total:
            self.bar.setValue(round(1000 * preparing.done / preparing.total))
        else:
            self.bar.setValue(round(1000 * history.share_done))
        self.bar.setVisible(state in ACTIVE)
        self._ended_early.setVisible(bool(what) or resumable)
        self.what.setText(what)
        tone = "error" if state in ("failed", "crashed") else "secondary" if history.ended is not None else "warning"
        theme.set_role(self.what, tone)
        self.resume.setVisible(resumable)

    def _show_number(self, history: RunHistory) -> None:
        ended, best = history.ended, history.best
        self.unit.setText(self.tr("balanced accuracy on validation"))
        self.origin.set_tip(best.shortcut if best is not None else "")
        if ended is not None and ended.deployed >= 0:
            self.number.setText(figures.score(ended.deployed))
            live = self.tr("as deployed; {0} in training, epoch {1}")
            words = live.format(figures.score(ended.live), ended.best_epoch)
            self.origin.setText(words if ended.live >= 0 else self.tr("as deployed"))
        elif best is not None:
            self.number.setText(figures.score(best.validation_balanced_accuracy))
            self.origin.setText(self.tr("best so far, epoch {0}").format(best.epoch))
        else:
            self.number.setText("–")
            unknown = self.tr("known after the first epoch")
            self.origin.setText(unknown if history.has_epochs else self.tr("known when it is measured"))

    def _state_words(self, state: RunStateName, history: RunHistory) -> str:
        if history.ended is not None and history.ended.reason == "stopped":
            return self.tr("stopped")
        if history.ended is not None and history.ended.reason == "early_stopping":
            return self.tr("finished early")
        words: dict[RunStateName, str] = {
            "idle": self.tr("idle"),
            "preparing": self.tr("preparing"),
            "training": self.tr("training"),
            "paused": self.tr("paused"),
            "stopping": self.tr("stopping"),
            "finished": self.tr("finished"),
            "failed": self.tr("failed"),
            "crashed": self.tr("crashed"),
        }
        return words[state]

    def _facts(self, state: RunStateName, history: RunHistory) -> list[str]:
        started, facts = history.started, list[str]()
        if state == "preparing" and history.preparing is not None:
            facts.append(history.preparing.what)
            return facts
        if started is not None and history.has_epochs:
            facts.append(self.tr("epoch {0} of {1}").format(max(1, history.epoch_now), started.epochs))
        left = history.seconds_left
        if state in ("training", "stopping") and left is not None:
            facts.append(self.tr("{0} left").format(figures.duration(left)))
        if history.ended is not None:
            facts.append(self.tr("took {0}").format(figures.duration(history.ended.seconds)))
        if history.steps:
            facts.append(self.tr("{0} images/s").format(figures.count(round(history.steps[-1].images_per_second))))
        if started is not None:
            facts += [started.device, self._learning_words(state, started, history)]
        return facts

    def _learning_words(self, state: RunStateName, started: FitStarted, history: RunHistory) -> str:
        """How much of it trains; after the first phase of a plan that is no longer what the start said."""
        if history.phase == 1:
            return self._weights_words(started)
        if state not in ACTIVE:
            return self.tr("{0} phases").format(history.phase)
        whole = len(history.training_stages) == len(started.stages)
        what = self.tr("all of it trains") if whole else self.tr("{0} train").format(", ".join(history.training_stages))
        return self.tr("phase {0}: {1}").format(history.phase, what)

    def _weights_words(self, started: FitStarted) -> str:
        if not started.parameters:
            return self.tr("without a network")
        trainable, total = _rounded(started.trainable_parameters), _rounded(started.parameters)
        if not started.trainable_parameters:
            return self.tr("none of {0} weights are trained").format(total)
        if not started.epochs:
            return self.tr("{0} of {1} weights are fitted at once").format(trainable, total)
        words = self.tr("all {1} weights train") if trainable == total else self.tr("{0} of {1} weights train")
        return words.format(trainable, total)


def _rounded(parameters: int) -> str:
    """7686 -> "7.7 k", 2231558 -> "2.2 M"."""
    return f"{parameters / 1e6:.1f} M" if parameters >= 1e6 else f"{parameters / 1e3:.1f} k"
