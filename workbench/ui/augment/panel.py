"""The augment panel: wires the chain, the preview and the form of the selected step to the session."""

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QSplitter, QWidget

from workbench.augment import catalog
from workbench.augment.chain import Chain, Step
from workbench.errors import WorkbenchError
from workbench.ui import figures
from workbench.ui.augment import edits
from workbench.ui.augment.chain_view import ChainView
from workbench.ui.augment.edits import ChainHistory
from workbench.ui.augment.preview_area import PreviewArea
from workbench.ui.augment.preview_engine import Child
from workbench.ui.augment.step_form import StepForm
from workbench.ui.augment.transform_list import TransformPopup
from workbench.ui.augment.undo_keys import takes_undo
from workbench.ui.layouts import column, row
from workbench.ui.session import Session
from workbench.ui.widgets import Panel, PanelState, button, tool_button

CUSTOM = "custom"


class AugmentPanel(Panel):
    """Build a chain by looking at it. The chain is ``session.config.augment``."""

    key = "augment"

    def __init__(self, session: Session, parent: QWidget | None = None, *, child: Child | None = None) -> None:
        """``child`` computes the preview; left out, it is a child process."""
        super().__init__(session, parent)
        self.title = self.tr("Augment")
        self._known = {known.name: known for known in catalog.transforms()}
        self._presets = catalog.presets()
        self._current = -1
        self._error = ""
        self.history = ChainHistory()
        self.chain_view = ChainView(self._title_of)
        self.form = StepForm()
        self.preview = PreviewArea(session, self._title_of, child)
        self.popup = TransformPopup(list(self._known.values()), self)
        self._build()
        self._connect()
        self._make_actions()
        self._show_chain()

    # building

    def _build(self) -> None:
        self.preset = QComboBox()
        self.preset.setObjectName("augment.preset")
        self.preset.setAccessibleName(self.tr("Preset"))
        self.preset.setToolTip(self.tr("Start from a chain that suits most images"))
        for name in self._presets:
            self.preset.addItem(self._preset_title(name), name)
        self.preset.addItem(self.tr("Own chain"), CUSTOM)
        load = tool_button("folder", self.tr("Load a chain"), self.load_chain, name="augment.load")
        save = tool_button("download", self.tr("Save the chain"), self.save_chain, name="augment.save")
        self.add_button = button(self.tr("Add a step"), self.open_list, icon="plus", name="augment.add")
        self.add_button.setToolTip(self.tr("Add a transform to the chain (A)"))
        above = row(self.preset, load, save, spacing=4)
        above.setStretch(0, 1)
        above.setContentsMargins(12, 8, 12, 4)
        below = row(self.add_button)
        below.setContentsMargins(12, 4, 12, 12)
        left = QWidget()
        left.setLayout(column(above, self.chain_view, below, spacing=0))
        left.setMinimumWidth(216)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        split.addWidget(left)
        split.addWidget(self.preview)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([248, 700])
        self.setLayout(column(split, spacing=0))

    def _connect(self) -> None:
        session = self.session
        session.projectChanged.connect(self._project_changed)
        session.configChanged.connect(self._show_chain)
        self.preset.activated.connect(self._preset_chosen)
        self.popup.chosen.connect(self.add_step)
        view = self.chain_view
        view.picked.connect(self.pick)
        view.chanceEdited.connect(self._set_chance)
        view.settled.connect(self.history.pause)
        view.switched.connect(self._switch)
        view.removeWanted.connect(self.remove_step)
        view.duplicateWanted.connect(self.duplicate_step)
        view.moveWanted.connect(self.move_step)
        self.form.paramEdited.connect(self._set_param)
        self.form.chanceEdited.connect(self._set_own_chance)
        self.form.enabledEdited.connect(self._switch_own)
        self.form.settled.connect(self.history.pause)
        self.form.resetWanted.connect(self._reset_step)
        self.form.undoWanted.connect(self.undo)
        self.form.redoWanted.connect(self.redo)
        self.preview.failed.connect(self._failed)

    def _make_actions(self) -> None:
        tr, add = self.tr, self.add_action
        add("augment.add.action", tr("Add an augmentation step"), self.open_list, icon="plus", key="A")
        self._undo = add("augment.undo", tr("Undo the change of the chain"), self.undo, icon="undo")
        self._redo = add("augment.redo", tr("Redo the change of the chain"), self.redo, icon="redo")
        add("augment.roll", tr("Draw other variants"), self.preview.roll, icon="dice", key="R")
        add("augment.next", tr("Preview the next image"), self.preview.next_image, key="Ctrl+Right")
        add("augment.previous", tr("Preview the image before"), self.preview.previous_image, key="Ctrl+Left")
        add("augment.load.action", tr("Load a chain"), self.load_chain, icon="folder")
        add("augment.save.action", tr("Save the chain"), self.save_chain, icon="download")

    # what the shell asks

    def inspector(self) -> QWidget:
        return self.form

    def state(self) -> tuple[PanelState, str]:
        steps = [step for step in self.chain.steps if step.enabled]
        if self._error:
            return "attention", self._error
        if not steps:
            return "empty", self.tr("No augmentation: the model sees the training images as they are.")
        sentence = self.tr("{steps} on; only training images are changed.")
        return "ready", sentence.format(steps=figures.counted(len(steps), self.tr("step"), self.tr("steps")))

    def activated(self, payload: object) -> None:
        """``payload`` may be the id of the image to preview."""
        if isinstance(payload, int):
            self.preview.show_image(payload)
        self.chain_view.setFocus()

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z in this panel is about the chain, not about the labels."""
        return takes_undo(event, self.undo, self.redo) or super().event(event)

    # the chain

    @property
    def chain(self) -> Chain:
        return self.session.config.augment

    @property
    def current(self) -> int:
        """Position of the selected step, -1 for none."""
        return self._current

    def set_chain(self, chain: Chain, *, what: str = "", current: int | None = None) -> None:
        """Make ``chain`` the draft's. Changes of the same ``what`` in a row are undone as one."""
        if current is not None:
            self._current = current
        if chain == self.chain:
            self._show_chain()
            return
        self.history.push(self.chain, what)
        self._put(chain)

    def _put(self, chain: Chain) -> None:
        self.session.set_config(self.session.config.model_copy(update={"augment": chain}))

    @Slot()
    def _project_changed(self) -> None:
        self.history.clear()
        self._current = -1
        self._show_chain()

    @Slot()
    def _show_chain(self) -> None:
        chain = self.chain
        self._current = min(self._current, len(chain.steps) - 1)
        self._error = ""
        self.chain_view.show_chain(chain, self._current)
        self._show_form()
        fitting = next((name for name, preset in self._presets.items() if preset == chain), CUSTOM)
        self.preset.setCurrentIndex(self.preset.findData(fitting))
        self._undo.setEnabled(self.history.can_undo)
        self._redo.setEnabled(self.history.can_redo)
        self.preview.show_chain(chain)
        self.stateChanged.emit()

    def _show_form(self) -> None:
        if self._current < 0:
            self.form.show_nothing()
            return
        step = self.chain.steps[self._current]
        known = self._known.get(step.transform)
        if known is None:
            self.form.show_unknown(step)
        else:
            self.form.show_step(known, step)

    def _title_of(self, name: str) -> str:
        known = self._known.get(name)
        return known.title if known is not None else name

    def _preset_title(self, name: str) -> str:
        titles = {
            "none": self.tr("None"),
            "light": self.tr("Light"),
            "medium": self.tr("Medium"),
            "strong": self.tr("Strong"),
        }
        return titles.get(name, name)

    @Slot(int)
    def pick(self, position: int) -> None:
        """Select a step."""
        self.history.pause()
        self._current = position
        self.chain_view.show_chain(self.chain, position)
        self._show_form()

    @Slot()
    def open_list(self) -> None:
        """Open the list of transforms."""
        self.popup.open_at(self.add_button)

    @Slot(object)
    def add_step(self, known: catalog.TransformInfo) -> None:
        """Add a transform after the selected step, else at the end, and select it."""
        at = self._current + 1 if self._current >= 0 else len(self.chain.steps)
        self.set_chain(edits.insert(self.chain, known.step(), at), current=at)

    @Slot(int)
    def remove_step(self, position: int) -> None:
        self.set_chain(edits.remove(self.chain, position), current=min(position, len(self.chain.steps) - 2))

    @Slot(int)
    def duplicate_step(self, position: int) -> None:
        self.set_chain(edits.duplicate(self.chain, position), current=position + 1)

    @Slot(int, int)
    def move_step(self, position: int, to: int) -> None:
        """Move a step before the one that is at ``to`` now."""
        if 0 <= to <= len(self.chain.steps):
            current = to - 1 if to > position else to
            self.set_chain(edits.move(self.chain, position, to), current=current)

    @Slot(int, bool)
    def _switch(self, position: int, on: bool) -> None:
        self.set_chain(edits.change(self.chain, position, enabled=on), current=position)

    @Slot(bool)
    def _switch_own(self, on: bool) -> None:
        self._switch(self._current, on)

    @Slot(int, float)
    def _set_chance(self, position: int, chance: float) -> None:
        self.set_chain(edits.change(self.chain, position, p=chance), what=f"{position}.p", current=position)

    @Slot(float)
    def _set_own_chance(self, chance: float) -> None:
        self._set_chance(self._current, chance)

    @Slot(str, object)
    def _set_param(self, name: str, value: object) -> None:
        changed = edits.set_param(self.chain, self._current, name, value)
        self.set_chain(changed, what=f"{self._current}.{name}")

    @Slot()
    def _reset_step(self) -> None:
        step: Step = self.chain.steps[self._current]
        known = self._known[step.transform]
        self.set_chain(edits.change(self.chain, self._current, params=known.step().params))

    @Slot()
    def undo(self) -> None:
        before = self.history.undo(self.chain)
        if before is not None:
            self._put(before)

    @Slot()
    def redo(self) -> None:
        after = self.history.redo(self.chain)
        if after is not None:
            self._put(after)

    # presets and files

    @Slot()
    def _preset_chosen(self) -> None:
        name = self.preset.currentData()
        if name in self._presets:
            self.set_chain(self._presets[name], current=-1)

    @Slot()
    def load_chain(self) -> None:
        """Choose a chain file and use it."""
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Load a chain"), "", self.tr("Chains (*.json)"))
        if chosen:
            self.use_file(Path(chosen))

    def use_file(self, path: Path) -> None:
        """Use the chain of a file; one that cannot be used changes nothing and is said."""
        try:
            chain = Chain.load(path)
            for step in chain.steps:
                catalog.find(step.transform)
        except WorkbenchError as error:
            self.session.problem.emit(self.key, str(error))
        except (OSError, UnicodeDecodeError) as error:
            sentence = self.tr("{path} cannot be read ({reason}); choose a chain saved by Workbench.")
            self.session.problem.emit(self.key, sentence.format(path=path, reason=error))
        else:
            self.set_chain(chain, current=-1)
            self.session.toast.emit(self.tr("Chain loaded from {name}").format(name=path.name))

    @Slot()
    def save_chain(self) -> None:
        """Choose a place and save the chain there."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the chain"), "chain.json", self.tr("Chains (*.json)")
        )
        if not chosen:
            return
        try:
            self.chain.save(Path(chosen))
        except OSError as error:
            sentence = self.tr("The chain cannot be saved to {path}: {reason}; choose another place.")
            self.session.problem.emit(self.key, sentence.format(path=chosen, reason=error.strerror or error))
        else:
            self.session.toast.emit(self.tr("Chain saved to {path}").format(path=chosen))

    @Slot(str)
    def _failed(self, sentence: str) -> None:
        self._error = sentence
        self.stateChanged.emit()
