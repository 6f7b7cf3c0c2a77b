"""What is left of a small finding, in pixels, after the resize: the reason to choose a larger image size."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from workbench.models.resolution import pixels_left
from workbench.ui import figures, theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import label

FINDING = 20
"""Pixels, until somebody says how large the smallest finding is."""
TOO_FEW, FEW = 3.0, 6.0
"""Below so many pixels a network hardly sees a finding, or sees little of its shape."""


class FindingSize(QWidget):
    """The user says how large the smallest finding is; the sentence says what the model gets of it."""

    changed = Signal(int)
    """The size in pixels that the user has set."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: tuple[int, int] | None = None
        self._size, self._resize = 0, "squash"
        self.pixels = QSpinBox(self)
        self.pixels.setObjectName("model.finding")
        self.pixels.setRange(1, 10_000)
        self.pixels.setValue(FINDING)
        self.pixels.setSuffix(self.tr(" px"))
        self.pixels.setFixedWidth(96)
        self.pixels.setKeyboardTracking(False)
        self.pixels.setAccessibleName(self.tr("Size of the smallest finding"))
        self.pixels.setToolTip(self.tr("Width in your images of the smallest thing that must be seen"))
        self.says = label("", "secondary", wrap=True, name="model.findingSays")
        self.setLayout(column(row(label(self.tr("Smallest finding"), "secondary"), None, self.pixels), self.says))
        self.pixels.valueChanged.connect(self._edited)
        self._say()

    def show_pixels(self, pixels: int) -> None:
        """Take the size of the smallest finding."""
        with QSignalBlocker(self.pixels):
            self.pixels.setValue(pixels)
        self._say()

    def show_images(self, image: tuple[int, int] | None) -> None:
        """Take the usual width and height of the project's images; None without images."""
        self._image = image
        self._say()

    def show_size(self, size: int, resize: str) -> None:
        """Take the side of what the model sees, and how an image is brought to it."""
        self._size, self._resize = size, resize
        self._say()

    @Slot(int)
    def _edited(self, pixels: int) -> None:
        self._say()
        self.changed.emit(pixels)

    def _say(self) -> None:
        self.pixels.setEnabled(self._image is not None)
        if self._image is None or not self._size:
            theme.set_role(self.says, "secondary")
            self.says.setText(self.tr("With images in the project this says what the model sees of a small finding."))
            return
        width, height = self._image
        left = pixels_left(self.pixels.value(), width, height, self._size, self._resize)
        text = self.tr("In images of {0} × {1} px it has {2} px left at {3} px.").format(
            figures.count(width), figures.count(height), f"{left:.1f}" if left < 10 else f"{left:.0f}", self._size
        )
        if left < TOO_FEW:
            text += " " + self.tr("The model will hardly see it: raise the image size, or cut the images into tiles.")
        elif left < FEW:
            text += " " + self.tr("Little of its shape is left: a larger image size may help.")
        theme.set_role(self.says, "warning" if left < FEW else "secondary")
        self.says.setText(text)
