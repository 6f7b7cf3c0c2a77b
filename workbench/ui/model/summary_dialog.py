"""Every layer of the network as a table that can be searched and sorted: output, parameters, multiply-adds."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Slot,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton, QStackedWidget, QWidget

from workbench.models.anatomy_parts import Anatomy, LayerInfo
from workbench.ui import figures, icons, tables, theme
from workbench.ui.layouts import column, row
from workbench.ui.model.stage_tree import short_count
from workbench.ui.widgets import ElidedLabel, EmptyState, button, label

Index = QModelIndex | QPersistentModelIndex

LAYER, KIND, OUTPUT, PARAMETERS, MACS, MEMORY = range(6)
_NUMBERS = (PARAMETERS, MACS, MEMORY)
SortRole = Qt.ItemDataRole.UserRole + 1
_KEYS: tuple[Callable[[LayerInfo], Any], ...] = (
    lambda layer: layer.path,
    lambda layer: layer.kind,
    lambda layer: (len(layer.output), *layer.output),
    lambda layer: layer.parameters,
    lambda layer: layer.macs,
    lambda layer: layer.memory,
)


class LayersModel(QAbstractTableModel):
    """One row per module, in the order in which an image passes them."""

    def __init__(self, anatomy: Anatomy, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers = [layer for stage in anatomy.stages for layer in stage.layers]
        self._haystack = [f"{layer.path} {layer.kind}".lower() for layer in self._layers]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._layers)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else MEMORY + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= MEMORY:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                self.tr("Layer"),
                self.tr("Kind"),
                self.tr("Output"),
                self.tr("Parameters"),
                self.tr("Multiply-adds"),
                self.tr("Memory"),
            )[section]
        if role == Qt.ItemDataRole.ToolTipRole and section in (OUTPUT, MACS, MEMORY):
            return {
                OUTPUT: self.tr("Shape for one image"),
                MACS: self.tr("For one image"),
                MEMORY: self.tr("What training keeps of it for one image, where it learns"),
            }[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        layer, section = self._layers[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(layer, section)
        if role == SortRole:
            return _KEYS[section](layer)
        if role == Qt.ItemDataRole.ToolTipRole and section in (LAYER, KIND):
            return f"{layer.path} · {layer.kind}"
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and section != LAYER:
            return theme.colour("secondary")
        return None

    def layer(self, row: int) -> LayerInfo:
        return self._layers[row]

    def matches(self, row: int, words: list[str]) -> bool:
        """Whether every one of ``words`` (lower case) stands in the path or the kind."""
        return all(word in self._haystack[row] for word in words)

    def text(self, layer: LayerInfo, section: int) -> str:
        if section == LAYER:
            return "    " * layer.depth + layer.path.removeprefix("backbone.")
        if section == KIND:
            return layer.kind
        if section == OUTPUT:
            return " × ".join(str(side) for side in layer.output)
        if section == MEMORY:
            return figures.size(layer.memory) if layer.memory else ""
        number = layer.parameters if section == PARAMETERS else layer.macs
        return figures.count(number) if number else ""


class _Filter(QSortFilterProxyModel):
    def __init__(self, source: LayersModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._layers = source
        self.setSourceModel(source)

    def search(self, text: str) -> None:
        self._words = text.lower().split()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, _parent: Index) -> bool:
        return self._layers.matches(source_row, self._words)

    def lessThan(self, left: Index, right: Index) -> bool:
        return bool(left.data(SortRole) < right.data(SortRole))


class SummaryDialog(QDialog):
    """Not modal: it can stay open beside the plan."""

    def __init__(self, anatomy: Anatomy, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.summary")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = anatomy.name.partition("/")[2]
        self.setWindowTitle(self.tr("Layers of {0}").format(name))
        self.model = LayersModel(anatomy, self)
        self.filter = _Filter(self.model, self)
        self.search = QLineEdit()
        self.search.setObjectName("model.summarySearch")
        self.search.setPlaceholderText(self.tr("Search layers: conv, norm, layer4 …"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._narrow)
        self.copying = button(
            self.tr("Copy"),
            self.copy,
            icon="copy",
            tip=self.tr("Copy the rows shown, for a spreadsheet"),
            name="model.summaryCopy",
        )
        widths = {KIND: 150, OUTPUT: 124, PARAMETERS: 96, MACS: 116, MEMORY: 80}
        self.table = tables.table_of(self.filter, "model.summaryTable", widths=widths, stretched=LAYER)
        tables.make_sortable(self.table)
        tables.KeptReadable(self.table, stretched=LAYER, least=220, spare=(MEMORY, KIND, OUTPUT))
        self.matches = label("", "secondary")
        self.nothing = EmptyState("search", "", self.tr("Show all layers"), name="model.summaryNothing.showAll")
        self.nothing.clicked.connect(self.search.clear)
        self._body = QStackedWidget()
        self._body.addWidget(self.table)
        self._body.addWidget(self.nothing)
        head = ElidedLabel(name, "title", mode=Qt.TextElideMode.ElideMiddle)
        facts = label(
            self.tr("{0} parameters · {1} multiply-adds · {2} px, {3}").format(
                short_count(anatomy.parameters),
                _giga(anatomy.macs),
                anatomy.size,
                figures.counted(anatomy.channels, self.tr("channel"), self.tr("channels")),
            ),
            "secondary",
            wrap=True,
        )
        layout = column(
            column(head, facts, spacing=theme.HALF),
            row(self.search, self.matches, self.copying),
            self._body,
            margins=theme.GRID * 2,
        )
        layout.setStretchFactor(self._body, 1)
        self.setLayout(layout)
        for each in self.findChildren(QPushButton):
            each.setAutoDefault(False)  # Enter after a search is no click on any of them
        self.resize(820, 600)
        self._narrow("")

    @Slot(str)
    def _narrow(self, text: str) -> None:
        self.filter.search(text)
        shown, total = self.filter.rowCount(), self.model.rowCount()
        self.matches.setText(
            figures.counted(total, self.tr("layer"), self.tr("layers"))
            if shown == total
            else self.tr("{0} of {1}").format(figures.count(shown), figures.count(total))
        )
        self.nothing.say(self.tr("No layer has “{0}” in its name or kind.").format(" ".join(text.split())))
        self._body.setCurrentWidget(self.table if shown else self.nothing)
        self.copying.setEnabled(shown > 0)

    @Slot()
    def copy(self) -> None:
        """Put the rows shown on the clipboard, in columns parted by tabs and with plain numbers."""
        lines = ["layer\tkind\toutput\tparameters\tmultiply_adds\tmemory_bytes"]
        for number in range(self.filter.rowCount()):
            layer = self.model.layer(self.filter.mapToSource(self.filter.index(number, 0)).row())
            shape = "x".join(str(side) for side in layer.output)
            cells = (layer.path, layer.kind, shape, layer.parameters, layer.macs, layer.memory)
            lines.append("\t".join(str(cell) for cell in cells))
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")


def _giga(macs: int) -> str:
    """4100000000 -> "4.1 G", 300000000 -> "300 M"."""
    return f"{macs / 1e9:.1f} G" if macs >= 1e9 else short_count(macs)
