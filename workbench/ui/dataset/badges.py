"""The small signs on a tile's picture: what was found, what the model says, what is kept with the image."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPixmap

from workbench.project.images import ImageRow
from workbench.project.labels import ClassRow
from workbench.ui import figures, icons, theme
from workbench.ui.dataset.filter_words import Tr, finding_badge

HEIGHT = 18
PAD = 5
SIGN = 12
DOT = 8
INSET = 4
WORDS_FROM = 112
"""From this size of a tile on there is room for words."""

NARROW = 72
"""A picture below this width does not hold its badges."""

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

_OPAQUE = 230
"""Of 255: the ground of a badge lets a little of the picture through, and its text still reads."""


def disagrees(row: ImageRow) -> bool:
    """Return True where the model says another class than the label, and nobody refused to hear it."""
    if row.prediction is None or row.refused or row.class_id is None:
        return False
    return row.prediction not in (row.classes or (row.class_id,))


class Badges:
    """Paints the badges of a tile, in the font size of badges."""

    def __init__(self, tr: Tr) -> None:
        self._tr = tr
        self.classes: Mapping[int, ClassRow] = {}
        self.font = QFont()
        self.metrics = QFontMetrics(self.font)
        self._cut = lru_cache(maxsize=4096)(self._cut_now)
        self._width = lru_cache(maxsize=4096)(self._width_now)

    def use(self, font: QFont) -> None:
        """Paint in this font from now on."""
        if font != self.font:
            self.font, self.metrics = QFont(font), QFontMetrics(font)
            self._cut.cache_clear()
            self._width.cache_clear()

    def cut(self, text: str, width: int) -> str:
        """Return the text, its middle left out where it is wider than ``width``."""
        return self._cut(text, width)

    def width(self, text: str) -> int:
        """Return how wide the text is."""
        return self._width(text)

    def _width_now(self, text: str) -> int:
        return self.metrics.horizontalAdvance(text)

    def _cut_now(self, text: str, width: int) -> str:
        return self.metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)

    def paint(self, painter: QPainter, area: QRect, picture: QRect, row: ImageRow) -> None:
        """Paint all badges onto the ``picture`` in its square ``area``; they shrink to signs where that is small.

        A picture that is too narrow for them lets them go beyond its sides.
        """
        painter.setFont(self.font)
        room = QRect(picture if picture.width() >= NARROW else area)
        room.setTop(picture.top())
        room.setBottom(picture.bottom())
        inner = room.adjusted(INSET, INSET, -INSET, -INSET)
        taken = self._paint_signs(painter, inner, row)
        if row.findings:
            self._paint_findings(painter, inner.adjusted(0, 0, -taken, 0), row.findings)
        if row.prediction is not None and not row.refused:
            self._paint_prediction(painter, inner, row)

    def _paint_signs(self, painter: QPainter, inner: QRect, row: ImageRow) -> int:
        """Paint at the right above what is kept with the image; return the width that took."""
        signs = [
            name
            for name, shown in (
                ("note", row.noted),
                ("region", row.regions > 0),
                ("tag", bool(row.tags)),
                ("lock" if row.test_set is not None else "pin", row.pinned or row.test_set is not None),
            )
            if shown
        ]
        if not signs:
            return 0
        width = 2 * PAD + len(signs) * SIGN + (len(signs) - 1) * 3
        place = QRect(inner.right() + 1 - width, inner.top(), width, HEIGHT)
        self._ground(painter, place)
        for number, name in enumerate(signs):
            corner = place.topLeft() + QPoint(PAD + number * (SIGN + 3), (HEIGHT - SIGN) // 2)
            painter.drawPixmap(corner, _sign(painter, name, "text"))
        return width + INSET

    def _paint_findings(self, painter: QPainter, room: QRect, kinds: Sequence[str]) -> None:
        text = finding_badge(kinds[0], self._tr)
        if len(kinds) > 1:
            text += f" +{len(kinds) - 1}"
        space = room.width() - 2 * PAD - SIGN - 4
        text = self.cut(text, space) if room.width() >= WORDS_FROM - 2 * INSET else ""
        width = 2 * PAD + SIGN + (4 + self.width(text) if text else 0)
        place = QRect(room.left(), room.top(), width, HEIGHT)
        self._ground(painter, place)
        painter.drawPixmap(place.topLeft() + QPoint(PAD, (HEIGHT - SIGN) // 2), _sign(painter, "warning", "amber"))
        if text:
            painter.setPen(theme.colour("amber"))
            painter.drawText(place.adjusted(PAD + SIGN + 4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_prediction(self, painter: QPainter, inner: QRect, row: ImageRow) -> None:
        assert row.prediction is not None
        known = self.classes.get(row.prediction)
        share = figures.percent(row.confidence) if row.confidence is not None else ""
        share_width = self.width(share) + 5 if share else 0
        fixed = 2 * PAD + DOT + 5
        agrees = row.class_id is not None and not disagrees(row)
        name = ""
        if inner.width() + 2 * INSET >= WORDS_FROM and known is not None and not agrees:
            name = self.cut(known.name, inner.width() - fixed - share_width)
        width = fixed - 5 + (5 + self.width(name) if name else 0) + share_width
        place = QRect(inner.left(), inner.bottom() + 1 - HEIGHT, width, HEIGHT)
        self._ground(painter, place)
        middle = place.top() + HEIGHT / 2
        if agrees:
            sign = _sign(painter, "check", "green")
            painter.drawPixmap(QPoint(place.left() + PAD - 2, place.top() + (HEIGHT - SIGN) // 2), sign)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(known.colour) if known is not None else theme.colour("secondary"))
            painter.drawEllipse(QRectF(place.left() + PAD, middle - DOT / 2, DOT, DOT))
        words = place.adjusted(PAD + DOT + 5, 0, -PAD, 0)
        painter.setPen(theme.colour("red" if disagrees(row) else "text"))
        painter.drawText(words, LEFT, name)
        if share:
            painter.setPen(theme.colour("secondary" if name else "text"))
            painter.drawText(words, RIGHT, share)

    def _ground(self, painter: QPainter, place: QRect) -> None:
        fill = theme.colour("raised")
        fill.setAlpha(_OPAQUE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(place), 4, 4)


def _sign(painter: QPainter, name: str, role: str) -> QPixmap:
    device = painter.device()
    return icons.pixmap(name, SIGN, role, device.devicePixelRatioF() if device is not None else 1.0)
