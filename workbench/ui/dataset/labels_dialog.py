"""Importing labels: which column is what, what would change, and only then the change."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QGridLayout,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workbench.data.formats.columns import NO_COLUMN
from workbench.data.formats.torchvision_sets import OFFERED
from workbench.dataset_verbs import FORMATS
from workbench.errors import WorkbenchError
from workbench.jobs import Job
from workbench.ui import figures, theme
from workbench.ui.layouts import column, row, rule
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, Segmented, button, label
from workbench.ui.worker import JobHandle

if TYPE_CHECKING:
    from workbench.exchange.importing import Guess

ROLES = ("image", "label", "split", "group", "grader")
LOOK_MS = 250
MOST_NOTES = 4


class LabelsDialog(QDialog):
    """Shows a dry run of the import at each change; nothing is written before "Import" is pressed."""

    imported = Signal()

    def __init__(
        self, session: Session, file: Path, parent: QWidget | None = None, *, format: str | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._file = session, file
        self._handle: JobHandle | None = None
        self._guessed: dict[str, str] = {}
        self._again = False
        self._writing = False
        self.setObjectName("labels_dialog")
        self.setWindowTitle(self.tr("Import labels"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(LOOK_MS)
        self._looking.timeout.connect(self._look)
        self._build()
        self._guess(format)
        session.projectChanged.connect(self.reject)  # What it shows is about the project that was open.

    def _build(self) -> None:
        tr = self.tr
        name = ElidedLabel(str(self._file), "secondary", mode=Qt.TextElideMode.ElideMiddle)
        self.format = QComboBox()
        self.format.setObjectName("labels.format")
        names = self._format_names()
        for key in FORMATS:
            self.format.addItem(names[key], key)
        self.format.activated.connect(self._format_chosen)
        self.task = Segmented(
            [
                ("", tr("As it is")),
                ("single", tr("One class")),
                ("multi", tr("Several classes")),
                ("ordinal", tr("Grades")),
            ]
        )
        self.task.setObjectName("labels.task")
        self.task.button("multi").setToolTip(tr("An image may have any number of classes"))
        self.task.button("ordinal").setToolTip(tr("One class per image, and the order of the classes is a scale"))
        self.task.changed.connect(self._changed)
        self.grader = QLineEdit()
        self.grader.setObjectName("labels.grader")
        self.grader.setPlaceholderText(tr("Whose labels are these? (may stay empty)"))
        self.grader.textChanged.connect(self._changed)
        self.pattern = QLineEdit()
        self.pattern.setObjectName("labels.pattern")
        self.pattern.setPlaceholderText(r"(?P<label>[a-z]+)_\d+")
        self.pattern.textChanged.connect(self._changed)
        self.dataset = QComboBox()
        self.dataset.setObjectName("labels.dataset")
        self.dataset.setAccessibleName(tr("Data set"))
        self.dataset.addItems(list(OFFERED))
        self.dataset.activated.connect(self._changed)
        self._columns: dict[str, QComboBox] = {}
        self._mapping = QWidget()
        grid = QGridLayout(self._mapping)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.HALF)
        for place, (role, text) in enumerate(
            zip(ROLES, (tr("Image"), tr("Label"), tr("Split"), tr("Group"), tr("Grader")), strict=True)
        ):
            box = QComboBox()
            box.setObjectName(f"labels.column.{role}")
            box.setMinimumContentsLength(8)
            box.activated.connect(self._changed)
            self._columns[role] = box
            grid.addWidget(label(text, "secondary"), 0, place)
            grid.addWidget(box, 1, place)
        self.samples = QTableWidget()
        self.samples.setObjectName("labels.samples")
        self.samples.setAccessibleName(tr("First rows of the file"))
        self.samples.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.samples.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.samples.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.samples.verticalHeader().hide()
        self.samples.verticalHeader().setDefaultSectionSize(theme.ROW)
        self.samples.horizontalHeader().setDefaultSectionSize(132)
        self.samples.horizontalHeader().setHighlightSections(False)
        self.samples.setFixedHeight(theme.ROW * 6 + 6)
        self._says = label("", wrap=True, name="labels.says")
        self._notes = label("", "secondary", wrap=True, name="labels.notes")
        self._problem = label("", "error", wrap=True, name="labels.problem")
        says = column(self._says, self._notes, self._problem, None)
        room = QWidget()
        room.setLayout(says)
        room.setMinimumHeight(120)
        self.go = button(tr("Import"), self._import, role="primary", name="labels.import")
        self.go.setDefault(True)
        self.go.setEnabled(False)  # until it is known what it would change
        cancel = button(tr("Cancel"), self.reject, name="labels.cancel")
        self._pattern_row = QWidget()
        self._pattern_row.setLayout(
            column(
                label(tr("Pattern on the path; (?P<label>…) is the class"), "secondary"),
                self.pattern,
                spacing=theme.HALF,
            )
        )
        top = row(
            label(tr("Format"), "secondary"),
            self.format,
            self.dataset,
            8,
            label(tr("A label is"), "secondary"),
            self.task,
            None,
        )
        self.setLayout(
            column(
                label(tr("Import labels"), "title"),
                name,
                top,
                self._pattern_row,
                self._mapping,
                self.samples,
                self.grader,
                rule(),
                room,
                row(None, cancel, self.go),
                margins=24,
                spacing=12,
            )
        )
        self.resize(760, 560)

    # what the file is

    def _guess(self, chosen: str | None) -> None:
        from workbench.exchange.importing import guess

        try:
            found = guess(self._file, format=chosen)
        except WorkbenchError as error:
            self._show_columns(None)
            self._refuse(str(error))
            return
        self.format.setCurrentIndex(max(0, self.format.findData(found.format)))
        self._show_columns(found)
        self._pattern_row.setVisible(found.format == "filename")
        self.dataset.setVisible(found.format == "torchvision")
        self._looking.start()

    def _show_columns(self, found: "Guess | None") -> None:
        columns = list(found.columns) if found is not None else []
        mapping = self._guessed = dict(found.mapping) if found is not None else {}
        for role, box in self._columns.items():
            box.clear()
            if role != "image" or "image" not in mapping:
                box.addItem(self.tr("–"), "")
            for name in columns:
                box.addItem(name, name)
            box.setCurrentIndex(max(0, box.findData(mapping.get(role, ""))))
        self._mapping.setVisible(bool(columns))
        samples = found.samples if found is not None else ()
        self.samples.setVisible(bool(samples))
        self.samples.setColumnCount(len(columns))
        self.samples.setHorizontalHeaderLabels(columns)
        self.samples.setRowCount(len(samples))
        for down, cells in enumerate(samples):
            for right, text in enumerate(cells):
                self.samples.setItem(down, right, QTableWidgetItem(text))
        self.samples.resizeColumnsToContents()
        self._pattern_row.setVisible(False)
        self.dataset.setVisible(False)

    def mapping(self) -> dict[str, str]:
        """Return which column is what, as the command line's ``--map`` has it."""
        chosen = {role: str(box.currentData() or "") for role, box in self._columns.items()}
        # A guess that was taken back must not come again; where nothing was guessed nothing needs to be said.
        return {role: column or NO_COLUMN for role, column in chosen.items() if column or self._guessed.get(role)}

    @Slot()
    def _format_chosen(self) -> None:
        self._guess(str(self.format.currentData()))

    @Slot()
    def _changed(self) -> None:
        self._looking.start()

    # the dry run, and the import

    def _start(self, *, dry_run: bool) -> None:
        project = self._session.project
        if project is None:
            return
        from workbench.exchange.importing import import_labels

        chosen = str(self.format.currentData())
        self._notes_told: list[str] = []
        mapping = self.mapping()
        if chosen == "torchvision":
            # Needs torch, which stays out of the window's process.
            words = ["labels", "import", str(project.folder), str(self._file), "--format", chosen]
            words += ["--map", f"dataset={self.dataset.currentText()}", *(["--dry-run"] if dry_run else [])]
            self._begin(self._session.warm.job(words), dry_run=dry_run)
            return
        try:
            job = import_labels(
                project.folder,
                self._file,
                task=self.task.value() or None,
                mapping=mapping,
                format=chosen,
                pattern=self.pattern.text().strip() or None,
                grader=self.grader.text().strip(),
                dry_run=dry_run,
            )
        except WorkbenchError as error:
            self._refuse(str(error))
            return
        self._begin(job, dry_run=dry_run)

    def _begin(self, job: Job, *, dry_run: bool) -> None:
        self._writing = not dry_run
        title = self.tr("Reading {0}") if dry_run else self.tr("Importing {0}")
        self._handle = self._session.start_job(
            title.format(self._file.name), job, on_event=self._take, on_done=self._done, on_failed=self._refuse
        )
        self._handle.ended.connect(self._ended)
        self.go.setEnabled(False)

    @Slot()
    def _look(self) -> None:
        if self._handle is not None:
            self._again = True  # it ends soon; what is asked now comes after it
        else:
            self._start(dry_run=True)

    @Slot()
    def _import(self) -> None:
        if self._handle is None:
            self._start(dry_run=False)

    def _take(self, event: Any) -> None:
        if isinstance(event, dict):
            event = SimpleNamespace(**event)
        if getattr(event, "event", type(event).__name__) == "Noticed":
            self._notes_told.append(event.message)

    def _done(self, found: Any) -> None:
        if isinstance(found, dict):
            found = SimpleNamespace(**found)
        if self._writing:
            self.imported.emit()
            labels = figures.counted(found.labelled + found.changed, self.tr("label"), self.tr("labels"))
            self._session.toast.emit(self.tr("{0} imported from {1}").format(labels, self._file.name))
            self.accept()
            return
        self._problem.hide()
        self._says.setText(self._words(found))
        self._says.show()
        notes = self._notes_told[:MOST_NOTES]
        if len(self._notes_told) > len(notes):
            notes.append(self.tr("and {0} more notes").format(figures.count(len(self._notes_told) - len(notes))))
        self._notes.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))
        self.go.setEnabled(True)

    def _refuse(self, sentence: str) -> None:
        self._says.hide()
        self._notes.hide()
        self._problem.setText(sentence)
        self._problem.show()
        self.go.setEnabled(False)

    @Slot()
    def _ended(self) -> None:
        self._handle = None
        if self._again:
            self._again = False
            self._looking.start()

    def _words(self, found: Any) -> str:
        count = figures.count
        rows = figures.counted(found.rows, self.tr("row"), self.tr("rows"))
        lines = [self.tr("{0}, of which {1} name an image of this project.").format(rows, count(found.matched))]
        lines.append(
            self.tr("{0} images get a label, {1} get another one, {2} keep theirs.").format(
                count(found.labelled), count(found.changed), count(found.unchanged)
            )
        )
        if found.new_classes:
            shown = ", ".join(found.new_classes[:6])
            more = self.tr(" and {0} more").format(len(found.new_classes) - 6) if len(found.new_classes) > 6 else ""
            lines.append(self.tr("New classes: {0}{1}.").format(shown, more))
        if found.splits:
            parts = ", ".join(f"{name} {count(number)}" for name, number in found.splits.items())
            lines.append(self.tr("Splits: {0}; {1} images move.").format(parts, count(found.moved)))
        if found.unnamed:
            lines.append(self.tr("{0} images of the project are not in the file.").format(count(found.unnamed)))
        return "\n".join(lines)

    def _format_names(self) -> dict[str, str]:
        return {
            "csv": self.tr("Table (CSV, TSV)"),
            "jsonl": self.tr("Hugging Face metadata.jsonl"),
            "coco": self.tr("COCO"),
            "label-studio": self.tr("Label Studio"),
            "labelme": self.tr("labelme"),
            "yolo": self.tr("YOLO classification tree"),
            "folders": self.tr("Class folders"),
            "filename": self.tr("Pattern on the file name"),
            "idx": self.tr("IDX (MNIST)"),
            "torchvision": self.tr("torchvision data set"),
        }

    def done(self, result: int) -> None:
        if self._handle is not None and not self._writing:
            self._handle.stop()
        super().done(result)
