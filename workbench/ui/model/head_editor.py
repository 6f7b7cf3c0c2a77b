"""What is put around the backbone: the head, drop-out and drop-path, and how many channels it sees."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QSpinBox, QWidget

from workbench.training.config import BackboneConfig, HeadConfig
from workbench.ui import figures, theme
from workbench.ui.forms import LABEL_WIDTH, Form
from workbench.ui.layouts import column, row
from workbench.ui.widgets import ElidedLabel, Segmented, label

OTHER = "other"


class HeadEditor(QWidget):
    """Edits a `HeadConfig`, and of a `BackboneConfig` drop-out, drop-path and channels."""

    head_changed = Signal(object)
    backbone_changed = Signal(dict)
    """The changed fields of the `BackboneConfig`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._head, self._backbone = HeadConfig(), BackboneConfig()
        self.kind = Segmented(
            [("linear", self.tr("Linear")), ("hidden", self.tr("Hidden layer")), ("cosine", self.tr("Cosine"))],
            parent=self,
        )
        self.kind.setObjectName("model.head")
        for kind in ("linear", "hidden", "cosine"):
            self.kind.button(kind).setToolTip(self._sentence(kind))
        self.width_box = QSpinBox(self)
        self.width_box.setObjectName("model.headWidth")
        self.width_box.setRange(8, 8192)
        self.width_box.setSingleStep(64)
        self.width_box.setKeyboardTracking(False)
        self.width_box.setAccessibleName(self.tr("Hidden width"))
        self.width_box.setFixedWidth(96)
        self._width_row = QWidget()
        self._width_row.setLayout(row(_caption(self.tr("Hidden width")), self.width_box, None))
        self.says = label("", "secondary", wrap=True, name="model.headSays")
        self.form = Form(BackboneConfig, self._backbone, only=("dropout", "drop_path"))
        self.channels = Segmented(
            [("3", self.tr("Colour")), ("1", self.tr("Grey")), (OTHER, self.tr("Other"))], parent=self
        )
        self.channels.setObjectName("model.channels")
        self.channels.button("3").setToolTip(self.tr("Three channels, as the weights know them; grey images fit too"))
        self.channels.button("1").setToolTip(self.tr("One channel: the first layer's weights are summed, not lost"))
        self.channels_say = label("", "secondary", wrap=True, name="model.channelsSay")
        self._trained = QWidget()
        self._trained.setLayout(column(self.kind, self._width_row, self.says, self.form))
        self.setLayout(
            column(
                self._trained,
                row(_caption(self.tr("Channels")), self.channels, None),
                self.channels_say,
            )
        )
        self.kind.changed.connect(self._head_edited)
        self.width_box.valueChanged.connect(self._head_edited)
        self.form.changed.connect(self._form_edited)
        self.channels.changed.connect(self._channels_edited)
        self.show_head(self._head, self._backbone)

    def show_head(self, head: HeadConfig, backbone: BackboneConfig, *, trains: bool = True) -> None:
        """Show what the config says; where nothing ``trains``, only the channels."""
        self._head, self._backbone = head, backbone
        self._trained.setVisible(trains)
        with QSignalBlocker(self.kind), QSignalBlocker(self.width_box), QSignalBlocker(self.channels):
            self.kind.set_value(head.kind)
            self.width_box.setValue(head.width)
            known = str(backbone.channels) in ("1", "3")
            self.channels.set_value(str(backbone.channels) if known else OTHER)
            self.channels.button(OTHER).setText(self.tr("{0} channels").format(backbone.channels))
            self.channels.button(OTHER).setVisible(not known)
        self.form.set_value(backbone)
        self._say()

    def summary(self, *, trains: bool) -> str:
        """Return in a few words what is set; where nothing ``trains``, only the channels."""
        channels = {1: self.tr("grey"), 3: self.tr("colour")}.get(
            self._backbone.channels, self.tr("{0} channels").format(self._backbone.channels)
        )
        if not trains:
            return channels
        kind = {
            "linear": self.tr("linear"),
            "hidden": self.tr("hidden layer of {0}").format(self._head.width),
            "cosine": self.tr("cosine"),
        }[self._head.kind]
        dropout = self.tr("drop-out {0}").format(figures.rate(self._backbone.dropout)) if self._backbone.dropout else ""
        path = (
            self.tr("drop-path {0}").format(figures.rate(self._backbone.drop_path)) if self._backbone.drop_path else ""
        )
        return " · ".join(part for part in (kind, dropout, path, channels) if part)

    @Slot()
    def _head_edited(self, *_value: object) -> None:
        self._head = HeadConfig.model_validate({"kind": self.kind.value(), "width": self.width_box.value()})
        self._say()
        self.head_changed.emit(self._head)

    @Slot(object)
    def _form_edited(self, backbone: BackboneConfig) -> None:
        self.backbone_changed.emit({"dropout": backbone.dropout, "drop_path": backbone.drop_path})

    @Slot(str)
    def _channels_edited(self, channels: str) -> None:
        if channels != OTHER:
            self.backbone_changed.emit({"channels": int(channels)})

    def _say(self) -> None:
        self._width_row.setVisible(self._head.kind == "hidden")
        self.says.setText(self._sentence(self._head.kind))
        self.channels_say.setText(
            {
                1: self.tr("Images are read as grey; the weights of the first layer are summed over their channels."),
                3: self.tr("Grey images are repeated to three channels; nothing is lost."),
            }.get(self._backbone.channels, self.tr("Images here have one or three channels: choose one of the two."))
        )
        theme.set_role(self.channels_say, "secondary" if self._backbone.channels in (1, 3) else "warning")

    def _sentence(self, kind: str) -> str:
        return {
            "linear": self.tr("One layer: enough in most cases."),
            "hidden": self.tr("One more layer between: for classes that a straight line does not part."),
            "cosine": self.tr("Compares directions, not lengths: for few images, or very uneven classes."),
        }[kind]


def _caption(text: str) -> ElidedLabel:
    made = ElidedLabel(text, "secondary")
    made.setFixedWidth(LABEL_WIDTH)
    return made
