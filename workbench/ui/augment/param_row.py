"""One parameter in the form: its title, its editor, the way back to the default, its help, and what is wrong with it."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.augment.catalog import NONE, ParamInfo
from workbench.ui import theme
from workbench.ui.augment.param_editors import ChecksEditor, ChoiceEditor, NumbersEditor, ParamEditor, SwitchEditor
from workbench.ui.augment.param_values import fits, is_none, is_numeric, same, some_value, written
from workbench.ui.augment.sliders import Slider
from workbench.ui.augment.value_editors import ColourEditor, Swatch, TextEditor, ValuesEditor
from workbench.ui.fields import words
from workbench.ui.layouts import column, row
from workbench.ui.widgets import label, tool_button

_MARKED = (QAbstractSpinBox, QLineEdit, QComboBox, QPlainTextEdit, QCheckBox, Slider, Swatch)
_SMALL = 20


class ParamRow(QWidget):
    """``edited`` carries the name and each new value, ``settled`` follows when a drag or typing ends.

    A value that the parameter's own editor cannot hold (it came with a chain from elsewhere) is edited as text.
    """

    edited = Signal(str, object)
    settled = Signal()
    sweepWanted = Signal(str)

    def __init__(self, param: ParamInfo, value: Any, parent: QWidget | None = None, *, sweep: bool = True) -> None:
        super().__init__(parent)
        self.param = param = _with_none(param)
        self.setObjectName(f"augment.row.{param.name}")
        self._refused = self._marked = ""
        self._can_be_none = param.optional and NONE not in param.choices
        self._value = value
        self._last = some_value(param) if self._can_be_none and is_none(param, value) else value
        self._title = label(param.title, wrap=True)
        self.reset = _small("undo", self.tr("Back to {0}").format(_shown(param)), f"augment.default.{param.name}")
        self.reset.clicked.connect(self._reset)
        _keep_room(self.reset)
        self.sweep: QToolButton | None = None
        if sweep and is_numeric(param):
            tip = self.tr("Sweep: show the image from the lowest to the highest value")
            self.sweep = _small("sweep", tip, f"augment.sweep.{param.name}")
            self.sweep.clicked.connect(self._sweep)
        self.none: QCheckBox | None = None
        if self._can_be_none:
            self.none = QCheckBox(self.tr("None"))
            self.none.setAccessibleName(self.tr("{0}: none").format(param.title))
            self.none.clicked.connect(self._none_clicked)
        small = [part for part in (self.none, self.reset, self.sweep) if part is not None]
        self._head = row(self._title, *small, spacing=2)
        self._head.setStretch(0, 1)
        self._foreign = label(
            self.tr("This value came with the chain and has no slider. It is used as it is written here."),
            "secondary",
            wrap=True,
        )
        self._help = label(param.help, "secondary", wrap=True)
        if not param.help:
            self._help.hide()  # never shown here: without a parent yet, it would be a window for a moment
        self._error = label("", "error", wrap=True, name=f"augment.error.{param.name}")
        self._error.hide()
        self._parts: QVBoxLayout = column(spacing=theme.HALF)
        self._parts.addLayout(self._head)
        for part in (self._error, self._foreign, self._help):
            self._parts.addWidget(part)
        self.setLayout(self._parts)
        self.editor = self._put_editor(self._last)
        self._show_state()

    # -- the value

    def value(self) -> Any:
        return self._value

    def set_value(self, value: Any) -> None:
        """Show ``value``, whatever it is; ``edited`` is not emitted."""
        if same(value, self._value):
            return  # what is being typed stays
        self._put_value(value)

    def restore(self) -> None:
        """Show the value in place of a text that is none."""
        if self._refused:
            self._put_value(self._value)

    def _put_value(self, value: Any) -> None:
        self._value = value
        if not (self._can_be_none and is_none(self.param, value)):
            self._last = value
            self._show_in_editor()
        self._say_refused("")
        self._show_state()

    @property
    def is_changed(self) -> bool:
        """Whether the value is another one than a new step starts with."""
        return not same(self._value, self.param.default)

    def _show_in_editor(self) -> None:
        if isinstance(self.editor, TextEditor) == _needs_text(self.param, self._last):
            self.editor.set_value(self._last)
            return
        had_focus = any(field.hasFocus() for field in self.editor.fields())
        old = self.editor
        old.hide()
        old.deleteLater()
        self.editor = self._put_editor(self._last)
        if had_focus:
            self.editor.fields()[0].setFocus()

    def _put_editor(self, value: Any) -> ParamEditor:
        editor = editor_for(self.param, value)
        editor.edited.connect(self._edited)
        editor.settled.connect(self._settled)
        editor.refused.connect(self._say_refused)
        is_switch = isinstance(editor, SwitchEditor)
        if is_switch:  # its box carries the title
            self._head.insertWidget(0, editor, 1)
        else:
            self._parts.insertWidget(1, editor)
        self._title.setVisible(not is_switch)
        return editor

    def _show_state(self) -> None:
        is_off = self._can_be_none and is_none(self.param, self._value)
        if self.none is not None:
            self.none.setChecked(is_off)
        self.editor.setVisible(not is_off)
        if self.sweep is not None:
            self.sweep.setEnabled(not isinstance(self.editor, TextEditor) and not is_off)
        foreign = isinstance(self.editor, TextEditor) and self.param.kind != "text" and not is_off
        self._foreign.setVisible(foreign)
        self._show_error()

    @Slot(object)
    def _edited(self, value: Any) -> None:
        self._last = value
        self._take(value)

    def _take(self, value: Any) -> None:
        self._value = value
        self._show_state()
        self.edited.emit(self.param.name, value)

    @Slot()
    def _settled(self) -> None:
        if isinstance(self.editor, TextEditor) and not _needs_text(self.param, self._last) and not self._refused:
            self._show_in_editor()
            self._show_state()
        self.settled.emit()

    @Slot()
    def _none_clicked(self) -> None:
        assert self.none is not None
        self._take(NONE if self.none.isChecked() else self._last)
        self.settled.emit()

    @Slot()
    def _reset(self) -> None:
        self._put_value(self.param.default)
        self.edited.emit(self.param.name, self.param.default)
        self.settled.emit()

    @Slot()
    def _sweep(self) -> None:
        self.sweepWanted.emit(self.param.name)

    # -- what is wrong

    def mark(self, message: str) -> None:
        """Give the fields a red edge and say why below them; an empty message takes both away."""
        self._marked = message
        self._show_error()

    @property
    def message(self) -> str:
        """What is said to be wrong now."""
        return self._refused or self._marked

    @Slot(str)
    def _say_refused(self, message: str) -> None:
        self._refused = message
        self._show_error()

    def _show_error(self) -> None:
        self._error.setText(self.message)
        self._error.setVisible(bool(self.message))
        self.reset.setVisible(self.is_changed or bool(self._refused))
        self._describe()

    def _describe(self) -> None:
        wrong = bool(self.message)
        for field in self._fields():
            field.setAccessibleDescription(self.message or self.param.help)
            if bool(field.property("invalid")) != wrong:
                field.setProperty("invalid", wrong)
                field.style().unpolish(field)
                field.style().polish(field)
                field.update()

    def _fields(self) -> list[QWidget]:
        """Return what a mark goes to; the line inside a number box is a part of the box."""
        found = [child for child in self.editor.findChildren(QWidget) if isinstance(child, _MARKED)]
        return [child for child in found if not isinstance(child.parentWidget(), QAbstractSpinBox | QComboBox)]


def editor_for(param: ParamInfo, value: Any) -> ParamEditor:
    """Return the editor of a parameter that now is ``value``: that of its kind, or text where the value does not fit."""
    if _needs_text(param, value):
        return TextEditor(param, value)
    match param.kind:
        case "switch":
            return SwitchEditor(param, value)
        case "choice":
            return ChoiceEditor(param, value)
        case "choices":
            return ChecksEditor(param, value)
        case "colour":
            return ColourEditor(param, value)
        case "values":
            return ValuesEditor(param, value)
        case _:
            return NumbersEditor(param, value)


def _with_none(param: ParamInfo) -> ParamInfo:
    """Return a choice that may be "none" with that as one more of its choices."""
    if param.kind != "choice" or not param.optional or NONE in param.choices:
        return param
    labels = (*param.labels, words(NONE)) if param.labels else ()
    return replace(param, choices=(*param.choices, NONE), labels=labels)


def _needs_text(param: ParamInfo, value: Any) -> bool:
    return param.kind == "text" or not fits(param, value)


def _shown(param: ParamInfo) -> str:
    text = param.default if isinstance(param.default, str) else written(param.default)
    return f"{text} {param.unit}".strip()


def _small(icon: str, tip: str, name: str) -> QToolButton:
    made = tool_button(icon, tip, name=name)
    made.setFixedSize(_SMALL, _SMALL)
    made.setIconSize(QSize(16, 16))
    return made


def _keep_room(widget: QWidget) -> None:
    """Hidden or not, it takes its room, so that nothing moves when it comes."""
    policy = QSizePolicy(widget.sizePolicy())
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)
