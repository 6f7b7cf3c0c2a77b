"""A box for a number of a transform: all of its digits, none that it does not have."""

import math

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSizePolicy, QWidget

from workbench.augment.catalog import ParamInfo
from workbench.ui.augment.param_values import DIGITS, FAR, is_whole

WIDTH = 96


class NumberBox(QDoubleSpinBox):
    """Takes also what lies beyond the slider beside it, as far as the transform does; a comma is a point too."""

    def __init__(self, param: ParamInfo, value: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = is_whole(param)
        self.setDecimals(0 if self._whole else DIGITS)
        step = param.step or 0.01
        self.setSingleStep(max(1.0, step) if self._whole else step)
        self.setRange(-FAR if param.least is None else param.least, FAR if param.most is None else param.most)
        self.setKeyboardTracking(False)
        if param.unit:
            self.setSuffix(f" {param.unit}")
        self.setAccessibleName(param.title)
        self.setValue(value)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedWidth(WIDTH)

    def number(self) -> float:
        """Return the value, an int where only whole numbers are allowed."""
        return int(self.value()) if self._whole else round(self.value(), DIGITS)

    def textFromValue(self, value: float) -> str:
        text = f"{value:.{self.decimals()}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text

    def valueFromText(self, text: str) -> float:
        number = _parsed(self._bare(text))
        return self.value() if number is None else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        bare = self._bare(text)
        number = _parsed(bare)
        if number is not None and self.minimum() <= number <= self.maximum():
            return QValidator.State.Acceptable, text, position
        possible = all(letter in "0123456789.,-+eE " for letter in bare)
        return (QValidator.State.Intermediate if possible else QValidator.State.Invalid), text, position

    def wheelEvent(self, event: object) -> None:
        """The wheel scrolls the form, never a value by accident."""
        event.ignore()

    def _bare(self, text: str) -> str:
        return text.removesuffix(self.suffix().strip()).strip() if self.suffix() else text.strip()


def _parsed(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
