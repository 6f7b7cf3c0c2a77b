"""How fast each stage learns: the backbone's factor, the decay from stage to stage, and own factors."""

import functools
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from workbench.errors import WorkbenchError
from workbench.models.rates import LARGEST, stage_rates
from workbench.training.config import OptimizerConfig
from workbench.ui import figures, theme
from workbench.ui.forms import Form
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, button, label

RATES = ("learning_rate", "backbone_factor", "layer_decay")
FIELD = 96


def factors(stages: Sequence[str], optimizer: OptimizerConfig) -> dict[str, float]:
    """Return the factor of each stage; own ones of stages that are not there are left out."""
    own = {name: factor for name, factor in optimizer.stage_factors.items() if name in stages}
    try:
        return stage_rates(
            stages,
            backbone_factor=optimizer.backbone_factor,
            layer_decay=optimizer.layer_decay,
            stage_factors=own,
        )
    except WorkbenchError:  # An own factor out of bounds: the field beside it says so.
        return stage_rates(stages, backbone_factor=optimizer.backbone_factor, layer_decay=optimizer.layer_decay)


class RatesEditor(QWidget):
    """Edits the rates of an `OptimizerConfig`."""

    changed = Signal(object)
    """The new `OptimizerConfig`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._optimizer = OptimizerConfig()
        self._stages: list[str] = []
        self._fields: dict[str, QLineEdit] = {}
        self._texts: list[str] = []
        self.form = Form(OptimizerConfig, self._optimizer, only=RATES)
        self.form.setObjectName("model.rates")
        self.form.changed.connect(self._edited)
        self.says = label("", "secondary", wrap=True, name="model.ratesSays")
        self.own = QWidget()
        self._grid = QGridLayout(self.own)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GRID)
        self._grid.setVerticalSpacing(theme.HALF)
        self._grid.setColumnStretch(0, 1)
        self.clear = button(self.tr("Clear"), self._clear, role="link", name="model.clearRates")
        self.head = row(label(self.tr("Own factors of stages"), "secondary"), None, self.clear)
        self.setLayout(column(self.form, self.head, self.own, self.says))

    def show_rates(self, optimizer: OptimizerConfig, stages: Sequence[str]) -> None:
        """Show what the config says; ``stages`` are the backbone's from stem to head, empty where they are not known."""
        self._optimizer = optimizer
        self.form.set_value(optimizer)
        # The head has the learning rate itself; what is named but not in this backbone is shown too, to be cleared.
        named = [name for name in optimizer.stage_factors if name not in stages]
        if [*stages, *named] != self._stages:
            self._stages = [*stages, *named]
            self._lay_out(named)
        known = factors(stages, optimizer) if stages else {}
        for name, field in self._fields.items():
            factor = optimizer.stage_factors.get(name)
            text = "" if factor is None else f"{factor:.6g}"
            if _number(field.text()) != factor:
                field.setText(text)
            plain = factors(stages, optimizer.model_copy(update={"stage_factors": {}})) if stages else {}
            field.setPlaceholderText(f"{plain[name]:.3g}" if name in plain else "")
            self._mark(field)
        self.clear.setVisible(bool(optimizer.stage_factors))
        self.says.setText(self._sentence(stages, known, named))
        self.says.setVisible(bool(self.says.text()))
        theme.set_role(self.says, "error" if stages and named else "secondary")

    def field(self, stage: str) -> QLineEdit:
        """Return the field for the own factor of a stage."""
        return self._fields[stage]

    def _lay_out(self, foreign: Sequence[str]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            item.widget().hide()
            item.widget().deleteLater()
        self._fields = {}
        for line, name in enumerate(self._stages):
            caption = ElidedLabel(name, "secondary" if name not in foreign else "error")
            field = QLineEdit()
            field.setFixedWidth(FIELD)
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.setTextMargins(0, 0, 11, 0)
            field.setObjectName(f"model.rate.{name}")
            field.setAccessibleName(self.tr("Own factor of {0}").format(name))
            field.setToolTip(self.tr("Share of the learning rate; empty: what factor and decay give"))
            field.textEdited.connect(functools.partial(self._own_edited, name))
            self._fields[name] = field
            self._grid.addWidget(caption, line, 0)
            self._grid.addWidget(field, line, 1)

    def _sentence(self, stages: Sequence[str], known: dict[str, float], foreign: Sequence[str]) -> str:
        if not stages:
            return self.tr("Own factors can be set once the stages of this backbone are known.")
        if foreign:
            return self.tr("This backbone has no {0}: clear it before a run starts.").format(", ".join(foreign))
        backbone = [known[name] for name in stages[:-1]]
        if not backbone:
            return ""
        rate = self._optimizer.learning_rate
        low, high = min(backbone) * rate, max(backbone) * rate
        if low == high:
            return self.tr("Head {0}, backbone {1}.").format(figures.rate(rate), figures.rate(low))
        return self.tr("Head {0}, backbone from {1} to {2}.").format(*map(figures.rate, (rate, low, high)))

    def summary(self) -> str:
        """Return in a few words what is set."""
        optimizer = self._optimizer
        parts = [
            figures.rate(optimizer.learning_rate),
            self.tr("backbone × {0}").format(figures.rate(optimizer.backbone_factor)),
            self.tr("decay {0}").format(figures.rate(optimizer.layer_decay)) if optimizer.layer_decay < 1 else "",
            self.tr("own factors") if optimizer.stage_factors else "",
        ]
        return " · ".join(part for part in parts if part)

    @Slot(object)
    def _edited(self, optimizer: OptimizerConfig) -> None:
        self._tell({name: getattr(optimizer, name) for name in RATES})

    def _own_edited(self, stage: str, text: str) -> None:
        number = _number(text)
        own = {name: factor for name, factor in self._optimizer.stage_factors.items() if name != stage}
        if text.strip() and number is None:
            self._mark(self._fields[stage])
            return
        if number is not None:
            own[stage] = number
        self._tell({"stage_factors": own})

    @Slot()
    def _clear(self) -> None:
        self._tell({"stage_factors": {}})

    def _tell(self, changes: dict[str, Any]) -> None:
        self._optimizer = self._optimizer.model_copy(update=changes)
        self.changed.emit(self._optimizer)

    def _mark(self, field: QLineEdit) -> None:
        wrong = bool(field.text().strip()) and _number(field.text()) is None
        if bool(field.property("invalid")) != wrong:
            field.setProperty("invalid", wrong)
            field.style().unpolish(field)
            field.style().polish(field)


def _number(text: str) -> float | None:
    """Return a factor that can be used, else None."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if 0 < number <= LARGEST else None
