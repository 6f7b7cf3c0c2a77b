"""The inspector of the augment panel: what the selected step does, its probability and its parameters."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QScrollArea, QVBoxLayout, QWidget

from workbench.augment.catalog import ParamInfo, TransformInfo
from workbench.augment.chain import Step
from workbench.ui import figures, theme
from workbench.ui.augment.param_editors import NumbersEditor, ParamEditor
from workbench.ui.augment.param_row import ParamRow
from workbench.ui.augment.param_values import same
from workbench.ui.layouts import column, rule
from workbench.ui.undo_keys import takes_undo
from workbench.ui.widgets import Section, button, label

MARGIN = 12
FORGIVEN_MS = 600
"""A change takes a mark away after so long, unless it is marked again: a drag through wrong values must not flicker."""

LAID_OUT_MS = 40
"""Layouts inside one another need some rounds of events until a new sentence has its place."""


class StepForm(QWidget):
    """Edits one step. ``paramEdited`` and ``chanceEdited`` carry each change, ``settled`` follows when it is done."""

    paramEdited = Signal(str, object)
    chanceEdited = Signal(float)
    enabledEdited = Signal(bool)
    settled = Signal()
    resetWanted = Signal()
    sweepWanted = Signal(str)
    undoWanted = Signal()
    redoWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.form")
        self._outer = column(spacing=0)
        self.setLayout(self._outer)
        self._content: QWidget | None = None
        self._forgive = QTimer(self)
        self._forgive.setSingleShot(True)
        self._forgive.setInterval(FORGIVEN_MS)
        self._forgive.timeout.connect(self._clear_marks)
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.setInterval(0)
        self._next.timeout.connect(self._build_next)
        self.show_nothing()

    def editor(self, name: str) -> ParamEditor:
        """Return the editor of a parameter."""
        return self.row(name).editor

    def row(self, name: str) -> ParamRow:
        """Return a parameter's whole part of the form."""
        if name not in self._rows:
            self.finish()
        if name not in self._rows:
            self._build_more()
        return self._rows[name]

    def chance(self) -> NumbersEditor | None:
        """Return the editor of the probability, in percent, or of the weight, 0 to 1."""
        editor = self._chance.editor if self._chance is not None else None
        return editor if isinstance(editor, NumbersEditor) else None

    # -- what is shown

    def show_nothing(self) -> None:
        """No step is selected."""
        self._empty()
        hint = label(self.tr("Select a step to change what it does."), "secondary", wrap=True)
        self._fill([label(self.tr("Step"), "section"), hint])

    def show_unknown(self, step: Step) -> None:
        """The chain holds a transform that the catalogue lacks: it is kept as it is."""
        self._empty()
        sentence = self.tr("{name} is not in the catalogue. It stays in the chain as it is.").format(
            name=step.transform
        )
        self._fill([label(step.transform, "title", wrap=True), label(sentence, "secondary", wrap=True), self._wrong])

    def show_step(self, known: TransformInfo, step: Step, weight: bool = False) -> None:
        """Show a step; the same transform again only moves the values, so that a drag is not interrupted.

        ``weight``: it stands in a group that draws among its steps, so its probability is how often it is drawn.
        """
        if self._shown != (known, weight):
            self._build(known, step, weight)
        else:
            self._move_values(step)

    def show_group(self, known: TransformInfo, step: Step, weight: bool = False) -> None:
        """Show a step that holds steps, as `show_step` does."""
        self.show_step(known, step, weight)
        assert self._holds is not None
        if step.steps:
            inside = figures.counted(len(step.steps), self.tr("step"), self.tr("steps"))
            self._holds.setText(self.tr("{0} inside.").format(inside))
        else:
            self._holds.setText(self.tr("No step inside yet, so it does nothing. Drag steps into it."))
        self._holds.show()

    def mark(self, param: str, message: str) -> None:
        """Say at a parameter what is wrong with it; "" is the step as a whole. An empty ``message`` takes the mark away.

        The next change takes it away too, unless it is marked again. A parameter without a field is said of the step.
        """
        if message and param and param not in self._rows:
            self.finish()
        if message and any(later.name == param for later in self._later):
            self._build_more()
        row = self._rows.get(param)
        if row is None:
            if param and message:
                message = f"{param}: {message}"
            self._wrong.setText(message)
            self._wrong.setVisible(bool(message))
            if not message and not param:
                self._clear_marks()
            if message:
                self._forgive.stop()
            return
        if message:
            self._forgive.stop()
        if message == row.message:
            return
        row.mark(message)
        if message:
            if self._more is not None and self._more.body.isAncestorOf(row):
                self._more.set_open(True)
            self._bring(row)

    # -- building

    def _empty(self) -> None:
        self._shown: tuple[TransformInfo, bool] | None = None
        self._rows: dict[str, ParamRow] = {}
        self._chance: ParamRow | None = None
        self._enabled: QCheckBox | None = None
        self._more: _More | None = None
        self._later: list[ParamInfo] = []
        """What is folded away, while it has no rows yet."""
        self._left: list[Callable[[], QWidget]] = []
        """The parts still to be built, from the top."""
        self._reset_button: QWidget | None = None
        self._holds = label("", wrap=True, name="augment.holds")
        self._holds.hide()
        self._wrong = label("", "error", wrap=True, name="augment.wrong")
        self._wrong.hide()
        self._forgive.stop()
        self._next.stop()

    def _build(self, known: TransformInfo, step: Step, weight: bool) -> None:
        self._empty()
        self._shown, self._step = (known, weight), step
        self._enabled = QCheckBox(self.tr("Step is on"))
        self._enabled.setObjectName("augment.enabled")
        self._enabled.setChecked(step.enabled)
        self._enabled.clicked.connect(self.enabledEdited)
        self._chance = ParamRow(self._chance_info(known, weight), self._chance_value(step, weight), sweep=False)
        self._chance.edited.connect(self._chance_edited)
        self._chance.settled.connect(self.settled)
        parts: list[QWidget] = [
            column_of(label(known.title, "title", wrap=True), label(known.help, "secondary", wrap=True)),
            self._wrong,
            self._holds,
            self._enabled,
            self._chance,
        ]
        self._fill(parts)
        near = [param for param in known.params if not param.advanced]
        self._later = [param for param in known.params if param.advanced]
        if known.params:
            self._left = [rule, *(partial(self._row, param) for param in near)]
            if self._later:
                self._left.append(self._fold)
            self._left.append(self._reset_part)
            self._next.start()

    def finish(self) -> None:
        """Build at once what is left of the form, which else comes part by part: all of it takes too long for one event."""
        while self._left:
            self._add_part()

    @Slot()
    def _build_next(self) -> None:
        if self._left:
            self._add_part()
            self._next.start()

    def _add_part(self) -> None:
        part = self._left.pop(0)()
        self._parts.insertWidget(self._parts.count() - 1, part)
        part.show()

    def _fold(self) -> QWidget:
        self._more = _More(self.tr("More"), self._build_more)
        self._more.set_open(any(not same(_value_of(param, self._step), param.default) for param in self._later))
        return self._more

    def _reset_part(self) -> QWidget:
        self._reset_button = button(self.tr("Reset to the defaults"), self._reset, role="quiet", name="augment.reset")
        self._show_reset()
        return self._reset_button

    def _row(self, param: ParamInfo) -> ParamRow:
        row = ParamRow(param, _value_of(param, self._step))
        row.edited.connect(self._param_edited)
        row.settled.connect(self.settled)
        row.sweepWanted.connect(self.sweepWanted)
        self._rows[param.name] = row
        return row

    def _build_more(self) -> None:
        """Build what is folded away; half of a large form, and seldom looked at."""
        if self._more is not None and self._later:
            later, self._later = self._later, []
            self._more.body.setLayout(column(*(self._row(param) for param in later), spacing=MARGIN))

    def _chance_info(self, known: TransformInfo, weight: bool) -> ParamInfo:
        if weight:
            tip = self.tr("How often it is drawn, compared with the other steps of its group")
            return ParamInfo("p", "number", known.p, 0, 1, 0.05, "", self.tr("Weight"), tip, least=0, most=1)
        tip = self.tr("Share of the images that it changes")
        title = self.tr("Probability")
        return ParamInfo("p", "number", round(known.p * 100, 4), 0, 100, 1, "%", title, tip, least=0, most=100)

    @staticmethod
    def _chance_value(step: Step, weight: bool) -> float:
        return round(step.p, 6) if weight else round(step.p * 100, 4)

    def _fill(self, parts: list[QWidget]) -> None:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(MARGIN)
        for part in parts:
            layout.addWidget(part)
        layout.addStretch(1)
        self._parts = layout
        if self._content is not None:
            self._outer.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = content
        self._outer.addWidget(content)
        content.show()

    # -- moving

    def _move_values(self, step: Step) -> None:
        assert self._shown is not None
        assert self._chance is not None
        assert self._enabled is not None
        self._step = step
        self._chance.set_value(self._chance_value(step, self._shown[1]))
        with QSignalBlocker(self._enabled):
            self._enabled.setChecked(step.enabled)
        before = [row.value() for row in self._rows.values()]
        for row in self._rows.values():
            row.set_value(_value_of(row.param, step))
        if before != [row.value() for row in self._rows.values()]:
            self._changed()
        self._show_reset()

    def _bring(self, row: QWidget) -> None:
        """Scroll to a row, once the sentence below it has its room."""
        QTimer.singleShot(LAID_OUT_MS, row, lambda: _scroll_to(row))

    def _show_reset(self) -> None:
        if self._reset_button is not None:
            changed = any(row.is_changed or row.message for row in self._rows.values())
            later = any(not same(_value_of(param, self._step), param.default) for param in self._later)
            self._reset_button.setEnabled(changed or later)

    def _changed(self) -> None:
        if self._wrong.text() or any(row.message for row in self._rows.values()):
            self._forgive.start()

    @Slot()
    def _clear_marks(self) -> None:
        self._wrong.setText("")
        self._wrong.hide()
        for row in self._rows.values():
            row.mark("")

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z in the form is about the chain, not about the labels."""
        return takes_undo(event, self.undoWanted.emit, self.redoWanted.emit) or super().event(event)

    @Slot(str, object)
    def _chance_edited(self, _name: str, value: float) -> None:
        assert self._shown is not None
        self.chanceEdited.emit(value if self._shown[1] else round(value / 100, 4))

    @Slot(str, object)
    def _param_edited(self, name: str, value: object) -> None:
        self._changed()
        self._show_reset()
        self.paramEdited.emit(name, value)

    @Slot()
    def _reset(self) -> None:
        for row in self._rows.values():
            row.restore()
        self.resetWanted.emit()


class _More(Section):
    """A fold that has its content built when it is opened for the first time."""

    def __init__(self, title: str, build: Callable[[], None]) -> None:
        self._build = build
        super().__init__(title, foldable=True)

    @Slot(bool)
    def set_open(self, is_open: bool) -> None:
        if is_open:
            self._build()
        super().set_open(is_open)


def column_of(*parts: QWidget) -> QWidget:
    """Return the parts close below one another, as one part."""
    made = QWidget()
    made.setLayout(column(*parts, spacing=theme.HALF))
    return made


def _value_of(param: ParamInfo, step: Step) -> Any:
    """Return what the step says of a parameter, or what the transform takes where it says nothing."""
    left_out = param.default if param.omitted is None else param.omitted
    return step.params.get(param.name, left_out)


def _scroll_to(row: QWidget) -> None:
    if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
        return  # what is being dragged must not run away from under the mouse
    above = row.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if isinstance(above, QScrollArea):
        above.ensureWidgetVisible(row, 0, MARGIN)
