"""What may learn, and when: the phases of the run, and for the chosen one a tree of the parts that learn in it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

from workbench.training.config import (
    Freeze,
    FreezeBackbone,
    FreezeNothing,
    FreezeParts,
    FreezeStages,
    TrainConfig,
)
from workbench.ui import figures, theme
from workbench.ui.layouts import column, row
from workbench.ui.model import parts_tree, phases
from workbench.ui.model.parts_tree import Node
from workbench.ui.model.rates_editor import factors
from workbench.ui.model.stage_tree import StageTree, short_count
from workbench.ui.model.timeline import Column, Timeline
from workbench.ui.widgets import Segmented, button, label, tool_button

GUESSED_STAGES = 6
"""How many stages are shown, head included, where the backbone's own are not known: a stem, four stages, a head."""
RATE = 64


class PlanEditor(QWidget):
    """Edits epochs, freeze plan, later phases and the batch-norm policy of a config."""

    changed = Signal(dict)
    """The changed fields of the `TrainConfig`."""
    layers_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = TrainConfig()
        self._stages: list[Node] = []
        self._known = False
        self._why = ""
        self._phase = 0
        self._last = 1
        """How many stages trained last: the choice of stages comes back to it."""
        self._parts: FreezeParts | None = None
        # No parents here: the layout gives them, and with them the order in which Tab goes through.
        self.timeline = Timeline()
        self._make_phase_row()
        self.choice = Segmented(
            [
                ("backbone", self.tr("Head")),
                ("stages", self.tr("Last stages")),
                ("none", self.tr("All")),
                ("parts", self.tr("Own")),
            ]
        )
        self.choice.setObjectName("model.freeze")
        self.choice.button("backbone").setToolTip(self.tr("Only the new head learns"))
        self.choice.button("stages").setToolTip(self.tr("The head and the last stages of the backbone learn"))
        self.choice.button("none").setToolTip(self.tr("Everything learns"))
        self.choice.button("parts").setToolTip(self.tr("The parts ticked below learn"))
        self.train_last = QSpinBox()
        self.train_last.setObjectName("model.trainLast")
        self.train_last.setRange(1, 64)
        self.train_last.setToolTip(self.tr("How many stages of the backbone learn, counted from the head backwards"))
        self.train_last.setFixedWidth(56)
        self.train_last.setAccessibleName(self.tr("Stages that train"))
        self.tree = StageTree()
        self.says = label("", "secondary", wrap=True, name="model.planSays")
        self.drop = button(self.tr("Leave them out"), self._drop_unknown, role="link", name="model.dropParts")
        self.layers = button(
            self.tr("All layers …"),
            self.layers_asked,
            role="link",
            name="model.layers",
            tip=self.tr("Every layer with its output, parameters and multiply-adds, as a table"),
        )
        self._make_norm_row()
        self.setLayout(
            column(
                self.timeline,
                self._phase_row,
                row(self.choice, self.train_last, None),
                self.tree,
                row(self.says, self.drop),
                self._norm_row,
            )
        )
        self._connect()
        self.show_config(self._config, [], known=False)

    def _make_norm_row(self) -> None:
        self.batch_norm = Segmented([("follow", self.tr("Move where it learns")), ("frozen", self.tr("Stay"))])
        self.batch_norm.setObjectName("model.batchNorm")
        self.batch_norm.button("follow").setToolTip(
            self.tr("They move with the images where their part learns, and stay where it is frozen")
        )
        self.batch_norm.button("frozen").setToolTip(
            self.tr("They stay everywhere as the weights brought them: for batches of a few images")
        )
        caption = label(self.tr("Batch norm"), "secondary")
        caption.setToolTip(
            self.tr("Batch norm keeps a running mean and spread of what passes through it, beside what it learns")
        )
        self._norm_row = QWidget()
        self._norm_row.setLayout(row(caption, None, self.batch_norm))

    def _make_phase_row(self) -> None:
        self.epochs = QSpinBox()
        self.epochs.setObjectName("model.epochs")
        self.epochs.setRange(1, 10_000)
        self.epochs.setSuffix(self.tr(" epochs"))
        self.epochs.setFixedWidth(112)
        self.epochs.setKeyboardTracking(False)
        self.epochs.setAccessibleName(self.tr("Epochs of this phase"))
        self.rate = QLineEdit()
        self.rate.setObjectName("model.phaseRate")
        self.rate.setFixedWidth(RATE)
        self.rate.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.rate.setAccessibleName(self.tr("Rate of this phase"))
        self._rate_head = label(self.tr("rate ×"), "secondary")
        self.add = tool_button("plus", self.tr("Add a phase after this one"), self._add, name="model.addPhase")
        self.remove = tool_button(
            "trash", self.tr("Remove this phase"), lambda: self._remove(self._phase), name="model.removePhase"
        )
        self.total = label("", "secondary", name="model.total")
        self._phase_row = QWidget()
        self._phase_row.setLayout(
            column(
                row(
                    self.epochs,
                    self._rate_head,
                    self.rate,
                    None,
                    self.add,
                    self.remove,
                    spacing=theme.HALF,
                ),
                self.total,
                spacing=theme.HALF,
            )
        )

    def _connect(self) -> None:
        self.timeline.chosen.connect(self.show_phase)
        self.timeline.moved.connect(self._moved)
        self.timeline.removed.connect(self._remove)
        self.epochs.valueChanged.connect(self._epochs_edited)
        self.rate.textEdited.connect(self._rate_edited)
        self.choice.changed.connect(self._choice_edited)
        self.train_last.valueChanged.connect(self._choice_edited)
        self.tree.edited.connect(self._tree_edited)
        self.batch_norm.changed.connect(self._batch_norm_edited)

    # -- shown

    def show_config(self, config: TrainConfig, stages: Sequence[Node], *, known: bool, why: str = "") -> None:
        """Show what the config says. Without ``known`` stages a guess is shown, and ``why`` says so."""
        same = (self._config, self._known, self._why) == (config, known, why)
        self._config, self._known, self._why = config, known, why
        shown = list(stages) or self._guessed()
        if [id(stage) for stage in shown] != [id(stage) for stage in self._stages]:
            self._stages, self._parts = shown, None
            self.tree.show_stages(shown)
            same = False
        if same:
            return  # an own change, shown already
        self._phase = min(self._phase, len(config.phases) - 1)
        self._show()

    @Slot(int)
    def show_phase(self, number: int) -> None:
        """Edit another phase."""
        self._phase = number
        self._show()

    @property
    def phase(self) -> int:
        """The phase that is edited, counted from 0."""
        return self._phase

    def stages(self) -> list[Node]:
        """Return what is shown from stem to head: a guess where the backbone's stages are not known."""
        return list(self._stages)

    def counts(self, phase: int | None = None) -> parts_tree.Counts | None:
        """Return what a phase costs, the one that costs most where none is given; None where the layers are not known."""
        if not any(stage.parameters for stage in self._stages[:-1]):
            return None
        config = self._config
        chosen = config.phases if phase is None else config.phases[phase : phase + 1]
        batch_size, optimizer = config.compute.batch_size, config.optimizer.name
        found = [
            parts_tree.counts(
                self._stages,
                parts_tree.learning(self._stages, each.freeze),
                batch_size=batch_size,
                optimizer=optimizer,
            )
            for each in chosen
        ]
        return max(found, key=lambda counts: counts.memory)

    def _guessed(self) -> list[Node]:
        if not self._known and self._stages and not any(stage.parameters for stage in self._stages):
            return self._stages
        middle = [self.tr("stage {0}").format(number) for number in range(1, GUESSED_STAGES - 1)]
        return parts_tree.bare([self.tr("stem"), *middle, "head"])

    def _show(self) -> None:
        config = self._config
        all_phases = config.phases
        phase = all_phases[self._phase]
        names = [stage.name for stage in self._stages]
        columns = [
            Column(each.epochs, tuple(parts_tree.share(stage, leaves) for stage in self._stages))
            for each in all_phases
            for leaves in (parts_tree.learning(self._stages, each.freeze),)
        ]
        self.timeline.show_phases(columns, names, self._phase)
        several = len(all_phases) > 1
        widgets = (self.epochs, self.rate, self.choice, self.train_last, self.batch_norm)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self.epochs.setSuffix(self.tr(" epoch") if phase.epochs == 1 else self.tr(" epochs"))
        self.epochs.setValue(phase.epochs)
        if _number(self.rate.text()) != phase.rate:
            self.rate.setText(f"{phase.rate:.6g}")
        self._mark_rate()
        freeze = phase.freeze
        if isinstance(freeze, FreezeStages):
            self._last = freeze.train_last
        if isinstance(freeze, FreezeParts):
            self._parts = freeze
        self.train_last.setValue(self._last)
        self.choice.button("parts").setVisible(isinstance(freeze, FreezeParts) or self._parts is not None)
        self.choice.set_value(freeze.kind)
        self.batch_norm.set_value(config.batch_norm)
        del blockers
        self.train_last.setVisible(isinstance(freeze, FreezeStages))
        for widget in (self.rate, self._rate_head):
            widget.setVisible(several)
            widget.setEnabled(self._phase > 0)
        self.rate.setToolTip(
            self.tr("All learning rates of the run times this, in this phase")
            if self._phase
            else self.tr("The first phase has the rates of the run: those of the others are set against it")
        )
        self.remove.setEnabled(several)
        self.remove.setToolTip(
            self.tr("Remove this phase (Del)") if several else self.tr("A run has at least one phase")
        )
        room = len(all_phases) < phases.MOST
        self.add.setEnabled(room)
        self.add.setToolTip(
            self.tr("Add a phase after this one")
            if room
            else self.tr("{0} phases are the most a run can have").format(phases.MOST)
        )
        self.total.setVisible(several)
        self.total.setText(
            self.tr("Phase {0} of {1} · {2} epochs in all").format(
                self._phase + 1, len(all_phases), figures.count(config.total_epochs)
            )
        )
        by_stage = factors(names, config.optimizer)
        rate = config.optimizer.learning_rate * phase.rate
        leaves = parts_tree.learning(self._stages, freeze)
        self.tree.show_plan(leaves, {name: factor * rate for name, factor in by_stage.items()})
        # Of stages without their layers, parts of them cannot be shown, and a click would lose them.
        layered = any(stage.inside for stage in self._stages)
        self.tree.setEnabled(self._known and (layered or not isinstance(freeze, FreezeParts)))
        self.layers.setEnabled(self.counts(self._phase) is not None)
        self._norm_row.setVisible(not self._known or any(stage.has_norm for stage in self._stages))
        self._say(freeze)

    def _say(self, freeze: Freeze) -> None:
        missing = parts_tree.unknown(self._stages, freeze) if self._known else []
        self.drop.setVisible(bool(missing))
        theme.set_role(self.says, "error" if missing else "secondary")
        if missing:
            self.says.setText(self.tr("This backbone has no {0}.").format(_listed(missing)))
            return
        found = self.counts(self._phase)
        if found is None:
            self.says.setText(self._why or self.tr("The stages are a guess until the layers are read."))
            return
        self.says.setText(
            self.tr("{0} of {1} parameters learn · about {2} in batches of {3}").format(
                short_count(found.learning),
                short_count(found.parameters),
                figures.size(found.memory),
                figures.count(self._config.compute.batch_size),
            )
        )

    # -- edited

    def _tell(self, fields: dict[str, Any]) -> None:
        self._config = self._config.model_copy(update=fields)
        self._phase = min(self._phase, len(self._config.phases) - 1)
        self._show()
        self.changed.emit(fields)

    @Slot(list)
    def _moved(self, epochs: list[int]) -> None:
        self._tell(phases.with_epochs(self._config, epochs))

    @Slot(int)
    def _epochs_edited(self, epochs: int) -> None:
        self._tell(phases.with_phase(self._config, self._phase, epochs=epochs))

    @Slot(str)
    def _rate_edited(self, text: str) -> None:
        rate = _number(text)
        self._mark_rate()
        if rate is not None and self._phase > 0:
            self._tell(phases.with_phase(self._config, self._phase, rate=rate))

    @Slot()
    def _add(self) -> None:
        fields = phases.added(self._config, self._phase)
        self._phase += 1
        self._tell(fields)

    @Slot(int)
    def _remove(self, number: int) -> None:
        if len(self._config.phases) > 1:
            fields = phases.removed(self._config, number)
            self._phase = max(0, number - 1)
            self._tell(fields)

    @Slot()
    def _choice_edited(self, *_value: object) -> None:
        freeze: Freeze
        match self.choice.value():
            case "backbone":
                freeze = FreezeBackbone()
            case "stages":
                freeze = FreezeStages(train_last=self.train_last.value())
            case "parts" if self._parts is not None:
                freeze = self._parts
            case _:
                freeze = FreezeNothing()
        self._tell(phases.with_phase(self._config, self._phase, freeze=freeze))

    @Slot(object)
    def _tree_edited(self, leaves: frozenset[str]) -> None:
        kept = parts_tree.finer(self._stages, self._config.phases[self._phase].freeze)
        freeze = parts_tree.plan_of(self._stages, leaves, kept)
        self._tell(phases.with_phase(self._config, self._phase, freeze=freeze))

    @Slot(str)
    def _batch_norm_edited(self, policy: str) -> None:
        self._tell({"batch_norm": policy})

    @Slot()
    def _drop_unknown(self) -> None:
        freeze = self._config.phases[self._phase].freeze
        known = parts_tree.plan_of(
            self._stages, parts_tree.learning(self._stages, freeze), parts_tree.finer(self._stages, freeze)
        )
        self._tell(phases.with_phase(self._config, self._phase, freeze=known))

    def _mark_rate(self) -> None:
        wrong = _number(self.rate.text()) is None
        if bool(self.rate.property("invalid")) != wrong:
            self.rate.setProperty("invalid", wrong)
            self.rate.style().unpolish(self.rate)
            self.rate.style().polish(self.rate)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} … ({figures.count(len(names))})"


def _number(text: str) -> float | None:
    """Return a rate that a phase can have, else None."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if 0 < number <= 10 else None
