"""The dataset panel: wires the grid, the filter bar, the loupe and the inspector to the session."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QStackedWidget, QWidget

from workbench.project.ids import ClassId
from workbench.project.images import ImageRow, Query
from workbench.project.labels import ClassRow
from workbench.ui import figures, icons
from workbench.ui.dataset.class_edits import ClassEdits
from workbench.ui.dataset.class_list import swatch
from workbench.ui.dataset.class_model import KEYS, ClassModel
from workbench.ui.dataset.filter_bar import FilterBar
from workbench.ui.dataset.grid_model import GridModel, Ids
from workbench.ui.dataset.grid_view import GridView
from workbench.ui.dataset.inspector import MOST_NAMED, DatasetInspector
from workbench.ui.dataset.labelling import Labelling, is_writing
from workbench.ui.dataset.loupe import Loupe
from workbench.ui.dataset.readiness import Counts, readiness
from workbench.ui.dataset.selection import Selection
from workbench.ui.dataset.split_section import Asked
from workbench.ui.dataset.top_bar import TopBar
from workbench.ui.layouts import column, rule
from workbench.ui.pictures import Pictures
from workbench.ui.session import Session
from workbench.ui.thumbnails import ThumbnailLoader
from workbench.ui.widgets import EmptyState, Panel, PanelState

REFRESH_MS = 30
"""Signals of the session that come together are answered together."""

REST = 4
"""Counting waits this many times as long as it took last: with a million images it stays out of the way of the keys."""

MOST_COPIED = 1000


class DatasetPanel(Panel):
    """Browse, label and split."""

    key = "dataset"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.title = self.tr("Dataset")
        self._counts = Counts()
        self._classes: dict[int, ClassRow] = {}
        self.pictures = Pictures(session)
        self.thumbnails = ThumbnailLoader(self.pictures.thumbnail, self)
        self._large = ThumbnailLoader(self.pictures.thumbnail, self)
        self._whole = ThumbnailLoader(self.pictures.whole, self)
        self.model = GridModel(self._fetch, self)
        self.selection = Selection(self)
        self.class_model = ClassModel(self)
        self.filter = FilterBar()
        self.grid = GridView(self.model, self.selection, self.thumbnails)
        self.loupe = Loupe(self._whole, self.thumbnails)
        self._inspector = DatasetInspector(self.class_model, self._large)
        self.edits = ClassEdits(session, self)
        self.labelling = Labelling(session, self.grid, self.selection, self.class_model, self.selected_ids, self)
        self._build()
        self._connect()
        self._make_actions()
        self._project_changed()

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
        bar = TopBar(self.filter)
        bar.addAsked.connect(self.choose_folder)
        self.add_button = bar.add
        self.setLayout(column(bar, rule(), self._stack, spacing=0))
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _connect(self) -> None:
        self._refreshing = QTimer(self)
        self._refreshing.setSingleShot(True)
        self._refreshing.setInterval(REFRESH_MS)
        self._refreshing.timeout.connect(self.refresh)
        session = self.session
        session.projectChanged.connect(self._project_changed)
        session.imagesChanged.connect(self._images_changed)
        session.labelsChanged.connect(self._labels_changed)
        session.splitChanged.connect(self._labels_changed)
        session.classesChanged.connect(self._refreshing.start)
        self.selection.changed.connect(self._selection_changed)
        self.filter.changed.connect(self._query_changed)
        self.filter.tileSizeChanged.connect(self.grid.set_tile_size)
        self.grid.tileSizeChanged.connect(self.filter.size_slider.setValue)
        self.grid.opened.connect(self.open_loupe)
        self.grid.customContextMenuRequested.connect(self._show_menu)
        self.loupe.closed.connect(self.close_loupe)
        self.loupe.stepped.connect(self._step)
        self._empty.clicked.connect(self.choose_folder)
        self._nothing.clicked.connect(self._show_everything)
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

    def _make_actions(self) -> None:
        tr, add = self.tr, self.add_action
        text = tr("Add a folder of images")
        add("dataset.addFolder.action", text, self.choose_folder, icon="folder-plus", key="Ctrl+Shift+O")
        add("dataset.nextUnlabelled", tr("Next image without a class"), self._next_unlabelled, key="Alt+Right")
        add("dataset.selectAll", tr("Select all images shown"), self.selection.select_all, key="Ctrl+A")
        add("dataset.unlabel", tr("Take the label away"), self.labelling.unlabel, key="Del")
        add("dataset.onlyUnlabelled", tr("Show images without a class"), self.filter.unlabelled.click, key="U")
        add("dataset.find", tr("Filter by path"), self._focus_text, icon="search", key="Ctrl+F")
        add("dataset.preview", tr("Preview the augmentation of this image"), self._preview, icon="augment", key="P")
        advance = add("dataset.autoAdvance", tr("Go on to the next image after labelling"), self._advance_told, key="G")
        advance.setCheckable(True)
        advance.setChecked(self.labelling.advance)
        advance.toggled.connect(self.labelling.set_advance)
        self._inspector.advance.setChecked(self.labelling.advance)
        self._inspector.advance.toggled.connect(advance.setChecked)
        advance.toggled.connect(self._inspector.advance.setChecked)
        self._class_actions = [
            add(f"dataset.class{key}", "", partial(self.labelling.with_key, number), icon="tag", key=key)
            for number, key in enumerate(KEYS)
        ]

    # what the shell asks

    def inspector(self) -> QWidget:
        return self._inspector

    def state(self) -> tuple[PanelState, str]:
        return readiness(self._counts, self.tr)

    def activated(self, payload: object) -> None:
        """``payload`` may be a `Query`, or the ids of images to select."""
        if isinstance(payload, Query):
            self.filter.set_query(payload)
        elif isinstance(payload, list | tuple | np.ndarray) and len(payload):
            self._show_everything()
            self.selection.select(np.flatnonzero(np.isin(self.model.ids, np.asarray(payload, np.int64))))
            self.grid.reveal(self.selection.current)
        (self.loupe if self._in_loupe else self.grid).setFocus()

    # the session's news

    @Slot()
    def _project_changed(self) -> None:
        for loader in (self.thumbnails, self._large, self._whole):
            loader.forget()
        self.pictures.open_project()
        self.loupe.forget()
        self._stack.setCurrentWidget(self._empty)
        self.filter.set_query(Query())
        self._run_query()
        self.refresh()

    @Slot()
    def _images_changed(self) -> None:
        self._run_query()
        self._refreshing.start()

    @Slot()
    def _labels_changed(self) -> None:
        query = self.filter.query
        if query.unlabelled or query.class_id is not None or query.split is not None or query.order == "class":
            self._run_query()
        else:
            self.model.refresh()
        self._refreshing.start()

    @Slot()
    def refresh(self) -> None:
        """Count again, and show it in the bar, the inspector and the stage's state."""
        self._refreshing.stop()
        started = time.perf_counter()
        project = self.session.project
        classes: list[ClassRow] = []
        unreadable: list[ImageRow] = []
        outcome = None
        self._counts = Counts()
        if project is not None:
            classes = project.labels.classes()
            bad = project.images.ids(Query(state="corrupt"))
            unreadable = project.images.page(bad[:MOST_NAMED]) if len(bad) else []
            outcome = project.splits.outcome()
            self._counts = Counts(project.labels.counts(), project.splits.counts(), len(bad))
        self._classes = {known.id: known for known in classes}
        self.grid.delegate.set_classes(self._classes)
        self.class_model.set_classes(classes, self._counts.by_class)
        self.filter.set_classes(classes, self._counts.by_class)
        inspector = self._inspector
        inspector.has_classes(bool(classes))
        inspector.split.show_outcome(outcome, left_over=self._counts.left_over)
        inspector.split.button.setEnabled(self._counts.labelled > 0)
        inspector.show_unreadable([bad_row.relative for bad_row in unreadable], self._counts.unreadable)
        for number, action in enumerate(self._class_actions):
            action.setVisible(number < len(classes))
            name = classes[number].name if number < len(classes) else ""
            action.setText(self.tr("Label as {name}").format(name=name) if name else "")
        self._selection_changed()
        self.grid.viewport().update()
        self._choose_page()
        self._refreshing.setInterval(max(REFRESH_MS, round(REST * 1000 * (time.perf_counter() - started))))
        self.stateChanged.emit()

    def _choose_page(self) -> None:
        self.filter.setVisible(self._counts.images > 0)
        if not self._counts.images:
            self._stack.setCurrentWidget(self._empty)
        elif not len(self.model.ids):
            self._stack.setCurrentWidget(self._nothing)
        elif not self._in_loupe:
            self._stack.setCurrentWidget(self.grid)

    # the query

    def _fetch(self, ids: Ids) -> list[ImageRow]:
        project = self.session.project
        return project.images.page(ids) if project is not None else []

    @Slot()
    def _query_changed(self) -> None:
        self._run_query()
        self._choose_page()

    def _run_query(self) -> None:
        """Ask the project for the ids, and keep what is selected and current where it is still shown."""
        project = self.session.project
        old, chosen, current = self.model.ids, self.selection.positions(), self.selection.current
        new = project.images.ids(self.filter.query) if project is not None else np.zeros(0, np.int64)
        kept_ids = old[chosen]
        current_id = int(old[current]) if 0 <= current < len(old) else -1
        self.model.set_ids(new)
        kept = np.flatnonzero(np.isin(new, kept_ids)) if len(kept_ids) else np.zeros(0, np.int64)
        place = self.model.position_of(current_id)
        if place < 0:
            place = min(current, len(new) - 1)
            if len(chosen) and not len(kept) and place >= 0:
                kept = np.array([place])  # What was selected left the query: the next one takes its place.
        self.selection.reset(len(new), selected=kept, current=place)
        self.grid.reveal(place)

    @Slot()
    def _show_everything(self) -> None:
        self.filter.set_query(Query())

    @Slot(int)
    def _show_class(self, class_id: int) -> None:
        self.filter.set_query(replace(self.filter.query, class_id=ClassId(class_id), unlabelled=False))

    @Slot()
    def _focus_text(self) -> None:
        self.filter.text.setFocus()
        self.filter.text.selectAll()

    @Slot()
    def _next_unlabelled(self) -> None:
        self.labelling.go_to_unlabelled(self.filter.query)

    # selection and loupe

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
        project = self.session.project
        known = project is not None and current is not None and count == 1
        self._inspector.show_history(project.labels.history(current.id) if known else [], self._classes)
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
        if self.session.make_split(validation=asked.validation, test=asked.test, seed=asked.seed) is not None:
            self.refresh()

    @Slot()
    def choose_folder(self) -> None:
        """Ask for a folder and add its images."""
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Add a folder of images"))
        if chosen:
            self.session.add_folder(Path(chosen))

    @Slot()
    def _preview(self) -> None:
        ids = self.selected_ids()
        if len(ids):
            self.session.navigate.emit("augment", int(ids[0]))

    @Slot()
    def _advance_told(self) -> None:
        on, off = self.tr("After labelling, the next image is selected."), self.tr("After labelling, the image stays.")
        self.session.toast.emit(on if self.labelling.advance else off)

    @Slot(QPoint)
    def _show_menu(self, point: QPoint) -> None:
        if len(self.selection):
            menu = self.selection_menu()
            menu.exec(self.grid.viewport().mapToGlobal(point))
            menu.deleteLater()

    def selection_menu(self) -> QMenu:
        """Return the menu of the selected images."""
        menu = QMenu(self)
        look = menu.addAction(icons.icon("eye"), self.tr("Open in the loupe\tEnter"))
        look.triggered.connect(lambda: self.open_loupe(self.selection.current))
        menu.addAction(icons.icon("augment"), self.tr("Preview the augmentation\tP")).triggered.connect(self._preview)
        menu.addSeparator()
        labels = menu.addMenu(icons.icon("tag"), self.tr("Label as"))
        labels.setEnabled(bool(self._classes))
        for number, known in enumerate(self.class_model.classes):
            hint = f"\t{KEYS[number]}" if number < len(KEYS) else ""
            entry = labels.addAction(swatch(known.colour), known.name.replace("&", "&&") + hint)
            entry.triggered.connect(lambda _on=False, class_id=known.id: self.labelling.label(class_id))
        menu.addAction(self.tr("Take the label away\tDel")).triggered.connect(self.labelling.unlabel)
        menu.addSeparator()
        menu.addAction(icons.icon("copy"), self.tr("Copy the paths")).triggered.connect(self._copy_paths)
        return menu

    @Slot()
    def _copy_paths(self) -> None:
        rows = [self.model.row_at(int(position)) for position in self.selection.positions()[:MOST_COPIED]]
        QApplication.clipboard().setText("\n".join(str(found.path) for found in rows if found is not None))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Class keys and Del, where no shortcut took them (the window is not the active one)."""
        key = event.text()
        if is_writing() or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif key and key in KEYS:
            self.labelling.with_key(KEYS.index(key))
        elif event.key() == Qt.Key.Key_Delete:
            self.labelling.unlabel()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for loader in (self.thumbnails, self._large, self._whole):
            loader.want(())
