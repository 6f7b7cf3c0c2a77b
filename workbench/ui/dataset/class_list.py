"""The list of classes in the inspector: colour, name, how many images, and the key that labels with it."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QContextMenuEvent, QIcon, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.project.classes import COLOURS
from workbench.project.labels import ClassRow
from workbench.ui import figures, theme
from workbench.ui.dataset.class_model import CLASS_ROLE, COUNT_ROLE, KEY_ROLE, MARK_ROLE, SHARE_ROLE, ClassModel

ROW = 32
MOST_SHOWN = 10
KEY_WIDTH = 24
AnyIndex = QModelIndex | QPersistentModelIndex


def key_area(rect: QRect) -> QRect:
    """Return where a row's key is painted; a click there labels the selection."""
    return QRect(rect.right() - KEY_WIDTH - 3, rect.center().y() - 10, KEY_WIDTH, 20)


def swatch(colour: str) -> QIcon:
    """Return a square of a class colour, for menus."""
    picture = QPixmap(16, 16)
    picture.fill(QColor(colour))
    return QIcon(picture)


class ClassDelegate(QStyledItemDelegate):
    """Paints a class's row and edits its name in place."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(120, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        rect = QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            picked = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setBrush(theme.colour("selected" if picked else "hover"))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        colour = QColor(index.data(Qt.ItemDataRole.DecorationRole))
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(rect.left() + 8, rect.top() + 8, 10, 10), 2, 2)

        key = key_area(rect)
        mark = index.data(MARK_ROLE)
        if index.data(KEY_ROLE) or mark:
            # Filled: all of the selected images have the class; a blue edge: some of them do.
            painter.setBrush(theme.colour("accent" if mark == 1 else "hover"))
            painter.setPen(theme.colour("accent" if mark else "line"))
            painter.drawRoundedRect(QRectF(key).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setFont(theme.font(theme.BADGE))
            painter.setPen(theme.colour("on_accent" if mark == 1 else "secondary"))
            painter.drawText(key, Qt.AlignmentFlag.AlignCenter, index.data(KEY_ROLE))
        count = figures.count(index.data(COUNT_ROLE))
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(theme.colour("secondary"))
        width = painter.fontMetrics().horizontalAdvance(count)
        upper = QRect(rect.left() + 26, rect.top() + 3, key.left() - rect.left() - 34, 20)
        painter.drawText(upper, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text"))
        place = upper.adjusted(0, 0, -width - 8, 0)
        name = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

        bar = QRectF(upper.left(), rect.bottom() - 7, upper.width(), 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        share = index.data(SHARE_ROLE)
        if share:
            bar.setWidth(max(3.0, bar.width() * share))
            painter.setBrush(colour)
            painter.drawRoundedRect(bar, 1.5, 1.5)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(200)
        editor.setAccessibleName(self.tr("Class name"))
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        rect = QRect(option.rect)
        editor.setGeometry(rect.adjusted(20, 3, -KEY_WIDTH - 8, -3))


class ClassList(QListView):
    """Drag re-orders; F2 or a double click renames; a click on a row's key, or its menu, labels the selected images."""

    labelWith = Signal(int)
    recolour = Signal(int, str)
    removeClass = Signal(int)
    showOnly = Signal(int)
    mergeClass = Signal(int, int)
    """A class, and the one that it is to become."""
    keyChosen = Signal(int, str)
    """A class and its key; "" leaves the key to the order."""

    def __init__(self, model: ClassModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.free_keys: Sequence[str] = ()
        """What the menu of a class offers as its key."""
        self.setObjectName("dataset.classes")
        self.setAccessibleName(self.tr("Classes"))
        self.setModel(model)
        self.setItemDelegate(ClassDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDragDropOverwriteMode(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        model.modelReset.connect(self._fit)
        model.rowsInserted.connect(self._fit)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        rows = min(self._model.rowCount(), MOST_SHOWN)
        self.setFixedHeight(rows * ROW + 2)
        self.setVisible(rows > 0)

    def edit_class(self, class_id: int) -> None:
        """Open the name of a class for editing, as after it was added."""
        for row, known in enumerate(self._model.classes):
            if known.id == class_id:
                self.setCurrentIndex(self._model.index(row))
                self.edit(self._model.index(row))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        on_key = key_area(self.visualRect(index)).contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and index.data(KEY_ROLE) and on_key:
            self.labelWith.emit(index.data(CLASS_ROLE).id)
            return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().isalnum() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()  # Class keys are the panel's, not a search in the list.
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if index.isValid():
            menu = self.menu(index.row())
            menu.exec(event.globalPos())
            menu.deleteLater()

    def menu(self, row: int) -> QMenu:
        """Return the menu of a class."""
        known = self._model.classes[row]
        menu = QMenu(self)
        menu.addAction(self.tr("Label the selected images")).triggered.connect(lambda: self.labelWith.emit(known.id))
        menu.addAction(self.tr("Show only this class")).triggered.connect(lambda: self.showOnly.emit(known.id))
        menu.addSeparator()
        menu.addAction(self.tr("Rename")).triggered.connect(lambda: self.edit_class(known.id))
        colours = menu.addMenu(self.tr("Colour"))
        for number, colour in enumerate(COLOURS, start=1):
            chosen = colours.addAction(swatch(colour), self.tr("Colour {number}").format(number=number))
            chosen.setCheckable(True)
            chosen.setChecked(colour.lower() == known.colour.lower())
            chosen.triggered.connect(lambda _on=False, colour=colour: self.recolour.emit(known.id, colour))
        up = menu.addAction(self.tr("Move up"))
        up.setEnabled(row > 0)
        up.triggered.connect(lambda: self._model.move(row, row - 1))
        down = menu.addAction(self.tr("Move down"))
        down.setEnabled(row + 1 < len(self._model.classes))
        down.triggered.connect(lambda: self._model.move(row, row + 2))
        self._add_merge(menu, known)
        keys = menu.addMenu(self.tr("Key"))
        for key in ("", *self.free_keys):
            entry = keys.addAction(key or self.tr("By the order"))
            entry.triggered.connect(lambda _on=False, key=key: self.keyChosen.emit(known.id, key))
        menu.addSeparator()
        menu.addAction(self.tr("Remove")).triggered.connect(lambda: self.removeClass.emit(known.id))
        return menu

    def _add_merge(self, menu: QMenu, known: ClassRow) -> None:
        merge = menu.addMenu(self.tr("Merge into"))
        merge.setEnabled(len(self._model.classes) > 1)
        merge.setToolTipsVisible(True)
        for other in self._model.classes:
            if other.id != known.id:
                entry = merge.addAction(swatch(other.colour), other.name.replace("&", "&&"))
                entry.setToolTip(self.tr("All images of {0} become {1}").format(known.name, other.name))
                entry.triggered.connect(lambda _on=False, into=other.id: self.mergeClass.emit(known.id, into))
