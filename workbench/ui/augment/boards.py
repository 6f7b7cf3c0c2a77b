"""Where the preview's tiles are painted: at device pixels, each repainted alone as it comes."""

from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.ui import theme
from workbench.ui.augment import tilings

AROUND = tilings.FRAME


@dataclass
class Tile:
    """One picture, what is written under it, and how it is seen: a quiet one faintly, a marked one framed."""

    image: QImage | None = None
    caption: str = ""
    note: str = ""
    quiet: bool = False
    marked: bool = False
    strong: bool = False
    tip: str = ""
    _scaled: tuple[QSize, QPixmap] | None = field(default=None, repr=False)

    def show(self, image: QImage | None) -> None:
        self.image, self._scaled = image, None

    def pixmap(self, room: QSize, ratio: float) -> QPixmap:
        """Return the picture in ``room`` device pixels: as it came where it fits, scaled once where it does not."""
        assert self.image is not None
        size = QSizeF(self.image.size()).scaled(QSizeF(room), Qt.AspectRatioMode.KeepAspectRatio).toSize()
        if max(abs(size.width() - self.image.width()), abs(size.height() - self.image.height())) <= 1:
            size = self.image.size()
        if self._scaled is None or self._scaled[0] != size:
            image = self.image
            if size != image.size():
                modes = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
                image = image.scaled(size, *modes)
            self._scaled = size, QPixmap.fromImage(image)
        made = self._scaled[1]
        made.setDevicePixelRatio(ratio)
        return made


class Board(QWidget):
    """Base of the boards: paints ``tiles`` at the places that `places` gives.

    With ``pickable`` a click on a tile, or Enter on the one that the arrow keys chose, is told by ``picked``.
    """

    picked = Signal(int)
    spill = 0.0
    """How far what is written under a tile may reach beyond it, to the left and to the right."""

    def __init__(self, name: str, *, pickable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: list[Tile] = []
        self.lines = 1
        self._stale = False
        self._cursor = -1
        self._pickable = pickable
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        if pickable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(640, 520)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    def places(self) -> list[QRectF]:
        """Return where the picture of each tile is painted."""
        raise NotImplementedError

    def tile_side(self) -> int:
        """Return the side of a tile in device pixels, at least 32."""
        places = self.places()
        side = places[-1].width() if places else 128
        return max(32, round(side * self.devicePixelRatioF()))

    def show_captions(self, captions: list[str]) -> None:
        """Lay out one tile per caption; pictures of before stay until new ones come."""
        if len(self.tiles) != len(captions):
            self.tiles = self.tiles[: len(captions)] + [Tile() for _ in range(len(captions) - len(self.tiles))]
        for tile, caption in zip(self.tiles, captions, strict=True):
            tile.caption = caption
        self.update()

    def set_stale(self) -> None:
        """Paint all pictures faintly until new ones come: they are not what was asked for."""
        self._stale = True
        self.update()

    def show_picture(self, index: int, image: QImage) -> None:
        """Put a picture in its place; one for a tile that is gone is dropped."""
        if self._stale:
            self._stale = False
            self.update()
        if index < len(self.tiles):
            self.tiles[index].show(image)
            self.update_tile(index)

    def update_tile(self, index: int) -> None:
        """Paint this tile again, with what is written under it."""
        places = self.places()
        if index < len(places):
            under = tilings.CAPTION + (self.lines - 1) * tilings.LINE
            around = max(AROUND, self.spill)
            self.update(places[index].adjusted(-around, -AROUND, around, AROUND + under).toAlignedRect())

    def clear(self) -> None:
        """Forget the pictures: they show something that is gone."""
        for tile in self.tiles:
            tile.show(None)
        self.update()

    def painted(self, painter: QPainter) -> None:
        """Paint what stands beside the tiles."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.BADGE))
        self.painted(painter)
        dirty = event.region()  # of several tiles that came at a time; its bounds would hold those between them
        under = tilings.CAPTION + (self.lines - 1) * tilings.LINE
        for number, (tile, place) in enumerate(zip(self.tiles, self.places(), strict=True)):
            around = max(AROUND, self.spill)
            if dirty.intersects(place.adjusted(-around, -AROUND, around, AROUND + under).toAlignedRect()):
                self._paint(painter, tile, place)
                if number == self._cursor and self.hasFocus():
                    painter.setPen(QPen(theme.colour("accent"), 1))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRoundedRect(place.adjusted(-4.5, -4.5, 4.5, 4.5), theme.RADIUS, theme.RADIUS)

    def _paint(self, painter: QPainter, tile: Tile, place: QRectF) -> None:
        ratio = self.devicePixelRatioF()
        if tile.image is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("hover"))
            painter.drawRoundedRect(place, 4, 4)
        else:
            painter.setOpacity(0.4 if tile.quiet or self._stale else 1.0)
            room = QSize(max(1, round(place.width() * ratio)), max(1, round(place.height() * ratio)))
            picture = tile.pixmap(room, ratio)
            size = picture.deviceIndependentSize()
            corner = place.center() - QPointF(size.width() / 2, size.height() / 2)
            # On whole device pixels, so that the screen shows the picture's own.
            painter.drawPixmap(QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio), picture)
            painter.setOpacity(1.0)
        if tile.marked:
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(-2, -2, 2, 2), 4, 4)
        below = place.bottom() + 3
        for text, height, colour in (
            (tile.caption, tilings.CAPTION - 2, "text"),
            (tile.note, tilings.LINE, "secondary"),
        ):
            if text:
                strong = colour == "text" and (tile.strong or tile.marked or bool(tile.note))
                painter.setPen(theme.colour("text" if strong else "secondary"))
                area = QRectF(place.left(), below, place.width(), height).adjusted(-self.spill, 0, self.spill, 0)
                elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
                painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, elided)
            below += height

    # picking

    def at(self, position: QPointF) -> int:
        """Return the tile under a point, with what is written under it; -1 for none."""
        for number, place in enumerate(self.places()):
            if place.adjusted(0, 0, 0, tilings.CAPTION).contains(position):
                return number
        return -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.at(event.position())
        over = number >= 0 and self._pickable
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        self.setToolTip(self._tip(number) if number >= 0 else "")

    def _tip(self, number: int) -> str:
        tile, room = self.tiles[number], self.places()[number].width() + 2 * self.spill
        metrics = QFontMetrics(theme.font(theme.BADGE))
        cut = [text for text in (tile.caption, tile.note) if metrics.horizontalAdvance(text) > room]
        return "\n".join([*cut, *([tile.tip] if tile.tip else [])])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.at(event.position())
        if self._pickable and number >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._cursor = number
            self.update()
            # After the event: who listens may lay out other tiles.
            QTimer.singleShot(0, self, partial(self.picked.emit, number))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if self._pickable and key in steps and not event.modifiers() and self.tiles:
            self._cursor = min(max(self._cursor + steps[key], 0), len(self.tiles) - 1)
            self.update()
        elif self._pickable and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._cursor < len(self.tiles):
            self.picked.emit(self._cursor)
        else:
            super().keyPressEvent(event)


def _rects(places: list[tilings.Place]) -> list[QRectF]:
    return [QRectF(left, top, side, side) for left, top, side in places]


class VariantBoard(Board):
    """The original, and a square of its variants, as many as the room shows well. Tile 0 is the original."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Variants of the image"), parent=parent)
        self.grid = tilings.Grid(4, True)
        self.fit()

    def fit(self, *, captions: bool = False) -> int:
        """Take as many tiles as the room shows well, with room for captions if asked; return how many are variants."""
        self.lines = 2 if captions else 1
        under = tilings.CAPTION + tilings.LINE if captions else 0.0
        self.grid = tilings.best_grid(self.width(), self.height(), under)
        count = self.grid.count**2
        self.show_captions([self.tr("original"), *[""] * count])
        for tile in self.tiles:
            tile.note = ""
        return count

    def places(self) -> list[QRectF]:
        return _rects(tilings.variants(self.width(), self.height(), self.grid))


class StripBoard(Board):
    """Tiles one after the other, wrapping where the width ends, with ``lines`` lines under each."""

    spill = tilings.GAP - 2

    def __init__(self, name: str, *, lines: int = 1, pickable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(name, pickable=pickable, parent=parent)
        self.lines = lines

    def places(self) -> list[QRectF]:
        if not self.tiles:
            return []
        return _rects(tilings.strip(self.width(), self.height(), len(self.tiles), lines=self.lines))


class ClassBoard(Board):
    """A block of tiles for each class of a page: its image and variants, the name under them."""

    EACH = 3

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("One image of each class and its variants"), parent=parent)
        self.names: list[tuple[str, str]] = []
        self.layout_ = tilings.Blocks((2, 2), 1, 1)

    def fit(self, count: int) -> int:
        """Return how many of ``count`` classes a page of the room holds."""
        self.layout_ = tilings.best_blocks(self.width(), self.height(), count)
        return min(self.layout_.page, count)

    def show_classes(self, names: list[tuple[str, str]]) -> None:
        """Lay out a block for each (name, what is said after it)."""
        self.names = names
        self.show_captions([""] * (len(names) * (1 + self.EACH)))

    def _blocks(self) -> list[list[QRectF]]:
        found = tilings.blocks(self.width(), self.height(), self.layout_, len(self.names))
        return [_rects(block) for block in found]

    def places(self) -> list[QRectF]:
        return [place for block in self._blocks() for place in block]

    def painted(self, painter: QPainter) -> None:
        painter.setFont(theme.font(theme.SECONDARY))
        metrics = painter.fontMetrics()
        for (name, note), block in zip(self.names, self._blocks(), strict=True):
            left, right, bottom = block[0].left(), block[-1].right(), block[-1].bottom()
            area = QRectF(left, bottom + 2, right - left, tilings.CAPTION)
            room = area.width()
            if note:
                note_room = min(metrics.horizontalAdvance(note) + 1, int(room / 2))
                painter.setPen(theme.colour("accent"))
                place = area.adjusted(room - note_room, 0, 0, 0)
                elided = metrics.elidedText(note, Qt.TextElideMode.ElideRight, note_room)
                painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, elided)
                room -= note_room + theme.GRID
            painter.setPen(theme.colour("text"))
            elided = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, int(room))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
        painter.setFont(theme.font(theme.BADGE))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        for (name, note), block in zip(self.names, self._blocks(), strict=True):
            if block[0].united(block[-1]).adjusted(0, 0, 0, tilings.CAPTION).contains(event.position()):
                self.setToolTip("\n".join(text for text in (name, note) if text))
                return
        self.setToolTip("")


class PairBoard(Board):
    """Two squares of variants with a title each; the same place has the same dice in both."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Variants by two chains"), parent=parent)
        self.titles = ("", "")
        self.pair = tilings.Pair(3, 3, False)

    def fit(self) -> int:
        """Take as many tiles as the room shows well; return how many each chain has."""
        self.pair = tilings.best_pair(self.width(), self.height())
        count = self.pair.rows * self.pair.columns
        self.show_captions([""] * (2 * count))
        return count

    def show_titles(self, first: str, second: str) -> None:
        self.titles = (first, second)
        self.update()

    def places(self) -> list[QRectF]:
        first, second = tilings.pair(self.width(), self.height(), self.pair)
        return _rects([*first, *second])

    def painted(self, painter: QPainter) -> None:
        if not self.tiles:
            return
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(theme.colour("text"))
        places, count = self.places(), self.pair.rows * self.pair.columns
        for title, first in zip(self.titles, (0, count), strict=True):
            last = first + count - 1
            left, right = places[first].left(), places[last].right()
            area = QRectF(left, places[first].top() - tilings.HEAD, right - left, tilings.HEAD - 6)
            text = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(area.width()))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(theme.font(theme.BADGE))
