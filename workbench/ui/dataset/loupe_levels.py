"""Window and level of a deep image in the loupe: looked at freely, and kept for the whole project where asked."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QImage, QIntValidator, QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QLineEdit

from workbench.data.decoding import HIGHEST, LOWEST, Levels, windowed
from workbench.data.reading import read_levels
from workbench.project.images import ImageRow
from workbench.ui import figures, theme
from workbench.ui.dataset.aside import Aside
from workbench.ui.dataset.histogram import Histogram, counted
from workbench.ui.dataset.loupe_tools import LoupeTool
from workbench.ui.layouts import column, row
from workbench.ui.widgets import button, label

if TYPE_CHECKING:
    from workbench.ui.dataset.loupe import Loupe

LIVE_PIXELS = 3_000_000
"""While the mouse drags, a larger image is shown with every n-th pixel, so that it follows the hand."""

Window = tuple[int, int]


class LevelsSheet(QFrame):
    """A sheet over the loupe: the histogram, the two levels, and what may become of them."""

    windowChanged = Signal(int, int)
    keepAsked = Signal()
    backAsked = Signal()
    fitAsked = Signal()

    def __init__(self, parent: "Loupe") -> None:
        super().__init__(parent)
        self.setProperty("surface", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(260)
        self.histogram = Histogram()
        self.low, self.high = self._level(self.tr("Black up to")), self._level(self.tr("White from"))
        self.note = label("", "secondary", wrap=True)
        fit = button(self.tr("Fit"), self.fitAsked.emit, tip=self.tr("From the darkest to the brightest of this image"))
        back = button(
            self.tr("As the project"), self.backAsked.emit, tip=self.tr("Show the window that the project has")
        )
        self.keep = button(
            self.tr("Use for the whole project"),
            self.keepAsked.emit,
            role="primary",
            name="dataset.keepWindow",
            tip=self.tr("Every deep image is then shown, trained and exported with these levels"),
        )
        low, high = label(self.tr("Black"), "secondary"), label(self.tr("White"), "secondary")
        layout = column(
            label(self.tr("Levels"), "section"),
            self.histogram,
            row(low, self.low, None, high, self.high, spacing=theme.HALF),
            row(fit, back, None),
            self.note,
            self.keep,
            margins=12,
        )
        self.setLayout(layout)
        self.histogram.windowMoved.connect(self.windowChanged)
        for field in (self.low, self.high):
            field.editingFinished.connect(self._typed)
        self.hide()

    def _level(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setValidator(QIntValidator(LOWEST, HIGHEST, field))
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setAccessibleName(name)
        field.setToolTip(name)
        field.setFixedWidth(72)
        return field

    def show_window(self, window: Window, project: Window) -> None:
        """Show the window in use beside the project's."""
        self.histogram.show_window(*window)
        for field, value in zip((self.low, self.high), window, strict=True):
            field.setText(str(value))
        same = window == project
        low, high = (figures.count(level) for level in project)
        self.note.setText(
            self.tr("As the project has it: training and the exported package use these levels.")
            if same
            else self.tr("Only here, to look at it. Training and export use {0} to {1}.").format(low, high)
        )
        self.keep.setEnabled(not same)

    @Slot()
    def _typed(self) -> None:
        low, high = int(self.low.text()), int(self.high.text())  # the validator lets nothing else through
        if low < high and (low, high) != self.histogram.window:
            self.windowChanged.emit(low, high)


class LevelsTool(LoupeTool):
    """A drag with the right button: to the side for the width of the window, up and down for its level."""

    keepAsked = Signal(int, int)
    activeChanged = Signal(bool)

    def __init__(self, loupe: "Loupe") -> None:
        super().__init__(loupe)
        self.wanted = True
        """Whether the sheet is shown where there are levels."""
        self._loupe = loupe
        self.sheet = LevelsSheet(loupe)
        self._reading = Aside(self)
        self._levels: Levels | None = None
        self.project: Window = (0, 65535)
        self.window: Window | None = None
        """What is looked through; None for the project's."""
        self._dragged: tuple[QPointF, Window] | None = None
        self._reading.answered.connect(self._read)
        loupe.imageShown.connect(self.reload)
        self.sheet.windowChanged.connect(self._set)
        self.sheet.keepAsked.connect(self._keep)
        self.sheet.backAsked.connect(self.back)
        self.sheet.fitAsked.connect(self.fit)

    @property
    def active(self) -> bool:
        """True while the loupe shows an image that has levels."""
        return self._levels is not None

    def set_project(self, window: Window) -> None:
        """The project's window is another one."""
        self.project, self.window = window, None
        self._show(live=False)

    @Slot()
    def reload(self) -> None:
        """Read the levels of the image in the loupe, where it has any."""
        shown = self._loupe.row
        self._levels = None
        self._reading.drop()
        if shown is None or not may_have_levels(shown):
            self._show_sheet()
            return
        path = shown.path
        self._reading.ask(shown.id, lambda: _prepared(read_levels(path)))

    @Slot(object, object)
    def _read(self, image_id: object, answer: Any) -> None:
        shown = self._loupe.row
        if shown is None or shown.id != image_id or answer is None or not self._loupe.isVisible():
            self._show_sheet()
            return
        self._levels, bars, low, high = answer
        self.sheet.histogram.show_levels(bars, low, high)
        self._show(live=False)
        self._show_sheet()

    def want(self, on: bool) -> None:
        """Show the sheet wherever there are levels, or do not."""
        self.wanted = on
        self._show_sheet()

    def _show_sheet(self) -> None:
        self.activeChanged.emit(self.active)
        if self.active and self.wanted:
            self.sheet.adjustSize()
            self.place()
            self.sheet.raise_()
        self.sheet.setVisible(self.active and self.wanted)

    def place(self) -> None:
        """Put the sheet into the upper right corner of the loupe."""
        self.sheet.move(self._loupe.width() - self.sheet.width() - 12, 12)

    @Slot()
    def back(self) -> None:
        """Look through the project's window again."""
        self.window = None
        self._show(live=False)

    @Slot()
    def fit(self) -> None:
        """Let the image's darkest level be black and its brightest white."""
        if self._levels is not None:
            low, high = int(self._levels.min()), int(self._levels.max())
            self._set(low, max(high, low + 1))

    @Slot(int, int)
    def _set(self, low: int, high: int) -> None:
        self.window = (low, high)
        self._show(live=False)

    @Slot()
    def _keep(self) -> None:
        if self.window is not None:
            self.keepAsked.emit(*self.window)

    def _show(self, *, live: bool) -> None:
        window = self.window or self.project
        self.sheet.show_window(window, self.project)
        if self._levels is None:
            return
        if self.window is None:
            self._loupe.show_instead(None)
            return
        step = max(1, round((self._levels.size / LIVE_PIXELS) ** 0.5)) if live else 1
        grey = np.ascontiguousarray(windowed(self._levels[::step, ::step], window))
        height, width = grey.shape
        image = QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8)
        self._loupe.show_instead(QPixmap.fromImage(image))

    # the mouse

    def press(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.RightButton or not self.active:
            return False
        self._dragged = (event.position(), self.window or self.project)
        return True

    def move(self, event: QMouseEvent) -> bool:
        if self._dragged is None or self._levels is None:
            return False
        start, (low, high) = self._dragged
        away = event.position() - start
        span = max(1.0, float(self.sheet.histogram.span))
        middle = (low + high) / 2 - away.y() * span / 500
        width = max(1.0, (high - low) + away.x() * span / 300)
        first = min(max(round(middle - width / 2), LOWEST), HIGHEST - 1)
        self.window = (first, min(max(round(middle + width / 2), first + 1), HIGHEST))
        self._show(live=True)
        return True

    def release(self, event: QMouseEvent) -> bool:
        if self._dragged is None or event.button() != Qt.MouseButton.RightButton:
            return False
        self._dragged = None
        self._show(live=False)
        return True


def may_have_levels(shown: ImageRow) -> bool:
    """Return whether an image has more levels than a screen shows."""
    return shown.channels == 1 and shown.bits > 8 and shown.state in ("ok", "unverified")


def _prepared(levels: Levels | None) -> Any:
    return None if levels is None or not levels.size else (levels, *counted(levels))
