"""What may move: the freeze choice, and the stages it means."""

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from workbench.training.config import Freeze, FreezeBackbone, FreezeNothing, FreezeStages
from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.model.stage_bar import StageBar, plan
from workbench.ui.widgets import Segmented, label

GUESSED_STAGES = 6
"""How many stages the bar shows, head included, where the backbone's own are not known: a stem, four stages, a head."""


class PlanEditor(QWidget):
    """The choice, the number of stages where it matters, the bar and a sentence."""

    changed = Signal(object)
    """The new `Freeze`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._freeze: Freeze = FreezeBackbone()
        self._stages: list[str] = []
        self.choice = Segmented(
            [("backbone", self.tr("Head only")), ("stages", self.tr("Last stages")), ("none", self.tr("Everything"))],
            parent=self,
        )
        self.choice.setObjectName("model.freeze")
        self.train_last = QSpinBox(self)
        self.train_last.setObjectName("model.trainLast")
        self.train_last.setRange(1, 64)
        self.train_last.setToolTip(self.tr("How many stages of the backbone train, counted from the head backwards"))
        self.train_last.setFixedWidth(64)
        self.train_last.setAccessibleName(self.tr("Stages that train"))
        self.bar = StageBar(self)
        self.says = label("", "secondary", wrap=True, name="model.planSays")
        self.setLayout(column(row(self.choice, self.train_last, None), self.bar, self.says, spacing=theme.GRID))
        self.choice.changed.connect(self._edited)
        self.train_last.valueChanged.connect(self._edited)
        self._show()

    def show_plan(self, freeze: Freeze, stages: Sequence[str]) -> None:
        """Show what the config says. ``stages`` are the backbone's from stem to head, empty where they are not known."""
        self._freeze, self._stages = freeze, list(stages)
        for widget in (self.choice, self.train_last):
            widget.blockSignals(True)
        self.choice.set_value(freeze.kind)
        if isinstance(freeze, FreezeStages):
            self.train_last.setValue(freeze.train_last)
        for widget in (self.choice, self.train_last):
            widget.blockSignals(False)
        self._show()

    @Slot()
    def _edited(self, *_value: object) -> None:
        match self.choice.value():
            case "backbone":
                self._freeze = FreezeBackbone()
            case "stages":
                self._freeze = FreezeStages(train_last=self.train_last.value())
            case _:
                self._freeze = FreezeNothing()
        self._show()
        self.changed.emit(self._freeze)

    def _show(self) -> None:
        self.train_last.setVisible(isinstance(self._freeze, FreezeStages))
        known = bool(self._stages)
        self.bar.show_stages(plan(self._stages or self._guessed(), self._freeze), certain=known)
        self.says.setText(self._sentence())

    def _guessed(self) -> list[str]:
        count = GUESSED_STAGES
        if isinstance(self._freeze, FreezeStages):
            count = min(10, max(count, self._freeze.train_last + 2))
        middle = [self.tr("stage {0}").format(number) for number in range(1, count - 1)]
        return [self.tr("stem"), *middle, self.tr("head")]

    def _sentence(self) -> str:
        match self._freeze:
            case FreezeBackbone():
                text = self.tr("Only the new head learns: quick, and safe with few images.")
            case FreezeStages():
                text = self.tr("The head and the last of the stages learn; what comes before stays as it is.")
            case FreezeNothing():
                text = self.tr("Everything learns: for many images, or images unlike photographs.")
        if not self._stages:
            text += " " + self.tr("The real stages of this backbone show once a run of it has started.")
        return text
