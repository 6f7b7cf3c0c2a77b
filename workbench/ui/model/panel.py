"""The Model panel: the catalogue on the left; weights, freeze plan and image size of the chosen backbone on the right."""

from PySide6.QtCore import QModelIndex, Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTableView,
    QWidget,
)

from workbench.errors import WorkbenchError
from workbench.models import catalog
from workbench.training.config import BackboneConfig, Freeze, TrainConfig
from workbench.ui import figures, icons, tables, theme
from workbench.ui.layouts import column, row, rule
from workbench.ui.model import catalogue, known_stages
from workbench.ui.model.catalogue import CatalogueFilter, CatalogueModel, millions
from workbench.ui.model.plan_editor import PlanEditor
from workbench.ui.model.size_editor import SizeEditor
from workbench.ui.model.weights_picker import WeightsPicker
from workbench.ui.session import Session
from workbench.ui.widgets import ElidedLabel, Panel, PanelState, Section, label

SIDE = 344


class ModelPanel(Panel):
    """Edits ``backbone``, ``freeze`` and ``preprocess`` of the session's config."""

    key = "model"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.title = self.tr("Model")
        self._selecting = False
        self._stages: list[str] = []
        self._stages_of = ""
        self.catalogue = CatalogueModel(catalog.backbones(), catalog.weights_here, self)
        self.filter = CatalogueFilter(self.catalogue, self)
        layout = row(self._left(), rule(vertical=True), self._right(), spacing=0)
        self.setLayout(layout)
        self.add_action("model.find", self.tr("Search the backbones"), self._focus_search, icon="search", key="Ctrl+F")
        session.configChanged.connect(self._config_changed)
        session.projectChanged.connect(self._project_changed)
        session.runsChanged.connect(self._runs_changed)
        self._show_config()
        QTimer.singleShot(0, self, self._reveal)

    # -- putting it together

    def _left(self) -> QWidget:
        self.search = QLineEdit()
        self.search.setObjectName("model.search")
        self.search.setPlaceholderText(
            self.tr("Search {0} backbones: resnet, mobile, vit …").format(figures.count(self.catalogue.rowCount()))
        )
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icons.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setToolTip(self.tr("Search by name or family ({0})").format(QKeySequence("Ctrl+F").toString()))
        self.library = QComboBox()
        self.library.setObjectName("model.library")
        self.library.addItem(self.tr("Both libraries"), "")
        for name in self.catalogue.libraries():
            self.library.addItem(name, name)
        self.recommended = self._switch(
            "model.recommended", self.tr("Recommended"), self.tr("A short list that suits most")
        )
        self.here = self._switch("model.here", self.tr("Here"), self.tr("Only those whose weights are on this machine"))
        self.matches = label("", "secondary", name="model.matches")
        self.matches.hide()
        bar = row(self.search, self.library, self.recommended, self.here)
        bar.setStretch(0, 1)
        self.table = self._table()
        self.nothing = label(
            self.tr("No backbone fits this search. Shorten it, or switch a filter off."),
            "secondary",
            name="model.nothing",
        )
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        left = QWidget()
        layout = column(bar, self.matches, self.nothing, self.table, margins=theme.GRID * 2)
        layout.setStretchFactor(self.table, 1)
        left.setLayout(layout)
        self.search.textChanged.connect(self._narrow)
        self.library.currentIndexChanged.connect(self._narrow)
        self.recommended.toggled.connect(self._narrow)
        self.here.toggled.connect(self._narrow)
        return left

    def _switch(self, name: str, text: str, tip: str) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(name)
        made.setCheckable(True)
        made.setToolTip(tip)
        return made

    def _table(self) -> QTableView:
        widths = {
            catalogue.LIBRARY: 100,
            catalogue.PARAMETERS: 92,
            catalogue.SIZE: 68,
            catalogue.HERE: 118,
            catalogue.LICENCE: 108,
        }
        table = tables.table_of(self.filter, "model.table", widths=widths, stretched=catalogue.NAME)
        tables.make_sortable(table)
        spare = (catalogue.LICENCE, catalogue.LIBRARY, catalogue.SIZE)
        tables.KeptReadable(table, stretched=catalogue.NAME, least=200, spare=spare)
        table.selectionModel().currentRowChanged.connect(self._row_chosen)
        return table

    def _right(self) -> QWidget:
        self.name = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideMiddle)
        self.name.setObjectName("model.name")
        self.facts = label("", "secondary", wrap=True, name="model.facts")
        self.weights = WeightsPicker()
        self.plan = PlanEditor()
        self.image_size = SizeEditor()
        inner = QWidget()
        inner.setLayout(
            column(
                column(self.name, self.facts, spacing=theme.HALF),
                Section(self.tr("Starts from"), self.weights),
                Section(self.tr("What may learn"), self.plan),
                Section(self.tr("Images as the model sees them"), self.image_size),
                None,
                spacing=theme.GRID * 3,
                margins=theme.GRID * 2,
            )
        )
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(SIDE)
        self.weights.changed.connect(self._weights_chosen)
        self.plan.changed.connect(self._plan_chosen)
        self.image_size.changed.connect(self._size_chosen)
        return area

    # -- what the shell asks

    def state(self) -> tuple[PanelState, str]:
        if self.session.project is None:
            return "empty", self.tr("A backbone is chosen here once there are images.")
        backbone = self._backbone()
        weights = self.session.config.backbone
        if backbone is None:
            return "attention", self.tr("The backbone {0} is not in the catalogue: choose another.").format(
                weights.name
            )
        if weights.weights == "hub" and not backbone.weights:
            return "attention", self.tr("Nobody publishes weights for {0}: choose a file, or none.").format(
                weights.name
            )
        if weights.weights == "hub" and not self.catalogue.here(backbone.name):
            return "attention", self.tr("The weights of {0} are not on this machine yet.").format(weights.name)
        if self.weights.is_missing():
            return "attention", self.tr("The weights file is not there any more: choose it again.")
        return "ready", self.tr("{0} is chosen and its weights are at hand.").format(weights.name)

    # -- the config, shown

    def _backbone(self) -> catalog.BackboneInfo | None:
        try:
            return catalog.find(self.session.config.backbone.name)
        except WorkbenchError:
            return None

    @Slot()
    def _config_changed(self) -> None:
        if self._of_model(self.session.config) != self._shown:
            self._show_config()

    @staticmethod
    def _of_model(config: TrainConfig) -> tuple[object, ...]:
        """Return what of the config this panel shows; a slider of another panel changes none of it."""
        return config.backbone, config.freeze, config.preprocess

    @Slot()
    def _show_config(self) -> None:
        config = self.session.config
        self._shown = self._of_model(config)
        backbone = self._backbone()
        self.name.setText(config.backbone.name.partition("/")[2] or config.backbone.name)
        self.facts.setText(self._facts_of(backbone))
        here = backbone is not None and self.catalogue.here(backbone.name)
        self.weights.show_weights(config.backbone.weights, backbone, here=here)
        if self._stages_of != config.backbone.name:
            self._find_stages()
        self.plan.show_plan(config.freeze, self._stages)
        self.image_size.show_size(config.preprocess, backbone)
        self._mark_row()
        self.stateChanged.emit()

    def _facts_of(self, backbone: catalog.BackboneInfo | None) -> str:
        if backbone is None:
            return self.tr("Not in the catalogue: choose another.")
        parts = [backbone.library]
        if backbone.parameters is not None:
            parts.append(self.tr("{0} parameters").format(millions(backbone.parameters)))
        parts.append(self.tr("{0} px").format(backbone.input_size))
        if backbone.licence:
            parts.append(backbone.licence)
        text = " · ".join(parts)
        return f"{text}\n{backbone.note}" if backbone.note else text

    def _find_stages(self) -> None:
        self._stages_of = self.session.config.backbone.name
        self._stages = known_stages.find(self.session.project, self._stages_of)

    @Slot()
    def _runs_changed(self) -> None:
        if not self._stages:
            self._find_stages()
            self.plan.show_plan(self.session.config.freeze, self._stages)

    @Slot()
    def _project_changed(self) -> None:
        self._stages_of = ""
        self._show_config()
        self._reveal()

    def _mark_row(self) -> None:
        """Select the config's backbone in the table, where the filter shows it."""
        source = self.catalogue.row_of(self.session.config.backbone.name)
        index = self.filter.mapFromSource(self.catalogue.index(source, 0)) if source >= 0 else QModelIndex()
        if index.row() == self.table.currentIndex().row() and self.table.selectionModel().hasSelection():
            return
        self._selecting = True
        if index.isValid():
            self.table.selectRow(index.row())
        else:
            self.table.selectionModel().clear()
        self._selecting = False

    @Slot()
    def _reveal(self) -> None:
        index = self.table.currentIndex()
        if index.isValid():
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @Slot()
    def _focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    # -- the config, edited

    @Slot()
    def _narrow(self) -> None:
        self._selecting = True
        self.filter.narrow(
            text=self.search.text(),
            library=self.library.currentData(),
            recommended=self.recommended.isChecked(),
            here=self.here.isChecked(),
        )
        self._selecting = False
        shown = self.filter.rowCount()
        total = self.catalogue.rowCount()
        self.matches.setText(
            "" if shown == total else self.tr("{0} of {1}").format(figures.count(shown), figures.count(total))
        )
        self.matches.setVisible(shown != total)
        self.nothing.setVisible(shown == 0)
        self._mark_row()
        self.table.scrollToTop()

    @Slot(QModelIndex, QModelIndex)
    def _row_chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if self._selecting or not current.isValid():
            return
        backbone = self.catalogue.backbone(self.filter.mapToSource(current).row())
        self._change_backbone(name=backbone.name)

    @Slot(str)
    def _weights_chosen(self, weights: str) -> None:
        self._change_backbone(weights=weights)

    def _change_backbone(self, **changes: str) -> None:
        config = self.session.config
        backbone = BackboneConfig.model_validate({**config.backbone.model_dump(), **changes})
        self.session.set_config(config.model_copy(update={"backbone": backbone}))

    @Slot(object)
    def _plan_chosen(self, freeze: Freeze) -> None:
        self.session.set_config(self.session.config.model_copy(update={"freeze": freeze}))

    @Slot(object)
    def _size_chosen(self, preprocess: object) -> None:
        self.session.set_config(self.session.config.model_copy(update={"preprocess": preprocess}))
