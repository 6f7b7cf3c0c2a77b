"""Tags and the note of what is selected, as parts of the inspector."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSize, QStringListModel, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QPlainTextEdit, QPushButton, QSizePolicy, QWidget

from workbench.ui import figures, icons, theme
from workbench.ui.layouts import FlowLayout, column
from workbench.ui.widgets import button

MOST_CHIPS = 40
LONGEST = 28
WRITE_MS = 1200
"""A note is kept that long after the last key, and when its field is left."""


class Chip(QPushButton):
    """A tag; a click takes it off."""

    def __init__(self, name: str, text: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.name = name
        self.setProperty("role", "chip")
        self.setIcon(icons.icon("close", "secondary"))
        self.setIconSize(QSize(10, 10))
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class TagsEditor(QWidget):
    """The tags of the selected images as chips, and a field that puts on another."""

    added = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: dict[str, int] = {}
        self._chips = QWidget()
        self._chips.setLayout(FlowLayout(spacing=theme.HALF))
        self.field = QLineEdit()
        self.field.setObjectName("dataset.tag")
        self.field.setPlaceholderText(self.tr("Add a tag"))
        self.field.setAccessibleName(self.tr("Add a tag"))
        self.field.setToolTip(self.tr("Put a tag on the selected images (Ctrl+T)"))
        self.field.setMaxLength(100)
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.field.setCompleter(completer)
        self.field.returnPressed.connect(self._add)
        self.setLayout(column(self._chips, self.field, spacing=theme.HALF))
        self.show_tags({}, 0)

    def set_known(self, names: Sequence[str]) -> None:
        """Offer these tags as completions."""
        if self._known.stringList() != list(names):
            self._known.setStringList(list(names))

    def show_tags(self, tags: Mapping[str, int], selected: int) -> None:
        """Show the tags with the number of the ``selected`` images that have each."""
        self.field.setEnabled(selected > 0)
        if dict(tags) == self._shown and tags:
            return
        self._shown = dict(tags)
        layout = self._chips.layout()
        while layout.count():
            layout.takeAt(0).widget().deleteLater()
        for name, count in list(tags.items())[:MOST_CHIPS]:
            short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
            text = short if count >= selected else f"{short} · {figures.count(count)}"
            tip = self.tr("{0}: click to take it off").format(name)
            made = Chip(name, text.replace("&", "&&"), tip)
            made.clicked.connect(self._remove)
            layout.addWidget(made)
        self._chips.setVisible(bool(tags))

    @Slot()
    def _add(self) -> None:
        name = self.field.text().strip()
        if name:
            # The completer writes its choice into the field after this.
            QTimer.singleShot(0, self.field.clear)
            self.added.emit(name)

    @Slot()
    def _remove(self) -> None:
        chip = self.sender()
        if isinstance(chip, Chip):
            self.removed.emit(chip.name)


class NoteEdit(QPlainTextEdit):
    """The note of one image. It is told some time after the last key, when the field is left, and before another image."""

    written = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.note")
        self.setAccessibleName(self.tr("Note"))
        self.setTabChangesFocus(True)
        self.setFixedHeight(64)
        self._image: int | None = None
        self._stored = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_MS)
        self._timer.timeout.connect(self.flush)
        self.textChanged.connect(self._changed)
        self.show_note(None, "", 0)

    def show_note(self, image_id: int | None, text: str, selected: int) -> None:
        """Show the note of an image; None where none or several are selected."""
        self.flush()
        if image_id == self._image and text == self._stored and image_id is not None:
            return
        self._image, self._stored = image_id, text
        with_signals = self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(with_signals)
        self._timer.stop()
        self.setEnabled(image_id is not None)
        hint = self.tr("Write a note on this image") if image_id is not None else ""
        if selected > 1:
            hint = self.tr("Select one image to write a note")
        self.setPlaceholderText(hint)
        self.setToolTip(self.tr("A note on this image (Ctrl+M)"))

    @Slot()
    def _changed(self) -> None:
        self._timer.start()

    @Slot()
    def flush(self) -> None:
        """Tell now what was written."""
        self._timer.stop()
        text = self.toPlainText().strip()
        if self._image is not None and text != self._stored:
            self._stored = text
            self.written.emit(self._image, text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.flush()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
            return
        super().keyPressEvent(event)


class GraderChoice(QWidget):
    """Who labels: a quiet button that opens a field for the name."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._names: Sequence[str] = ()
        self.button = button(
            "",
            self._open,
            role="link",
            name="dataset.grader",
            tip=self.tr("Whose labels these are: each label is kept with the name, and two graders can be compared"),
        )
        self.field = QLineEdit()
        self.field.setObjectName("dataset.graderName")
        self.field.setPlaceholderText(self.tr("Your name, empty for nobody"))
        self.field.setMaxLength(100)
        self.field.hide()
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.field.setCompleter(completer)
        self.field.editingFinished.connect(self._choose)
        self.field.installEventFilter(self)
        self.setLayout(column(self.button, self.field, spacing=0))
        self.layout().setAlignment(self.button, Qt.AlignmentFlag.AlignLeft)
        self.button.setStyleSheet("padding: 0;")  # its words stand below the title, not beside
        self.show_grader("", ())

    def show_grader(self, name: str, names: Sequence[str]) -> None:
        """Show who labels, and offer the graders of the project."""
        self._name = name
        self._known.setStringList(list(names))
        self.button.setText(self.tr("Labelling as: {0}").format(name or self.tr("nobody named")).replace("&", "&&"))

    @Slot()
    def _open(self) -> None:
        self.field.setText(self._name)
        self.button.hide()
        self.field.show()
        self.field.setFocus()
        self.field.selectAll()

    @Slot()
    def _choose(self) -> None:
        if self.field.isVisibleTo(self):
            self.field.hide()
            self.button.show()
            self.chosen.emit(self.field.text().strip())

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if (
            watched is self.field
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.field.setText(self._name)
            self._choose()
            return True
        return super().eventFilter(watched, event)
