"""Icons: outlined SVGs from ``resources/icons``, tinted when painted, so that a new theme needs no work."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from workbench import resources
from workbench.ui import theme

LARGE = 28
"""Above this size (pixels) lines get thinner in proportion, so that a large picture does not look heavy."""


def icon(name: str, role: str = "secondary", on: str | None = None) -> QIcon:
    """Return the icon ``name`` in the theme's colour ``role``; checked or selected it takes ``on`` (default: role)."""
    return QIcon(_TintedEngine(name, role, on or role))


def pixmap(name: str, size: int = theme.ICON, role: str = "secondary", ratio: float | None = None) -> QPixmap:
    """Return ``name`` as a square picture of ``size`` logical pixels, sharp on the screen in use."""
    if ratio is None:
        app = QApplication.instance()
        ratio = app.devicePixelRatio() if isinstance(app, QApplication) else 1.0
    return _rendered(name, theme.colour(role).name(), size, ratio)


def names() -> list[str]:
    """Return the names of all icons."""
    return sorted(path.stem for path in resources.path("icons").glob("*.svg"))


class _TintedEngine(QIconEngine):
    def __init__(self, name: str, role: str, on: str) -> None:
        super().__init__()
        self._name, self._role, self._on = name, role, on
        _source(name)

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        if mode == QIcon.Mode.Disabled:
            return theme.colour("disabled")
        lit = state == QIcon.State.On or mode == QIcon.Mode.Selected
        return theme.colour(self._on if lit else self._role)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        picture = _rendered(self._name, self._colour(mode, state).name(), side, ratio)
        corner = rect.topLeft() + QPoint((rect.width() - side) // 2, (rect.height() - side) // 2)
        painter.drawPixmap(corner, picture)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """``size`` is in logical pixels; the picture has ``scale`` times as many."""
        side = min(size.width(), size.height())
        return QPixmap(_rendered(self._name, self._colour(mode, state).name(), side, scale))

    def clone(self) -> QIconEngine:
        return _TintedEngine(self._name, self._role, self._on)


@lru_cache(maxsize=256)
def _source(name: str) -> str:
    return resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def _rendered(name: str, colour: str, side: int, ratio: float) -> QPixmap:
    source = _source(name).replace("currentColor", colour)
    if side > LARGE:
        source = source.replace('stroke-width="1.5"', f'stroke-width="{max(0.6, 36 / side):.2f}"')
    renderer = QSvgRenderer(QByteArray(source.encode()))
    pixels = max(1, round(side * ratio))
    picture = QPixmap(pixels, pixels)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture
