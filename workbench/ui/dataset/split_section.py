"""Splitting: the shares asked for, the button, and what came out beside it."""

from typing import NamedTuple

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QSpinBox, QTableView, QWidget

from workbench.project.splits import SplitOutcome
from workbench.ui import icons, theme
from workbench.ui.dataset.outcome_model import OutcomeModel
from workbench.ui.layouts import column, row
from workbench.ui.messages import Banner
from workbench.ui.widgets import button, label

LARGEST_SHARE = 60
MOST_SHOWN = 11
ROW = 22


class Asked(NamedTuple):
    """What the user wants: shares from 0 to 1."""

    validation: float
    test: float
    seed: int


class SplitSection(QWidget):
    """Tells with ``asked`` that the button was pressed; `show_outcome` shows what became of it."""

    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.validation = self._share(
            "dataset.validationShare", 15, self.tr("Share of the images that training watches")
        )
        self.test = self._share("dataset.testShare", 20, self.tr("Share of the images kept back for the final figure"))
        self.seed = QSpinBox()
        self.seed.setObjectName("dataset.splitSeed")
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setValue(7)
        self.seed.setToolTip(self.tr("The same seed and labels give the same split"))
        self.button = button(self.tr("Split the images"), self._ask, name="dataset.split", icon="split")
        self.button.setToolTip(self.tr("Share the labelled images out over train, validation and test, class by class"))
        form = row(
            column(label(self.tr("Validation"), "secondary"), self.validation, spacing=theme.HALF),
            column(label(self.tr("Test"), "secondary"), self.test, spacing=theme.HALF),
            column(label(self.tr("Seed"), "secondary"), self.seed, spacing=theme.HALF),
        )
        for number in range(form.count()):
            form.setStretch(number, 1)
        self.model = OutcomeModel(self)
        self.table = QTableView()
        self.table.setObjectName("dataset.splitOutcome")
        self.table.setAccessibleName(self.tr("What came out of the split"))
        self.table.setModel(self.model)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setShowGrid(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW)
        self.table.verticalHeader().setMinimumSectionSize(ROW)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultSectionSize(52)
        header.setHighlightSections(False)
        header.setFixedHeight(theme.ROW)
        self._stale = label("", "warning", wrap=True)
        self._column = column(form, self.button, self._stale, self.table)
        self.setLayout(self._column)
        self._banner: Banner | None = None
        self.show_outcome(None)

    def _share(self, name: str, percent: int, tip: str) -> QSpinBox:
        share = QSpinBox()
        share.setObjectName(name)
        share.setRange(0, LARGEST_SHARE)
        share.setValue(percent)
        share.setSuffix(" %")
        share.setToolTip(tip)
        return share

    @Slot()
    def _ask(self) -> None:
        self.asked.emit(Asked(self.validation.value() / 100, self.test.value() / 100, self.seed.value()))

    def show_outcome(self, outcome: SplitOutcome | None, *, left_over: int = 0) -> None:
        """Show what came out. ``left_over`` labelled images are in no part: labelled after the split was made."""
        self.model.show_outcome(outcome)
        rows = min(self.model.rowCount(), MOST_SHOWN)
        self.table.setFixedHeight(theme.ROW + rows * ROW + 4)
        self.table.setVisible(outcome is not None)
        wanted = outcome is None or bool(left_over)
        theme.set_role(self.button, "primary" if wanted else "")
        self.button.setIcon(icons.icon("split", "on_accent" if wanted else "secondary"))
        self._stale.setText(
            self.tr("{count} labelled images are in no part of the split. Split again to include them.").format(
                count=left_over
            )
            if left_over
            else ""
        )
        self._stale.setVisible(bool(left_over) and outcome is not None)
        self._show_warnings(outcome.warnings if outcome is not None else [])

    def _show_warnings(self, warnings: list[str]) -> None:
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None
        if warnings:
            self._banner = Banner("warning", "\n".join(warnings), parent=self)
            self._column.insertWidget(2, self._banner)

    def warning(self) -> str:
        """Return the warnings that are shown, empty where there is none."""
        return self._banner.text() if self._banner is not None and not self._banner.isHidden() else ""
