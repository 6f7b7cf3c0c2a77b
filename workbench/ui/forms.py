"""A form from a pydantic model: one row per field, its bounds, choices and help from the field's metadata.

A field with a discriminated union shows its kinds as a choice and only what applies to the chosen one. Wrong values are
marked at their field, and only valid ones are told.
"""

import typing
from collections.abc import Callable, Collection
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.ui import theme
from workbench.ui.fields import ChoiceEntry, Entry, entry_for, words
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, Section, label

LABEL_WIDTH = 120


class Form(QWidget):
    """Edits one model. ``changed`` carries a new, valid model each time the user changes something."""

    changed = Signal(object)

    def __init__(
        self,
        model: type[BaseModel],
        value: BaseModel | None = None,
        *,
        only: Collection[str] | None = None,
        skip: Collection[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        """Show the fields in ``only`` (all where None) but those in ``skip``; what has no editor is left as it is."""
        super().__init__(parent)
        self._model = model
        self._value = value if value is not None else model()
        self._entries: dict[str, _Row] = {}
        self._forms: dict[str, Form | UnionForm] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.GRID)
        for name, field in model.model_fields.items():
            if (only is None or name in only) and name not in skip:
                self._add(name, field)

    def value(self) -> BaseModel:
        """Return the last valid value."""
        return self._value

    def set_value(self, value: BaseModel) -> None:
        """Show ``value``; ``changed`` is not emitted."""
        self._value = value
        for name, shown in self._entries.items():
            with QSignalBlocker(shown.entry):
                shown.entry.set_value(getattr(value, name))
            shown.set_error("")
        for name, form in self._forms.items():
            form.set_value(getattr(value, name))

    def set_error(self, path: str, sentence: str) -> bool:
        """Mark the field at the dotted ``path``; an empty sentence clears it. False where it is not in this form."""
        name, _, rest = path.partition(".")
        if name in self._entries:
            self._entries[name].set_error(sentence)
            return True
        form = self._forms.get(name)
        return form is not None and form.set_error(rest, sentence)

    def error(self, path: str) -> str:
        """Return the sentence that is shown at a field."""
        name, _, rest = path.partition(".")
        if name in self._entries:
            return self._entries[name].error()
        return self._forms[name].error(rest)

    def editor(self, path: str) -> QWidget:
        """Return the editor of the field at the dotted ``path``, for an object name or the focus."""
        name, _, rest = path.partition(".")
        return self._entries[name].entry if name in self._entries else self._forms[name].editor(rest)

    def _add(self, name: str, field: FieldInfo) -> None:
        kinds = _kinds(field)
        current = getattr(self._value, name)
        if kinds:
            union = UnionForm(name, field, kinds, current)
            union.changed.connect(self._edited)
            self._forms[name] = union
            self._layout.addWidget(union)
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            part = Form(field.annotation, current)
            if part.is_empty():
                part.deleteLater()
                return
            part.changed.connect(self._edited)
            self._forms[name] = part
            if self._layout.count():
                self._layout.addSpacing(theme.GRID)
            self._layout.addWidget(Section(field.title or words(name), part))
        else:
            entry = entry_for(field, current)
            if entry is not None and field.annotation is not None and not _is_constant(field):
                entry.edited.connect(self._edited)
                shown = _Row(name, field, entry)
                self._entries[name] = shown
                self._layout.addWidget(shown)

    def is_empty(self) -> bool:
        """True where no field has an editor."""
        return not self._entries and not self._forms

    @Slot()
    def _edited(self) -> None:
        changes: dict[str, Any] = {name: shown.entry.value() for name, shown in self._entries.items()}
        changes |= {name: form.value() for name, form in self._forms.items()}
        fields = {name: getattr(self._value, name) for name in self._model.model_fields} | changes
        try:
            made = self._model.model_validate(fields)
        except ValidationError as error:
            wrong = {str(found["loc"][0]): _sentence(found) for found in error.errors() if found["loc"]}
            for name, shown in self._entries.items():
                shown.set_error(wrong.get(name, ""))
            return
        for shown in self._entries.values():
            shown.set_error("")
        if made != self._value:
            self._value = made
            self.changed.emit(made)


class UnionForm(QWidget):
    """The choice of a kind, and the form of the chosen one."""

    changed = Signal(object)

    def __init__(
        self,
        name: str,
        field: FieldInfo,
        kinds: dict[str, type[BaseModel]],
        value: BaseModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tag = str(field.discriminator)
        self._kinds = kinds
        self._entry = ChoiceEntry(list(kinds), getattr(value, self._tag))
        self._row = _Row(name, field, self._entry)
        self._body = QVBoxLayout()
        self._form: Form | None = None
        self._remembered: dict[str, BaseModel] = {}
        self.setLayout(column(self._row, self._body))
        self._show(value)
        self._entry.edited.connect(self._kind_chosen)

    def value(self) -> BaseModel:
        assert self._form is not None
        return self._form.value()

    def set_value(self, value: BaseModel) -> None:
        with QSignalBlocker(self._entry):
            self._entry.set_value(getattr(value, self._tag))
        if self._form is not None and type(self._form.value()) is type(value):
            self._form.set_value(value)
        else:
            self._show(value)

    def set_error(self, path: str, sentence: str) -> bool:
        if path in ("", self._tag):
            self._row.set_error(sentence)
            return True
        return self._form is not None and self._form.set_error(path, sentence)

    def error(self, path: str) -> str:
        if path in ("", self._tag) or self._form is None:
            return self._row.error()
        return self._form.error(path)

    def editor(self, path: str) -> QWidget:
        return self._entry if path in ("", self._tag) or self._form is None else self._form.editor(path)

    def _show(self, value: BaseModel) -> None:
        if self._form is not None:
            self._remembered[getattr(self._form.value(), self._tag)] = self._form.value()
            self._body.removeWidget(self._form)
            self._form.hide()
            self._form.deleteLater()
        self._form = Form(type(value), value, skip=(self._tag,), parent=self)
        self._body.addWidget(self._form)
        self._form.setVisible(not self._form.is_empty())
        self._form.changed.connect(self._part_changed)

    @Slot()
    def _kind_chosen(self) -> None:
        kind = self._entry.value()
        self._show(self._remembered.get(kind) or self._kinds[kind]())
        self.changed.emit(self.value())

    @Slot(object)
    def _part_changed(self, value: BaseModel) -> None:
        self.changed.emit(value)


class _Row(QWidget):
    """Title, editor, and below them what is wrong. The help is the tooltip of both."""

    def __init__(self, name: str, field: FieldInfo, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        title = field.title or words(name)
        help_text = field.description or title
        caption = ElidedLabel(title, "secondary")
        caption.set_tip(help_text)
        caption.setFixedWidth(LABEL_WIDTH)
        entry.setToolTip(help_text)
        entry.set_accessible(title, help_text)
        entry.setObjectName(f"form.{name}")
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self.setLayout(column(row(caption, entry), self._error, spacing=theme.HALF))

    def set_error(self, sentence: str) -> None:
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))
        self.entry.set_invalid(bool(sentence))

    def error(self) -> str:
        return self._error.text()


def form_for(
    model: type[BaseModel], value: BaseModel | None, on_change: Callable[[Any], object], **choice: Collection[str]
) -> Form:
    """Return a form of ``model`` that shows ``value`` and calls ``on_change`` with each new valid value."""
    form = Form(model, value, **choice)
    form.changed.connect(on_change)
    return form


def _kinds(field: FieldInfo) -> dict[str, type[BaseModel]]:
    """Return tag -> model for a discriminated union, else nothing."""
    if not isinstance(field.discriminator, str):
        return {}
    models = [part for part in typing.get_args(field.annotation) if isinstance(part, type)]
    return {str(model.model_fields[field.discriminator].default): model for model in models}


def _is_constant(field: FieldInfo) -> bool:
    return typing.get_origin(field.annotation) is typing.Literal and len(typing.get_args(field.annotation)) == 1


def _sentence(found: Any) -> str:
    """Return pydantic's error as a person would say it."""
    bounds = {name: f"{bound:g}" for name, bound in found.get("ctx", {}).items() if isinstance(bound, int | float)}
    words_of = {
        "greater_than": "Must be more than {gt}.",
        "greater_than_equal": "Must be at least {ge}.",
        "less_than": "Must be less than {lt}.",
        "less_than_equal": "Must be at most {le}.",
        "float_parsing": "Must be a number.",
        "int_parsing": "Must be a whole number.",
        "float_type": "Must be a number.",
        "int_type": "Must be a whole number.",
        "int_from_float": "Must be a whole number.",
    }
    text = words_of.get(found["type"])
    return text.format(**bounds) if text else f"{found['msg']}."
