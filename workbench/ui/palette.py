"""The command palette and the list of keys: every action of the shell and the panels, found by a few letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QLineEdit,
    QListView,
    QScrollArea,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)  # fmt: skip

from workbench.ui import icons, theme
from workbench.ui.layouts import column, row, rule
from workbench.ui.overlay import Overlay
from workbench.ui.widgets import ElidedLabel, KeyHint, Picture, label, tool_button

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
ROW = 32
SHOWN = 12


@dataclass(frozen=True)
class Command:
    """An action, where it belongs, and the stage to show before it is done ("" for none)."""

    action: QAction
    group: str
    stage: str = ""

    @property
    def text(self) -> str:
        return self.action.text().replace("&", "").rstrip("…")

    @property
    def key(self) -> str:
        return self.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def rank(sought: str, command: Command) -> int | None:
    """Return how well ``sought`` fits, 0 best; None where its letters do not occur in order."""
    text, typed = f"{command.text} {command.group}".lower(), sought.lower().strip()
    if not typed:
        return 0
    if text.startswith(typed):
        return 0
    if f" {typed}" in text:
        return 1
    if typed in text:
        return 2
    if all(any(word.startswith(part) for word in text.split()) for part in typed.split()):
        return 3
    rest = iter(text)
    return 4 if all(letter in rest for letter in typed if letter != " ") else None


class CommandModel(QAbstractListModel):
    """The commands that fit what was typed, best first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Command] = []
        self._found: list[Command] = []

    def set_commands(self, commands: Sequence[Command]) -> None:
        self._all = list(commands)
        self.search("")

    def search(self, sought: str) -> None:
        ranked = [(rank(sought, command), command) for command in self._all]
        self.beginResetModel()
        fitting = [(place, command) for place, command in ranked if place is not None]
        self._found = [
            command for _, command in sorted(fitting, key=lambda pair: (not pair[1].action.isEnabled(), pair[0]))
        ]
        self.endResetModel()

    def command(self, index: Index) -> Command:
        return self._found[index.row()]

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        command = self._found[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.text
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return f"{command.group} {command.key}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        enabled = self._found[index.row()].action.isEnabled()
        return Qt.ItemFlag.ItemIsSelectable | (Qt.ItemFlag.ItemIsEnabled if enabled else Qt.ItemFlag.NoItemFlags)


class CommandDelegate(QStyledItemDelegate):
    """Icon and text on the left, group and key on the right."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        command = index.model().command(index)
        painter.save()
        rect = option.rect.adjusted(4, 1, -4, -1)
        if option.state & option.state.State_Selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("selected"))
            painter.drawRoundedRect(rect, 4, 4)
        role = "text" if command.action.isEnabled() else "disabled"
        icon = command.action.icon()
        if not icon.isNull():
            icon.paint(painter, QRect(rect.left() + 8, rect.center().y() - 9, 18, 18))
        centre = Qt.AlignmentFlag.AlignVCenter
        right = rect.adjusted(0, 0, -8, 0)
        if command.key:
            painter.setFont(theme.font(theme.BADGE))
            width = painter.fontMetrics().horizontalAdvance(command.key) + 12
            box = QRect(right.right() - width, rect.center().y() - 9, width, 20)
            painter.setPen(theme.colour("line"))
            painter.setBrush(theme.colour("surface"))
            painter.drawRoundedRect(box, 4, 4)
            painter.setPen(theme.colour("secondary"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, command.key)
            right.setRight(box.left() - 8)
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(theme.colour("secondary" if command.action.isEnabled() else "disabled"))
        painter.drawText(right, centre | Qt.AlignmentFlag.AlignRight, command.group)
        right.setRight(right.right() - painter.fontMetrics().horizontalAdvance(command.group) - 8)
        right.setLeft(rect.left() + 36)
        painter.setFont(theme.font())
        painter.setPen(theme.colour(role))
        text = painter.fontMetrics().elidedText(command.text, Qt.TextElideMode.ElideRight, right.width())
        painter.drawText(right, centre, text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)


class CommandPalette(Overlay):
    """Ctrl+K: type a few letters, Enter does it."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = CommandModel(self)
        self.field = QLineEdit()
        self.field.setObjectName("palette.field")
        self.field.setPlaceholderText(self.tr("Type a command"))
        self.field.setAccessibleName(self.tr("Command"))
        self.view = QListView()
        self.view.setObjectName("palette.list")
        self.view.setModel(self.model)
        self.view.setItemDelegate(CommandDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nothing = label(self.tr("No command fits"), "secondary")
        self._nothing.setContentsMargins(16, 8, 16, 12)
        head = row(Picture(icons.icon("search"), theme.ICON), self.field)
        head.setContentsMargins(14, 8, 8, 8)
        layout = column(head, rule(), self.view, self._nothing, spacing=0)
        layout.setContentsMargins(1, 1, 1, 5)
        self.setLayout(layout)
        self.field.textChanged.connect(self._typed)
        self.field.installEventFilter(self)
        self.view.clicked.connect(self._clicked)
        self.view.entered.connect(self.view.setCurrentIndex)

    def open_with(self, commands: Sequence[Command]) -> None:
        """Show all ``commands`` and take the keyboard."""
        self.model.set_commands(commands)
        self.field.clear()
        self._typed("")
        self.open()
        self.field.setFocus()

    def place(self) -> None:
        parent = self.parentWidget()
        width = min(600, parent.width() - 48)
        rows = min(SHOWN, max(1, self.model.rowCount()))
        room = parent.height() - 160
        self.view.setFixedHeight(min(rows * ROW + 8, room))
        self.resize(width, self.layout().totalSizeHint().height())
        self.move((parent.width() - width) // 2, 56)

    @Slot(str)
    def _typed(self, text: str) -> None:
        self.model.search(text)
        found = self.model.rowCount() > 0
        self.view.setVisible(found)
        self._nothing.setVisible(not found)
        if found:
            self.view.setCurrentIndex(self.model.index(0))
        self.place()

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        self._do(index)

    def _do(self, index: QModelIndex) -> None:
        if index.isValid():
            command = self.model.command(index)
            if command.action.isEnabled():
                self.dismiss()
                self.chosen.emit(command)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            step = steps.get(Qt.Key(event.key()))
            if step is not None and self.model.rowCount():
                last = self.model.rowCount() - 1
                wanted = min(last, max(0, self.view.currentIndex().row() + step))
                self.view.setCurrentIndex(self.model.index(wanted))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do(self.view.currentIndex())
                return True
        if watched is self.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.dismiss()
        return super().eventFilter(watched, event)


class KeyList(Overlay):
    """``?``: the keys that work now, by panel."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._body = QScrollArea()
        self._body.setWidgetResizable(True)
        self._body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        close = tool_button("close", self.tr("Close (Esc)"), self.dismiss, name="keys.close")
        self.setLayout(column(row(label(self.tr("Keys"), "title"), None, close), self._body, margins=16))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def open_with(self, commands: Sequence[Command], further: Sequence[tuple[str, str, str]] = ()) -> None:
        """Show those of ``commands`` that have a key, group by group, in two columns.

        ``further``: (group, what it does, how) of what no action stands for, such as drags.
        """
        groups: dict[str, list[tuple[str, QWidget]]] = {}
        for command in commands:
            if command.key:
                groups.setdefault(command.group, []).append((command.text, KeyHint(command.action.shortcut())))
        for group, text, how in further:
            groups.setdefault(group, []).append((text, label(how, "key")))
        content = QWidget()
        halves = [QGridLayout(), QGridLayout()]
        heights = [0, 0]
        for group, members in groups.items():
            side = 0 if heights[0] <= heights[1] else 1
            grid = halves[side]
            grid.setColumnStretch(0, 1)
            title = label(group, "section")
            title.setContentsMargins(0, 12 if heights[side] else 0, 0, 0)
            grid.addWidget(title, grid.rowCount(), 0)
            for text, hint in members:
                line = grid.rowCount()
                grid.addWidget(ElidedLabel(text), line, 0)
                grid.addWidget(hint, line, 1, Qt.AlignmentFlag.AlignRight)
            heights[side] += len(members) + 2
        for grid in halves:
            grid.setVerticalSpacing(theme.HALF)
            grid.setRowStretch(grid.rowCount(), 1)
        layout = row(halves[0], 32, halves[1])
        layout.setStretch(0, 1)
        layout.setStretch(2, 1)
        content.setLayout(layout)
        self._body.setWidget(content)
        self.open()
        self.setFocus()

    def place(self) -> None:
        parent = self.parentWidget()
        content = self._body.widget()
        wanted = content.sizeHint().height() + 88 if content is not None else 200
        width, height = min(900, parent.width() - 48), min(wanted, parent.height() - 96)
        self.setGeometry((parent.width() - width) // 2, (parent.height() - height) // 2, width, height)

    def focusOutEvent(self, event: Any) -> None:
        super().focusOutEvent(event)
        self.dismiss()
