"""Where the preview's pictures are painted: variants in a grid beside the original, and the strip of steps."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.ui import theme

GAP = 8
CAPTION = 20
SIDE = 4
VARIANTS = SIDE * SIDE


@dataclass
class Tile:
    """One picture and what is written under it; a quiet one is painted faintly."""

    image: QImage | None = None
    caption: str = ""
    quiet: bool = False


def _paint(painter: QPainter, area: QRectF, tile: Tile) -> None:
    if tile.image is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("hover"))
        painter.drawRoundedRect(area, 4, 4)
        return
    size = QSizeF(tile.image.size()).scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QRectF(0, 0, size.width(), size.height())
    target.moveCenter(area.center())
    painter.drawImage(target, tile.image)


class Board(QWidget):
    """Base of both: paints tiles at the places that `places` gives."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: list[Tile] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def places(self) -> list[QRectF]:
        """Return where the picture of each tile is painted."""
        raise NotImplementedError

    def tile_side(self) -> int:
        """Return the side of a tile in device pixels, at least 32."""
        places = self.places()
        side = places[-1].width() if places else 128
        return max(32, round(side * self.devicePixelRatioF()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(theme.font(theme.BADGE))
        for tile, area in zip(self.tiles, self.places(), strict=True):
            painter.setOpacity(0.45 if tile.quiet else 1.0)
            _paint(painter, area, tile)
            painter.setOpacity(1.0)
            if tile.caption:
                painter.setPen(theme.colour("secondary"))
                place = QRectF(area.left(), area.bottom() + 2, area.width(), CAPTION)
                text = painter.fontMetrics().elidedText(tile.caption, Qt.TextElideMode.ElideRight, int(place.width()))
                painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, text)


class VariantBoard(Board):
    """The original, and sixteen variants of it in a square. Tile 0 is the original."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Variants of the image"))
        self.tiles = [Tile(caption=self.tr("original")), *(Tile() for _ in range(VARIANTS))]

    def sizeHint(self) -> QSize:
        return QSize(640, 520)

    def places(self) -> list[QRectF]:
        beside = min((self.width() - (SIDE + 1) * GAP) / (SIDE + 1), (self.height() - (SIDE - 1) * GAP) / SIDE)
        above = min((self.width() - (SIDE - 1) * GAP) / SIDE, (self.height() - SIDE * GAP - CAPTION) / (SIDE + 1))
        side = max(16.0, beside, above)
        # Whichever way makes the pictures larger: the original left of its variants, or over them.
        shift_x, shift_y = (side + 2 * GAP, 0.0) if beside >= above else (0.0, side + CAPTION + GAP)
        span = SIDE * side + (SIDE - 1) * GAP
        left = max(0.0, (self.width() - shift_x - span) / 2)
        top = max(0.0, (self.height() - shift_y - span) / 2)
        places = [QRectF(left, top, side, side)]
        for number in range(VARIANTS):
            row, column = divmod(number, SIDE)
            x, y = left + shift_x + column * (side + GAP), top + shift_y + row * (side + GAP)
            places.append(QRectF(x, y, side, side))
        return places


class StepBoard(Board):
    """The image after each step, one after the other, wrapping where the width ends. Tile 0 is the original."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("The image after each step"))

    def sizeHint(self) -> QSize:
        return QSize(640, 520)

    def show_steps(self, captions: list[str]) -> None:
        """Lay out one tile per caption; pictures of before stay until new ones come."""
        kept = self.tiles[: len(captions)] + [Tile() for _ in range(len(captions) - len(self.tiles))]
        for tile, caption in zip(kept, captions, strict=True):
            tile.caption = caption
        self.tiles = kept
        self.update()

    def _columns(self) -> int:
        """Return the number of columns that makes the tiles largest."""
        count = max(1, len(self.tiles))
        return max(range(1, count + 1), key=lambda columns: (self._side(columns), columns))

    def _side(self, columns: int) -> float:
        rows = -(-max(1, len(self.tiles)) // columns)
        across = (self.width() - (columns - 1) * 2 * GAP) / columns
        down = (self.height() - (rows - 1) * GAP) / rows - CAPTION - 4
        return max(16.0, min(across, down, 320.0))

    def places(self) -> list[QRectF]:
        columns = self._columns()
        side = self._side(columns)
        rows = -(-max(1, len(self.tiles)) // columns)
        used = columns * side + (columns - 1) * 2 * GAP
        left = max(0.0, (self.width() - used) / 2)
        top = max(0.0, (self.height() - rows * (side + CAPTION + GAP)) / 2)
        places = []
        for number in range(len(self.tiles)):
            row, column = divmod(number, columns)
            x, y = left + column * (side + 2 * GAP), top + row * (side + CAPTION + 4 + GAP)
            places.append(QRectF(x, y, side, side))
        return places

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()
