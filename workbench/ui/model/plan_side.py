"""The right half of the Model panel: where the chosen backbone starts from, how it learns, and what is put around it."""

import functools
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QAbstractSpinBox, QComboBox, QFrame, QScrollArea, QWidget

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.training.config import BackboneConfig, Baseline, OptimizerConfig, Train, TrainConfig
from workbench.ui import theme
from workbench.ui.fields import ignore_wheel
from workbench.ui.layouts import column
from workbench.ui.model import data_facts, facts, parts_tree
from workbench.ui.model.finding_size import FINDING, FindingSize
from workbench.ui.model.head_editor import HeadEditor
from workbench.ui.model.method_editor import MethodEditor
from workbench.ui.model.parts_tree import Node
from workbench.ui.model.plan_editor import PlanEditor
from workbench.ui.model.rates_editor import RatesEditor
from workbench.ui.model.side_columns import SideColumns
from workbench.ui.model.size_editor import SizeEditor
from workbench.ui.model.way_memory import WayMemory, way_of
from workbench.ui.model.ways import Ways
from workbench.ui.model.weights_picker import WeightsPicker
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, Section, label

SIDE = 368
WEIGHTS_OPEN = "model_weights"
"""The preference that says whether the choice of weights is unfolded."""
SMALLEST_FINDING = "smallest_finding_px"
"""The setting of a project that keeps the size of its smallest finding."""


class PlanSide(QScrollArea):
    """Edits all of the session's config that belongs to the model but the name of the backbone."""

    layers_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._memory = WayMemory()
        self._nodes: list[Node] = []
        self._known = False
        self._why = ""
        self._from_what: tuple[object, ...] = ()
        self.name = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideMiddle)
        self.name.setObjectName("model.name")
        self.facts = label("", "secondary", wrap=True, name="model.facts")
        self.note = label("", "secondary", wrap=True, name="model.note")
        self.ways = Ways()
        self.method = MethodEditor()
        self.weights = WeightsPicker(session)
        self.plan = PlanEditor()
        self.rates = RatesEditor()
        self.head = HeadEditor()
        self.image_size = SizeEditor()
        self.finding = FindingSize()
        way = QWidget()
        way.setLayout(column(self.ways, self.method))
        images = QWidget()
        images.setLayout(column(self.image_size, self.finding))
        self._from = Section(self.tr("Starts from"), self.weights, foldable=True)
        self._plan = Section(self.tr("What learns, and when"), self.plan, corner=self.plan.layers)
        self._rates = Section(self.tr("How fast"), self.rates, foldable=True)
        self._head = Section(self.tr("Head and channels"), self.head, foldable=True)
        self._from.set_open(session.preferences.switch(WEIGHTS_OPEN, True))
        self._from.toggled.connect(functools.partial(session.preferences.set, WEIGHTS_OPEN))
        self._rates.set_open(False)
        self._head.set_open(False)
        chosen = QWidget()
        chosen.setLayout(column(self.name, self.facts, self.note, spacing=theme.HALF))
        self._columns = SideColumns(
            (chosen, self._from),
            (Section(self.tr("Way to a classifier"), way), self._plan, self._rates),
            (self._head, Section(self.tr("Images as the model sees them"), images)),
        )
        self.setWidget(self._columns)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(SIDE)
        for box in (*self.findChildren(QAbstractSpinBox), *self.findChildren(QComboBox)):
            ignore_wheel(box)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its parts have the keyboard, not what scrolls them
        self.ways.chosen.connect(self.take_way)
        self.method.changed.connect(self._method_chosen)
        self.weights.changed.connect(self._weights_chosen)
        self.plan.changed.connect(self._change)
        self.plan.layers_asked.connect(self.layers_asked)
        self.rates.changed.connect(self._rates_chosen)
        self.head.head_changed.connect(self._head_chosen)
        self.head.backbone_changed.connect(self._change_backbone)
        self.image_size.changed.connect(self._size_chosen)
        self.finding.changed.connect(self._finding_set)
        session.imagesChanged.connect(self._find_images)
        self._find_images()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Show all of a tree that Tab leads into: Qt shows its current row only."""
        moved = super().focusNextPrevChild(forward)
        chosen = self.focusWidget()
        if moved and isinstance(chosen, QAbstractItemView):
            corner = chosen.mapTo(self.widget(), chosen.rect().center())
            self.ensureVisible(corner.x(), corner.y(), 0, chosen.height() // 2 + theme.GRID)
        return moved

    # -- shown

    def set_across(self, across: int) -> None:
        """Show one column, or two beside each other."""
        self._columns.set_across(across)
        self.setFixedWidth(across * SIDE)

    def forget(self) -> None:
        """Another project: its ways were not set here yet, and its images are others."""
        self._memory, self._from_what = WayMemory(), ()
        self._find_images()

    @Slot()
    def _find_images(self) -> None:
        self.finding.show_images(None)
        project = self._session.project
        if project is not None:
            self.finding.show_pixels(int(project.settings.get(SMALLEST_FINDING, FINDING)))
        self._session.reader.ask("model images", data_facts.gather, self._images_found)

    def _images_found(self, found: data_facts.ProjectFacts) -> None:
        self.finding.show_images((found.width, found.height) if found.width and found.height else None)

    def show_stages(self, nodes: list[Node], *, known: bool, why: str) -> None:
        """Take the parts of the backbone; shown with the next config. ``why`` says why they are not known."""
        self._nodes, self._known, self._why = nodes, known, why

    def show_config(
        self, config: TrainConfig, info: catalog.BackboneInfo | None, classes: list[str], *, reason: str = ""
    ) -> None:
        """Show what the config says, for a backbone that the catalogue describes by ``info``.

        ``reason`` says why it is recommended for the project's images, "" where it is not.
        """
        trains, network = isinstance(config.method, Train), not isinstance(config.method, Baseline)
        self.name.setText(config.backbone.name.partition("/")[2] or config.backbone.name)
        self.facts.setText(facts.told(info) if network else self.tr("Not used: the baseline has no network."))
        note, role = facts.note(info, reason) if network else ("", "secondary")
        self.note.setText(note)
        self.note.setVisible(bool(note))
        theme.set_role(self.note, role)
        self.ways.show_way(way_of(config))
        self.method.show_method(config.method, classes)
        self.method.setVisible(not self.method.is_empty())
        if (config.backbone, config.head, info) != self._from_what:  # it looks at the disk and lists the runs
            self._from_what = (config.backbone, config.head, info)
            self.weights.show_config(config, info)
        self.plan.show_config(config, self._nodes, known=self._known, why=self._why)
        names = [node.name for node in self._nodes] if self._known else []
        self.rates.show_rates(config.optimizer, names)
        self.head.show_head(config.head, config.backbone, trains=trains)
        self.image_size.show_size(config.preprocess, info)
        size = config.preprocess.size or (info.input_size if info is not None else 0)
        self.finding.show_size(size, config.preprocess.resize)
        self._from.setVisible(network)
        self._plan.setVisible(trains)
        self._rates.setVisible(trains)
        self._head.setVisible(network)
        self._from.summarize(self.weights.summary())
        self._rates.summarize(self.rates.summary())
        self._head.summarize(self.head.summary(trains=trains))

    def open_all(self) -> None:
        """Unfold what is folded at first."""
        for part in (self._rates, self._head):
            part.set_open(True)

    def problem(self) -> str:
        """Return why a run of the config could not start with this plan; "" where it could."""
        config = self._session.config
        if not self._known or not isinstance(config.method, Train):
            return ""
        for phase in config.phases:
            missing = parts_tree.unknown(self._nodes, phase.freeze)
            if missing:
                return self.tr("The plan names parts that {0} does not have: {1}.").format(
                    config.backbone.name, ", ".join(missing[:3])
                )
        names = {node.name for node in self._nodes}
        foreign = [name for name in config.optimizer.stage_factors if name not in names]
        if foreign:
            return self.tr("There is a rate for {0}, which {1} does not have.").format(
                ", ".join(foreign[:3]), config.backbone.name
            )
        return ""

    # -- edited

    @Slot(int)
    def _finding_set(self, pixels: int) -> None:
        project = self._session.project
        if project is None or project.read_only:
            return
        try:
            project.settings.set(SMALLEST_FINDING, pixels)
            self._session.was_saved()
        except WorkbenchError as error:
            self._session.problem.emit("model", str(error))

    @Slot(dict)
    def _change(self, fields: dict[str, Any]) -> None:
        self._session.set_config(self._session.config.model_copy(update=fields))

    @Slot(str)
    def take_way(self, way: str) -> None:
        """Put the config on another way to a classifier; what was set on the one before is kept for coming back."""
        self._session.set_config(self._memory.take(self._session.config, way))

    @Slot(object)
    def _method_chosen(self, method: object) -> None:
        self._change({"method": method})

    @Slot(object)
    def _weights_chosen(self, backbone: BackboneConfig) -> None:
        self._change({"backbone": backbone})

    @Slot(dict)
    def _change_backbone(self, fields: dict[str, Any]) -> None:
        self._change({"backbone": self._session.config.backbone.model_copy(update=fields)})

    @Slot(object)
    def _rates_chosen(self, optimizer: OptimizerConfig) -> None:
        self._change({"optimizer": optimizer})

    @Slot(object)
    def _head_chosen(self, head: object) -> None:
        self._change({"head": head})

    @Slot(object)
    def _size_chosen(self, preprocess: object) -> None:
        self._change({"preprocess": preprocess})
