"""The inspector of the augment panel: what the selected step does, its probability and its parameters."""

from PySide6.QtCore import QEvent, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from workbench.augment.catalog import ParamInfo, TransformInfo
from workbench.augment.chain import Step
from workbench.ui import theme
from workbench.ui.augment.param_editors import NumbersEditor, ParamEditor, editor_for
from workbench.ui.augment.undo_keys import takes_undo
from workbench.ui.layouts import column, rule
from workbench.ui.widgets import button, label


class StepForm(QWidget):
    """Edits one step. ``paramEdited`` and ``chanceEdited`` carry each change, ``settled`` follows when it is done."""

    paramEdited = Signal(str, object)
    chanceEdited = Signal(float)
    enabledEdited = Signal(bool)
    settled = Signal()
    resetWanted = Signal()
    undoWanted = Signal()
    redoWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.form")
        self._outer = column(spacing=0)
        self.setLayout(self._outer)
        self._content: QWidget | None = None
        self._shown: TransformInfo | None = None
        self._editors: dict[str, ParamEditor] = {}
        self._chance: NumbersEditor | None = None
        self._enabled: QCheckBox | None = None
        self.show_nothing()

    def editor(self, name: str) -> ParamEditor:
        """Return the editor of a parameter."""
        return self._editors[name]

    def chance(self) -> NumbersEditor | None:
        """Return the editor of the probability, in percent."""
        return self._chance

    def show_nothing(self) -> None:
        """No step is selected."""
        self._shown, self._editors, self._chance, self._enabled = None, {}, None, None
        hint = label(self.tr("Select a step to change what it does."), "secondary", wrap=True)
        self._fill([label(self.tr("Step"), "section"), hint])

    def show_unknown(self, step: Step) -> None:
        """The chain holds a transform that the catalogue lacks: it is kept as it is."""
        self.show_nothing()
        sentence = self.tr("{name} is not in the catalogue. It stays in the chain as it is.").format(
            name=step.transform
        )
        self._fill([label(step.transform, "title", wrap=True), label(sentence, "secondary", wrap=True)])

    def show_step(self, known: TransformInfo, step: Step) -> None:
        """Show a step; the same transform again only moves the values, so that a drag is not interrupted."""
        if self._shown is not known:
            self._build(known, step)
            return
        assert self._chance is not None
        assert self._enabled is not None
        self._chance.set_value(step.p * 100)
        with QSignalBlocker(self._enabled):
            self._enabled.setChecked(step.enabled)
        for name, editor in self._editors.items():
            if editor.value() != step.params.get(name, editor.param.default):
                editor.set_value(step.params.get(name))

    def _build(self, known: TransformInfo, step: Step) -> None:
        self._shown, self._editors = known, {}
        self._enabled = QCheckBox(self.tr("Step is on"))
        self._enabled.setObjectName("augment.enabled")
        self._enabled.setChecked(step.enabled)
        self._enabled.clicked.connect(self.enabledEdited)
        title = self.tr("Probability")
        chance = ParamInfo("p", "number", 50, 0, 100, 1, "%", title, self.tr("Share of the images that it changes"))
        self._chance = NumbersEditor(chance, step.p * 100)
        self._chance.edited.connect(self._chance_edited)
        self._chance.settled.connect(self.settled)
        parts: list[QWidget] = [
            label(known.title, "title", wrap=True),
            label(known.help, "secondary", wrap=True),
            self._enabled,
            _titled(chance, self._chance),
        ]
        if known.params:
            parts.append(rule())
        for param in known.params:
            editor = editor_for(param, step.params.get(param.name))
            editor.edited.connect(self._param_edited)
            editor.settled.connect(self.settled)
            self._editors[param.name] = editor
            parts.append(_titled(param, editor))
        if known.params:
            reset = button(self.tr("Reset to the defaults"), self._reset, role="quiet", name="augment.reset")
            parts.append(reset)
        self._fill(parts)

    def _fill(self, parts: list[QWidget]) -> None:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(12)
        for part in parts:
            layout.addWidget(part)
        layout.addStretch(1)
        if self._content is not None:
            self._outer.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = content
        self._outer.addWidget(content)

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z in the form is about the chain, not about the labels."""
        return takes_undo(event, self.undoWanted.emit, self.redoWanted.emit) or super().event(event)

    @Slot(object)
    def _chance_edited(self, percent: float) -> None:
        self.chanceEdited.emit(round(percent / 100, 4))

    @Slot(object)
    def _param_edited(self, value: object) -> None:
        editor = self.sender()
        assert isinstance(editor, ParamEditor)
        self.paramEdited.emit(editor.param.name, value)

    @Slot()
    def _reset(self) -> None:
        self.resetWanted.emit()


def _titled(param: ParamInfo, editor: ParamEditor) -> QWidget:
    """Return the title, the editor and the help line of a parameter."""
    part = QWidget()
    parts: list[QWidget] = [label(param.title), editor]
    if param.help:
        parts.append(label(param.help, "secondary", wrap=True))
    part.setLayout(column(*parts, spacing=theme.HALF))
    editor.setToolTip(param.help)
    return part
