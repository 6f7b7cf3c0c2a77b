"""The parts of the network as a tree with boxes of three states: what learns, how much of it there is, how fast."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from workbench.ui import figures, theme
from workbench.ui.model import parts_tree
from workbench.ui.model.parts_tree import Node

Index = QModelIndex | QPersistentModelIndex

NAME, PARAMETERS, RATE = range(3)
ROWS = 12
"""So many rows are shown before the tree scrolls."""
_STATES = {"on": Qt.CheckState.Checked, "some": Qt.CheckState.PartiallyChecked, "off": Qt.CheckState.Unchecked}


class StageModel(QAbstractItemModel):
    """Stages from stem to head, their layers inside. Setting a box emits ``edited`` with the leaves that then learn."""

    edited = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stages: list[Node] = []
        self._nodes: list[Node] = []
        self._place: dict[int, tuple[int, int]] = {}
        """Number of a node -> number of the one around it (-1: none), and its row there."""
        self._number: dict[int, int] = {}
        self._leaves: frozenset[str] = frozenset()
        self._rates: Mapping[str, float] = {}

    def show_stages(self, stages: Sequence[Node]) -> None:
        """Show another network."""
        self.beginResetModel()
        self._stages = list(stages)
        self._nodes, self._place, self._number = [], {}, {}
        for row, stage in enumerate(self._stages):
            self._note(stage, -1, row)
        self.endResetModel()

    def show_plan(self, leaves: Collection[str], rates: Mapping[str, float]) -> None:
        """Show what learns, and the learning rate of each stage."""
        self._leaves, self._rates = frozenset(leaves), dict(rates)
        if self._stages:
            # One signal for all: of hundreds of blocks a view asks long where each is. `StageTree` paints what it shows.
            self.dataChanged.emit(self.index(0, NAME), self.index(len(self._stages) - 1, RATE))

    def stages(self) -> list[Node]:
        return list(self._stages)

    def node(self, index: Index) -> Node:
        return self._nodes[index.internalId()]

    def index_of(self, name: str) -> QModelIndex:
        """Return the place of a stage or a module by its name; an invalid index where there is none."""
        node = next((node for node in self._nodes if node.name == name), None)
        return QModelIndex() if node is None else self._index_of(node)

    def _note(self, node: Node, above: int, row: int) -> None:
        number = len(self._nodes)
        self._nodes.append(node)
        self._number[id(node)] = number
        self._place[number] = (above, row)
        for inside, each in enumerate(node.inside):
            self._note(each, number, inside)

    def _index_of(self, node: Node) -> QModelIndex:
        number = self._number[id(node)]
        return self.createIndex(self._place[number][1], NAME, number)

    def _is_head(self, index: Index) -> bool:
        return bool(self._stages) and self.node(index) is self._stages[-1]

    # -- what the view asks

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        around = self.node(parent).inside if parent.isValid() else self._stages
        if not (0 <= row < len(around) and 0 <= column <= RATE):
            return QModelIndex()
        return self.createIndex(row, column, self._number[id(around[row])])

    def parent(self, index: Any = None) -> Any:
        if index is None:
            return super().parent()
        if not index.isValid():
            return QModelIndex()
        above, _row = self._place[index.internalId()]
        return QModelIndex() if above < 0 else self.createIndex(self._place[above][1], NAME, above)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        if not parent.isValid():
            return len(self._stages)
        return len(self.node(parent).inside) if parent.column() == NAME else 0

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008
        return RATE + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Part"), self.tr("Parameters"), self.tr("Rate"))[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                self.tr("Ticked parts learn, the others stay exactly as they are"),
                self.tr("Numbers in it that can learn"),
                self.tr("Highest learning rate in the chosen phase"),
            )[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section != NAME:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if index.column() == NAME and not self._is_head(index):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node, column = self.node(index), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index, node, column)
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME:
            return _STATES[parts_tree.tick(node, self._leaves)]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index, node)
        if role == Qt.ItemDataRole.TextAlignmentRole and column != NAME:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, theme.ROW)
        if role == Qt.ItemDataRole.ForegroundRole and parts_tree.tick(node, self._leaves) == "off":
            return theme.colour("secondary")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid() or self._is_head(index):
            return False
        # A part that learns in parts is completed first, whatever Qt makes of its third state.
        on = parts_tree.tick(self.node(index), self._leaves) != "on"
        self.edited.emit(parts_tree.toggled(self.node(index), self._leaves, on))
        return True

    def _text(self, index: Index, node: Node, column: int) -> str:
        if column == NAME:
            # The modules of a sequence are only numbered: what they are stands behind.
            return f"{node.title} · {node.kind}" if node.kind and node.title.isdecimal() else node.title
        if column == PARAMETERS:
            return short_count(node.parameters) if node.parameters else ""
        if index.parent().isValid() or parts_tree.tick(node, self._leaves) == "off":
            return ""
        rate = self._rates.get(node.name)
        return "" if rate is None else figures.rate(rate)

    def _tip(self, index: Index, node: Node) -> str:
        if self._is_head(index):
            return self.tr("The head is new: it always learns")
        state = parts_tree.tick(node, self._leaves)
        words = {
            "on": self.tr("learns"),
            "some": self.tr("learns in part"),
            "off": self.tr("frozen: stays exactly as it is"),
        }[state]
        parts = [f"{node.name}: {words}"]
        if node.kind:
            parts.append(node.kind)
        if node.has_norm:
            parts.append(self.tr("has running statistics"))
        return " · ".join(parts)


def short_count(number: int) -> str:
    """1234567 -> "1.2 M", 3400 -> "3.4 k", 17 -> "17"."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.0f} {unit}" if number >= 100 * size else f"{number / size:.1f} {unit}"
    return figures.count(number)


class StageTree(QTreeView):
    """As high as what it shows, up to a dozen rows. Space sets the box of the current row."""

    edited = Signal(object)
    """The leaves that learn after a click."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model.tree")
        self.setAccessibleName(self.tr("What learns"))
        self.stage_model = StageModel(self)
        self.setModel(self.stage_model)
        self.setUniformRowHeights(True)
        self.setIndentation(12)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for section, width in ((PARAMETERS, 84), (RATE, 72)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(section, width)
        self.stage_model.edited.connect(self.edited)
        self.expanded.connect(self._fit)
        self.collapsed.connect(self._fit)

    def show_stages(self, stages: Sequence[Node]) -> None:
        """Show another network; all stages are closed."""
        self.stage_model.show_stages(stages)
        self._fit()

    def show_plan(self, leaves: Collection[str], rates: Mapping[str, float]) -> None:
        self.stage_model.show_plan(leaves, rates)
        self.viewport().update()

    @Slot()
    def _fit(self) -> None:
        self.updateGeometry()

    def _rows(self) -> int:
        count, index = 0, self.stage_model.index(0, NAME)
        while index.isValid() and count < ROWS:
            count, index = count + 1, self.indexBelow(index)
        return max(1, count)

    def sizeHint(self) -> QSize:
        row = self.sizeHintForRow(0) if self.stage_model.rowCount() else theme.ROW
        return QSize(240, self.header().sizeHint().height() + self._rows() * max(row, 1) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())
