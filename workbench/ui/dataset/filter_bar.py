"""The bar over the grid: which images are shown. What is asked for most is a chip, the rest is behind "More"."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QWidget

from workbench.errors import WorkbenchError
from workbench.project.images import Query
from workbench.project.query import matcher
from workbench.ui import figures, icons, theme
from workbench.ui.dataset import filter_words
from workbench.ui.dataset.class_list import swatch
from workbench.ui.dataset.counting import Overview
from workbench.ui.layouts import row

TYPING_MS = 200
LEAST_TEXT = 120
LONGEST_NAME = 16
ON_THE_BAR = {"class_id", "unlabelled", "split", "finding", "text", "pattern"}
"""The parts of a query that have a chip or a field of their own."""


class FilterBar(QWidget):
    """``query`` is what is asked for; ``changed`` is emitted when it has become another one."""

    changed = Signal()
    moreAsked = Signal()
    """The chip "More" was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._query = filter_words.USUAL
        self._overview = Overview()
        self.brief = False
        """Counts are left out of the chips: there is no room for them."""
        self.spared = 0
        """Pixels that the counts would take which are left out."""
        self.all = self._chip("dataset.filterAll", self._show_all)
        self.unlabelled = self._chip("dataset.filterUnlabelled", self._toggle_unlabelled)
        self.of_finding = self._chip("dataset.filterFinding")
        self.of_class = self._chip("dataset.filterClass")
        self.of_split = self._chip("dataset.filterSplit")
        self.more = self._chip("dataset.filterMore", self.moreAsked.emit)
        self.more.setText(self.tr("More"))
        self.more.setToolTip(self.tr("Filter by tag, grader, prediction, date, size and marks"))
        menus: tuple[tuple[QPushButton, Callable[[], None]], ...] = (
            (self.of_finding, self._fill_findings),
            (self.of_class, self._fill_classes),
            (self.of_split, self._fill_splits),
        )
        for chip, fill in menus:
            menu = QMenu(chip)
            menu.aboutToShow.connect(fill)
            chip.setMenu(menu)
        self.text = self._text_field()
        chips = (self.all, self.unlabelled, self.of_finding, self.of_class, self.of_split, self.more)
        self.setLayout(row(*chips, self.text, None, spacing=6))
        self._write()

    def _text_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName("dataset.filterText")
        field.setPlaceholderText(self.tr("Filter by path"))
        field.setAccessibleName(self.tr("Filter by path"))
        field.setClearButtonEnabled(True)
        field.setMinimumWidth(LEAST_TEXT)
        field.setMaximumWidth(220)
        field.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._tip = self.tr(
            "Show images whose path holds this text.\n"
            "* and ? stand for letters of the file name, or of the path where there is a /: part_0*.png\n"
            "re: begins a regular expression: re:/lot_\\d+/"
        )
        field.setToolTip(self._tip)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._typed)
        field.textEdited.connect(self._typing.start)
        field.textChanged.connect(self._cleared)
        return field

    @property
    def query(self) -> Query:
        return self._query

    def set_query(self, query: Query) -> None:
        """Ask for ``query``, as if the user had chosen it."""
        if query == self._query:
            self._write()
            return
        self._query = query
        written = query.pattern or query.text
        if filter_words.typed(query, self.text.text()) != query:
            self.text.setText(written)
            self.text.setCursorPosition(0)
        self._mark("")
        self._write()
        self.changed.emit()

    def ask(self, **parts: object) -> None:
        """Ask for the present query with some of its fields changed."""
        self.set_query(replace(self._query, **parts))

    def show_overview(self, overview: Overview) -> None:
        """Show other counts, and offer what there is to choose from."""
        self._overview = overview
        self._write()

    def set_brief(self, brief: bool) -> None:
        """Leave the counts out of the chips, or show them."""
        if brief != self.brief:
            self.brief = brief
            self._write()

    def _chip(self, name: str, slot: Callable[[], object] | None = None) -> QPushButton:
        chip = QPushButton()
        chip.setObjectName(name)
        chip.setCheckable(True)
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # A click leaves the keyboard with the grid.
        if slot is not None:
            chip.clicked.connect(slot)
        return chip

    def _write(self) -> None:
        query, counts = self._query, self._overview.counts
        self.spared = 0
        self.all.setText(self._counted(self.tr("All"), counts.images))
        self.all.setToolTip(self._counted(self.tr("Show all images"), counts.images, always=True))
        self.all.setChecked(filter_words.is_usual(query))
        self.unlabelled.setText(self._counted(self.tr("Unlabelled"), counts.unlabelled))
        self.unlabelled.setToolTip(self.tr("Show images without a class (U)"))
        self.unlabelled.setChecked(query.unlabelled)
        found = sum(self._overview.findings.values())
        title = filter_words.finding_title(query.finding, self.tr) if query.finding not in (None, "any") else ""
        self.of_finding.setText(_cut(title) or self._counted(self.tr("Findings"), found))
        self.of_finding.setToolTip(
            self.tr("Show what the checks found: copies, bad pictures, wrong labels")
            if found
            else self.tr("Nothing was found yet: the checks are in the tab Findings")
        )
        self.of_finding.setChecked(query.finding is not None)
        self.of_finding.setEnabled(bool(found) or query.finding is not None)
        chosen = next((known for known in self._overview.classes if known.id == query.class_id), None)
        name = chosen.name if chosen else ""
        self.of_class.setText(_cut(name).replace("&", "&&") or self.tr("Class"))
        self.of_class.setToolTip(name or self.tr("Show images of one class"))
        self.of_class.setChecked(chosen is not None)
        self.of_class.setEnabled(bool(self._overview.classes))
        split = filter_words.split_title(query.split, self.tr) if query.split else ""
        self.of_split.setText(split or self.tr("Split"))
        self.of_split.setToolTip(self.tr("Show images of one part of the split"))
        self.of_split.setChecked(query.split is not None)
        self.more.setChecked(bool(filter_words.asked(query) - ON_THE_BAR))

    def _counted(self, text: str, count: int, *, always: bool = False) -> str:
        whole = f"{text} {figures.count(count)}"
        if always or text == self.tr("All"):
            return whole
        if count and self.brief:
            self.spared += self.fontMetrics().horizontalAdvance(whole) - self.fontMetrics().horizontalAdvance(text)
        return whole if count and not self.brief else text

    @Slot()
    def _show_all(self) -> None:
        self.text.clear()
        self._typing.stop()
        self.set_query(filter_words.everything(self._query))

    @Slot()
    def _toggle_unlabelled(self) -> None:
        self.ask(unlabelled=not self._query.unlabelled, class_id=None)

    @Slot()
    def _fill_findings(self) -> None:
        menu = self.of_finding.menu()
        menu.clear()
        self._entry(menu, self.tr("All images"), finding=None)
        self._entry(menu, filter_words.finding_title("any", self.tr), finding="any")
        menu.addSeparator()
        for kind, count in self._overview.findings.items():
            self._entry(menu, filter_words.finding_title(kind, self.tr), count, finding=kind)

    @Slot()
    def _fill_classes(self) -> None:
        menu = self.of_class.menu()
        menu.clear()
        self._entry(menu, self.tr("Any class"), class_id=None)
        menu.addSeparator()
        for known in self._overview.classes:
            count = self._overview.counts.by_class.get(known.id, 0)
            name = known.name.replace("&", "&&")
            entry = self._entry(menu, name, count, class_id=known.id, unlabelled=False)
            entry.setIcon(swatch(known.colour))

    @Slot()
    def _fill_splits(self) -> None:
        menu = self.of_split.menu()
        menu.clear()
        self._entry(menu, self.tr("Any part"), split=None)
        menu.addSeparator()
        for split in ("train", "validation", "test", "none"):
            count = self._overview.counts.by_split.get(None if split == "none" else split, 0)
            shown = count if split != "none" else None  # It has unlabelled images too, which that does not count.
            self._entry(menu, filter_words.split_title(split, self.tr), shown, split=split)

    def _entry(self, menu: QMenu, text: str, count: int | None = None, **parts: object) -> QAction:
        """Add an entry that asks for ``parts``; it is checked where the query asks for them already."""
        entry = menu.addAction(text if count is None else f"{text}\t{figures.count(count)}")
        entry.setCheckable(True)
        entry.setChecked(all(getattr(self._query, name) == value for name, value in parts.items()))
        entry.triggered.connect(lambda _on=False: self.ask(**parts))
        return entry

    @Slot()
    def _typed(self) -> None:
        asked = filter_words.typed(self._query, self.text.text())
        try:
            matcher(asked.pattern)
        except WorkbenchError as error:
            self._mark(str(error))
            return
        self._mark("")
        self.set_query(asked)

    def _mark(self, wrong: str) -> None:
        """Mark the field as wrong, and say why; "" where it is right."""
        self.text.setToolTip(wrong or self._tip)
        if bool(self.text.property("invalid")) != bool(wrong):
            self.text.setProperty("invalid", bool(wrong))
            self.text.style().unpolish(self.text)
            self.text.style().polish(self.text)

    @Slot(str)
    def _cleared(self, text: str) -> None:
        if not text and (self._query.text or self._query.pattern):
            self._typing.stop()
            self._typed()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.CONTROL)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
