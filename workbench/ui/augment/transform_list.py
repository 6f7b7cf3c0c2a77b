"""The list of transforms that can be added: searchable, grouped by kind."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.augment.catalog import TransformInfo
from workbench.ui import icons, theme
from workbench.ui.layouts import column

AnyIndex = QModelIndex | QPersistentModelIndex
TRANSFORM_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_NOWHERE = QModelIndex()


class TransformModel(QAbstractListModel):
    """Rows: a group's title (a string), then its transforms. Only groups with a match are shown."""

    def __init__(self, transforms: Sequence[TransformInfo], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all = list(transforms)
        self._rows: list[str | TransformInfo] = []
        self.filter("")

    def filter(self, text: str) -> None:
        """Show the transforms whose name, title, group or help holds every word of ``text``."""
        parts = text.casefold().split()
        self.beginResetModel()
        self._rows = []
        for known in self._all:
            words = f"{known.name} {known.title} {known.group} {known.help}".casefold()
            if all(part in words for part in parts):
                if known.group not in self._rows:
                    self._rows.append(known.group)
                self._rows.append(known)
        self.endResetModel()

    def first(self) -> int:
        """Return the row of the first transform, -1 where none matches."""
        return 1 if len(self._rows) > 1 else -1

    def transform(self, row: int) -> TransformInfo | None:
        """Return the transform of a row, None for a group's title."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, TransformInfo) else None

    def rowCount(self, parent: AnyIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid() or self.transform(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self._rows[index.row()]
        if role == TRANSFORM_ROLE:
            return found if isinstance(found, TransformInfo) else None
        if role == Qt.ItemDataRole.DisplayRole:
            return found.title if isinstance(found, TransformInfo) else found
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(found, TransformInfo):
            return f"{found.help}\n{found.name}"
        return None


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(200, 44 if index.data(TRANSFORM_ROLE) is not None else 28)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        rect = QRect(option.rect)
        known = index.data(TRANSFORM_ROLE)
        painter.save()
        if known is None:
            painter.setFont(theme.font(theme.SECONDARY, bold=True))
            painter.setPen(theme.colour("secondary"))
            place = rect.adjusted(8, 4, -8, 0)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, index.data())
        else:
            if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                picked = bool(option.state & QStyle.StateFlag.State_Selected)
                painter.setBrush(theme.colour("selected" if picked else "hover"))
                painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 4, 4)
            painter.setFont(theme.font())
            painter.setPen(theme.colour("text"))
            upper = QRect(rect.left() + 10, rect.top() + 4, rect.width() - 20, 18)
            painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, known.title)
            painter.setFont(theme.font(theme.BADGE))
            painter.setPen(theme.colour("secondary"))
            lower = upper.translated(0, 18)
            text = painter.fontMetrics().elidedText(known.help, Qt.TextElideMode.ElideRight, lower.width())
            painter.drawText(lower, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class TransformPopup(QFrame):
    """Opens at a button; Enter or a click chooses, Esc closes. ``chosen`` carries the transform."""

    chosen = Signal(object)

    def __init__(self, transforms: Sequence[TransformInfo], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = TransformModel(transforms, self)
        self.search = QLineEdit()
        self.search.setObjectName("augment.search")
        self.search.setPlaceholderText(self.tr("Search {count} transforms").format(count=len(transforms)))
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = QListView()
        self.list.setObjectName("augment.transforms")
        self.list.setAccessibleName(self.tr("Transforms"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._choose)
        layout = column(self.search, self.list)
        layout.setContentsMargins(8, 8, 8, 8)
        self.setLayout(layout)
        self.resize(360, 480)

    def open_at(self, anchor: QWidget) -> None:
        """Show the list above or below ``anchor``, within the screen, with an empty search."""
        self.search.clear()
        self._filter("")
        below = anchor.mapToGlobal(QPoint(0, anchor.height() + 4))
        screen = QGuiApplication.screenAt(below) or anchor.screen()
        free = screen.availableGeometry()
        height = min(480, free.height() - 16)
        self.resize(360, height)
        y = below.y() if below.y() + height <= free.bottom() else max(free.top() + 8, free.bottom() - height - 8)
        self.move(min(below.x(), free.right() - self.width() - 8), y)
        self.show()
        self.search.setFocus()

    @Slot(str)
    def _filter(self, text: str) -> None:
        self.model.filter(text)
        self.list.setCurrentIndex(self.model.index(max(0, self.model.first())))

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        known = self.model.transform(index.row())
        if known is not None:
            self.hide()
            self.chosen.emit(known)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentIndex())
                return True
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        row = self.list.currentIndex().row() + by
        while 0 <= row < self.model.rowCount() and self.model.transform(row) is None:
            row += by
        if 0 <= row < self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(row))
