"""How the cells of the catalogue are painted that are more than a text."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.ui import icons, theme
from workbench.ui.model.backbone_words import plain
from workbench.ui.model.catalogue_model import BadgeRole, FavouriteRole, Index, InfoRole

AT_START = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
AT_END = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class GroundDelegate(QStyledItemDelegate):
    """Paints the ground of a cell, selected, hovered or plain; what stands on it is the business of `paint_on`."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        cell.text = ""
        view = cell.widget
        view.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, view)
        painter.save()
        self.paint_on(painter, cell, index)
        painter.restore()

    def paint_on(self, painter: QPainter, cell: QStyleOptionViewItem, index: Index) -> None:
        """Paint what stands in ``cell``; the painter is given back as it was."""
        raise NotImplementedError


class NameDelegate(GroundDelegate):
    """The name, and quieter at the end of the cell the library (two have a resnet50) or a badge, or both where there is room."""

    def paint_on(self, painter: QPainter, cell: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(InfoRole)
        badge, tone = index.data(BadgeRole)
        room = cell.rect.adjusted(theme.GRID, 0, -theme.GRID, 0)
        small = theme.font(theme.BADGE)
        measure = QFontMetrics(small).horizontalAdvance
        tails = [(row.library, "secondary")]
        if badge:
            needed = QFontMetrics(cell.font).horizontalAdvance(plain(row)) + measure(badge) + measure(row.library)
            tails = [*(tails if needed + 3 * theme.GRID <= room.width() else []), (badge, tone)]
        painter.setFont(small)
        for text, colour in tails:
            painter.setPen(theme.colour(colour))
            painter.drawText(room, AT_END, text)
            room.setRight(room.right() - measure(text) - theme.GRID)
        painter.setPen(theme.colour("secondary" if row.unsupported else "text"))
        painter.setFont(cell.font)
        name = QFontMetrics(cell.font).elidedText(plain(row), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, AT_START, name)


class StarDelegate(GroundDelegate):
    """A star, filled for a favourite; an outline only where the mouse is, so that the column stays quiet."""

    SIDE = 14

    def paint_on(self, painter: QPainter, cell: QStyleOptionViewItem, index: Index) -> None:
        favourite = bool(index.data(FavouriteRole))
        if not favourite and not cell.state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected):
            return
        corner = cell.rect.center()
        box = QRect(corner.x() - self.SIDE // 2, corner.y() - self.SIDE // 2 + 1, self.SIDE, self.SIDE)
        role = "amber" if favourite else "disabled"
        icons.icon("star-filled" if favourite else "star", role).paint(painter, box)
