"""What can be set about the ways on which no network is trained."""

import functools
from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from workbench.training.config import AsIs, Baseline, FeaturesOnce, Method
from workbench.ui import theme
from workbench.ui.forms import Form
from workbench.ui.layouts import column
from workbench.ui.widgets import ElidedLabel, label

CAPTION = 188
"""So many pixels a class's name has at most beside its field; the tooltip has the rest."""


class MethodEditor(QWidget):
    """The settings of the chosen method; hidden where it trains."""

    changed = Signal(object)
    """The new `Method`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor: Form | AnswersEditor | None = None
        self._method: Method | None = None
        self._classes: list[str] = []
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(0, 0, 0, 0)

    def show_method(self, method: Method, classes: Sequence[str]) -> None:
        """Show what the config says; ``classes`` are the project's."""
        same = type(method) is type(self._method) and list(classes) == self._classes
        self._method, self._classes = method, list(classes)
        if not same:
            self._make()
        elif isinstance(self._editor, Form):
            self._editor.set_value(method)
        elif isinstance(self._editor, AnswersEditor) and isinstance(method, AsIs):
            self._editor.show_answers(method)

    def show_problem(self, sentence: str) -> None:
        """Say which class has no answer; "" where none is known to lack one."""
        if isinstance(self._editor, AnswersEditor):
            self._editor.show_problem(sentence)

    def is_empty(self) -> bool:
        """True where there is nothing to set."""
        return self._editor is None

    def _make(self) -> None:
        if self._editor is not None:
            self._body.removeWidget(self._editor)
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
        if isinstance(self._method, FeaturesOnce | Baseline):
            self._editor = Form(type(self._method), self._method, skip=("kind",), parent=self)
        elif isinstance(self._method, AsIs):
            self._editor = AnswersEditor(self._classes, self._method, self)
        if self._editor is not None:
            self._body.addWidget(self._editor)
            self._editor.changed.connect(self._edited)

    @Slot(object)
    def _edited(self, method: Method) -> None:
        self._method = method
        self.changed.emit(method)


class AnswersEditor(QWidget):
    """One line for each class of the project: the classes of the pretrained classifier that answer for it."""

    changed = Signal(object)

    def __init__(self, classes: Sequence[str], method: AsIs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._method = method
        self.fields: dict[str, QLineEdit] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.HALF)
        captions = [ElidedLabel(name, "secondary") for name in classes]
        widest = max((caption.sizeHint().width() for caption in captions), default=0)
        for line, (name, caption) in enumerate(zip(classes, captions, strict=True)):
            caption.setFixedWidth(min(widest, CAPTION))
            field = QLineEdit()
            field.setPlaceholderText(self.tr("by its name"))
            field.setObjectName(f"model.answers.{name}")
            field.setAccessibleName(self.tr("Classes that answer for {0}").format(name))
            field.textEdited.connect(functools.partial(self._edited, name))
            grid.addWidget(caption, line, 0)
            grid.addWidget(field, line, 1)
            self.fields[name] = field
        says = label(
            self.tr("Which classes of the classifier mean yours, separated by ;. Empty: the one of the same name."),
            "secondary",
            wrap=True,
        )
        self.problem = label("", "error", wrap=True, name="model.answersProblem")
        self.problem.hide()
        self.setLayout(column(says, grid, self.problem))
        self.show_answers(method)

    def show_answers(self, method: AsIs) -> None:
        """Show what the config says."""
        self._method = method
        for name, field in self.fields.items():
            answers = method.classes.get(name, ())
            if _parted(field.text()) != tuple(answers):
                field.setText("; ".join(answers))

    def show_problem(self, sentence: str) -> None:
        """Say which class has no answer; "" where none is known to lack one."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _edited(self, name: str, text: str) -> None:
        classes = {known: answers for known, answers in self._method.classes.items() if known != name}
        if _parted(text):
            classes[name] = _parted(text)
        self._method = self._method.model_copy(update={"classes": classes})
        self.changed.emit(self._method)


def _parted(text: str) -> tuple[str, ...]:
    """Names of published classes hold commas, so they are parted by semicolons."""
    return tuple(part.strip() for part in text.split(";") if part.strip())
