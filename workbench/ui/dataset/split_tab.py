"""Balance and split: how many images each class has, how they are divided, by what they are kept together, and what leaks."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QTableView,
    QWidget,
)

from workbench.project.ids import SPLITS, ClassId, SplitName
from workbench.project.images import Query
from workbench.project.labels import ClassRow
from workbench.project.project import Project
from workbench.project.splits import SplitOutcome
from workbench.ui import figures, theme
from workbench.ui.dataset.balance_chart import TEST, TRAIN, VALIDATION, Balance, BalanceChart
from workbench.ui.dataset.outcome_model import OutcomeModel
from workbench.ui.dataset.side_form import SideForm
from workbench.ui.dataset.split_jobs import SplitJobs
from workbench.ui.layouts import column, row, rule
from workbench.ui.messages import Banner
from workbench.ui.session import Session
from workbench.ui.tables import dress
from workbench.ui.widgets import Badge, ElidedLabel, Section, button, label

LARGEST_SHARE = 60


class SplitTab(QWidget):
    """The form on the left says what is asked; the right shows what came out, class by class."""

    showImages = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.jobs = SplitJobs(session, self, shows_leaks=self.isVisible)
        self._banner: Banner | None = None
        self._build()
        self.jobs.changed.connect(self._show_job)
        self.jobs.leaked.connect(self._show_leaks)
        self.jobs.done.connect(self.refresh)
        self.chart.clicked.connect(self._class_clicked)
        for told in (session.splitChanged, session.labelsChanged, session.classesChanged, session.projectChanged):
            told.connect(self._stale)
        self._kind_changed()
        self._show_job()

    def _build(self) -> None:
        tr = self.tr
        self.validation = self._number("split.validation", 0, LARGEST_SHARE, 15, " %")
        self.test = self._number("split.test", 0, LARGEST_SHARE, 20, " %")
        self.seed = self._number("split.seed", 0, 2**31 - 1, 7)
        shares = row(
            column(label(tr("Validation"), "secondary"), self.validation, spacing=theme.HALF),
            column(label(tr("Test"), "secondary"), self.test, spacing=theme.HALF),
            column(label(tr("Seed"), "secondary"), self.seed, spacing=theme.HALF),
        )
        for number in range(shares.count()):
            shares.setStretch(number, 1)
        self.kind = QComboBox()
        self.kind.setObjectName("split.groupKind")
        for key, text in (
            ("", tr("Each image by itself")),
            ("path", tr("A pattern on the path")),
            ("column", tr("An imported column")),
            ("exif", tr("An EXIF entry")),
            ("dicom", tr("A DICOM entry")),
            ("near-duplicates", tr("Near-duplicates")),
        ):
            self.kind.addItem(text, key)
        self.kind.setToolTip(tr("Images of one patient, part or video must not be on both sides of the split"))
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.key = QLineEdit()
        self.key.setObjectName("split.groupKey")
        self.column = QComboBox()
        self.column.setObjectName("split.groupColumn")
        self._hint = label("", "secondary", wrap=True)
        self.folded = QCheckBox(tr("Cross-validation"))
        self.folded.setObjectName("split.folded")
        self.folded.setToolTip(tr("Divide what is not tested into folds; one of them validates"))
        self.folds = self._number("split.folds", 2, 20, 5)
        self.fold = self._number("split.fold", 1, 20, 1)
        self.folds.valueChanged.connect(self.fold.setMaximum)
        self.fold.setMaximum(self.folds.value())
        self._folding = QWidget()
        self._folding.setLayout(
            row(label(tr("Folds"), "secondary"), self.folds, label(tr("validating"), "secondary"), self.fold, None)
        )
        self.folded.toggled.connect(self._folding.setVisible)
        self.folded.toggled.connect(self.validation.setDisabled)
        self._folding.hide()
        self.split = button(tr("Split the images"), self._split, role="primary", icon="split", name="split.make")
        self._progress = ElidedLabel("", "secondary")
        asked = QWidget()
        asked.setLayout(
            column(
                shares,
                label(tr("Keep together"), "secondary"),
                self.kind,
                self.key,
                self.column,
                self._hint,
                self.folded,
                self._folding,
                self.split,
                self._progress,
            )
        )
        self._frozen = QWidget()
        self._frozen_list = column(spacing=theme.HALF)
        self._frozen.setLayout(self._frozen_list)
        self.frozen_name = QLineEdit()
        self.frozen_name.setObjectName("split.frozenName")
        self.frozen_name.setPlaceholderText(tr("Name of a test set"))
        self.frozen_name.setMaxLength(80)
        self.frozen_name.returnPressed.connect(self._freeze)
        self.freeze = button(tr("Freeze"), self._freeze, icon="lock", name="split.freeze")
        self.freeze.setToolTip(tr("Keep the test images of now as a set of its own, which no later split changes"))
        frozen = QWidget()
        frozen.setLayout(
            column(
                label(tr("A frozen test set stays as it is, whatever is split later."), "secondary", wrap=True),
                self._frozen,
                row(self.frozen_name, self.freeze),
            )
        )
        left = QWidget()
        left.setLayout(
            column(Section(tr("What is asked"), asked), Section(tr("Test sets"), frozen), None, spacing=16, margins=16)
        )
        self.model = OutcomeModel(self)
        self.table = QTableView()
        self.table.setObjectName("split.outcome")
        self.table.setAccessibleName(tr("What was asked and what came out"))
        self.table.setModel(self.model)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        dress(self.table, widths={1: 72, 2: 72, 3: 72}, stretched=0)
        self._summary = label("", "secondary", wrap=True, name="split.summary")
        self.chart = BalanceChart()
        legend = row(
            *(self._legend(text, colour) for text, colour in self._legend_parts()),
            None,
            spacing=16,
        )
        balance = QWidget()
        balance.setLayout(column(legend, self.chart))
        came_out = QWidget()
        came_out.setLayout(column(self._summary, self.table))
        self._outcome = Section(tr("What came out"), came_out)
        self._right = column(self._outcome, Section(tr("Images of each class"), balance), None, spacing=16, margins=16)
        right = QWidget()
        right.setLayout(self._right)
        self.setLayout(row(SideForm(left, self), rule(vertical=True), _scrolled(right), spacing=0))
        self.layout().setStretch(2, 1)

    def _legend_parts(self) -> list[tuple[str, str]]:
        return [
            (self.tr("train"), TRAIN),
            (self.tr("validation"), VALIDATION),
            (self.tr("test"), TEST),
            (self.tr("in no split"), ""),
        ]

    def _legend(self, text: str, colour: str) -> QWidget:
        dot = label("■")
        dot.setStyleSheet(f"color: {colour or theme.colour('disabled').name()};")
        made = QWidget()
        made.setLayout(row(dot, label(text, "secondary"), spacing=theme.HALF))
        return made

    def _number(self, name: str, low: int, high: int, value: int, suffix: str = "") -> QSpinBox:
        made = QSpinBox()
        made.setObjectName(name)
        made.setRange(low, high)
        made.setValue(value)
        made.setSuffix(suffix)
        made.setMinimumWidth(64)  # the largest seed may be cut, the button below it may not
        return made

    # what is shown

    @Slot()
    def refresh(self) -> None:
        """Show the split, the classes and the test sets as they are now."""
        self._session.reader.ask("split", _held, self._show_held)
        if self.jobs.handle is None:
            self._session.reader.ask("leaks", _leaks, self._show_leaks)

    def _show_held(self, held: "_Held") -> None:
        outcome = held.outcome
        self.model.show_outcome(outcome)
        self._outcome.setVisible(outcome is not None)
        rows = min(3, self.model.rowCount())
        for place in range(self.model.rowCount()):
            self.table.setRowHidden(place, place >= rows)  # the classes are in the chart below
        self.table.setFixedHeight(theme.ROW * (rows + 1) + theme.GRID)
        if outcome is not None:
            self._summary.setText(self._words(outcome))
            self._summary.setVisible(bool(self._summary.text()))
        self.chart.show_rows(
            [
                Balance(
                    int(known.id),
                    known.name,
                    tuple(held.by_class.get(known.id, {}).get(split, 0) for split in (*SPLITS, None)),
                )
                for known in held.classes
            ]
        )
        current = self.column.currentText()
        self.column.clear()
        self.column.addItems(held.columns)
        self.column.setCurrentIndex(max(0, self.column.findText(current)))
        self._show_test_sets(held.test_sets)
        self._kind_changed()

    def _words(self, outcome: Any) -> str:
        lines = []
        if outcome.grouped_by:
            lines.append(
                self.tr("{0} kept together by {1}.").format(
                    figures.counted(outcome.groups, self.tr("group"), self.tr("groups")), outcome.grouped_by
                )
            )
        if outcome.folds:
            lines.append(self.tr("Fold {0} of {1} validates.").format(outcome.fold, outcome.folds))
        if outcome.pinned:
            lines.append(
                self.tr("{0} stayed where they were pinned.").format(
                    figures.counted(outcome.pinned, self.tr("image"), self.tr("images"))
                )
            )
        return "\n".join([*lines, *outcome.warnings])

    def _show_test_sets(self, sets: dict[str, int]) -> None:
        while self._frozen_list.count():
            taken = self._frozen_list.takeAt(0)
            if taken is not None and taken.widget() is not None:
                taken.widget().hide()
                taken.widget().deleteLater()
        for name, count in sets.items():
            text = ElidedLabel(name)
            text.set_tip(name)
            number = Badge(figures.count(count))
            show = button(self.tr("Show"), role="quiet", name="split.showFrozen")
            show.clicked.connect(partial(self._show_set, name))
            free = button(self.tr("Release"), role="quiet", name="split.releaseFrozen")
            free.setToolTip(self.tr("Let later splits use these images again"))
            free.clicked.connect(partial(self._release, name))
            line = QWidget()
            laid = row(text, number, show, free, spacing=theme.HALF)
            laid.setStretch(0, 1)
            line.setLayout(laid)
            self._frozen_list.addWidget(line)
        self._frozen.setVisible(bool(sets))

    @Slot()
    def _stale(self) -> None:
        if self.isVisible():
            self.refresh()

    @Slot()
    def _show_job(self) -> None:
        running = self.jobs.handle is not None
        self.split.setEnabled(not running)
        self._progress.setVisible(running)
        if self.jobs.handle is not None:
            self._progress.setText(self.jobs.handle.what or self.tr("Splitting"))

    @Slot(object)
    def _show_leaks(self, leaks: list[dict[str, Any]]) -> None:
        if self._banner is not None:
            self._banner.hide()
            self._banner.deleteLater()
            self._banner = None
        if leaks:
            text = self.tr("{0} on both sides of the split, so its score cannot be trusted. The strongest: {1}").format(
                figures.counted(len(leaks), self.tr("group is"), self.tr("groups are")), leaks[0]["message"]
            )
            self._banner = Banner("warning", text, (self.tr("Repair"), self.jobs.repair), parent=self)
            self._right.insertWidget(0, self._banner)

    # what the user does

    @Slot()
    def _kind_changed(self) -> None:
        kind = self.kind.currentData()
        self.key.setVisible(kind in ("path", "exif", "dicom"))
        self.column.setVisible(kind == "column")
        hints = {
            "path": self.tr(
                "A regular expression; what its brackets match names the group, for example (patient_\\d+)."
            ),
            "column": self.tr("Import a table with a column such as patient first.") if not self.column.count() else "",
            "exif": self.tr("For example DateTimeOriginal, Model or BodySerialNumber."),
            "dicom": self.tr("For example PatientID or SeriesInstanceUID."),
            "near-duplicates": self.tr("Images that look alike stay on one side; takes a look at each image first."),
        }
        self.key.setPlaceholderText({"path": r"(patient_\d+)", "exif": "Model", "dicom": "PatientID"}.get(kind, ""))
        self._hint.setText(hints.get(kind, ""))
        self._hint.setVisible(bool(self._hint.text()))

    def group_by(self) -> str:
        """Return what is to be kept together, as the command line writes it; "" for nothing."""
        kind = self.kind.currentData()
        if kind in ("", "near-duplicates"):
            return str(kind)
        value = self.column.currentText() if kind == "column" else self.key.text().strip()
        return f"{kind}:{value}"

    @Slot()
    def _split(self) -> None:
        kind = self.kind.currentData()
        if kind and self.group_by() == f"{kind}:":
            self._session.problem.emit("dataset", self.tr("Say first by what the images are to be kept together."))
            return
        self._show_leaks([])
        self.jobs.make(
            validation=self.validation.value() / 100,
            test=self.test.value() / 100,
            seed=self.seed.value(),
            group_by=self.group_by(),
            folds=self.folds.value() if self.folded.isChecked() else 0,
            fold=self.fold.value(),
        )

    @Slot()
    def _freeze(self) -> None:
        project, name = self._session.project, self.frozen_name.text().strip()
        if project is None or not name:
            self.frozen_name.setFocus()
            return
        self.jobs.freeze(name, partial(self._frozen_now, name))

    def _frozen_now(self, name: str, count: int) -> None:
        self.frozen_name.clear()
        text = figures.counted(count, self.tr("image"), self.tr("images"))
        self._session.toast.emit(self.tr("{0} frozen as {1}").format(text, name))

    def _release(self, name: str) -> None:
        self.jobs.release(name)

    def _show_set(self, name: str) -> None:
        self.showImages.emit(Query(test_set=name))

    @Slot(int)
    def _class_clicked(self, key: int) -> None:
        self.showImages.emit(Query(class_id=ClassId(key), rejected=False))


class _Held(NamedTuple):
    """What the project says of its split."""

    outcome: SplitOutcome | None
    by_class: Mapping[ClassId, Mapping[SplitName | None, int]]
    classes: Sequence[ClassRow]
    columns: Sequence[str]
    test_sets: dict[str, int]


def _held(project: Project) -> _Held:
    """Read it: some 0.1 s with a million images, so in the reader's thread."""
    splits = project.splits
    classes, columns = project.labels.classes(), project.fields.names()
    return _Held(splits.outcome(), splits.by_class(), classes, columns, splits.test_sets())


def _leaks(project: Project) -> list[dict[str, Any]]:
    from workbench.curation.leakage import leaks

    return [{"message": leak.message} for leak in leaks(project)]


def _scrolled(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
