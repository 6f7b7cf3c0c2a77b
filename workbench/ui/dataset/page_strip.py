"""The pages of one file as a strip of small pictures in the loupe: neighbours, whatever the grid's order is."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.data.pages import split_page
from workbench.project.images import ImageRow, Query
from workbench.project.project import Project
from workbench.ui import theme
from workbench.ui.thumbnails import ThumbnailLoader, Wish

TILE, GAP = 56, 6
MOST_PAGES = 1000
ENDINGS = (".tif", ".tiff", ".dcm")


def file_part(relative: str) -> str:
    """Return the path of the file that an image's path lies in, without looking at the disk."""
    return relative.rsplit("#page=", 1)[0]


def may_have_pages(relative: str) -> bool:
    """Return whether a file of this name may hold several images."""
    return file_part(relative).lower().endswith(ENDINGS)


def pages_of(project: Project, shown: ImageRow) -> list[ImageRow]:
    """Return the pages of the image's file in their order; none where it has one only."""
    base = file_part(shown.relative)
    ids = project.images.ids(Query(text=base))[:MOST_PAGES]
    rows = [row for row in project.images.page(ids) if row.root == shown.root and file_part(row.relative) == base]
    return sorted(rows, key=lambda row: split_page(row.path)[1]) if len(rows) > 1 else []


class PageStrip(QWidget):
    """Shows the pages around the current one; a click asks for another. Page Up and Page Down step."""

    chosen = Signal(object)

    def __init__(self, loader: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._pages: Sequence[ImageRow] = ()
        self._current = 0
        self.setAccessibleName(self.tr("Pages of this file"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(TILE + 2 * GAP)
        loader.arrived.connect(self.update)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(8 * (TILE + GAP), TILE + 2 * GAP)

    @property
    def pages(self) -> Sequence[ImageRow]:
        return self._pages

    def show_pages(self, pages: Sequence[ImageRow], current: int) -> None:
        """Show these rows; ``current`` is an image's id."""
        self._pages = pages
        self._current = next((place for place, row in enumerate(pages) if row.id == current), 0)
        side = round(TILE * self.devicePixelRatioF())
        shown = [pages[place] for place in self._visible()]
        self._loader.want([Wish(row.id, row.path, row.modified_ns, side) for row in shown if row.state != "missing"])
        self.setToolTip(self.tr("Page {0} of {1} (PgUp, PgDn)").format(self._current + 1, len(pages)) if pages else "")
        self.setVisible(bool(pages))
        self.update()

    def step(self, by: int) -> bool:
        """Ask for the page that many further; False where there is none."""
        place = self._current + by
        if not self.isVisible() or not 0 <= place < len(self._pages):
            return False
        self.chosen.emit(self._pages[place])
        return True

    def _visible(self) -> range:
        room = max(1, self.width() // (TILE + GAP))
        first = max(0, min(self._current - room // 2, len(self._pages) - room))
        return range(first, min(first + room, len(self._pages)))

    def _place(self, place: int) -> QRectF:
        shown = self._visible()
        left = (self.width() - len(shown) * (TILE + GAP)) / 2
        return QRectF(left + (place - shown.start) * (TILE + GAP) + GAP / 2, GAP, TILE, TILE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), theme.colour("background"))
        painter.setFont(theme.font(theme.BADGE))
        for place in self._visible():
            rect = self._place(place)
            painter.fillRect(rect, theme.colour("surface"))
            pixmap = self._loader.pixmap(self._pages[place].id)
            if pixmap is not None:
                size = pixmap.size().scaled(rect.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
                target = QRectF(0, 0, size.width(), size.height())
                target.moveCenter(rect.center())
                painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
            number = QRectF(rect.left(), rect.bottom() - 16, 24, 16)
            painter.fillRect(number, theme.colour("surface"))
            painter.setPen(theme.colour("secondary"))
            painter.drawText(number, Qt.AlignmentFlag.AlignCenter, str(place + 1))
            if place == self._current:
                painter.setPen(QPen(theme.colour("accent"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(rect.adjusted(-1, -1, 1, 1), 3, 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for place in self._visible():
            if self._place(place).contains(event.position()):
                self.chosen.emit(self._pages[place])
                return
