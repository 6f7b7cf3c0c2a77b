"""Live curves: pyqtgraph without its frame, in the colours of the theme. Import after the window is up."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from workbench.ui import theme
from workbench.ui.figures import count, figure
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, label

DRAWN = 2000
"""Points drawn per curve; of more, the lowest and highest of each stretch are kept."""
REDRAW_MS = 60


class Growing:
    """Pairs of numbers that grow in amortised constant time."""

    def __init__(self) -> None:
        self._room = np.empty((256, 2))
        self._count = 0

    def append(self, x: float, y: float) -> None:
        if self._count == len(self._room):
            self._room = np.concatenate([self._room, np.empty_like(self._room)])
        self._room[self._count] = (x, y)
        self._count += 1

    def clear(self) -> None:
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def x(self) -> NDArray[np.float64]:
        return self._room[: self._count, 0]

    @property
    def y(self) -> NDArray[np.float64]:
        return self._room[: self._count, 1]


def thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], points: int = DRAWN
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most about ``points`` pairs that look the same: the lowest and highest of each stretch, in order."""
    stretch = len(x) // (points // 2) if len(x) > points else 1
    if stretch <= 1:
        return x, y
    whole = len(x) // stretch * stretch
    folded = y[:whole].reshape(-1, stretch)
    low, high = folded.argmin(axis=1), folded.argmax(axis=1)
    starts = np.arange(len(folded)) * stretch
    chosen = np.stack([starts + np.minimum(low, high), starts + np.maximum(low, high)], axis=1).ravel()
    if whole < len(x):
        chosen = np.append(chosen, len(x) - 1)
    return x[chosen], y[chosen]


class WholeAxis(pg.AxisItem):
    """An axis for steps and epochs: no fractions of them."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        levels = [level for level in super().tickSpacing(minVal, maxVal, size) if level[0] >= 1]
        return levels or [(1.0, 0.0)]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        return [count(round(value)) if value >= 0 else "" for value in values]


@dataclass
class _Series:
    label: str
    colour: str
    thick: bool
    points: Growing
    curve: Any
    legend: QLabel
    dirty: bool = field(default=True)

    def tint(self) -> QColor:
        made = QColor(self.colour) if self.colour.startswith("#") else theme.colour(self.colour)
        if not self.thick:
            made.setAlphaF(0.75)
        return made


class LiveCurve(QWidget):
    """A titled plot of a few series that grow. By one hue, thin is training and thick is validation."""

    hovered = Signal(float)
    """The x value under the pointer, for plots side by side to follow."""

    def __init__(
        self,
        title: str,
        *,
        x_label: str = "",
        y_range: tuple[float, float] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._series: dict[str, _Series] = {}
        self._y_range = y_range
        self._best: tuple[float, float] | None = None
        self._title = label(title, "section")
        self._title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._readout = ElidedLabel("", "secondary", mode=Qt.TextElideMode.ElideLeft)
        self._readout.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._legend = QHBoxLayout()
        self._legend.setSpacing(theme.GRID + theme.HALF)
        self._plot = pg.PlotWidget(background=None, axisItems={"bottom": WholeAxis("bottom")})
        self._plot.setFrameShape(self._plot.Shape.NoFrame)
        self._plot.setMinimumSize(200, 96)
        item = self._plot.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setMouseEnabled(x=False, y=False)
        item.getViewBox().setDefaultPadding(0.03)
        item.getViewBox().setLimits(xMin=-0.5, minXRange=2)
        if x_label:
            item.setLabel("bottom", x_label)
        if y_range is not None:
            item.setYRange(*y_range, padding=0.03)
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
        item.addItem(self._line, ignoreBounds=True)
        self._mark = pg.ScatterPlotItem(symbol="d", size=11, pxMode=True)
        self._mark.setZValue(10)
        item.addItem(self._mark)
        self.setLayout(column(row(self._title, 8, self._legend, self._readout), self._plot, spacing=theme.HALF))
        self._plot.scene().sigMouseMoved.connect(self._mouse_moved)
        self._plot.viewport().installEventFilter(self)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW_MS)
        self._redraw.timeout.connect(self.redraw)
        self._dress()

    def add_series(self, key: str, text: str, colour: str = "accent", *, thick: bool = True, tip: str = "") -> None:
        """Add a curve; ``colour`` is a token of the theme or #rrggbb; ``tip`` explains its legend."""
        curve = self._plot.plot([], [], antialias=True)
        legend = label(text)
        legend.setToolTip(tip)
        legend.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._legend.addWidget(legend)
        self._series[key] = _Series(text, colour, thick, Growing(), curve, legend)
        self._dress()

    def append(self, key: str, x: float, y: float) -> None:
        """Add a point in constant time; it is drawn within 60 ms."""
        series = self._series[key]
        series.points.append(x, y)
        series.dirty = True
        if not self._redraw.isActive():
            self._redraw.start()

    def set_data(self, key: str, xs: Any, ys: Any) -> None:
        """Replace all points of a curve."""
        series = self._series[key]
        series.points.clear()
        for x, y in zip(xs, ys, strict=True):
            series.points.append(x, y)
        series.dirty = True
        self.redraw()

    def mark_best(self, x: float | None, y: float | None) -> None:
        """Put a diamond at the best point; None takes it away."""
        self._best = None if x is None or y is None else (x, y)
        self._mark.setData(*([[self._best[0]], [self._best[1]]] if self._best else [[], []]))

    def clear(self) -> None:
        """Remove all points; the series stay."""
        for series in self._series.values():
            series.points.clear()
            series.dirty = True
        self.mark_best(None, None)
        self._readout.setText("")
        self._line.hide()
        self.redraw()
        # Without points nothing would move the axes away from those of the run before.
        box = self._plot.getPlotItem().getViewBox()
        box.setRange(xRange=(0, 10), yRange=self._y_range or (0.0, 1.0), padding=0.03)
        box.enableAutoRange(x=True, y=self._y_range is None)

    def points(self, key: str) -> int:
        """Return how many points a curve has."""
        return len(self._series[key].points)

    def values_at(self, x: float) -> list[tuple[str, float, float]]:
        """Return label, x and y of each curve's point nearest to ``x``."""
        found = []
        for series in self._series.values():
            points = series.points
            if len(points):
                right = int(np.clip(np.searchsorted(points.x, x), 0, len(points) - 1))
                left = max(0, right - 1)
                near = left if abs(points.x[left] - x) <= abs(points.x[right] - x) else right
                found.append((series.label, float(points.x[near]), float(points.y[near])))
        return found

    @Slot()
    def redraw(self) -> None:
        """Draw what has changed now."""
        for series in self._series.values():
            if series.dirty:
                # One point has no line: it is shown as a dot.
                symbol = "o" if len(series.points) == 1 else None
                series.curve.setData(*thinned(series.points.x, series.points.y), symbol=symbol)
                series.dirty = False

    @Slot(QPointF)
    def _mouse_moved(self, position: QPointF) -> None:
        box = self._plot.getPlotItem().getViewBox()
        if box.sceneBoundingRect().contains(position):
            self.show_values(box.mapSceneToView(position).x())
            self.hovered.emit(box.mapSceneToView(position).x())

    def show_values(self, x: float) -> None:
        """Show the values of every curve at ``x`` above the plot."""
        values = self.values_at(x)
        if values:
            at = values[0][1]
            self._line.setPos(at)
            self._line.show()
            self._readout.setText("   ".join([figure(at), *(f"{name} {figure(y)}" for name, _, y in values)]))

    def readout(self) -> str:
        """Return the values shown above the plot."""
        return self._readout.fullText()

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._line.hide()
            self._readout.setText("")
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange and hasattr(self, "_mark"):
            self._dress()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_mark"):
            self._dress()

    def _dress(self) -> None:
        # pyqtgraph's view keeps the ground of the theme in which it was built, unless it is told.
        self._plot.setBackground(theme.colour("background"))
        item = self._plot.getPlotItem()
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(None))
            axis.setTextPen(theme.colour("secondary"))
            axis.setTickPen(pg.mkPen(theme.colour("line"), width=1))
            axis.setGrid(110)
            axis.setStyle(tickLength=0, tickFont=theme.font(theme.BADGE), tickTextOffset=6, maxTickLevel=0)
            axis.enableAutoSIPrefix(False)
            if axis.labelText:
                axis.setLabel(axis.labelText, color=theme.colour("secondary").name(), **{"font-size": "11px"})
        # Pens of plots count the pixels of the screen.
        ratio = self.devicePixelRatioF()
        for series in self._series.values():
            tint = series.tint()
            series.curve.setPen(pg.mkPen(tint, width=(2 if series.thick else 1.2) * ratio))
            series.curve.setSymbolSize(5 * ratio)
            series.curve.setSymbolPen(None)
            series.curve.setSymbolBrush(tint)
            series.legend.setStyleSheet(
                f"color: {tint.name()}; font-size: 12px; font-weight: {600 if series.thick else 400};"
            )
        self._line.setPen(pg.mkPen(theme.colour("secondary"), width=ratio))
        self._mark.setBrush(theme.state_colour("attention"))
        self._mark.setPen(pg.mkPen(theme.colour("surface"), width=1))
