"""The last card of the chain: training images mixed in pairs, mixup and cutmix."""

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QWidget

from workbench.training.config import MixConfig
from workbench.ui import figures, theme
from workbench.ui.augment.sliders import Slider
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, label

LOWEST, HIGHEST = 0.1, 2.0
"""Ends of the strength's slider: below, hardly anything is mixed; above, all images are mixed half and half."""


class MixCard(QWidget):
    """``edited`` carries the changed settings and which of them it was; ``settled`` follows when a slider is let go."""

    edited = Signal(object, str)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augment.mix")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._mix = MixConfig()
        self.kind = QComboBox()
        self.kind.setObjectName("augment.mix.kind")
        self.kind.setAccessibleName(self.tr("Mix images"))
        for key, text, tip in (
            ("none", self.tr("Off"), self.tr("Every training image is one image")),
            ("mixup", self.tr("Mixup"), self.tr("Two images laid over each other, their labels in the same shares")),
            ("cutmix", self.tr("CutMix"), self.tr("A patch of another image, and that share of its label")),
            ("both", self.tr("Both"), self.tr("Mixup or CutMix, drawn for each image")),
        ):
            self.kind.addItem(text, key)
            self.kind.setItemData(self.kind.count() - 1, tip, 3)
        self.kind.activated.connect(self._kind_chosen)
        title = ElidedLabel(self.tr("Mix images"))
        title.set_tip(self.tr("After the chain: pairs of training images are mixed, and so are their labels"))
        self.share, self._share_written = Slider(0, 1, 0.05, (0.5,)), label("", "secondary")
        self.strength, self._strength_written = Slider(LOWEST, HIGHEST, 0.1, (0.4,)), label("", "secondary")
        share_tip = self.tr("Share of the training images that are mixed with another")
        strength_tip = self.tr("How evenly two images are mixed: small, mostly one of them; large, half and half")
        self._details = QWidget()
        shared = _setting(self.tr("Share"), self.share, self._share_written, share_tip)
        strong = _setting(self.tr("Strength"), self.strength, self._strength_written, strength_tip)
        self._details.setLayout(column(shared, strong, spacing=0))
        self.share.changed.connect(self._share_moved)
        self.strength.changed.connect(self._strength_moved)
        for slider in (self.share, self.strength):
            slider.released.connect(self.settled)
        head = row(title, self.kind)
        head.setStretch(0, 1)
        layout = column(head, self._details, spacing=theme.HALF)
        layout.setContentsMargins(12, 6, 6, 6)
        self.setLayout(layout)
        self.show_mix(self._mix)

    def show_mix(self, mix: MixConfig) -> None:
        self._mix = mix
        self.kind.setCurrentIndex(self.kind.findData(mix.kind))
        self.kind.setToolTip(self.kind.itemData(self.kind.currentIndex(), 3))
        self._details.setVisible(mix.kind != "none")
        self.share.set_values((mix.p,))
        self.strength.set_values((mix.alpha,))
        self._share_written.setText(figures.percent(mix.p))
        self._strength_written.setText(f"{mix.alpha:.1f}")

    @Slot()
    def _kind_chosen(self) -> None:
        self._change("kind", self.kind.currentData())

    @Slot(tuple)
    def _share_moved(self, values: tuple[float]) -> None:
        self._change("p", values[0])

    @Slot(tuple)
    def _strength_moved(self, values: tuple[float]) -> None:
        self._change("alpha", values[0])

    def _change(self, name: str, value: object) -> None:
        self.edited.emit(self._mix.model_copy(update={name: value}), name)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)


def _setting(title: str, slider: Slider, written: QLabel, tip: str) -> QWidget:
    part = QWidget()
    name = label(title, "secondary")
    name.setFixedWidth(56)
    written.setFixedWidth(44)
    written.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for widget in (name, slider, written):
        widget.setToolTip(tip)
    slider.setAccessibleName(title)
    slider.setMinimumWidth(40)
    layout = row(name, slider, written, spacing=theme.HALF)
    layout.setContentsMargins(0, 0, theme.GRID, 0)
    part.setLayout(layout)
    return part
