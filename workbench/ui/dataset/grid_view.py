"""The image grid: a QTableView (an icon-mode list takes seconds at a million rows) with its own selection."""

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView, QWidget

from workbench.ui.dataset.delegate import CAPTION, GAP, TileDelegate
from workbench.ui.dataset.grid_model import GridModel, Ids
from workbench.ui.dataset.selection import Positions, Selection
from workbench.ui.theme import colour
from workbench.ui.thumbnails import ThumbnailLoader, Wish

MIME = "application/x-workbench-selection"
"""Type of what is dragged from the grid: the selected images (the panel knows which)."""

SMALLEST, LARGEST, USUAL, STEP = 72, 360, 144, 24
ARROWS = {
    Qt.Key.Key_Left: lambda columns, page: -1,
    Qt.Key.Key_Right: lambda columns, page: 1,
    Qt.Key.Key_Up: lambda columns, page: -columns,
    Qt.Key.Key_Down: lambda columns, page: columns,
    Qt.Key.Key_PageUp: lambda columns, page: -columns * page,
    Qt.Key.Key_PageDown: lambda columns, page: columns * page,
    Qt.Key.Key_Home: lambda columns, page: -(2**60),
    Qt.Key.Key_End: lambda columns, page: 2**60,
}


class GridView(QTableView):
    """Shows a `GridModel`. Mouse and arrow keys act on ``selection``; other keys are left to the panel."""

    opened = Signal(int)
    """Enter or a double click on this position."""
    tileSizeChanged = Signal(int)

    def __init__(
        self, model: GridModel, selection: Selection, loader: ThumbnailLoader, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._grid, self._chosen, self._loader = model, selection, loader
        self._tile = USUAL
        self._pressed: QPoint | None = None
        self._pressed_selected = -1
        self._band: QRect | None = None
        self._band_base: Positions | None = None
        self.setObjectName("dataset.grid")
        self.setAccessibleName(self.tr("Images"))
        self.setModel(model)
        self.delegate = TileDelegate(selection, loader, self)
        self.setItemDelegate(self.delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # Its coming and going would loop.
        self.setTabKeyNavigation(False)
        self.setMouseTracking(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(1)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.timeout.connect(self._ask)
        self._scrolling = QTimer(self)
        self._scrolling.setInterval(30)
        self._scrolling.timeout.connect(self._scroll_band)
        self.verticalScrollBar().valueChanged.connect(self._schedule)
        model.modelReset.connect(self._schedule)
        model.dataChanged.connect(self._schedule)
        loader.arrived.connect(self.viewport().update)
        selection.changed.connect(self.viewport().update)
        self._lay_out()

    @property
    def ids(self) -> Ids:
        """The ids that are shown, in order."""
        return self._grid.ids

    @property
    def is_due(self) -> bool:
        """True until the pictures of what is on the screen have been asked for."""
        return self._asking.isActive()

    @property
    def tile_size(self) -> int:
        """Smallest side of a picture as it was chosen, in logical pixels; tiles grow from it to fill the width."""
        return self._tile

    def set_tile_size(self, size: int) -> None:
        size = max(SMALLEST, min(LARGEST, size))
        if size != self._tile:
            self._tile = size
            self._lay_out()
            self.tileSizeChanged.emit(size)

    def reveal(self, position: int) -> None:
        """Scroll so that a position is seen."""
        if position >= 0:
            self.scrollTo(self._grid.index_at(position), QAbstractItemView.ScrollHint.EnsureVisible)

    def position_at(self, point: QPoint) -> int:
        """Return the position under a point of the viewport, -1 where there is none."""
        column, row = self.columnAt(point.x()), self.rowAt(point.y())
        return self._grid.position(self._grid.index(row, column)) if column >= 0 and row >= 0 else -1

    def visible(self) -> range:
        """Return the positions on the screen."""
        height = self.verticalHeader().defaultSectionSize()
        first = self.verticalOffset() // height
        last = (self.verticalOffset() + self.viewport().height()) // height
        columns = self._grid.columns
        return range(first * columns, min((last + 1) * columns, len(self._grid.ids)))

    def move_to(self, position: int, *, extend: bool = False) -> None:
        """Make a position current (the nearest there is), as an arrow key does."""
        position = max(0, min(position, self._chosen.size - 1))
        if self._chosen.size:
            (self._chosen.extend if extend else self._chosen.select_only)(position)
            self.reveal(position)

    def _lay_out(self) -> None:
        width = max(1, self.viewport().width())
        columns = max(1, width // (self._tile + GAP))
        top = self.visible().start if self.verticalOffset() else 0
        current_seen = self._chosen.current in self.visible()
        # Tiles grow until they fill the width; in steps, so that few widths need their pictures anew.
        self.delegate.tile = max(self._tile, (width // columns - GAP) // 8 * 8)
        self._grid.set_columns(columns)
        self.horizontalHeader().setDefaultSectionSize(width // columns)
        self.verticalHeader().setDefaultSectionSize(self.delegate.tile + GAP + CAPTION)
        if top or current_seen:
            self.updateGeometries()
            keep = self._chosen.current if current_seen else top
            self.scrollTo(
                self._grid.index_at(keep),
                QAbstractItemView.ScrollHint.EnsureVisible
                if current_seen
                else QAbstractItemView.ScrollHint.PositionAtTop,
            )
        self._schedule()

    @Slot()
    def _schedule(self) -> None:
        self._asking.start(0)

    @Slot()
    def _ask(self) -> None:
        if not self.isVisible():
            return
        shown = self.visible()
        side = round(self.delegate.tile * self.devicePixelRatioF())
        wishes = []
        for position in range(shown.start, min(shown.stop + self._grid.columns, len(self._grid.ids))):
            row = self._grid.row_at(position)
            if row is not None and row.state in ("ok", "unverified"):
                wishes.append(Wish(row.id, row.path, row.modified_ns, side))
        self._loader.want(wishes)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)
        self._schedule()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            turned = event.angleDelta().y()
            self.set_tile_size(self._tile + (STEP if turned > 0 else -STEP if turned < 0 else 0))
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        plain = modifiers & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        control = modifiers & Qt.KeyboardModifier.ControlModifier
        if control and key == Qt.Key.Key_A:
            self._chosen.select_all()
        elif key in ARROWS and plain == Qt.KeyboardModifier.NoModifier:
            page = max(1, self.viewport().height() // self.verticalHeader().defaultSectionSize())
            step = ARROWS[key](self._grid.columns, page)
            target = 0 if self._chosen.current < 0 else self._chosen.current + step
            if abs(step) == self._grid.columns and not 0 <= target < self._chosen.size:
                return  # Up from the first row and down from the last stay where they are.
            self.move_to(target, extend=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen.current >= 0:
            self.opened.emit(self._chosen.current)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.RightButton:
            if position >= 0 and position not in self._chosen:
                self._chosen.select_only(position)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = event.position().toPoint() + QPoint(0, self.verticalOffset())
        self._pressed_selected = -1
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self._band_base = self._chosen.positions() if control else None
        if position < 0:
            if not control and not shift:
                self._chosen.clear()
        elif shift:
            self._chosen.extend(position, keep=control)
        elif control:
            self._chosen.toggle(position)
        elif position in self._chosen and len(self._chosen) > 1:
            self._pressed_selected = position  # It may become a drag; a click selects it alone on release.
        else:
            self._pressed_selected = position if position in self._chosen else -1
            self._chosen.select_only(position)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        here = event.position().toPoint() + QPoint(0, self.verticalOffset())
        if self._band is None and (here - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return
        if self._pressed_selected >= 0:
            self._drag()
            return
        self._scrolling.start()
        self._stretch_band(here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._band is None and self._pressed_selected >= 0:
            self._chosen.select_only(self._pressed_selected)
        self._scrolling.stop()
        self._pressed, self._band, self._pressed_selected = None, None, -1
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        position = self.position_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and position >= 0:
            self.opened.emit(position)

    def _drag(self) -> None:
        self._pressed, self._pressed_selected = None, -1
        content = QMimeData()
        content.setData(MIME, b"")
        drag = QDrag(self)
        drag.setMimeData(content)
        drag.exec(Qt.DropAction.CopyAction)

    def _stretch_band(self, here: QPoint) -> None:
        assert self._pressed is not None
        self._band = QRect(self._pressed, here).normalized()
        height, width = self.verticalHeader().defaultSectionSize(), self.horizontalHeader().defaultSectionSize()
        rows = np.arange(max(0, self._band.top() // height), self._band.bottom() // height + 1)
        columns = np.arange(
            max(0, self._band.left() // width), min(self._band.right() // width + 1, self._grid.columns)
        )
        self._chosen.select((rows[:, None] * self._grid.columns + columns).ravel(), base=self._band_base)
        self.viewport().update()

    @Slot()
    def _scroll_band(self) -> None:
        point = self.viewport().mapFromGlobal(self.cursor().pos())
        beyond = min(point.y(), 0) or max(point.y() - self.viewport().height(), 0)
        if self._band is not None and self._pressed is not None and beyond:
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + beyond // 2)
            self._stretch_band(point + QPoint(0, self.verticalOffset()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._band is not None:
            painter = QPainter(self.viewport())
            fill = colour("accent")
            painter.setPen(QPen(fill, 1))
            fill.setAlpha(40)
            painter.setBrush(fill)
            painter.drawRect(self._band.translated(0, -self.verticalOffset()))
            painter.end()
