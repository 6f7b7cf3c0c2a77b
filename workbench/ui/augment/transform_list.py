"""The list of transforms that can be added: searchable, grouped by kind, with a picture of what each does."""

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
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QGuiApplication, QHideEvent, QImage, QKeyEvent, QPainter, QPainterPath, QResizeEvent
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
from workbench.augment.chain import GROUPS
from workbench.ui import icons, theme
from workbench.ui.layouts import column
from workbench.ui.widgets import label

AnyIndex = QModelIndex | QPersistentModelIndex
TRANSFORM_ROLE = int(Qt.ItemDataRole.UserRole) + 1
SIDE = 44
"""Side of a picture, in logical pixels."""
ROW, TITLE_ROW = 54, 30
ASK_MS = 60
"""What stays in view this long is asked for: a fast scroll asks for nothing that it passes."""
PAGE = 8
WIDTH, HIGHEST = 460, 600
_NOWHERE = QModelIndex()


class TransformModel(QAbstractListModel):
    """Rows: a kind's title (a string), then its transforms. Only kinds with a match are shown."""

    def __init__(self, transforms: Sequence[TransformInfo], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all = list(transforms)
        self._rows: list[str | TransformInfo] = []
        self._pictures: dict[str, QImage] = {}
        self.filter("")

    def set_picture(self, name: str, picture: QImage) -> None:
        """Show what a transform does."""
        self._pictures[name] = picture
        for row, found in enumerate(self._rows):
            if isinstance(found, TransformInfo) and found.name == name:
                self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])

    def forget_pictures(self) -> None:
        """The pictures are of another image than the one now in view."""
        self._pictures.clear()

    def without_picture(self, rows: range) -> list[str]:
        """Return the transforms among these rows whose pictures are still to come."""
        found = [self.transform(row) for row in rows]
        return [
            known.name
            for known in found
            if known is not None and known.name not in self._pictures and known.name not in GROUPS
        ]

    def filter(self, text: str) -> None:
        """Show the transforms whose name, title, group or help holds every word of ``text``, those called so first."""
        parts = text.casefold().split()
        found = [known for known in self._all if all(part in _all_words(known) for part in parts)]
        kinds: dict[str, list[TransformInfo]] = {}
        for known in sorted(found, key=lambda known: _rank(known, parts)) if parts else found:
            kinds.setdefault(known.group or self.tr("Groups"), []).append(known)
        self.beginResetModel()
        self._rows = []
        for kind, members in kinds.items():
            self._rows += [kind, *members]
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
        if role == Qt.ItemDataRole.DecorationRole and isinstance(found, TransformInfo):
            return self._pictures.get(found.name)
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(found, TransformInfo):
            return f"{found.help}\n{found.name}"
        return None


def _all_words(known: TransformInfo) -> str:
    return f"{known.name} {known.title} {known.group} {known.help}".casefold()


def _rank(known: TransformInfo, parts: Sequence[str]) -> int:
    """Return 0 for what begins with the words that were typed, 1 for what is called so, 2 for what does so."""
    names = [known.title.casefold(), known.name.casefold()]
    if any(name.startswith(" ".join(parts)) for name in names):
        return 0
    return 1 if any(all(part in name for part in parts) for name in names) else 2


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(200, ROW if index.data(TRANSFORM_ROLE) is not None else TITLE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        rect = QRect(option.rect)
        known = index.data(TRANSFORM_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if known is None:
            painter.setFont(theme.font(theme.SECONDARY, bold=True))
            painter.setPen(theme.colour("secondary"))
            painter.drawText(rect.adjusted(8, 6, -8, 0), _MIDDLE_LEFT, index.data())
        else:
            if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
                painter.setPen(Qt.PenStyle.NoPen)
                picked = bool(option.state & QStyle.StateFlag.State_Selected)
                painter.setBrush(theme.colour("selected" if picked else "hover"))
                painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 4, 4)
            place = QRect(rect.left() + 8, rect.top() + (rect.height() - SIDE) // 2, SIDE, SIDE)
            _paint_picture(painter, place, index.data(Qt.ItemDataRole.DecorationRole), known.name in GROUPS)
            left = place.right() + 12
            upper = QRect(left, rect.top() + 8, rect.right() - left - 10, 19)
            if known.slow:
                painter.setFont(theme.font(theme.BADGE))
                painter.setPen(theme.colour("amber"))
                painter.drawText(upper, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.tr("slow"))
            painter.setFont(theme.font())
            painter.setPen(theme.colour("text"))
            painter.drawText(upper, _MIDDLE_LEFT, _cut(painter, known.title, upper.width() - (36 if known.slow else 0)))
            painter.setFont(theme.font(theme.SECONDARY))
            painter.setPen(theme.colour("secondary"))
            lower = upper.translated(0, 19)
            painter.drawText(lower, _MIDDLE_LEFT, _cut(painter, known.help, lower.width()))
        painter.restore()


_MIDDLE_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def _cut(painter: QPainter, text: str, width: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)


def _paint_picture(painter: QPainter, place: QRect, picture: QImage | None, is_group: bool) -> None:
    """Paint what a transform does; where that is not known yet, an empty ground of the same size."""
    frame = QPainterPath()
    frame.addRoundedRect(QRectF(place), 4, 4)
    if picture is None:
        painter.fillPath(frame, theme.colour("hover"))
        sign = icons.pixmap("group" if is_group else "image", 20, "disabled", painter.device().devicePixelRatioF())
        painter.drawPixmap(place.left() + (SIDE - 20) // 2, place.top() + (SIDE - 20) // 2, sign)
        return
    side = min(picture.width(), picture.height())
    middle = QRect((picture.width() - side) // 2, (picture.height() - side) // 2, side, side)
    painter.save()
    painter.setClipPath(frame)
    painter.drawImage(place, picture, middle)
    painter.restore()


class TransformPopup(QFrame):
    """Opens at a button; Enter or a click chooses, Esc closes. ``chosen`` carries the transform.

    ``wanted`` carries the names of transforms in view whose pictures are not known; answer with `show_picture`.
    """

    chosen = Signal(object)
    wanted = Signal(list)
    closed = Signal()

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
        self._nothing = label("", "secondary", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._nothing.setContentsMargins(16, 24, 16, 24)
        layout = column(self.search, self.list, self._nothing)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.resize(WIDTH, HIGHEST)
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.setInterval(ASK_MS)
        self._ask.timeout.connect(self._ask_for_pictures)
        self.list.verticalScrollBar().valueChanged.connect(self._scrolled)

    def open_at(self, anchor: QWidget) -> None:
        """Show the list above or below ``anchor``, within the screen, with an empty search."""
        self.search.clear()
        self._filter("")
        below = anchor.mapToGlobal(QPoint(0, anchor.height() + 4))
        screen = QGuiApplication.screenAt(below) or anchor.screen()
        free = screen.availableGeometry()
        height = min(HIGHEST, free.height() - 16)
        self.resize(WIDTH, height)
        y = below.y() if below.y() + height <= free.bottom() else max(free.top() + 8, free.bottom() - height - 8)
        self.move(min(below.x(), free.right() - self.width() - 8), y)
        self.show()
        self.search.setFocus()

    def show_picture(self, name: str, picture: QImage) -> None:
        """Show what a transform does."""
        self.model.set_picture(name, picture)

    def forget_pictures(self) -> None:
        """Another image is in view: the pictures of this one are asked for."""
        self.model.forget_pictures()
        self._ask.start()

    def visible_rows(self) -> range:
        """Return the rows in view."""
        view = self.list.viewport().rect()
        first = self.list.indexAt(view.topLeft() + QPoint(4, 4)).row()
        last = self.list.indexAt(view.bottomLeft() + QPoint(4, -4)).row()
        count = self.model.rowCount()
        return range(max(0, first), (last if last >= 0 else count - 1) + 1)

    @Slot()
    def _scrolled(self) -> None:
        self._ask.start()

    @Slot()
    def _ask_for_pictures(self) -> None:
        names = self.model.without_picture(self.visible_rows()) if self.isVisible() else []
        if names:
            self.wanted.emit(names)

    @Slot(str)
    def _filter(self, text: str) -> None:
        self.model.filter(text)
        self.list.setCurrentIndex(self.model.index(max(0, self.model.first())))
        self.list.scrollToTop()
        nothing = self.model.first() < 0
        self._nothing.setText(self.tr("No transform is called or does “{text}”.").format(text=text) if nothing else "")
        self._nothing.setVisible(nothing)
        self.list.setVisible(not nothing)
        self._ask.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._ask.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._ask.stop()
        self.closed.emit()

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        known = self.model.transform(index.row())
        if known is not None:
            self.hide()
            self.chosen.emit(known)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_PageUp: -PAGE,
                Qt.Key.Key_PageDown: PAGE,
            }
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentIndex())
                return True
            if event.key() in steps:
                self._step(steps[Qt.Key(event.key())])
                return True
        return super().eventFilter(watched, event)

    def _step(self, by: int) -> None:
        """Go ``by`` transforms on, or as far as there are any; a kind's title is passed over."""
        rows = [row for row in range(self.model.rowCount()) if self.model.transform(row) is not None]
        here = self.list.currentIndex().row()
        if here in rows:
            to = min(len(rows) - 1, max(0, rows.index(here) + by))
            self.list.setCurrentIndex(self.model.index(rows[to]))
            if to == 0:
                self.list.scrollToTop()  # The title above it is seen too.
