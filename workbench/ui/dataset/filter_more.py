"""The filters behind "More": a sheet over the grid whose fields act at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from workbench.project.images import Query
from workbench.ui import figures, theme
from workbench.ui.dataset import filter_words
from workbench.ui.dataset.counting import Overview
from workbench.ui.dataset.filter_bar import ON_THE_BAR
from workbench.ui.layouts import column, row
from workbench.ui.overlay import Overlay
from workbench.ui.widgets import Segmented, button, label

WIDTH = 436
CAPTION = 104
LARGEST_SIDE = 99_999


class MoreFilters(Overlay):
    """``chosen`` carries the query with what was set. Closes with Escape, or when another part gets the keyboard."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sheet")
        self.setAccessibleName(self.tr("More filters"))
        self.setFixedWidth(WIDTH)
        self._query = filter_words.USUAL
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GRID)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, CAPTION)
        self._grid.setColumnStretch(1, 1)
        self._make_marks()
        self._make_prediction()
        self._make_file()
        self.clear = button(self.tr("Clear these"), self._clear, role="link", name="dataset.more.clear")
        close = button(self.tr("Done"), self.dismiss, name="dataset.more.done")
        self.setLayout(column(self._grid, row(self.clear, None, close), spacing=12, margins=theme.GRID * 2))
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_moved)

    # the fields

    def _make_marks(self) -> None:
        self._section(self.tr("Decisions"))
        self.tag = self._choice("tag", self.tr("Tag"))
        self.grader = self._choice("grader", self.tr("Graded by"))
        self.test_set = self._choice("test_set", self.tr("Test set"))
        self.column = QComboBox()
        self.column.setObjectName("dataset.more.column")
        self.value = QLineEdit()
        self.value.setObjectName("dataset.more.value")
        self.value.setPlaceholderText(self.tr("is exactly"))
        self.column.currentIndexChanged.connect(self._column_set)
        self.value.editingFinished.connect(self._column_set)
        self._column_row = self._line(self.tr("Column"), self.column, self.value)
        choices = (
            ("hidden", self.tr("Hidden")),
            ("shown", self.tr("With the others")),
            ("only", self.tr("Only these")),
        )
        self.rejected = Segmented(choices)
        self.rejected.changed.connect(self._rejected_set)
        self._line(self.tr("Rejected"), self.rejected)
        self.noted = self._switch("noted", self.tr("With a note"))
        self.has_regions = self._switch("has_regions", self.tr("With regions"))
        self._line("", self.noted, self.has_regions)

    def _make_prediction(self) -> None:
        self._section(self.tr("Prediction"))
        self.predicted = self._choice("predicted", self.tr("Model says"))
        self.least, self.most = self._percent("dataset.more.least"), self._percent("dataset.more.most")
        self.most.setValue(100)
        for end in (self.least, self.most):
            end.valueChanged.connect(self._confidence_set)
        self._line(self.tr("Confidence"), self.least, label(self.tr("to"), "secondary"), self.most)
        self.disagrees = self._switch("disagrees", self.tr("Disagrees with the label"))
        self._line("", self.disagrees)
        self.suggested = self._switch("suggested", self.tr("Suggests a label where there is none"))
        self._line("", self.suggested)

    def _make_file(self) -> None:
        self._section(self.tr("File"))
        self.after, self.before = self._date("dataset.more.after"), self._date("dataset.more.before")
        self._line(self.tr("Changed"), self.after, label(self.tr("to"), "secondary"), self.before)
        self.smallest, self.largest = self._side("dataset.more.smallest"), self._side("dataset.more.largest")
        self.smallest.setToolTip(self.tr("The shorter side has at least so many pixels"))
        self.largest.setToolTip(self.tr("The longer side has at most so many pixels"))
        self._line(self.tr("Sides"), self.smallest, label(self.tr("to"), "secondary"), self.largest)
        self.state = self._choice("state", self.tr("File is"))

    def _section(self, title: str) -> None:
        place = self._grid.rowCount()
        if place > 1:
            self._grid.setRowMinimumHeight(place, theme.GRID)
            place += 1
        self._grid.addWidget(label(title, "section"), place, 0, 1, 2)

    def _line(self, caption: str, *parts: QWidget) -> tuple[QWidget, QWidget]:
        named, fields = label(caption, "secondary"), QWidget()
        fields.setLayout(row(*parts))
        if not isinstance(parts[0], QComboBox | QLineEdit | QSpinBox):
            fields.layout().addStretch(1)
        for part in parts:
            if isinstance(part, QComboBox | QLineEdit | QSpinBox):
                fields.layout().setStretchFactor(part, 1)
        place = self._grid.rowCount()
        self._grid.addWidget(named, place, 0)
        self._grid.addWidget(fields, place, 1)
        return named, fields

    def _choice(self, part: str, caption: str) -> QComboBox:
        choice = QComboBox()
        choice.setObjectName(f"dataset.more.{part}")
        choice.setAccessibleName(caption)
        choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choice.setMaxVisibleItems(16)
        choice.activated.connect(lambda _index: self._ask(**{part: choice.currentData()}))
        self._line(caption, choice)
        return choice

    def _switch(self, part: str, text: str) -> QCheckBox:
        switch = QCheckBox(text)
        switch.setObjectName(f"dataset.more.{part}")
        switch.clicked.connect(lambda on: self._ask(**{part: on}))
        return switch

    def _percent(self, name: str) -> QSpinBox:
        field = self._number(name, 100)
        field.setSuffix(" %")
        return field

    def _side(self, name: str) -> QSpinBox:
        field = self._number(name, LARGEST_SIDE)
        field.setSpecialValueText(self.tr("any"))
        field.setSuffix(" px")
        field.setSingleStep(32)
        field.valueChanged.connect(self._sides_set)
        return field

    def _number(self, name: str, most: int) -> QSpinBox:
        field = QSpinBox()
        field.setObjectName(name)
        field.setRange(0, most)
        field.setKeyboardTracking(False)
        return field

    def _date(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        field.setPlaceholderText(self.tr("2026-01-31"))
        field.setToolTip(self.tr("A day, a month or a year: 2026-01-31, 2026-01, 2026"))
        field.editingFinished.connect(self._dates_set)
        return field

    # what is shown

    def show_overview(self, overview: Overview) -> None:
        """Offer what the project has."""
        tr = self.tr
        self._offer(self.tag, {name: name for name in overview.tags}, overview.tags, tr("No image has a tag"))
        graders = {name: name for name in overview.graders}
        self._offer(self.grader, graders, overview.graders, tr("Nobody graded by name"))
        sets = {name: name for name in overview.test_sets}
        self._offer(self.test_set, sets, overview.test_sets, tr("No test set is frozen"))
        classes = {known.id: known.name for known in overview.classes} if overview.predicted else {}
        self._offer(self.predicted, classes, {}, tr("No predictions yet"))
        states = {key: filter_words.state_title(key, tr) for key in ("ok", "unverified", "corrupt", "missing")}
        self._offer(self.state, states, {}, "")
        for part in (self.least, self.most, self.disagrees, self.suggested):
            part.setEnabled(overview.predicted)
        if [self.column.itemText(place) for place in range(self.column.count())] != list(overview.columns):
            with QSignalBlocker(self.column):
                self.column.clear()
                self.column.addItems(list(overview.columns))
        for shown in self._column_row:
            shown.setVisible(bool(overview.columns))
        self.show_query(self._query)

    def show_query(self, query: Query) -> None:
        """Set the fields as ``query`` has them."""
        self._query = query
        for choice, value in (
            (self.tag, query.tag),
            (self.grader, query.grader),
            (self.test_set, query.test_set),
            (self.predicted, query.predicted),
            (self.state, query.state),
        ):
            choice.setCurrentIndex(max(0, choice.findData(value)))
        for switch in (self.noted, self.has_regions, self.disagrees, self.suggested):
            switch.setChecked(getattr(query, switch.objectName().rpartition(".")[2]))
        low, high = query.confidence or (0.0, 1.0)
        numbers = (
            (self.least, round(low * 100)),
            (self.most, round(high * 100)),
            (self.smallest, query.min_side or 0),
            (self.largest, query.max_side or 0),
        )
        for field, number in numbers:
            with QSignalBlocker(field):
                field.setValue(number)
        with QSignalBlocker(self.rejected):
            self.rejected.set_value({False: "hidden", None: "shown", True: "only"}[query.rejected])
        for text, moment in ((self.after, query.modified_after), (self.before, query.modified_before)):
            if not text.hasFocus():
                text.setText(filter_words.date_text(moment))
        if query.field is not None:
            with QSignalBlocker(self.column):
                self.column.setCurrentText(query.field[0])
            self.value.setText(query.field[1])
        elif not self.value.hasFocus():
            self.value.clear()
        self.clear.setEnabled(bool(filter_words.asked(query) - ON_THE_BAR))

    def _offer(self, choice: QComboBox, names: Mapping[object, str], counts: Mapping[str, int], nothing: str) -> None:
        with QSignalBlocker(choice):
            choice.clear()
            choice.addItem(self.tr("any") if names else nothing, None)
            for key, name in names.items():
                shown = filter_words.short(name)
                count = counts.get(name)
                choice.addItem(shown if count is None else f"{shown}  ({figures.count(count)})", key)
        choice.setEnabled(bool(names))

    def place(self) -> None:
        """Stand at the left under the bars, and fit into the room."""
        self.adjustSize()
        room = self.parentWidget().size()
        self.move(min(self.pos().x(), max(0, room.width() - self.width() - theme.GRID)), self.pos().y())

    # what the user sets

    def _ask(self, **parts: object) -> None:
        query = replace(self._query, **parts)
        if query != self._query:
            self._query = query
            self.chosen.emit(query)

    @Slot(str)
    def _rejected_set(self, key: str) -> None:
        self._ask(rejected={"hidden": False, "shown": None, "only": True}[key])

    @Slot()
    def _confidence_set(self) -> None:
        low, high = self.least.value(), self.most.value()
        self._ask(confidence=None if (low, high) == (0, 100) else (min(low, high) / 100, max(low, high) / 100))

    @Slot()
    def _sides_set(self) -> None:
        self._ask(min_side=self.smallest.value() or None, max_side=self.largest.value() or None)

    @Slot()
    def _column_set(self) -> None:
        name, value = self.column.currentText(), self.value.text().strip()
        self._ask(field=(name, value) if name and value else None)

    @Slot()
    def _dates_set(self) -> None:
        ends: dict[str, float | None] = {}
        fields: tuple[tuple[str, QLineEdit, bool], ...] = (
            ("modified_after", self.after, False),
            ("modified_before", self.before, True),
        )
        for name, field, end in fields:
            try:
                ends[name] = filter_words.date_from(field.text(), end=end)
            except ValueError:
                _mark(field, True)
                continue
            _mark(field, False)
        self._ask(**ends)

    @Slot()
    def _clear(self) -> None:
        self._ask(**{name: getattr(filter_words.USUAL, name) for name in filter_words.asked(self._query) - ON_THE_BAR})

    @Slot(QWidget, QWidget)
    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        if not self.isVisible() or new is None or _within(new, self):
            return
        self.dismiss()


def _within(widget: QWidget | None, other: QWidget) -> bool:
    """Return True where ``widget`` is ``other`` or inside it; the list of a choice is a window of its own."""
    step: Callable[[QWidget], QWidget | None] = QWidget.parentWidget
    while widget is not None and widget is not other:
        widget = step(widget)
    return widget is not None


def _mark(field: QWidget, wrong: bool) -> None:
    if bool(field.property("invalid")) != wrong:
        field.setProperty("invalid", wrong)
        field.style().unpolish(field)
        field.style().polish(field)
