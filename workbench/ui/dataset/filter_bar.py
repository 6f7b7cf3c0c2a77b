"""The bar over the grid: which images are shown, in which order, how large."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QSlider, QWidget

from workbench.project.ids import ClassId
from workbench.project.images import Query
from workbench.project.labels import ClassRow
from workbench.ui import figures, icons, theme
from workbench.ui.dataset import grid_view
from workbench.ui.dataset.class_list import swatch
from workbench.ui.layouts import row
from workbench.ui.widgets import tool_button

TYPING_MS = 200
LONGEST_NAME = 16


class FilterBar(QWidget):
    """``query`` is what is asked for; ``changed`` is emitted when it has become another one."""

    changed = Signal()
    tileSizeChanged = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.usual = Query()
        """What a project shows at first."""
        self._query = self.usual
        self._classes: list[ClassRow] = []
        self._counts: dict[int | None, int] = {}
        self.all = self._chip("dataset.filterAll", self._show_all)
        self.unlabelled = self._chip("dataset.filterUnlabelled", self._toggle_unlabelled)
        self.of_class = self._chip("dataset.filterClass")
        self.of_split = self._chip("dataset.filterSplit")
        for chip, fill in ((self.of_class, self._fill_classes), (self.of_split, self._fill_splits)):
            menu = QMenu(chip)
            menu.aboutToShow.connect(fill)
            chip.setMenu(menu)
        self.text = QLineEdit()
        self.text.setObjectName("dataset.filterText")
        self.text.setPlaceholderText(self.tr("Filter by path"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(90)
        self.text.setMaximumWidth(220)
        self.text.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.text.setToolTip(self.tr("Show images whose path holds this text"))
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._typed)
        self.text.textEdited.connect(self._typing.start)
        self.text.textChanged.connect(self._cleared)
        self.order = tool_button("sort", self.tr("Sort the images"), name="dataset.sort")
        self.order.setPopupMode(self.order.ToolButtonPopupMode.InstantPopup)
        self.order.setMenu(self._order_menu())
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setObjectName("dataset.tileSize")
        self.size_slider.setRange(grid_view.SMALLEST, grid_view.LARGEST)
        self.size_slider.setSingleStep(grid_view.STEP)
        self.size_slider.setPageStep(grid_view.STEP)
        self.size_slider.setValue(grid_view.USUAL)
        self.size_slider.setFixedWidth(88)
        self.size_slider.setToolTip(self.tr("Size of the pictures (Ctrl+wheel)"))
        self.size_slider.setAccessibleName(self.tr("Size of the pictures"))
        self.size_slider.valueChanged.connect(self.tileSizeChanged)
        parts = (self.all, self.unlabelled, self.of_class, self.of_split, self.text, None, self.order, self.size_slider)
        self.setLayout(row(*parts, spacing=6))
        self._write()

    @property
    def query(self) -> Query:
        return self._query

    def set_query(self, query: Query) -> None:
        """Ask for ``query``, as if the user had chosen it."""
        if query == self._query:
            self._write()
            return
        self._query = query
        if self.text.text().strip() != query.text:
            self.text.setText(query.text)
        self._write()
        self.changed.emit()

    def set_classes(self, classes: Sequence[ClassRow], counts: Mapping[ClassId | None, int]) -> None:
        self._classes = list(classes)
        self._counts = dict(counts)
        self._write()

    def show_order(self, order: str, *, descending: bool) -> None:
        self.set_query(replace(self._query, order=order, descending=descending))

    def _chip(self, name: str, slot: Any = None) -> QPushButton:
        chip = QPushButton()
        chip.setObjectName(name)
        chip.setCheckable(True)
        chip.setProperty("role", "chip")
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # A click leaves the keyboard with the grid.
        if slot is not None:
            chip.clicked.connect(slot)
        return chip

    def _write(self) -> None:
        query = self._query
        total, unlabelled = sum(self._counts.values()), self._counts.get(None, 0)
        self.all.setText(self.tr("All {count}").format(count=figures.count(total)))
        self.all.setToolTip(self.tr("Show all images"))
        self.all.setChecked(not query.unlabelled and query.class_id is None and query.split is None)
        self.unlabelled.setText(self.tr("Unlabelled {count}").format(count=figures.count(unlabelled)))
        self.unlabelled.setToolTip(self.tr("Show images without a class (U)"))
        self.unlabelled.setChecked(query.unlabelled)
        chosen = next((known for known in self._classes if known.id == query.class_id), None)
        name = chosen.name if chosen else ""
        shown = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
        self.of_class.setText(shown.replace("&", "&&") or self.tr("Class"))
        self.of_class.setToolTip(name or self.tr("Show images of one class"))
        self.of_class.setChecked(chosen is not None)
        self.of_class.setEnabled(bool(self._classes))
        self.of_split.setText(self._split_title(query.split) if query.split else self.tr("Split"))
        self.of_split.setToolTip(self.tr("Show images of one part of the split"))
        self.of_split.setChecked(query.split is not None)

    def _split_title(self, split: str) -> str:
        return {
            "train": self.tr("Training"),
            "validation": self.tr("Validation"),
            "test": self.tr("Test"),
            "none": self.tr("In no part"),
        }[split]

    @Slot()
    def _show_all(self) -> None:
        self.set_query(replace(self._query, unlabelled=False, class_id=None, split=None))

    @Slot()
    def _toggle_unlabelled(self) -> None:
        self.set_query(replace(self._query, unlabelled=not self._query.unlabelled, class_id=None))

    @Slot()
    def _fill_classes(self) -> None:
        menu = self.of_class.menu()
        menu.clear()
        any_class = self._entry(menu, self.tr("Any class"), self._query.class_id is None)
        any_class.triggered.connect(lambda: self.set_query(replace(self._query, class_id=None)))
        menu.addSeparator()
        for known in self._classes:
            count = figures.count(self._counts.get(known.id, 0))
            text = f"{known.name.replace('&', '&&')}\t{count}"
            entry = self._entry(menu, text, self._query.class_id == known.id)
            entry.setIcon(swatch(known.colour))
            entry.triggered.connect(
                lambda _on=False, chosen=known.id: self.set_query(
                    replace(self._query, class_id=chosen, unlabelled=False)
                )
            )

    @Slot()
    def _fill_splits(self) -> None:
        menu = self.of_split.menu()
        menu.clear()
        everything = self._entry(menu, self.tr("Any part"), self._query.split is None)
        everything.triggered.connect(lambda: self.set_query(replace(self._query, split=None)))
        menu.addSeparator()
        for split in ("train", "validation", "test", "none"):
            entry = self._entry(menu, self._split_title(split), self._query.split == split)
            entry.triggered.connect(lambda _on=False, split=split: self.set_query(replace(self._query, split=split)))

    def _entry(self, menu: QMenu, text: str, checked: bool) -> QAction:
        entry = menu.addAction(text)
        entry.setCheckable(True)
        entry.setChecked(checked)
        return entry

    def _order_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        choices = (
            (self.tr("Path"), "path", False),
            (self.tr("As they were added"), "added", False),
            (self.tr("Class"), "class", False),
            (self.tr("Newest first"), "newest", False),
            (self.tr("Largest first"), "largest", False),
            (self.tr("Path, backwards"), "path", True),
        )
        for text, order, descending in choices:
            entry = self._entry(menu, text, order == "path" and not descending)
            group.addAction(entry)
            entry.triggered.connect(
                lambda _on=False, order=order, descending=descending: self.show_order(order, descending=descending)
            )
        return menu

    @Slot()
    def _typed(self) -> None:
        self.set_query(replace(self._query, text=self.text.text().strip()))

    @Slot(str)
    def _cleared(self, text: str) -> None:
        if not text and self._query.text:
            self._typing.stop()
            self._typed()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.CONTROL)
