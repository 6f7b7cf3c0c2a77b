"""The editors of what is no plain number or choice: colours, lists of numbers, and text for all the rest."""

from typing import Any

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QColorDialog, QGridLayout, QLineEdit, QPlainTextEdit, QWidget

from workbench.augment.catalog import ParamInfo
from workbench.ui import theme
from workbench.ui.augment.number_box import NumberBox
from workbench.ui.augment.param_editors import ChoiceBox, NumbersEditor, ParamEditor, choice_title
from workbench.ui.augment.param_values import numbers_in, parsed, written
from workbench.ui.layouts import column, row
from workbench.ui.widgets import Segmented

LINES = 8
_NARROW = 64


class ColourEditor(ParamEditor):
    """One grey on a slider, a colour (a button that shows it, and red, green, blue in boxes), or one of ``param.choices``.

    Where ``param.length`` is 3 there is nothing but the colour.
    """

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self._dialog: QColorDialog | None = None
        self._before: list[float] = []
        modes = [("grey", self.tr("Grey")), ("colour", self.tr("Colour"))]
        if param.choices:
            modes.append(("choice", self.tr("Other")))
        self.mode = Segmented(modes)
        self._last = "grey"
        self.choice = ChoiceBox()
        self.choice.setAccessibleName(param.title)
        self.choice.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for number in range(len(param.choices)):
            self.choice.addItem(choice_title(param, number))
        self.choice.activated.connect(self._choice_made)
        grey = ParamInfo(param.name, "number", 0, 0, 255, 1, "", param.title, "", least=0, most=255)
        self.grey = NumbersEditor(grey, 0)
        self.swatch = Swatch(self.tr("Choose {0}").format(param.title))
        self.boxes = [NumberBox(grey, 0) for _ in range(3)]
        for box, name in zip(self.boxes, (self.tr("red"), self.tr("green"), self.tr("blue")), strict=True):
            box.setFixedWidth(_NARROW)
            box.setAccessibleName(f"{param.title}, {name}")
            box.setToolTip(name)
            box.valueChanged.connect(self._rgb_changed)
            box.editingFinished.connect(self.settled)
        self._rgb = QWidget()
        self._rgb.setLayout(row(self.swatch, *self.boxes, None, spacing=theme.HALF))
        self.setLayout(column(row(self.mode, None), self.grey, self._rgb, self.choice, spacing=theme.HALF))
        self.set_value(value)
        self.mode.changed.connect(self._mode_changed)
        self.grey.edited.connect(self._told)
        self.grey.settled.connect(self.settled)
        self.swatch.clicked.connect(self._choose)

    def value(self) -> Any:
        if self.mode.value() == "grey":
            return _plain(self.grey.value())
        if self.mode.value() == "choice":
            return self.param.choices[self.choice.currentIndex()]
        return [_plain(box.number()) for box in self.boxes]

    def set_value(self, value: Any) -> None:
        listed = isinstance(value, list | tuple)
        with QSignalBlocker(self.mode):
            self.mode.set_value("colour" if listed else "choice" if isinstance(value, str) else "grey")
        if isinstance(value, str):
            self.choice.setCurrentIndex(self.param.choices.index(value))
        elif listed:
            self._show_rgb(value)
        else:
            self.grey.set_value(value)
        self._show_mode()

    def _show_rgb(self, value: list[float]) -> None:
        for box, part in zip(self.boxes, value, strict=True):
            with QSignalBlocker(box):
                box.setValue(part)
        self.swatch.show_colour(QColor(*(round(part) for part in value)))

    def _show_mode(self) -> None:
        self._last = self.mode.value()
        self.mode.setVisible(self.param.length != 3)
        for key, part in (("grey", self.grey), ("colour", self._rgb), ("choice", self.choice)):
            part.setVisible(key == self._last)

    @Slot()
    def _mode_changed(self) -> None:
        was, now = self._last, self.mode.value()
        if (was, now) == ("grey", "colour"):
            self._show_rgb([self.grey.value()] * 3)
        elif (was, now) == ("colour", "grey"):
            red, green, blue = (box.number() for box in self.boxes)
            self.grey.set_value(round(0.299 * red + 0.587 * green + 0.114 * blue))
        self._show_mode()
        self._told()
        self.settled.emit()

    @Slot()
    def _told(self) -> None:
        self.edited.emit(self.value())

    @Slot()
    def _choice_made(self) -> None:
        self._told()
        self.settled.emit()

    @Slot()
    def _rgb_changed(self) -> None:
        self._show_rgb([box.number() for box in self.boxes])
        self._told()

    @Slot()
    def _choose(self) -> None:
        """Open the colours; the preview follows what is pointed at, and Cancel takes it back."""
        self._before = [box.number() for box in self.boxes]
        self._dialog = QColorDialog(self.swatch.colour(), self)
        self._dialog.setWindowTitle(self.param.title)
        self._dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog.currentColorChanged.connect(self._pointed_at)
        self._dialog.rejected.connect(self._taken_back)
        self._dialog.finished.connect(self.settled)
        self._dialog.open()

    @Slot(QColor)
    def _pointed_at(self, colour: QColor) -> None:
        self._show_rgb([colour.red(), colour.green(), colour.blue()])
        self._told()

    @Slot()
    def _taken_back(self) -> None:
        self._show_rgb(self._before)
        self._told()


class Swatch(QAbstractButton):
    """A button that is a colour."""

    def __init__(self, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QColor("black")
        self.setFixedSize(theme.CONTROL, theme.CONTROL)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def colour(self) -> QColor:
        return self._colour

    def show_colour(self, colour: QColor) -> None:
        self._colour = colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.CONTROL, theme.CONTROL)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = "red" if self.property("invalid") else "accent" if self.hasFocus() or self.underMouse() else "line"
        painter.setPen(QPen(theme.colour(edge), 1))
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)


class ValuesEditor(ParamEditor):
    """A fixed count of numbers in boxes, three in a line; any count of them as a line of text: 1, 2, 3."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self.boxes: list[NumberBox] = []
        self.line: QLineEdit | None = None
        self._value = list(value)
        if param.length:
            grid = QGridLayout()
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setSpacing(theme.HALF)
            across = 2 if param.length in (2, 4) else 3
            for number in range(param.length):
                box = NumberBox(param, 0)
                box.setFixedWidth(96 if across == 2 else 80)
                box.setAccessibleName(f"{param.title}, {number + 1}")
                box.valueChanged.connect(self._boxes_changed)
                box.editingFinished.connect(self.settled)
                self.boxes.append(box)
                grid.addWidget(box, number // across, number % across)
            grid.setColumnStretch(across, 1)
            self.setLayout(grid)
        else:
            self.line = QLineEdit()
            self.line.setAccessibleName(param.title)
            self.line.setPlaceholderText("1, 2, 3")
            self.line.textEdited.connect(self._typed)
            self.line.editingFinished.connect(self.settled)
            self.setLayout(row(self.line))
        self.set_value(value)

    def value(self) -> list[float]:
        if self.boxes:
            return [_plain(box.number()) for box in self.boxes]
        return list(self._value)

    def set_value(self, value: Any) -> None:
        self._value = list(value)
        for box, number in zip(self.boxes, value, strict=False):
            with QSignalBlocker(box):
                box.setValue(number)
        if self.line is not None:
            self.line.setText(", ".join(written(number) for number in value))

    @Slot()
    def _boxes_changed(self) -> None:
        self.edited.emit(self.value())

    @Slot(str)
    def _typed(self, text: str) -> None:
        found = numbers_in(text)
        if found is None:
            self.refused.emit(self.tr("Write numbers with commas between them, as in 1, 2.5, 3."))
            return
        self.refused.emit("")
        if found != self._value:
            self._value = found
            self.edited.emit(self.value())


class TextEditor(ParamEditor):
    """Any value as JSON. A text that is none stays in the box, and is told instead of used."""

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self._value: Any = None
        self.box = _Text()
        self.box.setAccessibleName(param.title)
        self.set_value(value)
        self.box.textChanged.connect(self._typed)
        self.box.left.connect(self.settled)
        self.setLayout(row(self.box))

    def value(self) -> Any:
        return self._value

    def set_value(self, value: Any) -> None:
        self._value = value
        with QSignalBlocker(self.box):
            self.box.setPlainText(written(value))
        self.box.fit()

    @Slot()
    def _typed(self) -> None:
        self.box.fit()
        value, message = parsed(self.box.toPlainText())
        if message:
            self.refused.emit(self.tr("This is not JSON: {0}. It is not used until it is.").format(message))
            return
        self.refused.emit("")
        if written(value) != written(self._value):
            self._value = value
            self.edited.emit(value)


class _Text(QPlainTextEdit):
    """As high as its text, up to `LINES`; Tab leaves."""

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(theme.fixed_font())
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.fit()

    def fit(self) -> None:
        """Take the height of the text."""
        lines = max(1, round(self.document().size().height()))
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines > LINES else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        self.setFixedHeight(max(theme.CONTROL, min(LINES, lines) * self.fontMetrics().lineSpacing() + 20))

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.fit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


def _plain(number: float) -> float:
    """255.0 -> 255: a colour is written without a point."""
    return int(number) if number == int(number) else number
