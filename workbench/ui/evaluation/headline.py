"""The one number of an evaluation, what it was measured on, and what qualifies it."""

from PySide6.QtWidgets import QWidget

from workbench.evaluation import test_time
from workbench.evaluation.results import Evaluated, ViewsMeasured
from workbench.evaluation.test_time import Views
from workbench.ui import figures, theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import label


class Headline(QWidget):
    """``0.93 [0.90, 0.95]  balanced accuracy on 412 test images, chosen on validation``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = label("", "headline", name="evaluate.headline")
        self.meaning = label("", wrap=True, name="evaluate.meaning")
        self.others = label("", "secondary", wrap=True, name="evaluate.others")
        self.views = label("", "secondary", wrap=True, name="evaluate.views")
        self.views.hide()
        self.caution = label("", "warning", wrap=True, name="evaluate.caution")
        words = column(None, self.meaning, self.others, None, spacing=theme.HALF)
        first = row(self.number, words, spacing=theme.GRID * 2)
        first.setStretch(1, 1)
        self.setLayout(column(first, self.views, self.caution, spacing=theme.HALF))

    def show_result(self, result: Evaluated, cautions: list[str]) -> None:
        """Show the figures of a split."""
        self.number.setText(_interval(result, "balanced_accuracy", result.balanced_accuracy))
        self.meaning.setText(self._meaning(result))
        others = [
            self.tr("accuracy {0}").format(_interval(result, "accuracy", result.accuracy)),
            self.tr("macro F1 {0}").format(_interval(result, "macro_f1", result.macro_f1)),
            self.tr("calibration error {0}").format(figures.score(result.calibration_error)),
        ]
        self.others.setText(" · ".join(others))
        self.others.setToolTip(
            self.tr(
                "In brackets: 95 % intervals. Calibration error: how far its confidence is from how often it is right."
            )
        )
        self.caution.setText(" ".join(cautions))
        self.caution.setVisible(bool(cautions))

    def show_views(self, views: Views, measured: ViewsMeasured | None) -> None:
        """Show what several views bring and cost; None where that is not measured yet."""
        self.views.setVisible(views.name != test_time.NONE)
        if measured is None:
            text = self.tr("Press Evaluate to measure it with {0} views of each image.").format(views.count)
            if views.mirrors:
                text += " " + self.tr("Mirrored views are for images in which left and right mean nothing.")
        else:
            text = self.tr(
                "with {0} views {1}, {2} {3}, {4} times as long · the exported package does not do this, "
                "it looks at each image once"
            ).format(
                measured.count,
                figures.score(measured.balanced_accuracy),
                _signed(measured.gain),
                f"[{_signed(measured.gain_interval[0], plus='')}, {_signed(measured.gain_interval[1], plus='')}]",
                f"{measured.cost:.1f}",
            )
        self.views.setText(text)

    def _meaning(self, result: Evaluated) -> str:
        images = figures.count(result.images)
        if result.split == "test":
            text = self.tr("balanced accuracy on {0} test images, chosen on {1}")
            return text.format(images, result.chosen_on)
        if result.split == "validation":
            return self.tr("balanced accuracy on {0} validation images, which also chose the model").format(images)
        return self.tr("balanced accuracy on {0} training images, which the model has learnt").format(images)


def _signed(value: float, *, plus: str = "+") -> str:
    """0.0133 -> "+0.01", -0.002 -> "−0.00": the sign of what was rounded away still tells a side."""
    return ("−" if value < 0 else plus) + figures.score(abs(value))


def _interval(result: Evaluated, metric: str, value: float) -> str:
    interval = result.intervals.get(metric)
    return figures.interval(value, *interval) if interval else figures.score(value)
