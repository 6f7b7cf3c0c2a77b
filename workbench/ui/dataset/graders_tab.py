"""Graders: who labelled what, how far two of them agree, and the queues for grading blind and for settling."""

from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QStackedWidget, QWidget

from workbench.project.graders import Kind
from workbench.project.images import Query
from workbench.project.project import Project
from workbench.ui import figures, theme
from workbench.ui.confusion import ConfusionMatrix
from workbench.ui.dataset.side_form import SideForm
from workbench.ui.layouts import column, row, rule
from workbench.ui.session import Session
from workbench.ui.widgets import Badge, ElidedLabel, EmptyState, Headline, Section, button, label
from workbench.ui.worker import JobHandle

MOST_QUEUED = 5000
"""Images that one queue shows; nobody grades more in one go."""


class GradersTab(QWidget):
    """``gradeBlind`` carries a query to be graded without seeing what others said."""

    showImages = Signal(object)
    gradeBlind = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._handle: JobHandle | None = None
        self._compared: tuple[str, str] | None = None
        self._refused = ""
        self._named: list[str] = []
        self._build()
        session.graderChanged.connect(self._stale)
        session.labelsChanged.connect(self._stale)
        session.projectChanged.connect(self._forget)

    def _build(self) -> None:
        tr = self.tr
        self.grader = QLineEdit()
        self.grader.setObjectName("graders.me")
        self.grader.setPlaceholderText(tr("Your name or initials"))
        self.grader.setMaxLength(80)
        self.grader.editingFinished.connect(self._renamed)
        self._listed = QWidget()
        self._list = column(spacing=theme.HALF)
        self._listed.setLayout(self._list)
        me = QWidget()
        me.setLayout(
            column(
                self.grader,
                label(
                    tr("Written beside each label you give. Leave it empty where it does not matter."),
                    "secondary",
                    wrap=True,
                ),
                self._listed,
            )
        )
        self._unseen_text = label("", "secondary", wrap=True, name="graders.unseenText")
        self.unseen = button(tr("Grade them blind"), self._grade_unseen, icon="eye", name="graders.blind")
        self.unseen.setToolTip(tr("Shows the images without what others said; your grades are kept beside theirs"))
        self._disagree_text = label("", "secondary", wrap=True, name="graders.disagreeText")
        self.disagree = button(tr("Show and settle them"), self._show_disagreeing, name="graders.disagree")
        queue = QWidget()
        queue.setLayout(column(self._unseen_text, self.unseen, 4, self._disagree_text, self.disagree))
        left = QWidget()
        left.setLayout(
            column(Section(tr("Labelling as"), me), Section(tr("To grade"), queue), None, spacing=16, margins=16)
        )
        self.first, self.second = QComboBox(), QComboBox()
        self.first.setObjectName("graders.first")
        self.second.setObjectName("graders.second")
        for box, name in ((self.first, tr("One grader")), (self.second, tr("The other grader"))):
            box.setAccessibleName(name)
            box.activated.connect(self._pair_chosen)
        self.compare = button(tr("Compare"), self._compare, role="primary", name="graders.compare")
        self._progress = ElidedLabel("", "secondary")
        self._head = row(self.first, label(tr("and"), "secondary"), self.second, self.compare, self._progress, None)
        self.kappa = Headline(tr("Cohen's kappa"))
        self.weighted = Headline(tr("Weighted kappa"))
        self.share = Headline(tr("Same label"))
        self._figures = QWidget()
        self._figures.setLayout(row(self.kappa, self.weighted, self.share, None, spacing=32))
        self.matrix = ConfusionMatrix()
        self.matrix.setMinimumHeight(320)
        self.matrix.setAccessibleName(tr("What one grader says beside what the other says"))
        self.matrix.cellClicked.connect(self._cell_clicked)
        self._matrix_says = label(tr("Click a cell to see its images."), "secondary", wrap=True)
        self._result = QWidget()
        self._result.setLayout(column(self._figures, self._matrix_says, self.matrix, spacing=16))
        self._result.hide()
        both = QWidget()
        both.setLayout(column(self._head, self._result, None, spacing=16, margins=16))
        self._empty = EmptyState(
            "eye",
            tr(
                "Agreement needs two graders. Say who you are on the left, label some images, and let somebody else grade "
                "them blind."
            ),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(both)
        layout = row(SideForm(left, self), rule(vertical=True), self._stack, spacing=0)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    # what is shown

    def showEvent(self, event: QShowEvent) -> None:
        """Compare the two with the most labels without a click."""
        super().showEvent(event)
        if self._compared is None:
            self._compare()

    @Slot()
    def refresh(self) -> None:
        """Count anew; a comparison stays until other graders are chosen."""
        project = self._session.project
        if project is None:
            return
        me = self._session.grader
        if not self.grader.hasFocus():
            self.grader.setText(me)
        self._session.reader.ask("graders", partial(_standing, me), partial(self._show_standing, me))

    def _show_standing(self, me: str, found: "_Standing") -> None:
        counts, unseen, disagree = found
        self._show_list(counts)
        chosen = (self.first.currentText(), self.second.currentText())
        if chosen[0] == chosen[1]:
            chosen = ("", "")  # there was only one grader so far
        names = sorted(counts, key=lambda name: -counts[name])
        for box, wanted, place in ((self.first, chosen[0], 0), (self.second, chosen[1], 1)):
            box.clear()
            box.addItems(names)
            index = box.findText(wanted)
            box.setCurrentIndex(index if index >= 0 else min(place, len(names) - 1))
        self._stack.setCurrentIndex(1 if len(names) > 1 else 0)
        if me:
            text = self.tr("{0} graded by others and not yet by {1}.").format(self._images(unseen), me)
        else:
            text = self.tr("Enter your name to grade what others have graded, without seeing their labels.")
        self._unseen_text.setText(text)
        self.unseen.setEnabled(unseen > 0)
        self._disagree_text.setText(
            self.tr("Graders disagree on {0}.").format(self._images(disagree))
            if disagree
            else self.tr("There is no image on which graders disagree.")
        )
        self.disagree.setEnabled(disagree > 0)
        self._show_job()
        if self._compared is None and self.isVisible():
            self._compare()

    def _images(self, number: int) -> str:
        text = figures.counted(number, self.tr("image"), self.tr("images"))
        return self.tr("at least {0}").format(text) if number >= MOST_QUEUED else text

    def _show_list(self, counts: dict[str, int]) -> None:
        while self._list.count():
            taken = self._list.takeAt(0)
            if taken is not None and taken.widget() is not None:
                taken.widget().hide()
                taken.widget().deleteLater()
        for name, count in sorted(counts.items()):
            line = QWidget()
            line.setLayout(row(ElidedLabel(name), None, Badge(figures.count(count))))
            self._list.addWidget(line)
        self._listed.setVisible(bool(counts))

    @Slot()
    def _stale(self) -> None:
        if self.isVisible():
            self.refresh()

    @Slot()
    def _forget(self) -> None:
        self._compared, self._refused = None, ""
        self._result.hide()
        self._stale()

    @Slot()
    def _show_job(self) -> None:
        running = self._handle is not None
        self.compare.setEnabled(not running and self.first.currentText() != self.second.currentText())
        self._progress.setText(self.tr("Comparing") if running else self._refused)

    # what the user does

    @Slot()
    def _renamed(self) -> None:
        self._session.set_grader(self.grader.text())
        self.refresh()

    @Slot()
    def _grade_unseen(self) -> None:
        if self._session.grader:
            question = partial(_queue, self._session.grader, "unseen")
            self._session.reader.ask("queue", question, self.gradeBlind.emit, urgent=True)

    @Slot()
    def _show_disagreeing(self) -> None:
        question = partial(_queue, self._session.grader, "disagree")
        self._session.reader.ask("queue", question, self.showImages.emit, urgent=True)

    @Slot()
    def _pair_chosen(self) -> None:
        self._refused = ""
        self._show_job()
        self._result.setVisible(self._compared == (self.first.currentText(), self.second.currentText()))

    @Slot()
    def _compare(self) -> None:
        project = self._session.project
        a, b = self.first.currentText(), self.second.currentText()
        if project is None or self._handle is not None or not a or a == b:
            return
        self._compared, self._refused = (a, b), ""
        words = ["labels", "agreement", str(project.folder), "--graders", a, b]
        self._handle = self._session.start_job(
            self.tr("Comparing graders"),
            self._session.warm.job(words),
            on_done=self._show_agreement,
            on_failed=self._failed,
        )
        self._handle.ended.connect(self._ended)
        self._show_job()

    def _show_agreement(self, event: Any) -> None:
        if not isinstance(event, dict) or event.get("event") != "Agreement" or self._compared is None:
            return
        images = figures.counted(event["images"], self.tr("image"), self.tr("images"))
        self.kappa.show_number(
            _score(event["kappa"]),
            self.tr("[{0}, {1}] on {2}").format(_score(event["low"]), _score(event["high"]), images),
        )
        project = self._session.project
        self.weighted.show_number(
            _score(event["weighted_kappa"]), self.tr("quadratic: counts how far apart grades are")
        )
        self.weighted.setVisible(project is not None and project.labels.task == "ordinal")
        same = figures.count(event["agreeing"])
        self.share.show_number(
            figures.percent(event["agreeing"] / max(1, event["images"])), self.tr("{0} of {1}").format(same, images)
        )
        self._named = list(event["classes"])
        self._show_classes(event.get("per_class") or [])
        self.matrix.set_matrix(event["confusion"], self._named if event["confusion"] else [])
        self.matrix.setVisible(bool(event["confusion"]))
        said = self.tr("{0} of {1} images that {5} calls {2} ({3}) are {4} to {6}")
        said = said.replace("{5}", _plain(event["a"])).replace("{6}", _plain(event["b"]))
        self.matrix.set_sides(event["a"], event["b"], said)
        theme.set_role(self.compare, "")
        self._result.show()

    def _show_classes(self, per_class: list[dict[str, Any]]) -> None:
        """With several labels there is no matrix, but a figure for each class."""
        lines = [f"{found['class']}: {_score(found['kappa'])}" for found in per_class]
        self._matrix_says.setText("\n".join(lines) if lines else self.tr("Click a cell to see its images."))

    @Slot(int, int)
    def _cell_clicked(self, row: int, column: int) -> None:
        if self._compared is not None:
            question = partial(_both_say, self._compared, (self._named[row], self._named[column]))
            self._session.reader.ask("queue", question, self._show_cell, urgent=True)

    def _show_cell(self, query: Query) -> None:
        if query.ids:
            self.showImages.emit(query)

    def _failed(self, sentence: str) -> None:
        """Say it beside the names: it may be that nobody asked, and a pair with no image in common is no fault."""
        self._refused = sentence
        self._result.hide()

    @Slot()
    def _ended(self) -> None:
        self._handle = None
        self._show_job()


class _Standing(NamedTuple):
    """How many images each has graded, and how long the two queues are."""

    counts: dict[str, int]
    unseen: int
    disagree: int


def _standing(me: str, project: Project) -> _Standing:
    """Look through all grades: some 0.5 s with 500 000 of them, so in the reader's thread."""
    graders = project.graders
    unseen = len(graders.queue(me, kind="unseen", limit=MOST_QUEUED)) if me else 0
    return _Standing(graders.counts(), unseen, len(graders.queue(me, kind="disagree", limit=MOST_QUEUED)))


def _queue(me: str, kind: Kind, project: Project) -> Query:
    ids = project.graders.queue(me, kind=kind, limit=MOST_QUEUED)
    return Query(ids=tuple(int(image_id) for image_id in ids), order="given", rejected=False)


def _both_say(pair: tuple[str, str], classes: tuple[str, str], project: Project) -> Query:
    """The images that the one calls the first class and the other the second."""
    known = {row.name: row.id for row in project.labels.classes()}
    wanted = tuple(known.get(name) for name in classes)
    ids, *said = project.graders.pairs(*pair)
    found = [int(image_id) for image_id, *values in zip(ids, *said, strict=True) if tuple(values) == wanted]
    return Query(ids=tuple(found[:MOST_QUEUED]), order="given", rejected=False)


def _score(value: float | None) -> str:
    return "–" if value is None else figures.score(value)


def _plain(text: str) -> str:
    """A name that goes into a template stands for itself."""
    return text.replace("{", "{{").replace("}", "}}")
