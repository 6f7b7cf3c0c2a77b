"""The advanced settings of the next run, as a form made from the config's own fields."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from workbench.training.config import Train, TrainConfig
from workbench.ui import theme
from workbench.ui.forms import Form
from workbench.ui.layouts import column
from workbench.ui.widgets import label

ELSEWHERE = ("epochs", "backbone", "preprocess", "method", "head", "freeze", "then", "batch_norm", "augment")
"""Fields that are set in the line above, in Model and in Augment."""

EDITOR = 88
"""Narrowest width of an editor: the longest of their words and numbers would make the column too wide."""


class Settings(QWidget):
    """What the shell shows in the column on the right of the panel."""

    changed = Signal(object)
    """The new `TrainConfig`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.settings")
        self._config = TrainConfig()
        self.form = Form(TrainConfig, self._config, skip=ELSEWHERE)
        for editor in (*self.form.findChildren(QComboBox), *self.form.findChildren(QSpinBox)):
            editor.setMinimumWidth(EDITOR)
        self.says = label("", "secondary", wrap=True, name="train.settingsSay")
        self.setLayout(
            column(
                label(self.tr("Settings of the next run"), "title"),
                self.says,
                self.form,
                None,
                spacing=theme.GRID * 2,
                margins=theme.GRID * 2,
            )
        )
        self.form.changed.connect(self._edited)

    def show_config(self, config: TrainConfig) -> None:
        """Show the draft of the next run."""
        self._config = config
        self.form.set_value(config)
        self.says.setText(
            self.tr("The recipe sets these; change only what you know to need it.")
            if isinstance(config.method, Train)
            else self.tr(
                "The way that is chosen in Model trains no network: rates, loss and stopping count for nothing."
            )
        )

    @Slot(object)
    def _edited(self, config: TrainConfig) -> None:
        self._config = config
        self.changed.emit(config)
