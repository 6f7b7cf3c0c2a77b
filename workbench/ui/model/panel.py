"""The Model panel: the catalogue on the left; on the right the way, weights, freeze plan and images of the chosen backbone."""

from PySide6.QtCore import QEvent, QSignalBlocker, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from workbench.models.anatomy_parts import Anatomy
from workbench.training.config import AsIs, BackboneConfig, Baseline, Train, TrainConfig
from workbench.ui import readiness
from workbench.ui.layouts import column, row, rule
from workbench.ui.model import facts, known_stages, parts_tree
from workbench.ui.model.anatomy_source import AnatomySource, Question
from workbench.ui.model.aside import Aside
from workbench.ui.model.catalogue import CatalogueSide
from workbench.ui.model.draft_history import DraftHistory
from workbench.ui.model.parts_tree import Node
from workbench.ui.model.plan_side import SIDE, PlanSide
from workbench.ui.model.summary_dialog import SummaryDialog
from workbench.ui.model.weights_start import with_backbone
from workbench.ui.published_classes import PublishedClasses
from workbench.ui.session import Session
from workbench.ui.undo_keys import FieldUndo, takes_undo
from workbench.ui.widgets import Panel, PanelState

WIDE = 1560
"""From this width on, in pixels, the plan has two columns and the catalogue still most of its own."""


class ModelPanel(Panel):
    """Edits what of the session's config belongs to the model. Wiring only: the two sides and the aside do the work."""

    key = "model"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.title = self.tr("Model")
        self._made_of: tuple[object, ...] = ()
        """What `_nodes` were made of; it holds the anatomy, which is compared as an object."""
        self._nodes: list[Node] = []
        self._known = False
        self._classes: list[str] = []
        self.anatomy = AnatomySource(session, self)
        self.plan_side = PlanSide(session)
        self.aside = Aside(session)
        self._published = PublishedClasses(session, self)
        self._unanswered = ""
        """Why the classifier as it is does not do for the project's classes, "" where it does or nobody knows."""
        self.aside.setFixedWidth(SIDE)
        right = column(self.plan_side, rule(), self.aside, spacing=0)
        right.setStretch(0, 1)
        layout = row(self._left(), rule(vertical=True), right, spacing=0)
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self.weights, self.plan, self.image_size = (
            self.plan_side.weights,
            self.plan_side.plan,
            self.plan_side.image_size,
        )
        self.add_action(
            "model.find", self.tr("Search the backbones"), self.side.focus_search, icon="search", key="Ctrl+F"
        )
        self.add_action(
            "model.favourite",
            self.tr("Make the backbone a favourite, or no longer"),
            self.side.toggle_favourite,
            icon="star",
            key="F",
        )
        self.add_action(
            "model.layers.action", self.tr("Show all layers of the backbone"), self.show_layers, key="Ctrl+L"
        )
        self.add_action(
            "model.probe.action", self.tr("Measure what a run will take"), self.aside.probe.start, icon="clock"
        )
        self.history = DraftHistory(session, self)
        self._undo = self.add_action("model.undo", self.tr("Undo the change of the model"), self.undo, icon="undo")
        self._redo = self.add_action("model.redo", self.tr("Redo the change of the model"), self.redo, icon="redo")
        FieldUndo(self, self.undo, self.redo)
        self.history.changed.connect(self._show_undo)
        self._show_undo()
        self.plan_side.layers_asked.connect(self.show_layers)
        self.plan_side.weights.presenceChanged.connect(self._weights_came)
        self.aside.batch_chosen.connect(self._batch_chosen)
        self.anatomy.changed.connect(self._show_config)
        self._published.changed.connect(self._ask_classes)
        session.splitChanged.connect(self._ask_classes)
        session.configChanged.connect(self._config_changed)
        session.projectChanged.connect(self._project_changed)
        session.runsChanged.connect(self._runs_changed)
        session.classesChanged.connect(self._classes_changed)
        self._classes_changed()

    def _left(self) -> QWidget:
        self.side = CatalogueSide(self.session)
        self.side.chosen.connect(self._backbone_chosen)
        self.side.advised.connect(self._show_config)
        self.side.wayChosen.connect(self.plan_side.take_way)
        self.side.wayChosen.connect(self.plan_side.ways.chosen)
        return self.side

    # -- what the shell asks

    def state(self) -> tuple[PanelState, str]:
        if self.session.project is None:
            return "empty", self.tr("A backbone is chosen here once there are images.")
        config = self.session.config
        found = readiness.of_model(self.session.project, config)
        problem = self.plan_side.problem()
        if problem and (found is None or found.caution):
            return "attention", problem
        if self._unanswered and (found is None or found.caution):
            return "attention", self._unanswered
        if found is not None:
            return "attention", found.sentence
        if isinstance(config.method, Baseline):
            return "ready", self.tr("The baseline needs no backbone and no weights.")
        return "ready", self.tr("{0} is chosen and its weights are at hand.").format(config.backbone.name)

    def gestures(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Choose a phase"), self.tr("click, or ← and → in the timeline")),
            (
                self.tr("Give an epoch to the next phase, or take one"),
                self.tr("drag the border, or Shift with ← and →"),
            ),
            (self.tr("Let a part learn, or freeze it"), self.tr("click its box, or Space")),
        ]

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z in this panel is about the model, not about the labels."""
        return takes_undo(event, self.undo, self.redo) or super().event(event)

    @Slot()
    def undo(self) -> None:
        """Take the last change of the model back."""
        self.history.undo()

    @Slot()
    def redo(self) -> None:
        """Make the change again that was taken back last."""
        self.history.redo()

    @Slot()
    def _show_undo(self) -> None:
        self._undo.setEnabled(self.history.can_undo)
        self._redo.setEnabled(self.history.can_redo)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.anatomy.set_awake(True)
        self._ask_classes()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        across = 2 if event.size().width() >= WIDE else 1
        if across * SIDE != self.aside.width():
            self.plan_side.set_across(across)
            self.aside.setFixedWidth(across * SIDE)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.anatomy.set_awake(False)

    # -- the config, shown

    @Slot()
    def _config_changed(self) -> None:
        if self._of_model(self.session.config) != self._shown:
            self._show_config()

    @staticmethod
    def _of_model(config: TrainConfig) -> tuple[object, ...]:
        """Return what of the config this panel shows; a slider of another panel changes none of it."""
        plan = (config.method, config.head, config.phases, config.batch_norm, config.optimizer)
        return config.backbone, config.preprocess, *plan, config.compute

    @Slot()
    def _show_config(self) -> None:
        config = self.session.config
        self._shown = self._of_model(config)
        with QSignalBlocker(self.anatomy):  # what it knows at once is shown here, once
            self.anatomy.ask(Question(config.backbone.name, config.preprocess.size, config.backbone.channels))
        self._find_nodes(config)
        self.plan_side.show_stages(self._nodes, known=self._known, why=self._why_unknown())
        reason = self.side.advice.short_list().get(config.backbone.name, "")
        self.plan_side.show_config(config, facts.of(config.backbone), self._classes, reason=reason)
        self.side.show_config(config)
        trains = isinstance(config.method, Train)
        self.aside.show_config(config, self.plan_side.plan.counts() if trains else None)
        self._ask_classes()
        self.stateChanged.emit()

    @Slot()
    def _ask_classes(self) -> None:
        """Find out whether the classifier as it is knows the project's classes."""
        config = self.session.config
        if not isinstance(config.method, AsIs):
            self.session.reader.drop("model classes")
            self._classes_answered(None)
            return
        if self.isVisible():
            self._published.ask(config)
        self.session.reader.ask(
            "model classes", lambda project: readiness.of_classes(project, config), self._classes_answered
        )

    def _classes_answered(self, found: readiness.Hindrance | None) -> None:
        sentence = found.sentence if found is not None else ""
        self.plan_side.method.show_problem(sentence)
        if sentence != self._unanswered:
            self._unanswered = sentence
            self.stateChanged.emit()

    def _find_nodes(self, config: TrainConfig) -> None:
        """Take the parts of the backbone from its anatomy, else the stages from a run of it; new ones only where needed."""
        anatomy = self.anatomy.anatomy
        made_of: tuple[object, ...] = (anatomy, config.backbone.name, config.head, len(self._classes))
        if self._made_of and made_of[0] is self._made_of[0] and made_of[1:] == self._made_of[1:]:
            return
        self._made_of = made_of
        if anatomy is not None:
            self._nodes = parts_tree.tree_of(anatomy, len(self._classes), config.head)
        else:
            self._nodes = parts_tree.bare(known_stages.find(self.session.project, config.backbone.name))
        self._known = bool(self._nodes)

    def _why_unknown(self) -> str:
        if self.anatomy.problem:
            return self.anatomy.problem
        return self.tr("Reading the layers of this backbone …") if self.anatomy.waiting else ""

    @Slot()
    def _runs_changed(self) -> None:
        if not self._known:
            self._made_of = ()
            self._show_config()

    @Slot()
    def _project_changed(self) -> None:
        self._made_of = ()
        self.plan_side.forget()
        self._classes_changed()
        self.side.reveal()

    @Slot()
    def _classes_changed(self) -> None:
        project = self.session.project
        self._classes = [known.name for known in project.labels.classes()] if project is not None else []
        self._show_config()

    # -- the config, edited

    @Slot(str)
    def _backbone_chosen(self, name: str) -> None:
        self._change_backbone(with_backbone(self.session.config.backbone, name))

    def _change_backbone(self, backbone: BackboneConfig) -> None:
        self.session.set_config(self.session.config.model_copy(update={"backbone": backbone}))

    @Slot(str)
    def _weights_came(self, name: str) -> None:
        self.side.look_again(name)
        self.stateChanged.emit()

    @Slot(int)
    def _batch_chosen(self, batch_size: int) -> None:
        config = self.session.config
        compute = config.compute.model_copy(update={"batch_size": batch_size})
        self.session.set_config(config.model_copy(update={"compute": compute}))

    # -- more to see

    @Slot()
    def show_layers(self) -> None:
        """Open the table of all layers, once they are known."""
        anatomy: Anatomy | None = self.anatomy.anatomy
        if anatomy is None:
            self.session.toast.emit(self._why_unknown() or self.tr("The layers are not known yet."))
            return
        SummaryDialog(anatomy, self.window()).show()
