"""One editor per kind of parameter of a transform: sliders with numbers, choices, checks, switches."""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QWidget

from workbench.augment.catalog import ParamInfo
from workbench.ui import theme
from workbench.ui.augment.number_box import NumberBox
from workbench.ui.augment.param_values import is_whole
from workbench.ui.augment.sliders import Slider
from workbench.ui.fields import words
from workbench.ui.layouts import FlowLayout, column, row


class ParamEditor(QWidget):
    """Edits the value of one parameter. ``edited`` carries each new value, ``settled`` follows when a drag ends.

    ``refused`` says what is wrong with what was typed, which then is no value; an empty text: nothing any more.
    """

    edited = Signal(object)
    settled = Signal()
    refused = Signal(str)

    def __init__(self, param: ParamInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.param = param
        self.setObjectName(f"augment.param.{param.name}")
        self.setAccessibleName(param.title)

    def value(self) -> Any:
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show ``value``, which fits the kind; ``edited`` is not emitted."""
        raise NotImplementedError

    def fields(self) -> list[QWidget]:
        """Return what the user types or clicks into: what is marked where the value is wrong."""
        return [child for child in self.findChildren(QWidget) if child.focusPolicy() != Qt.FocusPolicy.NoFocus]


class NumbersEditor(ParamEditor):
    """A number, or a range of two, on a slider (where it has bounds) and in boxes."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self._is_range = param.kind in ("range", "int_range")
        values = self._numbers(value)
        self.boxes = [NumberBox(param, number) for number in values]
        ends = (self.tr("{0}, from"), self.tr("{0}, to")) if self._is_range else ("{0}",)
        for box, name in zip(self.boxes, ends, strict=True):
            box.setAccessibleName(name.format(param.title))
            box.valueChanged.connect(self._box_changed)
            box.editingFinished.connect(self.settled)
        self.slider: Slider | None = None
        if param.low is not None and param.high is not None and param.high > param.low:
            step = param.step or (1.0 if is_whole(param) else (param.high - param.low) / 100)
            self.slider = Slider(param.low, param.high, step, values)
            self.slider.set_title(param.title)
            self.slider.changed.connect(self._slid)
            self.slider.released.connect(self.settled)
        if self._is_range:
            boxes = row(self.boxes[0], None, self.boxes[1])
            self.setLayout(column(self.slider, boxes, spacing=theme.HALF) if self.slider else boxes)
        else:
            self.setLayout(row(self.slider, self.boxes[0]) if self.slider else row(self.boxes[0], None))

    def value(self) -> Any:
        numbers = [box.number() for box in self.boxes]
        return numbers if self._is_range else numbers[0]

    def set_value(self, value: Any) -> None:
        self._show(self._numbers(value))

    def _numbers(self, value: Any) -> tuple[float, ...]:
        return tuple(float(number) for number in value) if self._is_range else (float(value),)

    def _show(self, numbers: tuple[float, ...]) -> None:
        for box, number in zip(self.boxes, numbers, strict=True):
            if box.value() != number:
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
        self.box = ChoiceBox()
        self.box.setAccessibleName(param.title)
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.setMinimumContentsLength(8)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for number in range(len(param.choices)):
            self.box.addItem(choice_title(param, number))
        self.set_value(value)
        self.box.activated.connect(self._chosen)
        self.setLayout(row(self.box))

    def value(self) -> Any:
        return self.param.choices[self.box.currentIndex()]

    def set_value(self, value: Any) -> None:
        self.box.setCurrentIndex(_position(self.param, value))

    @Slot()
    def _chosen(self) -> None:
        self.edited.emit(self.value())
        self.settled.emit()


class ChoiceBox(QComboBox):
    """A box that the wheel does not change: it scrolls the form, and a value is never set by accident."""

    def wheelEvent(self, event: object) -> None:
        event.ignore()


class ChecksEditor(ParamEditor):
    """Several of a few values, in the order in which they were chosen."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        flow = FlowLayout(spacing=theme.HALF)
        self.boxes: list[QCheckBox] = []
        self._chosen: list[int] = []
        for number in range(len(param.choices)):
            box = QCheckBox(choice_title(param, number))
            box.clicked.connect(self._clicked)
            self.boxes.append(box)
            flow.addWidget(box)
        self.set_value(value)
        self.setLayout(flow)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def value(self) -> list[Any]:
        return [self.param.choices[number] for number in self._chosen]

    def set_value(self, value: Any) -> None:
        self._chosen = [_position(self.param, part) for part in value]
        for number, box in enumerate(self.boxes):
            box.setChecked(number in self._chosen)

    @Slot()
    def _clicked(self) -> None:
        on = [number for number, box in enumerate(self.boxes) if box.isChecked()]
        self._chosen = [number for number in self._chosen if number in on] + [
            number for number in on if number not in self._chosen
        ]
        self.edited.emit(self.value())
        self.settled.emit()


class SwitchEditor(ParamEditor):
    """On or off; the box carries the title."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self.box = QCheckBox(param.title)
        self.set_value(value)
        self.box.clicked.connect(self._clicked)
        self.setLayout(row(self.box, None))

    def value(self) -> bool:
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    @Slot()
    def _clicked(self) -> None:
        self.edited.emit(self.value())
        self.settled.emit()


def choice_title(param: ParamInfo, number: int) -> str:
    """Return how the choice at position ``number`` reads."""
    if param.labels:
        return param.labels[number]
    choice = param.choices[number]
    return words(choice) if isinstance(choice, str) else str(choice)


def _position(param: ParamInfo, value: Any) -> int:
    same = [number for number, choice in enumerate(param.choices) if choice == value]
    # 1 and True are equal, and two choices.
    return next((number for number in same if type(param.choices[number]) is type(value)), same[0])
