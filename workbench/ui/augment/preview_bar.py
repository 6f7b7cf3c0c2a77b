"""The bar over the preview: the mode, the image, the dice; and room for what the mode asks."""

import random
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QLayout, QSpinBox, QStackedWidget, QWidget

from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, Segmented, tool_button

HIGHEST_SEED = 9999
NARROWEST = 300


class PreviewBar(QWidget):
    """``modes`` are (key, title); each may have `add_controls`, seen while it is on.

    Where the room is narrow a box stands for the row of modes, and the controls have a line of their own.
    """

    seedChanged = Signal()
    modeChanged = Signal(str)

    def __init__(
        self,
        modes: Sequence[tuple[str, str]],
        back: Callable[[], object],
        forth: Callable[[], object],
        any_image: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.mode = Segmented(modes)
        self.mode.setObjectName("augment.mode")
        for number, (key, title) in enumerate(modes, 1):
            self.mode.button(key).setToolTip(f"{title} ({number})")
        self.mode.changed.connect(self._mode_changed)
        self._box = QComboBox()
        self._box.setAccessibleName(self.tr("What the preview shows"))
        for key, title in modes:
            self._box.addItem(title, key)
        self._box.activated.connect(self._box_activated)
        self._box.hide()
        self.seed = QSpinBox()
        self.seed.setObjectName("augment.seed")
        self.seed.setRange(0, HIGHEST_SEED)
        self.seed.setValue(7)
        self.seed.setFixedWidth(96)
        self.seed.setPrefix(self.tr("Seed "))
        self.seed.setToolTip(self.tr("The same seed draws the same variants"))
        self.seed.setAccessibleName(self.tr("Seed"))
        self.seed.valueChanged.connect(self._seed_changed)
        dice = tool_button("dice", self.tr("Draw other variants (R)"), self.roll, name="augment.roll.button")
        tip = self.tr("Rolling: draw other variants with every change, instead of the same dice again")
        self.rolling = tool_button("refresh", tip, name="augment.rolling")
        self.rolling.setCheckable(True)
        previous = tool_button("chevron-left", self.tr("Image before (Ctrl+Left)"), back)
        following = tool_button("chevron-right", self.tr("Next image (Ctrl+Right)"), forth)
        self._stepping = (previous, following)
        tip = self.tr("Another image, at random (Shift+R)")
        another = tool_button("image", tip, any_image, name="augment.random.button")
        self._name = ElidedLabel("", "secondary", mode=Qt.TextElideMode.ElideMiddle)
        self._controls = QStackedWidget()
        self._controls.addWidget(QWidget())
        self._at: dict[str, int] = {}
        self._above = row(self.mode, self._box, None, spacing=theme.HALF)
        middle = row(previous, following, another, theme.HALF, self._name, spacing=theme.HALF)
        for part in (self.seed, dice, self.rolling):
            middle.addWidget(part)
        middle.setStretch(4, 1)
        self._under = row(spacing=0)
        self._under.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self._above.addWidget(self._controls)
        both = column(self._above, middle, self._under, spacing=theme.HALF)
        both.setContentsMargins(16, 8, 12, 8)
        both.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setLayout(both)

    def minimumSizeHint(self) -> QSize:
        # Without the row of modes: where that does not fit there is the box.
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Show the box where the modes do not fit, and put the controls where they do."""
        room = self.width() - 28
        narrow = room < self.mode.sizeHint().width()
        self.mode.setVisible(not narrow)
        self._box.setVisible(narrow)
        chosen = self._box if narrow else self.mode
        beside = room >= chosen.sizeHint().width() + self._controls.width() + 2 * theme.GRID
        (self._above if beside else self._under).addWidget(self._controls)

    def add_controls(self, key: str, controls: QWidget) -> None:
        """Show ``controls`` while this mode is on."""
        held = QWidget()
        held.setLayout(row(controls, spacing=0))
        self._at[key] = self._controls.addWidget(held)

    def show_name(self, name: str, *, steps: bool = True) -> None:
        """Say what is looked at; ``steps``: it is one of the images that can be stepped through."""
        self._name.setText(name)
        for one in self._stepping:
            one.setVisible(steps)

    def name(self) -> str:
        return self._name.text()

    @Slot()
    def roll(self) -> None:
        """Take another seed, never the same."""
        drawn = random.randrange(HIGHEST_SEED)
        self.seed.setValue(drawn if drawn < self.seed.value() else drawn + 1)

    def fit_controls(self) -> None:
        """Give the controls of the mode in view the room that they need, and no more."""
        at = self._at.get(self.mode.value(), 0)
        self._controls.setCurrentIndex(at)
        needed = self._controls.currentWidget().sizeHint()
        self._controls.setVisible(needed.width() > 0)
        self._controls.setFixedSize(max(0, needed.width()), max(0, needed.height()))
        self._place()

    @Slot(int)
    def _box_activated(self, index: int) -> None:
        self.mode.set_value(self._box.itemData(index))

    @Slot(str)
    def _mode_changed(self, mode: str) -> None:
        self._box.setCurrentIndex(self._box.findData(mode))
        self.fit_controls()
        self.modeChanged.emit(mode)

    @Slot(int)
    def _seed_changed(self, _seed: int) -> None:
        self.seedChanged.emit()
