"""Start, pause, stop; recipe and epochs; and the sentence that says why Start cannot be pressed."""

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QSpinBox, QWidget

from workbench.training.config import Train, TrainConfig
from workbench.ui import figures, icons, theme
from workbench.ui.layouts import FlowLayout, column, row
from workbench.ui.progress import ACTIVE, RunStateName
from workbench.ui.readiness import Hindrance
from workbench.ui.training import recipes
from workbench.ui.widgets import Segmented, button, label

CUSTOM = "custom"
SENTENCE = 440
"""Room for the sentence beside its link; a longer one takes a second line."""


class Controls(QWidget):
    """The top line of the panel. Says what the user wants; the panel does it."""

    started = Signal()
    paused = Signal()
    resumed = Signal()
    stopped = Signal()
    configured = Signal(object)
    """The new `TrainConfig`."""
    repaired = Signal(str)
    """The panel that repairs what prevents the start."""

    def __init__(self, start: QAction, pause: QAction, stop: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = TrainConfig()
        self._hindrance: Hindrance | None = None
        self._state: RunStateName = "idle"
        self._actions = (start, pause, stop)
        self.start = button(self.tr("Start"), self.started, role="primary", icon="play", name="train.start")
        self.pause = button(self.tr("Pause"), self._pause_or_resume, icon="pause", name="train.pause")
        self.stop = button(self.tr("Stop"), self.stopped, icon="stop", name="train.stop")
        self.recipe = Segmented(
            [
                ("fast", self.tr("Fast")),
                ("balanced", self.tr("Balanced")),
                ("best", self.tr("Best")),
                (CUSTOM, self.tr("Custom")),
            ],
            parent=self,
        )
        self.recipe.setObjectName("train.recipe")
        self.recipe.button("fast").setToolTip(self.tr("Only the head learns: minutes, even without a GPU"))
        self.recipe.button("balanced").setToolTip(self.tr("The last two stages learn too, until it gets no better"))
        self.recipe.button("best").setToolTip(self.tr("Everything learns, for longer: wants a GPU and more images"))
        self.recipe.button(CUSTOM).setToolTip(self.tr("The settings follow none of the recipes"))
        self.epochs = QSpinBox(self)
        self.epochs.setObjectName("train.epochs")
        self.epochs.setRange(1, 10_000)
        self.epochs.setSuffix(self.tr(" epochs"))
        self.epochs.setFixedWidth(116)
        self.epochs.setKeyboardTracking(False)
        self.epochs.setAccessibleName(self.tr("Epochs"))
        self.epochs.setToolTip(self.tr("Times every training image is seen"))
        self.phases = label("", "secondary", name="train.phases")
        self.phases.setFixedHeight(theme.CONTROL)
        self.phases.setToolTip(self.tr("Times every training image is seen; the phases are set in Model"))
        self.why = label("", "secondary", name="train.why")
        self.why.setWordWrap(True)
        self.link = QPushButton()
        self.link.setObjectName("train.repair")
        self.link.setProperty("role", "link")
        self.link.clicked.connect(self._repair)
        first = FlowLayout()
        for part in (self.start, self.pause, self.stop, self.recipe, self.epochs, self.phases):
            first.addWidget(part)
        self._second = QWidget()
        second = row(self.why, self.link, None, spacing=theme.HALF)
        self._second.setLayout(second)
        self.setLayout(column(first, self._second, spacing=theme.HALF))
        self.recipe.changed.connect(self._recipe_chosen)
        self.epochs.valueChanged.connect(self._epochs_chosen)
        self._enable()

    def show_config(self, config: TrainConfig) -> None:
        """Show the draft of the next run."""
        self._config = config
        recipe = recipes.of(config)
        with QSignalBlocker(self.recipe), QSignalBlocker(self.epochs):
            self.recipe.set_value(recipe or CUSTOM)
            self.epochs.setValue(config.epochs)
        self.recipe.button(CUSTOM).setVisible(not recipe)
        self._show_epochs()

    def _show_epochs(self) -> None:
        """With phases their lengths are set in the Model panel; a way without training has no epochs."""
        config, phases = self._config, len(self._config.phases)
        trains = isinstance(config.method, Train)
        self.epochs.setVisible(trains and phases == 1)
        self.epochs.setSuffix(self.tr(" epoch") if config.epochs == 1 else self.tr(" epochs"))
        self.phases.setVisible(not trains or phases > 1)
        self.phases.setText(
            self.tr("{0} epochs in {1} phases").format(figures.count(config.total_epochs), phases)
            if trains
            else self._untrained()[config.method.kind]
        )

    def _untrained(self) -> dict[str, str]:
        return {
            "features": self.tr("features once, no epochs"),
            "as-is": self.tr("the classifier as it is, no epochs"),
            "baseline": self.tr("baseline without a network, no epochs"),
        }

    def show_state(self, state: RunStateName) -> None:
        """Show what the followed run does."""
        self._state = state
        self._enable()

    def show_hindrance(self, hindrance: Hindrance | None) -> None:
        """Show what prevents the start, or what is worth a warning before it."""
        self._hindrance = hindrance
        self._enable()

    def _enable(self) -> None:
        active = self._state in ACTIVE
        hindrance = self._hindrance
        prevented = hindrance is not None and not hindrance.caution
        self.start.setEnabled(not active and not prevented)
        self.pause.setEnabled(self._state in ("training", "paused"))
        self.stop.setEnabled(active and self._state != "stopping")
        paused = self._state == "paused"
        self.pause.setText(self.tr("Resume") if paused else self.tr("Pause"))
        self.pause.setIcon(icons.icon("play" if paused else "pause"))
        self._second.setVisible(hindrance is not None and not active)
        if hindrance is not None:
            self.why.setText(hindrance.sentence)
            self.why.setMinimumWidth(min(SENTENCE, self.why.fontMetrics().horizontalAdvance(hindrance.sentence) + 4))
            theme.set_role(self.why, "warning" if hindrance.caution else "secondary")
            self.link.setText(hindrance.link)
        start, pause, stop = self._actions
        start.setEnabled(self.start.isEnabled())
        pause.setEnabled(self.pause.isEnabled())
        pause.setText(self.tr("Resume the run") if paused else self.tr("Pause the run"))
        stop.setEnabled(self.stop.isEnabled())
        self.start.setToolTip(self._start_tip(active, prevented))
        self.pause.setToolTip(pause.toolTip())
        self.stop.setToolTip(stop.toolTip())

    def _start_tip(self, active: bool, prevented: bool) -> str:
        if active:
            return self.tr("A run is being trained; stop it before the next")
        if prevented and self._hindrance is not None:
            return self._hindrance.sentence
        return self._actions[0].toolTip()

    @Slot()
    def _pause_or_resume(self) -> None:
        if self._state == "paused":
            self.resumed.emit()
        else:
            self.paused.emit()

    @Slot()
    def _repair(self) -> None:
        if self._hindrance is not None:
            self.repaired.emit(self._hindrance.panel)

    @Slot(str)
    def _recipe_chosen(self, recipe: str) -> None:
        if recipe != CUSTOM:
            self.configured.emit(recipes.put_on(self._config, recipe))

    @Slot(int)
    def _epochs_chosen(self, epochs: int) -> None:
        self.configured.emit(self._config.model_copy(update={"epochs": epochs}))
