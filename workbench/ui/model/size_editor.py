"""The side of the images the model sees, and how an image is brought to it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.training.config import PreprocessConfig
from workbench.ui import theme
from workbench.ui.layouts import column, row
from workbench.ui.widgets import Segmented, label

STEP = 32


class _SideBox(QSpinBox):
    """Stepping away from the lowest value, which stands for the backbone's own side, starts at that side."""

    own = 224

    def stepBy(self, steps: int) -> None:
        if self.value() == self.minimum() and steps > 0:
            self.setValue(self.own + (steps - 1) * self.singleStep())
        else:
            super().stepBy(steps)


class SizeEditor(QWidget):
    """Image size (0 is the backbone's own) and resize mode."""

    changed = Signal(object)
    """The new `PreprocessConfig`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preprocess = PreprocessConfig()
        self._backbone: catalog.BackboneInfo | None = None
        self.side = _SideBox(self)
        self.side.setObjectName("model.size")
        self.side.setRange(0, 2048)
        self.side.setSingleStep(STEP)
        self.side.setSuffix(self.tr(" px"))
        self.side.setFixedWidth(136)
        self.side.setKeyboardTracking(False)
        self.side.setAccessibleName(self.tr("Image size"))
        self.side.setToolTip(
            self.tr("Side in pixels of the square the model sees; the lowest value takes the backbone's own")
        )
        self.resize_mode = Segmented(
            [("squash", self.tr("Squash")), ("crop", self.tr("Crop")), ("pad", self.tr("Pad"))], parent=self
        )
        self.resize_mode.setObjectName("model.resize")
        for mode in ("squash", "crop", "pad"):
            self.resize_mode.button(mode).setToolTip(self._sentence(mode))
        self.says = label("", "secondary", wrap=True, name="model.sizeSays")
        self.setLayout(column(row(self.side, self.resize_mode, None), self.says, spacing=theme.GRID))
        self.side.valueChanged.connect(self._edited)
        self.resize_mode.changed.connect(self._edited)

    def show_size(self, preprocess: PreprocessConfig, backbone: catalog.BackboneInfo | None) -> None:
        """Show what the config says."""
        self._preprocess, self._backbone = preprocess, backbone
        for widget in (self.side, self.resize_mode):
            widget.blockSignals(True)
        if backbone is not None:
            self.side.own = backbone.input_size
        own = self.tr("{0} px, its own").format(backbone.input_size) if backbone is not None else self.tr("its own")
        self.side.setSpecialValueText(own)
        self.side.setValue(preprocess.size)
        self.resize_mode.set_value(preprocess.resize)
        for widget in (self.side, self.resize_mode):
            widget.blockSignals(False)
        self._say()

    @Slot()
    def _edited(self, *_value: object) -> None:
        fields = {"size": self.side.value(), "resize": self.resize_mode.value()}
        self._preprocess = PreprocessConfig.model_validate({**self._preprocess.model_dump(), **fields})
        self._say()
        self.changed.emit(self._preprocess)

    def _say(self) -> None:
        problem = ""
        if self._backbone is not None:
            try:
                catalog.check_size(self._backbone, self._preprocess.size)
            except WorkbenchError as error:
                problem = str(error)
        theme.set_role(self.says, "error" if problem else "secondary")
        self.says.setText(problem or self._sentence(self._preprocess.resize))

    def _sentence(self, mode: str) -> str:
        return {
            "squash": self.tr("Keeps the whole image and bends its aspect to a square."),
            "crop": self.tr("Keeps the aspect and the middle; what is at the long ends is cut off."),
            "pad": self.tr("Keeps the aspect and the whole image, with a border."),
        }[mode]
