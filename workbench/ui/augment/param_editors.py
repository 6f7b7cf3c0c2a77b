"""One editor per kind of parameter of a transform: sliders with numbers, choices, switches."""

import math
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSizePolicy, QWidget

from workbench.augment.catalog import ParamInfo
from workbench.ui import theme
from workbench.ui.augment.sliders import Slider
from workbench.ui.fields import words
from workbench.ui.layouts import column, row

FAR = 1e6


class Number(QDoubleSpinBox):
    """A number box that shows no more digits than its step has."""

    def __init__(self, param: ParamInfo, value: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        whole = param.kind in ("integer", "int_range")
        step = param.step or (1.0 if whole else 0.01)
        self.setDecimals(0 if whole else max(0, min(6, -math.floor(math.log10(step)))))
        self.setSingleStep(step)
        self.setRange(-FAR if param.low is None else param.low, FAR if param.high is None else param.high)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if param.unit:
            self.setSuffix(f" {param.unit}")
        self.setValue(value)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedWidth(96)

    def wheelEvent(self, event: object) -> None:
        """The wheel scrolls the form, never a value by accident."""
        event.ignore()


class ParamEditor(QWidget):
    """Edits the value of one parameter. ``edited`` carries each new value, ``settled`` follows when a drag ends."""

    edited = Signal(object)
    settled = Signal()

    def __init__(self, param: ParamInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.param = param
        self.setObjectName(f"augment.param.{param.name}")
        self.setAccessibleName(param.title)

    def value(self) -> Any:
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show ``value``; ``edited`` is not emitted."""
        raise NotImplementedError


class NumbersEditor(ParamEditor):
    """A number, or a range of two, on a slider (where it has bounds) and in boxes."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self._is_range = param.kind in ("range", "int_range")
        self._whole = param.kind in ("integer", "int_range")
        values = self._numbers(value)
        self.boxes = [Number(param, number) for number in values]
        for box in self.boxes:
            box.setAccessibleName(param.title)
            box.valueChanged.connect(self._box_changed)
            box.editingFinished.connect(self.settled)
        self.slider: Slider | None = None
        if param.low is not None and param.high is not None and param.high > param.low:
            step = param.step or (1.0 if self._whole else (param.high - param.low) / 100)
            self.slider = Slider(param.low, param.high, step, values)
            self.slider.setAccessibleName(param.title)
            self.slider.changed.connect(self._slid)
            self.slider.released.connect(self.settled)
        if self._is_range:
            boxes = row(self.boxes[0], None, self.boxes[1])
            self.setLayout(column(self.slider, boxes, spacing=theme.HALF) if self.slider else boxes)
        else:
            self.setLayout(row(self.slider or None, self.boxes[0]))

    def value(self) -> Any:
        numbers = [int(box.value()) if self._whole else round(box.value(), 6) for box in self.boxes]
        return numbers if self._is_range else numbers[0]

    def set_value(self, value: Any) -> None:
        self._show(self._numbers(value))

    def _numbers(self, value: Any) -> tuple[float, ...]:
        found = value if value is not None else self.param.default
        if self._is_range:
            low, high = found if isinstance(found, list | tuple) else (found, found)
            return (float(low), float(high))
        return (float(found[0] if isinstance(found, list | tuple) else found),)

    def _show(self, numbers: tuple[float, ...]) -> None:
        for box, number in zip(self.boxes, numbers, strict=True):
            with QSignalBlocker(box):
                box.setValue(number)
        if self.slider is not None:
            self.slider.set_values(numbers)

    @Slot(tuple)
    def _slid(self, numbers: tuple[float, ...]) -> None:
        self._show(numbers)
        self.edited.emit(self.value())

    @Slot()
    def _box_changed(self) -> None:
        numbers = [box.value() for box in self.boxes]
        if self._is_range and numbers[0] > numbers[1]:
            numbers = [self.sender().value()] * 2  # The end that was typed pushes the other.
        self._show(tuple(numbers))
        self.edited.emit(self.value())


class ChoiceEditor(ParamEditor):
    """One of a few values."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self.box = QComboBox()
        self.box.setAccessibleName(param.title)
        for choice in param.choices:
            self.box.addItem(words(str(choice)) if isinstance(choice, str) else str(choice), choice)
        self.set_value(value)
        self.box.activated.connect(self._chosen)
        self.setLayout(row(self.box))

    def value(self) -> Any:
        return self.param.choices[self.box.currentIndex()]

    def set_value(self, value: Any) -> None:
        wanted = self.param.default if value is None else value
        if wanted in self.param.choices:
            self.box.setCurrentIndex(self.param.choices.index(wanted))

    @Slot()
    def _chosen(self) -> None:
        self.edited.emit(self.value())
        self.settled.emit()


class SwitchEditor(ParamEditor):
    """On or off."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self.box = QCheckBox(self.tr("On"))
        self.box.setAccessibleName(param.title)
        self.set_value(value)
        self.box.clicked.connect(self._clicked)
        self.setLayout(row(self.box, None))

    def value(self) -> bool:
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(self.param.default if value is None else value))

    @Slot()
    def _clicked(self) -> None:
        self.edited.emit(self.value())
        self.settled.emit()


def editor_for(param: ParamInfo, value: Any) -> ParamEditor:
    """Return the editor of a parameter that now is ``value`` (None: its default)."""
    match param.kind:
        case "switch":
            return SwitchEditor(param, value)
        case "choice":
            return ChoiceEditor(param, value)
        case _:
            return NumbersEditor(param, value)
