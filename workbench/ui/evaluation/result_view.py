"""A result: headline, confusion matrix, classes, and the images of what is chosen in either."""

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QSplitter, QTableView, QWidget

from workbench.evaluation.results import Evaluated, PredictedImage, Result, cell_images, mistakes
from workbench.ui import figures, tables, theme
from workbench.ui.confusion import ConfusionMatrix
from workbench.ui.evaluation import class_table
from workbench.ui.evaluation.cell_images import SHOWN, CellImages, CellView
from workbench.ui.evaluation.class_table import ClassTable
from workbench.ui.evaluation.headline import Headline
from workbench.ui.layouts import column, row
from workbench.ui.thumbnails import ThumbnailLoader
from workbench.ui.widgets import ElidedLabel, button, label


class ResultView(QWidget):
    """Shows figures at once, images when their predictions have been read (`show_images`)."""

    imageWanted = Signal(int)
    """The id of an image to be shown in the dataset."""

    def __init__(self, thumbnails: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._evaluated: Evaluated | None = None
        self._result: Result | None = None
        self._cell: tuple[int | None, int | None] | None = None
        self.headline = Headline()
        self.matrix = ConfusionMatrix()
        self.matrix.setObjectName("evaluate.matrix")
        self.classes = ClassTable(self)
        self.images = CellImages(thumbnails, self)
        self.view = CellView(self.images, thumbnails)
        self.shown = ElidedLabel("", "section")
        self.shown.setObjectName("evaluate.shown")
        self.back = button(self.tr("All mistakes"), self._show_mistakes, role="link", name="evaluate.mistakes")
        self._put_together()
        self.matrix.cellClicked.connect(self._cell_clicked)
        self.view.wanted.connect(self.imageWanted)

    def _put_together(self) -> None:
        self.table = self._table()
        left = QWidget()
        caption = ElidedLabel(self.tr("Confusion: rows are what images are, columns what they were called"), "section")
        matrix = column(caption, self.matrix, spacing=theme.GRID)
        matrix.setStretch(1, 1)
        left.setLayout(matrix)
        left.setMinimumWidth(320)
        top = QWidget()
        classes = column(label(self.tr("Classes"), "section"), self.table, spacing=theme.GRID)
        classes.setContentsMargins(theme.GRID * 2, 0, 0, theme.GRID)
        top.setLayout(classes)
        bottom = QWidget()
        head = row(self.shown, self.back)
        head.setStretch(0, 1)
        pictures = column(head, self.view, spacing=theme.GRID)
        pictures.setContentsMargins(theme.GRID * 2, theme.GRID, 0, 0)
        bottom.setLayout(pictures)
        right = QSplitter(Qt.Orientation.Vertical)
        right.setChildrenCollapsible(False)
        right.addWidget(top)
        right.addWidget(bottom)
        right.setStretchFactor(0, 2)
        right.setStretchFactor(1, 3)
        right.setSizes([200, 360])
        body = QSplitter(Qt.Orientation.Horizontal)
        body.setChildrenCollapsible(False)
        body.addWidget(left)
        body.addWidget(right)
        body.setStretchFactor(0, 5)
        body.setStretchFactor(1, 6)
        body.setSizes([500, 680])
        layout = column(self.headline, body, spacing=theme.GRID * 2)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def _table(self) -> QTableView:
        scores = dict.fromkeys((class_table.PRECISION, class_table.RECALL, class_table.F1), 124)
        widths = {**scores, class_table.SUPPORT: 72}
        table = tables.table_of(self.classes, "evaluate.classes", widths=widths, stretched=class_table.CLASS)
        tables.make_sortable(table)
        tables.KeptReadable(table, stretched=class_table.CLASS, least=120, spare=(class_table.F1, class_table.SUPPORT))
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        table.setMinimumHeight(theme.ROW * 3)
        table.clicked.connect(self._class_clicked)
        return table

    def show_figures(self, evaluated: Evaluated, cautions: list[str]) -> None:
        """Show the figures; the images follow."""
        self._evaluated, self._result, self._cell = evaluated, None, None
        self.headline.show_result(evaluated, cautions)
        self.matrix.set_matrix(evaluated.confusion, evaluated.classes)
        self.classes.show(evaluated.per_class)
        self._show([], self.tr("Reading the predictions …"))

    def show_images(self, result: Result) -> None:
        """Show the images of what is chosen, at first the mistakes."""
        self._result = result
        self._fill()

    def show_no_images(self, why: str) -> None:
        """Say why the images cannot be shown."""
        self._show([], why)

    @Slot(int, int)
    def _cell_clicked(self, true: int, predicted: int) -> None:
        self._cell = (true, predicted)
        self.table.clearSelection()
        self._fill()

    @Slot(QModelIndex)
    def _class_clicked(self, index: QModelIndex) -> None:
        if self._evaluated is not None:
            self._cell = (self._evaluated.classes.index(self.classes.class_at(index.row())), None)
            self._fill()

    @Slot()
    def _show_mistakes(self) -> None:
        self._cell = None
        self.table.clearSelection()
        self._fill()

    def _fill(self) -> None:
        result, cell = self._result, self._cell
        if result is None:
            return
        found = mistakes(result) if cell is None else cell_images(result, *cell)
        self._show(found, self._words(found))

    def _show(self, found: list[PredictedImage], words: str) -> None:
        self.images.show(found, self._evaluated.classes if self._evaluated is not None else [])
        self.view.scrollToTop()
        if len(found) > SHOWN:
            words += self.tr(" · the first {0} are shown").format(figures.count(SHOWN))
        self.shown.setText(words)
        self.back.setVisible(self._cell is not None)

    def _words(self, found: list[PredictedImage]) -> str:
        assert self._evaluated is not None
        classes = self._evaluated.classes
        images = figures.counted(len(found), self.tr("image"), self.tr("images"))
        if self._cell is None:
            if not found:
                return self.tr("No mistakes: click a cell or a class to see its images")
            return self.tr("{0} called wrongly, the surest first").format(images)
        true, predicted = self._cell
        if true is None or predicted is None:
            return self.tr("{0} of {1}, the surest first").format(images, classes[true or 0])
        if true == predicted:
            return self.tr("{0} of {1} called rightly, the surest first").format(images, classes[true])
        return self.tr("{0} of {1} called {2}, the surest first").format(images, classes[true], classes[predicted])
