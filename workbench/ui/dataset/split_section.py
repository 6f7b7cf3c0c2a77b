"""The split in short: what came out, the button that splits, and the way to the tab that says it all."""

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from workbench.project.ids import SPLITS
from workbench.project.splits import SplitOutcome
from workbench.ui import figures, icons, theme
from workbench.ui.layouts import column, row
from workbench.ui.messages import Banner
from workbench.ui.widgets import button, label

VALIDATION, TEST, SEED = 0.15, 0.20, 7


class Asked(NamedTuple):
    """What the user wants: shares from 0 to 1."""

    validation: float
    test: float
    seed: int


class SplitSection(QWidget):
    """``asked`` tells that the button was pressed, with the shares of the last split; ``moreAsked`` wants the tab."""

    asked = Signal(object)
    moreAsked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outcome: SplitOutcome | None = None
        self._says = label("", "secondary", wrap=True, name="dataset.splitSays")
        self._stale = label("", "warning", wrap=True)
        self.button = button(self.tr("Split the images"), self._ask, name="dataset.split", icon="split")
        self.more = button(self.tr("More…"), self.moreAsked.emit, role="link", name="dataset.splitMore")
        self.more.setToolTip(self.tr("Shares, groups that stay together, folds, frozen test sets, and each class"))
        buttons = row(self.button, self.more)
        buttons.setStretch(0, 1)
        self._column = column(self._says, self._stale, buttons)
        self.setLayout(self._column)
        self._banner: Banner | None = None
        self.show_outcome(None)

    @Slot()
    def _ask(self) -> None:
        last = self._outcome
        if last is None:
            self.asked.emit(Asked(VALIDATION, TEST, SEED))
        elif last.grouped_by or last.folds:
            self.moreAsked.emit()  # what was kept together is asked for there; here it would silently be lost
        else:
            self.asked.emit(Asked(last.asked.get("validation", 0.0), last.asked.get("test", 0.0), SEED))

    def show_outcome(
        self,
        outcome: SplitOutcome | None,
        *,
        left_over: int = 0,
        labelled: bool = True,
        given: Mapping[str, int] | None = None,
    ) -> None:
        """Show what came out. ``left_over`` labelled images are in no part: labelled after the split was made.

        ``given`` counts the images of each part where no split was made here: they came in such folders.
        """
        self.button.setEnabled(labelled)
        self._outcome = outcome
        parts = {split: (given or {}).get(split, 0) for split in SPLITS}
        came = outcome is None and any(parts.values())
        wanted = not all(parts.values()) if came else outcome is None or bool(left_over)
        theme.set_role(self.button, "primary" if wanted else "")
        self.button.setIcon(icons.icon("split", "on_accent" if wanted else "secondary"))
        self.button.setToolTip(self._tip(outcome) if labelled else self.tr("Give images a class first"))
        self._says.setText(self._given_words(parts) if came else self._words(outcome))
        self._stale.setText(
            self.tr("{0} in no part of the split. Split again to include them.").format(
                figures.counted(left_over, self.tr("labelled image is"), self.tr("labelled images are"))
            )
            if left_over
            else ""
        )
        self._stale.setVisible(bool(left_over) and (came or outcome is not None))
        self._show_warnings(outcome.warnings if outcome is not None else [])

    def _given_words(self, parts: Mapping[str, int]) -> str:
        """Say what the folders or a table brought, and which part is missing."""
        names = {"train": self.tr("train"), "validation": self.tr("validation"), "test": self.tr("test")}
        said = " · ".join(f"{figures.count(parts[split])} {names[split]}" for split in SPLITS)
        lines = [self.tr("{0}, as they came.").format(said)]
        missing = {
            "train": self.tr("Nothing to learn from: split the images anew."),
            "validation": self.tr("Nothing to choose the best epoch by: split the images anew."),
            "test": self.tr("Nothing to be tested on: split the images anew, or evaluate on validation alone."),
        }
        lines += [missing[split] for split in SPLITS if not parts[split]]
        return "\n".join(lines)

    def _words(self, outcome: SplitOutcome | None) -> str:
        if outcome is None:
            return self.tr("Not split yet: training needs images to learn from, to watch, and to be tested on.")
        names = {"train": self.tr("train"), "validation": self.tr("validation"), "test": self.tr("test")}
        lines = [" · ".join(f"{figures.count(outcome.got.get(split, 0))} {names[split]}" for split in SPLITS)]
        if outcome.grouped_by:
            lines.append(self.tr("Kept together by {0}.").format(outcome.grouped_by))
        if outcome.folds:
            lines.append(self.tr("Fold {0} of {1} validates.").format(outcome.fold, outcome.folds))
        return "\n".join(lines)

    def _tip(self, outcome: SplitOutcome | None) -> str:
        if outcome is not None and (outcome.grouped_by or outcome.folds):
            return self.tr("Opens the form: the last split kept groups together or had folds")
        shares = (VALIDATION, TEST)
        if outcome is not None:
            shares = (outcome.asked.get("validation", 0.0), outcome.asked.get("test", 0.0))
        tip = self.tr(
            "Share the labelled images out, class by class: {0} for validation, {1} for test, the rest to train"
        )
        return tip.format(*(figures.percent(share) for share in shares))

    def _show_warnings(self, warnings: list[str]) -> None:
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None
        if warnings:
            self._banner = Banner("warning", "\n".join(warnings), parent=self)
            self._column.insertWidget(1, self._banner)

    def warning(self) -> str:
        """Return the warnings that are shown, empty where there is none."""
        return self._banner.text() if self._banner is not None and not self._banner.isHidden() else ""
