"""The dataset panel: wires the grid, the filter bar, the loupe, the tabs and the inspector to the session."""

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QStackedWidget, QWidget

from workbench.project.changes import Change
from workbench.project.ids import ClassId
from workbench.project.images import ImageRow, Query
from workbench.project.labels import ClassRow
from workbench.ui import figures
from workbench.ui.dataset import filter_words, tabs
from workbench.ui.dataset.blind import BlindGrading
from workbench.ui.dataset.class_edits import ClassEdits
from workbench.ui.dataset.class_model import ClassModel
from workbench.ui.dataset.counting import Overview
from workbench.ui.dataset.deciding import Deciding
from workbench.ui.dataset.files import FileActions
from workbench.ui.dataset.filtering import Filtering
from workbench.ui.dataset.grid_model import GridModel, Ids
from workbench.ui.dataset.grid_view import GridView
from workbench.ui.dataset.inspector import DatasetInspector
from workbench.ui.dataset.labelling import Labelling
from workbench.ui.dataset.loupe import Loupe
from workbench.ui.dataset.news import News
from workbench.ui.dataset.overviews import Overviews
from workbench.ui.dataset.panel_actions import PanelActions
from workbench.ui.dataset.readiness import readiness
from workbench.ui.dataset.selection import Selection
from workbench.ui.dataset.shown import ShownImages
from workbench.ui.dataset.split_jobs import SplitJobs
from workbench.ui.dataset.split_section import Asked
from workbench.ui.dataset.top_bar import TopBar
from workbench.ui.layouts import column, row, rule
from workbench.ui.pictures import Pictures
from workbench.ui.session import Session
from workbench.ui.thumbnails import ThumbnailLoader
from workbench.ui.widgets import EmptyState, Panel, PanelState


class DatasetPanel(Panel):
    """Browse, label, curate and split."""

    key = "dataset"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.title = self.tr("Dataset")
        self._classes: dict[int, ClassRow] = {}
        self._tabs: dict[str, QWidget] = {}
        self.overviews = Overviews(session, self)
        self._news = News(session, self)
        self.reader = session.reader
        self.pictures = Pictures(session)
        self.thumbnails = ThumbnailLoader(self.pictures.thumbnail, self)
        self._large = ThumbnailLoader(self.pictures.thumbnail, self)
        self._whole = ThumbnailLoader(self.pictures.whole, self)
        self.model = GridModel(self._fetch, self)
        self.selection = Selection(self)
        self.class_model = ClassModel(self)
        self.filtering = Filtering(session, self)
        self.filter = self.filtering.bar
        self.tabs = tabs.TabStrip()
        self.grid = GridView(self.model, self.selection, self.thumbnails)
        self.shown = ShownImages(self.reader, self.model, self.selection, self.grid, self)
        self.loupe = Loupe(self._whole, self.thumbnails)
        self._inspector = DatasetInspector(self.class_model, self._large)
        self.edits = ClassEdits(session, self)
        self.labelling = Labelling(session, self.grid, self.selection, self.class_model, self.selected_ids, self)
        self.splitting = SplitJobs(session, self)
        self.blind = BlindGrading(session, self.show_images, self)
        self._build()
        self._actions = PanelActions(self)
        self._connect()
        self._project_changed()  # Before anybody else asks the project: the images come first.
        self.deciding = Deciding(self)
        self._over_grid.layout().addWidget(self.deciding.bar)
        self._over_grid.layout().addWidget(self.blind.bar)
        self.files = FileActions(self)
        self._top.set_menu(self.files.menu())
        self.layout().setStretchFactor(self._stack, 1)

    def _build(self) -> None:
        self._empty = EmptyState(
            "folder-plus",
            self.tr("Drop a folder of images here. The names of its sub-folders become the classes."),
            self.tr("Add a folder"),
            name="dataset.emptyAddFolder",
        )
        self._nothing = EmptyState("filter", self.tr("No image matches this filter."), self.tr("Show all images"))
        self._stack = QStackedWidget()
        for page in (self._empty, self._nothing, self.grid, self.loupe):
            self._stack.addWidget(page)
        self._top = TopBar(self.filter)
        self.add_button = self._top.add
        self._views = QWidget()
        self._views.setLayout(row(self.tabs, None, self.filtering.controls))
        self._views.layout().setContentsMargins(0, 0, 12, 0)
        self._over_grid = QWidget()
        self._over_grid.setLayout(column(self.filtering.chips, spacing=0))
        self.setLayout(column(self._top, self._views, rule(), self._over_grid, self._stack, spacing=0))
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _connect(self) -> None:
        session = self.session
        session.projectChanged.connect(self._project_changed)
        self.overviews.counted.connect(self._show_overview)
        self.overviews.moved.connect(self._show_counts)
        session.undone.connect(self._show_undone)
        self._news.changed.connect(self._changed)
        self.shown.arrived.connect(self._arrived)
        self.shown.outside.connect(self._tell_outside)
        self.selection.changed.connect(self._selection_changed)
        self.filtering.changed.connect(self._query_changed)
        self.filtering.controls.tileSizeChanged.connect(self.grid.set_tile_size)
        self.tabs.chosen.connect(self._show_tab)
        self.tabs.tabBarClicked.connect(self._tab_clicked)
        self.grid.tileSizeChanged.connect(self.filtering.controls.size_slider.setValue)
        self.grid.opened.connect(self.open_loupe)
        self.grid.customContextMenuRequested.connect(self._actions.show_menu)
        self.loupe.closed.connect(self.close_loupe)
        self.loupe.stepped.connect(self._step)
        self._top.addAsked.connect(self.choose_folder)
        self._empty.clicked.connect(self.choose_folder)
        self._nothing.clicked.connect(self.filtering.show_everything)
        self.class_model.renamed.connect(self.edits.rename)
        self.class_model.reordered.connect(self.edits.reorder)
        self.class_model.imagesDropped.connect(self.labelling.label)
        classes = self._inspector.classes
        classes.labelWith.connect(self.labelling.label)
        classes.recolour.connect(self.edits.recolour)
        classes.removeClass.connect(self.edits.remove)
        classes.showOnly.connect(self._show_class)
        self._inspector.classAdded.connect(self.edits.add)
        self._inspector.split.asked.connect(self._split)
        self._inspector.split.moreAsked.connect(partial(self.tabs.choose, "split"))
        self._stack.currentChanged.connect(self._place_changed)

    # what the shell asks

    def inspector(self) -> DatasetInspector:
        return self._inspector

    @property
    def _overview(self) -> Overview:
        return self.overviews.known

    def state(self) -> tuple[PanelState, str]:
        return readiness(self._overview.counts, self.tr)

    def settled(self) -> bool:
        return not self.shown.is_asking and not self.thumbnails.is_empty and not self.grid.is_due

    def gestures(self) -> list[tuple[str, str]]:
        return self.deciding.gestures()

    def activated(self, payload: object) -> None:
        """``payload`` may be a `Query`, the ids of images to select, or a file of labels to import."""
        if isinstance(payload, Query):
            self.show_images(payload)
        elif isinstance(payload, Path):
            self.files.import_labels(payload)
        elif isinstance(payload, list | tuple | np.ndarray) and len(payload):
            self.filtering.show_everything()
            self.shown.reveal(np.asarray(payload, np.int64))
        if self.tabs.current == tabs.GRID:
            (self.loupe if self._in_loupe else self.grid).setFocus()

    # the session's news

    @Slot()
    def _project_changed(self) -> None:
        self.show_pictures_anew()
        self.loupe.forget()
        self.overviews.clear()
        self.tabs.choose(tabs.GRID)
        self._stack.setCurrentWidget(self._empty)
        self.shown.clear()
        self.filtering.begin()
        self._run_query()
        self.refresh()

    def show_pictures_anew(self) -> None:
        """Forget every picture: another project is open, or the same one decodes otherwise."""
        for loader in (self.thumbnails, self._large, self._whole):
            loader.forget()
        self.pictures.open_project()

    @Slot(str)
    def _changed(self, what: str) -> None:
        """Ask anew for the images where what changed decides on them, else fetch those on the screen again."""
        if what == "images" or filter_words.depends_on(self.filter.query, what):
            self._run_query()
        else:
            self.model.refresh()
        self.overviews.soon()

    @Slot(object)
    def _show_undone(self, change: Change) -> None:
        """Scroll to what was taken back or made again, and select it."""
        if len(change.ids) and self.tabs.current == tabs.GRID:
            self.shown.reveal(np.asarray(change.ids, np.int64), quietly=False)

    @Slot(int)
    def _tell_outside(self, count: int) -> None:
        said = self.tr("Done, outside of what is shown: {0}.")
        self.session.toast.emit(said.format(figures.counted(count, self.tr("image"), self.tr("images"))))

    @Slot()
    def refresh(self) -> None:
        """Count again, and show it in the bar, the inspector and the stage's state; with many images a little later."""
        self.overviews.refresh()

    @Slot()
    def _show_overview(self) -> None:
        found = self._overview
        counts, classes = found.counts, list(found.classes)
        self._classes = {known.id: known for known in classes}
        self.grid.delegate.set_classes(self._classes)
        self.filtering.show_overview(found)
        self.tabs.show_findings(sum(found.findings.values()))
        self._show_counts()
        inspector = self._inspector
        inspector.has_classes(bool(classes))
        inspector.split.show_outcome(
            found.outcome, left_over=counts.left_over, labelled=counts.labelled > 0, given=counts.by_split
        )
        inspector.show_unreadable([bad_row.relative for bad_row in found.unreadable], counts.unreadable)
        self._selection_changed()
        self.grid.viewport().update()
        self._choose_page()
        shown = self._tabs.get(self.tabs.current)
        if shown is not None:
            shown.refresh()

    @Slot()
    def _show_counts(self) -> None:
        self.class_model.set_classes(list(self._overview.classes), self._overview.counts.by_class)
        self.filtering.show_counts(self._overview)
        self.stateChanged.emit()

    def _choose_page(self) -> None:
        known = not self.overviews.is_asking
        counts = self._overview.counts
        images = counts.images or counts.rejected or len(self.model.ids)
        self._views.setVisible(images > 0)
        in_grid = images > 0 and self.tabs.current == tabs.GRID
        self.filtering.show_parts(images=images > 0, grid=in_grid)
        self._over_grid.setVisible(in_grid)
        if not images:
            page: QWidget = self._empty if known else self.grid
        elif self.tabs.current in self._tabs:
            page = self._tabs[self.tabs.current]
        elif not len(self.model.ids) and not self.shown.is_asking:
            page = self._nothing
        else:
            page = self.loupe if self._in_loupe else self.grid
        self._stack.setCurrentWidget(page)

    # the tabs

    @Slot(str)
    def _show_tab(self, key: str) -> None:
        if key != tabs.GRID and key not in self._tabs:
            made = self._tabs[key] = tabs.build(key, self.session, self)
            made.showImages.connect(self.show_images)
            if key == "graders":
                made.gradeBlind.connect(self.blind.begin)
            self._stack.addWidget(made)
        if key in self._tabs:
            self._tabs[key].refresh()
        self._choose_page()

    @Slot(int)
    def _tab_clicked(self, index: int) -> None:
        if self._in_loupe and self.tabs.keys[index] == tabs.GRID:
            self.close_loupe()

    @Slot(object)
    def show_images(self, query: Query) -> None:
        """Show these images in the grid."""
        self._to_grid()
        self.filter.set_query(query)

    def _to_grid(self) -> None:
        if self._in_loupe:
            self.close_loupe()
        self.tabs.choose(tabs.GRID)

    # the query

    def _fetch(self, ids: Ids) -> list[ImageRow]:
        project = self.session.project
        return self.blind.masked(project.images.page(ids)) if project is not None else []

    @Slot()
    def _query_changed(self) -> None:
        self.blind.asked(self.filter.query)
        self.tabs.choose(tabs.GRID)
        self._run_query()
        self._choose_page()

    def _run_query(self) -> None:
        if self.session.project is not None:
            self.shown.ask(self.filter.query)

    @Slot()
    def _arrived(self) -> None:
        self.filtering.chips.show_count(len(self.model.ids))
        self._choose_page()

    @Slot(int)
    def _show_class(self, class_id: int) -> None:
        self.filter.ask(class_id=ClassId(class_id), unlabelled=False)

    # selection and loupe

    @Slot()
    def _place_changed(self) -> None:
        page = self._stack.currentWidget()
        self._inspector.show_place(loupe=self._in_loupe, split=page not in (self._empty, self._tabs.get("split")))

    @property
    def _in_loupe(self) -> bool:
        return self._stack.currentWidget() is self.loupe

    def selected_ids(self) -> Ids:
        """Return the ids of the selected images; in the loupe, of the one it shows."""
        if self._in_loupe and self.loupe.row is not None:
            return np.array([self.loupe.row.id], np.int64)
        return self.model.ids[self.selection.positions()]

    @Slot()
    def _selection_changed(self) -> None:
        current = self.model.row_at(self.selection.current)
        count = len(self.selection)
        self._inspector.show_image(current if count else None, selected=count)
        if self._in_loupe and current is not None:
            self.loupe.show_image(current, self._caption(current))

    def _caption(self, shown: ImageRow) -> str:
        known = self._classes.get(shown.class_id) if shown.class_id is not None else None
        place = self.tr("{number} of {count}").format(
            number=figures.count(self.selection.current + 1), count=figures.count(len(self.model.ids))
        )
        return f"{place} · {known.name if known else self.tr('no class')} · {shown.relative}"

    @Slot(int)
    def open_loupe(self, position: int) -> None:
        """Show one image large."""
        self.selection.select_only(position)
        self._stack.setCurrentWidget(self.loupe)
        self.loupe.fit()
        self._selection_changed()
        self.loupe.setFocus()

    @Slot()
    def close_loupe(self) -> None:
        self._stack.setCurrentWidget(self.grid)
        self.grid.reveal(self.selection.current)
        self.grid.setFocus()

    @Slot(int)
    def _step(self, by: int) -> None:
        self.grid.move_to(self.selection.current + by)

    # actions

    @Slot(object)
    def _split(self, asked: Asked) -> None:
        self.splitting.make(validation=asked.validation, test=asked.test, seed=asked.seed)

    @Slot()
    def choose_folder(self) -> None:
        """Ask for a folder and add its images."""
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Add a folder of images"))
        if chosen:
            self.session.add_folder(Path(chosen))

    def selection_menu(self) -> QMenu:
        """Return the menu of the selected images."""
        return self._actions.menu()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that decide, where no shortcut took them (the window is not the active one)."""
        if not self.deciding.pressed(event):
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for loader in (self.thumbnails, self._large, self._whole):
            loader.want(())
