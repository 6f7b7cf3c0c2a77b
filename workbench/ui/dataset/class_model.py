"""The project's classes with their counts, as an item model: re-ordered by drag, and a place to drop images on."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QGuiApplication

from workbench.project.ids import ClassId
from workbench.project.labels import ClassRow
from workbench.ui import figures
from workbench.ui.dataset.class_keys import DIGITS
from workbench.ui.dataset.grid_view import MIME

AnyIndex = QModelIndex | QPersistentModelIndex
CLASS_MIME = "application/x-workbench-class"
COUNT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
SHARE_ROLE = COUNT_ROLE + 1
CLASS_ROLE = COUNT_ROLE + 2
KEY_ROLE = COUNT_ROLE + 3
MARK_ROLE = COUNT_ROLE + 4
"""How many of the selected images have the class, as a share: 0 to 1."""
KEYS = DIGITS
_NOWHERE = QModelIndex()


class ClassModel(QAbstractListModel):
    """Shows what it is given, tells what the user asks for; the panel changes the project and calls `set_classes`."""

    renamed = Signal(int, str)
    reordered = Signal(list)
    imagesDropped = Signal(int)
    mergeAsked = Signal(int, int)
    """A class was dropped on another with Alt held: (the class, the one it is to become)."""
    classesSet = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._classes: list[ClassRow] = []
        self._counts: dict[int, int] = {}
        self._keys: dict[int, str] = {}
        self._marked: dict[int, float] = {}
        self._largest = self._labelled = 1

    @property
    def classes(self) -> Sequence[ClassRow]:
        return self._classes

    def set_classes(self, classes: Sequence[ClassRow], counts: Mapping[ClassId | None, int]) -> None:
        """Show these classes in this order. The same classes in the same order keep the view's selection."""
        same = [known.id for known in classes] == [known.id for known in self._classes]
        if not same:
            self.beginResetModel()
        self._classes = list(classes)
        self._counts = {class_id: count for class_id, count in counts.items() if class_id is not None}
        self._largest = max(self._counts.values(), default=0) or 1
        self._labelled = sum(self._counts.values()) or 1
        if not same:
            self.endResetModel()
        elif self._classes:
            self.dataChanged.emit(self.index(0), self.index(len(self._classes) - 1))
        self.classesSet.emit()

    def set_keys(self, keys: Sequence[str]) -> None:
        """Show these keys beside the classes, in their order; "" for a class without one."""
        self._keys = {known.id: key for known, key in zip(self._classes, keys, strict=True)}
        if self._classes:
            self.dataChanged.emit(self.index(0), self.index(len(self._classes) - 1))

    def set_marked(self, shares: Mapping[int, float]) -> None:
        """Mark the classes that the selected images have; 1 where all of them do."""
        if dict(shares) != self._marked:
            self._marked = dict(shares)
            if self._classes:
                self.dataChanged.emit(self.index(0), self.index(len(self._classes) - 1))

    def key_of(self, class_id: int) -> str:
        """Return the key that labels with a class, "" where there is none."""
        return self._keys.get(class_id, "")

    def move(self, row: int, to: int) -> None:
        """Ask for the class at ``row`` to stand before the one that is at ``to`` now."""
        ids = [known.id for known in self._classes]
        if not 0 <= row < len(ids):
            return
        moved = ids.pop(row)
        ids.insert(to - 1 if to > row else to, moved)
        if ids != [known.id for known in self._classes]:
            self.reordered.emit(ids)

    def rowCount(self, parent: AnyIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._classes)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsEditable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemIsDropEnabled
        )

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        known = self._classes[index.row()]
        count = self._counts.get(known.id, 0)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return known.name
            case Qt.ItemDataRole.ToolTipRole:
                images = figures.counted(count, self.tr("image"), self.tr("images"))
                share = figures.percent(count / self._labelled)
                return self.tr("{name}: {images}, {share} of those with a class").format(
                    name=known.name, images=images, share=share
                )
            case _ if role == MARK_ROLE:
                return self._marked.get(known.id, 0.0)
            case _ if role == KEY_ROLE:
                return self.key_of(known.id)
            case Qt.ItemDataRole.DecorationRole:
                return QColor(known.colour)
            case _ if role == COUNT_ROLE:
                return count
            case _ if role == SHARE_ROLE:
                return count / self._largest
            case _ if role == CLASS_ROLE:
                return known
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = str(value).strip()
        if not index.isValid() or role != Qt.ItemDataRole.EditRole or not name:
            return False
        known = self._classes[index.row()]
        if name != known.name:
            self.renamed.emit(known.id, name)
        return True

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [CLASS_MIME, MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        content = QMimeData()
        if indexes:
            content.setData(CLASS_MIME, QByteArray(str(indexes[0].row()).encode()))
        return content

    def canDropMimeData(
        self, content: QMimeData, action: Qt.DropAction, row: int, column: int, parent: AnyIndex
    ) -> bool:
        return parent.isValid() if content.hasFormat(MIME) else content.hasFormat(CLASS_MIME)

    def dropMimeData(self, content: QMimeData, action: Qt.DropAction, row: int, column: int, parent: AnyIndex) -> bool:
        if content.hasFormat(MIME) and parent.isValid():
            self.imagesDropped.emit(self._classes[parent.row()].id)
            return True
        if not content.hasFormat(CLASS_MIME):
            return False
        moved = int(content.data(CLASS_MIME).data())
        alt = bool(QGuiApplication.queryKeyboardModifiers() & Qt.KeyboardModifier.AltModifier)
        if alt and parent.isValid() and parent.row() != moved:
            self.mergeAsked.emit(self._classes[moved].id, self._classes[parent.row()].id)
            return True
        to = row if row >= 0 else parent.row() if parent.isValid() else len(self._classes)
        self.move(moved, to)
        return True
