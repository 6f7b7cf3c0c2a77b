"""The editors that a form is made of: one per kind of value, all with the same few methods."""

import math
import typing
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSizePolicy, QSpinBox, QWidget

from workbench.ui.layouts import row
from workbench.ui.widgets import Segmented

LARGE = 2**31 - 1
SPELLED = {
    "adamw": "AdamW",
    "sgd": "SGD",
    "svm": "SVM",
    "cpu": "CPU",
    "auto": "Automatic",
    "32-true": "Full (32 bit)",
} | {
    "bf16-mixed": "Half (bfloat16)",
    "16-mixed": "Half (float16)",
}
"""Choices whose names are not words."""


def words(name: str) -> str:
    """learning_rate -> "Learning rate"."""
    text = name.replace("_", " ").strip()
    return SPELLED.get(name) or text[:1].upper() + text[1:]


class Entry(QWidget):
    """An editor of one value. ``edited`` follows each change by the user, valid or not."""

    edited = Signal()

    def __init__(self, editor: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inner = editor
        self.setLayout(row(editor, spacing=0))
        self.setFocusProxy(editor)

    def value(self) -> Any:
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        raise NotImplementedError

    def set_invalid(self, invalid: bool) -> None:
        """Give the editor a red edge."""
        if bool(self.inner.property("invalid")) != invalid:
            self.inner.setProperty("invalid", invalid)
            self.inner.style().unpolish(self.inner)
            self.inner.style().polish(self.inner)

    def set_accessible(self, title: str, help_text: str) -> None:
        self.inner.setAccessibleName(title)
        self.inner.setAccessibleDescription(help_text)

    @Slot()
    def _edited(self) -> None:
        self.edited.emit()


class SwitchEntry(Entry):
    """On or off."""

    def __init__(self, value: bool) -> None:
        self._box = QCheckBox()
        super().__init__(self._box)
        self.set_value(value)
        self._box.toggled.connect(self._edited)

    def value(self) -> bool:
        return self._box.isChecked()

    def set_value(self, value: bool) -> None:
        self._box.setChecked(value)


class WholeEntry(Entry):
    """A whole number between bounds."""

    def __init__(self, value: int, low: int | None, high: int | None) -> None:
        self._box = QSpinBox()
        self._box.setRange(-LARGE if low is None else low, LARGE if high is None else min(high, LARGE))
        self._box.setKeyboardTracking(False)
        self._box.setStepType(
            QSpinBox.StepType.AdaptiveDecimalStepType
            if self._box.maximum() - self._box.minimum() > 1000
            else QSpinBox.StepType.DefaultStepType
        )
        super().__init__(self._box)
        ignore_wheel(self._box)
        self.set_value(value)
        self._box.valueChanged.connect(self._edited)

    def value(self) -> int:
        return self._box.value()

    def set_value(self, value: int) -> None:
        self._box.setValue(value)


class NumberEntry(Entry):
    """A number typed as text (3e-3 is fine); the arrow keys step its leading digit."""

    def __init__(self, value: float) -> None:
        self._line = QLineEdit()
        self._line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._line.setTextMargins(0, 0, 11, 0)
        super().__init__(self._line)
        self.set_value(value)
        self._line.textEdited.connect(self._edited)
        self._line.installEventFilter(self)

    def value(self) -> float | str:
        """Return the number, or the text where it is none (which the model then refuses)."""
        text = self._line.text().strip().replace(",", ".")
        try:
            number = float(text)
        except ValueError:
            return text
        return number if math.isfinite(number) else text

    def set_value(self, value: float) -> None:
        if self.value() != value:
            self._line.setText(_written(value))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
            number = self.value()
            if step is not None and isinstance(number, float):
                size = 10.0 ** math.floor(math.log10(abs(number))) if number else 0.01
                if step < 0 and math.isclose(abs(number), size):
                    size /= 10
                self._line.setText(_written(round(number + step * size, 12)))
                self.edited.emit()
                return True
        return super().eventFilter(watched, event)


class TextEntry(Entry):
    """A line of text."""

    def __init__(self, value: str) -> None:
        self._line = QLineEdit()
        super().__init__(self._line)
        self.set_value(value)
        self._line.textEdited.connect(self._edited)

    def value(self) -> str:
        return self._line.text()

    def set_value(self, value: str) -> None:
        if self._line.text() != value:
            self._line.setText(value)


class ChoiceEntry(Entry):
    """One of a few named choices: all in sight while they are short, else a list to open."""

    def __init__(self, choices: Sequence[str], value: str) -> None:
        self._choices = list(choices)
        self._combo: QComboBox | None = None
        self._segments: Segmented | None = None
        if len(self._choices) <= 3 and sum(len(choice) for choice in self._choices) <= 13:
            self._segments = Segmented([(choice, words(choice)) for choice in self._choices], value)
            super().__init__(self._segments)
            self._segments.changed.connect(self._edited)
            self.layout().addStretch(1)
        else:
            self._combo = QComboBox()
            self._combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            for choice in self._choices:
                self._combo.addItem(words(choice), choice)
            super().__init__(self._combo)
            ignore_wheel(self._combo)
            self.set_value(value)
            self._combo.currentIndexChanged.connect(self._edited)

    def value(self) -> str:
        return str(self._combo.currentData()) if self._combo is not None else self._segments.value()

    def set_value(self, value: str) -> None:
        if self._combo is not None:
            self._combo.setCurrentIndex(self._choices.index(value))
        else:
            self._segments.set_value(value)


class _WheelFilter(QObject):
    """Lets the wheel scroll the page, unless the field was clicked into."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def entry_for(field: Any, value: Any) -> Entry | None:
    """Return the editor for a pydantic field that now holds ``value``; None for a kind that has none."""
    annotation = field.annotation
    if typing.get_origin(annotation) is typing.Literal:
        return ChoiceEntry([str(choice) for choice in typing.get_args(annotation)], str(value))
    if annotation is bool:
        return SwitchEntry(value)
    if annotation is int:
        low, high = _bounds(field)
        return WholeEntry(value, low, high)
    if annotation is float:
        return NumberEntry(value)
    if annotation is str:
        return TextEntry(value)
    return None


def _bounds(field: Any) -> tuple[int | None, int | None]:
    low: int | None = None
    high: int | None = None
    for rule in field.metadata:
        low = getattr(rule, "ge", low)
        high = getattr(rule, "le", high)
        low = rule.gt + 1 if hasattr(rule, "gt") else low
        high = rule.lt - 1 if hasattr(rule, "lt") else high
    return low, high


def ignore_wheel(widget: QWidget) -> None:
    """Let the wheel scroll the page over a box or a list, unless it was clicked into: no value changes by accident."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelFilter(widget))


def _written(value: float) -> str:
    """0.003 -> "0.003", 3e-06 -> "3e-06"."""
    return f"{value:.6g}"
