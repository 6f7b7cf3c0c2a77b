"""What the checks found: kinds with counts on the left, findings with their pictures on the right, and what to do about them."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.dataset_verbs import CHECKS
from workbench.project.changes import Change, Together
from workbench.project.findings import FindingRow
from workbench.project.images import ImageRow, Query
from workbench.project.project import Project
from workbench.ui import figures, theme
from workbench.ui.dataset import filter_words
from workbench.ui.dataset.curation_jobs import BackboneHint, CurationJobs
from workbench.ui.dataset.findings_model import FindingsModel
from workbench.ui.dataset.findings_view import FindingsView
from workbench.ui.layouts import column, row, rule
from workbench.ui.pictures import Pictures
from workbench.ui.session import Session
from workbench.ui.thumbnails import ThumbnailLoader
from workbench.ui.widgets import ElidedLabel, EmptyState, button, label, tool_button, with_key

Index = QModelIndex | QPersistentModelIndex

KINDS = (
    "exact-copy",
    "near-duplicate",
    "label-error",
    "leakage",
    "quality",
    "outlier",
    "shortcut",
    "imbalance",
)
REDUNDANT = ("exact-copy", "near-duplicate")
"""Kinds where one image of a finding is enough."""


CountRole = Qt.ItemDataRole.UserRole + 1


class _KindRow(QStyledItemDelegate):
    """The name of a kind, and on the right how many findings it has."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(160, theme.CONTROL)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, theme.colour("hover"))
        room = option.rect.adjusted(12, 0, -12, 0)
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(theme.colour("secondary"))
        middle = Qt.AlignmentFlag.AlignVCenter
        count = str(index.data(CountRole))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | middle, count)
        width = room.width() - painter.fontMetrics().horizontalAdvance(count) - theme.GRID
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text"))
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, width)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | middle, name)
        painter.restore()


class FindingsTab(QWidget):
    """Runs the checks in the background and shows their findings; nothing is changed but by the user's own click."""

    showImages = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.jobs = CurationJobs(session, self)
        self._pictures = Pictures(session)
        self._thumbnails = ThumbnailLoader(self._pictures.thumbnail, self)
        self.model = FindingsModel(self)
        self.view = FindingsView(self.model, self._thumbnails)
        self._project_folder = ""
        self._build()
        self.jobs.changed.connect(self._show_job)
        self.view.opened.connect(self._open)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.model.modelReset.connect(self._selected)
        self.kinds.currentRowChanged.connect(self._kind_chosen)
        session.findingsChanged.connect(self._stale)
        self._show_job()

    def _build(self) -> None:
        self.check = button(self.tr("Check the images"), self._check_all, role="primary", icon="search")
        self.check.setObjectName("findings.check")
        self.check.setToolTip(self.tr("Copies, bad pictures, probable wrong labels, leaks between splits, shortcuts"))
        self.choose = button(self.tr("One check"), name="findings.choose", tip=self.tr("Run one of the checks"))
        menu = QMenu(self)
        for name in CHECKS:
            menu.addAction(self._check_name(name), partial(self._check, [name]))
        self.choose.setMenu(menu)
        self.progress = ElidedLabel("", "secondary")
        self.stop = tool_button("stop", self.tr("Stop the check"), self.jobs.stop, name="findings.stop")
        self.backbone = BackboneHint(self._session)
        bar = row(self.check, self.choose, self.stop, self.progress, None, self.backbone)
        bar.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        self.kinds = QListWidget()
        self.kinds.setObjectName("findings.kinds")
        self.kinds.setAccessibleName(self.tr("Kinds of findings"))
        self.kinds.setFixedWidth(208)
        self.kinds.setFrameShape(QListWidget.Shape.NoFrame)
        self.kinds.setItemDelegate(_KindRow(self.kinds))
        self.kinds.setMouseTracking(True)
        self._says = label("", "secondary", wrap=True, name="findings.says")
        self._says.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.HALF)
        self.open = button(self.tr("Show"), self._open_selected, name="findings.open")
        self.open.setToolTip(with_key(self.tr("Show the images of the selected findings in the grid"), "Return"))
        self.open_all = button(self.tr("Show all"), self._open_kind, name="findings.openAll")
        self.open_all.setToolTip(self.tr("Show the images of all findings listed here in the grid, strongest first"))
        self.reject = button(
            self.tr("Keep the first, reject the others"), self._keep_first, name="findings.keepFirst", icon="trash"
        )
        self.reject.setToolTip(self.tr("Rejected images stay on the disk and can be taken back with Undo"))
        self.reject_all = button(self.tr("Reject"), self._reject, name="findings.reject", icon="trash")
        self.reject_all.setToolTip(
            self.tr("Take these images out of the data set; their files stay. Undo takes it back.")
        )
        self.dismiss = button(self.tr("Dismiss"), self._dismiss, name="findings.dismiss", icon="check")
        self.dismiss.setToolTip(self.tr("This is as it should be: do not show it again (D)"))
        actions = row(self.open, self.open_all, None, self.reject, self.reject_all, self.dismiss)
        actions.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        self._actions = QWidget()
        self._actions.setLayout(actions)
        right = QWidget()
        right.setLayout(column(self._says, self.view, rule(), self._actions, spacing=0))
        body = QWidget()
        body.setLayout(row(self.kinds, rule(vertical=True), right, spacing=0))
        body.layout().setStretch(2, 1)
        self._empty = EmptyState(
            "search",
            self.tr(
                "Nothing has been found yet. The checks look for copies, bad pictures, probable wrong labels, and "
                "images that make a score look better than it is."
            ),
            self.tr("Check the images"),
            name="findings.emptyCheck",
        )
        self._empty.clicked.connect(self._check_all)
        self._body = body
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(body)
        self.setLayout(column(bar, rule(), self._stack, spacing=0))
        for name, key, slot in (("findings.dismissKey", "D", self._dismiss),):
            action = QAction(self.dismiss.text(), self)
            action.setObjectName(name)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.addAction(action)

    # what is shown

    @Slot()
    def refresh(self) -> None:
        """Count and list anew; the chosen kind stays where it still has findings."""
        project = self._session.project
        self.backbone.refresh()
        folder = str(project.folder) if project is not None else ""
        if folder != self._project_folder:
            self._project_folder = folder
            self._pictures.open_project()
            self._thumbnails.forget()
        counts = project.findings.counts() if project is not None else {}
        chosen = self.kind()
        self.kinds.blockSignals(True)
        self.kinds.clear()
        present = [kind for kind in KINDS if counts.get(kind)]
        for kind in ["", *present]:
            count = sum(counts.values()) if not kind else counts[kind]
            entry = QListWidgetItem(self._kind_name(kind))
            entry.setData(Qt.ItemDataRole.UserRole, kind)
            entry.setData(CountRole, figures.count(count))
            self.kinds.addItem(entry)
        self.kinds.setCurrentRow(1 + present.index(chosen) if chosen in present else 0)
        self.kinds.blockSignals(False)
        self._stack.setCurrentWidget(self._body if present else self._empty)
        self._list()
        self._show_job()

    def kind(self) -> str:
        """Return the chosen kind, "" for all."""
        chosen = self.kinds.currentItem()
        return str(chosen.data(Qt.ItemDataRole.UserRole)) if chosen is not None else ""

    def _list(self) -> None:
        kind = self.kind() or None
        self.model.show(partial(self._fetch, kind), self._look)
        self._says.setText(self._explained(kind or ""))
        self._says.setVisible(bool(self._says.text()))

    def _fetch(self, kind: str | None, start: int, limit: int) -> list[FindingRow]:
        project = self._session.project
        return list(project.findings.list(kind, start=start, limit=limit)) if project is not None else []

    def _look(self, ids: list[int]) -> list[ImageRow]:
        project = self._session.project
        return project.images.page(ids) if project is not None else []

    @Slot()
    def _stale(self) -> None:
        if self.isVisible():
            self.refresh()

    @Slot(int)
    def _kind_chosen(self, _row: int) -> None:
        self._list()

    @Slot()
    def _selected(self) -> None:
        chosen = self._chosen()
        groups = bool(chosen) and all(found.kind in REDUNDANT for found in chosen)
        with_images = any(found.ids for found in chosen)
        self.open.setEnabled(with_images)
        self.dismiss.setEnabled(bool(chosen))
        self.reject.setVisible(groups)
        self.reject_all.setVisible(not groups)
        self.reject_all.setEnabled(bool(chosen) and all(found.kind in ("quality", "outlier") for found in chosen))
        self.open_all.setEnabled(self.model.rowCount() > 0)

    @Slot()
    def _show_job(self) -> None:
        running = self.jobs.handle is not None
        self.check.setEnabled(not running)
        self.choose.setEnabled(not running)
        self.stop.setVisible(running)
        self.progress.setText(self.jobs.progress())
        if self._empty.button is not None:
            self._empty.button.setEnabled(not running)

    # what the user does

    @Slot()
    def _check_all(self) -> None:
        self._check(list(CHECKS))

    def _check(self, checks: list[str]) -> None:
        self.jobs.start(checks)

    def _chosen(self) -> list[FindingRow]:
        return [self.model.finding(place) for place in self.view.rows()]

    @Slot(int)
    def _open(self, place: int) -> None:
        found = self.model.finding(place)
        if found.ids:
            self.showImages.emit(Query(ids=tuple(found.ids), order="given"))

    @Slot()
    def _open_selected(self) -> None:
        ids = [image_id for found in self._chosen() for image_id in found.ids]
        if ids:
            self.showImages.emit(Query(ids=tuple(dict.fromkeys(ids)), order="given"))

    @Slot()
    def _open_kind(self) -> None:
        self.showImages.emit(Query(finding=self.kind() or "any", order="finding", rejected=False))

    @Slot()
    def _keep_first(self) -> None:
        ids = [image_id for found in self._chosen() for image_id in found.ids[1:]]
        self._reject_ids(ids)

    @Slot()
    def _reject(self) -> None:
        self._reject_ids([image_id for found in self._chosen() for image_id in found.ids])

    def _reject_ids(self, ids: list[int]) -> None:
        if not ids:
            return
        grader, numbers = self._session.grader, [found.id for found in self._chosen()]

        def reject(project: Project) -> Change:
            with project.transaction():
                rejected = project.rejection.set(list(dict.fromkeys(ids)), True, grader=grader)
                return Together((rejected, project.findings.dismiss(numbers)))

        self._settle(reject)

    @Slot()
    def _dismiss(self) -> None:
        numbers = [found.id for found in self._chosen()]
        if numbers:
            self._settle(lambda project: project.findings.dismiss(numbers))

    def _settle(self, edit: Callable[[Project], Change]) -> None:
        """Do what takes the chosen findings away, in one step of undo, and choose the next one."""
        place = self.view.rows()[0]
        if not self._session.make(edit):
            return
        self.refresh()
        if self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(min(place, self.model.rowCount() - 1), 0))

    # words

    def _check_name(self, name: str) -> str:
        return {
            "duplicates": self.tr("Copies and near-duplicates"),
            "quality": self.tr("Quality: blurred, dark, bright, flat, odd sizes"),
            "outliers": self.tr("Outliers"),
            "label-errors": self.tr("Probable wrong labels"),
            "leakage": self.tr("On both sides of the split"),
            "shortcuts": self.tr("Shortcuts: does the border or the size tell the class?"),
            "imbalance": self.tr("Class balance"),
        }[name]

    def _kind_name(self, kind: str) -> str:
        return filter_words.finding_title(kind, self.tr) if kind else self.tr("All findings")

    def _explained(self, kind: str) -> str:
        return {
            "exact-copy": self.tr("The same file more than once. Keep one of each."),
            "near-duplicate": self.tr("These look alike: resized, saved again, turned, or taken twice."),
            "label-error": self.tr(
                "A model that never saw the image's own label expects another one. Look, then relabel."
            ),
            "leakage": self.tr("Copies, or images of one group, on both sides: the score of a run cannot be trusted."),
            "quality": self.tr("Pictures that are blurred, too dark, too bright, flat, or of an odd size."),
            "outlier": self.tr("Images that look like no other of their class."),
            "shortcut": self.tr("Something beside the content tells the class: a model may learn that instead."),
            "imbalance": self.tr("Classes with so few images that their figures will be uncertain."),
        }.get(kind, "")
