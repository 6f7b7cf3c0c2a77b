"""The augment panel: wires the chain, the preview, the checks and the form of the selected step to the session."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from workbench.augment import catalog
from workbench.augment.chain import Chain, Place
from workbench.errors import WorkbenchError
from workbench.intake import decoding_of
from workbench.models.catalog import find
from workbench.training.preview import Picture, PreviewChild
from workbench.ui import figures
from workbench.ui.augment import edits
from workbench.ui.augment.card import Mark
from workbench.ui.augment.chain_files import ChainFiles
from workbench.ui.augment.chain_side import ChainSide
from workbench.ui.augment.checks_bar import ChecksBar
from workbench.ui.augment.editor import ChainEditor, Target
from workbench.ui.augment.effects import Effects
from workbench.ui.augment.preview_area import PreviewArea
from workbench.ui.augment.preview_engine import Child
from workbench.ui.augment.rare_classes import image_of
from workbench.ui.augment.step_form import StepForm
from workbench.ui.augment.transform_list import SIDE
from workbench.ui.drops import dropped_chain
from workbench.ui.layouts import column
from workbench.ui.session import Session
from workbench.ui.undo_keys import takes_undo
from workbench.ui.widgets import Panel, PanelState

USUAL_SIDE = 224
FINDINGS_SHARE = 3
"""Findings take this part of the panel's height at most."""
UNMARK_MS = 400
"""A step's error goes this long after a change, unless the preview tells it again: a drag must not make it flicker."""


class AugmentPanel(Panel):
    """Build a chain by looking at it: that of ``session.config.augment``, or the rare classes' own."""

    key = "augment"

    def __init__(self, session: Session, parent: QWidget | None = None, *, child: Child | None = None) -> None:
        """``child`` computes the preview; left out, it is a child process."""
        super().__init__(session, parent)
        self.title = self.tr("Augment")
        self._groups = {known.name: known for known in catalog.groups()}
        self._known = {known.name: known for known in catalog.transforms()}
        self._error: tuple[Target, Place | None, str, str] | None = None
        self._previewed: tuple[Chain, Chain, tuple[str, ...], Target] | None = None
        self.editor = ChainEditor(session, self)
        self.side = ChainSide(session, self.editor, self._title_of)
        self.form = StepForm()
        child = child or PreviewChild()
        self.preview = PreviewArea(session, self._title_of, child)
        self.effects = Effects(child, self)
        self._pictured: Picture | None = None
        self.checks = ChecksBar(session)
        self.files = ChainFiles(session, self)
        self._unmark = QTimer(self)
        self._unmark.setSingleShot(True)
        self._unmark.setInterval(UNMARK_MS)
        self._unmark.timeout.connect(self._forget_error)
        self.setAcceptDrops(True)
        self._build()
        self._make_actions()
        self._connect()
        self._show_all()

    # building

    def _build(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        split.addWidget(self.side)
        right = QWidget()
        under = column(self.preview, self.checks, spacing=0)
        under.setStretch(0, 1)
        right.setLayout(under)
        split.addWidget(right)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([self.side.sizes(), 700])
        self.setLayout(column(split, spacing=0))

    def _connect(self) -> None:
        editor, form, side = self.editor, self.form, self.side
        editor.changed.connect(self._show_all)
        editor.picked.connect(self._show_form)
        editor.refused.connect(self.session.toast)
        self.session.projectChanged.connect(self._forget_error)
        side.preset.importWanted.connect(self.files.open)
        side.preset.exportWanted.connect(self.save_chain)
        side.open_button.clicked.connect(self.files.open)
        side.save_button.clicked.connect(self.save_chain)
        self.files.opened.connect(self._use_file)
        form.paramEdited.connect(self._set_param)
        form.chanceEdited.connect(self._set_chance)
        form.enabledEdited.connect(self._switch)
        form.settled.connect(editor.history.pause)
        form.resetWanted.connect(self._reset_step)
        form.sweepWanted.connect(self._sweep)
        form.undoWanted.connect(self.undo)
        form.redoWanted.connect(self.redo)
        self.checks.stepPicked.connect(partial(self._go_to, "all"))
        self.checks.rareStepPicked.connect(partial(self._go_to, "rare"))
        self.checks.costsChanged.connect(self._show_findings)
        side.popup.wanted.connect(self._ask_for_effects)
        side.popup.closed.connect(self.effects.cancel)
        self.effects.pictured.connect(side.popup.show_picture)
        self.preview.failed.connect(self._failed)
        self.preview.stepPicked.connect(editor.pick)
        self.preview.valuePicked.connect(editor.set_param)

    def _make_actions(self) -> None:
        tr, add = self.tr, self.add_action
        add("augment.add.action", tr("Add an augmentation step"), self.side.open_list, icon="plus", key="A")
        self._undo = add("augment.undo", tr("Undo the change of the chain"), self.undo, icon="undo")
        self._redo = add("augment.redo", tr("Redo the change of the chain"), self.redo, icon="redo")
        self._group = add("augment.group", tr("Put the step into a group (one of)"), self.group, key="Ctrl+G")
        self._ungroup = add("augment.ungroup", tr("Take the group apart"), self.ungroup, key="Ctrl+Shift+G")
        self.preview.make_actions(add)
        add("augment.load.action", tr("Open a chain file"), self.files.open, icon="folder")
        add("augment.save.action", tr("Save the chain to a file"), self.save_chain, icon="download")
        add("augment.preset.action", tr("Save the chain as a preset"), self.side.preset.save_own, icon="star")
        add("augment.rare.action", tr("Edit the chain of rare classes"), self.edit_rare, icon="tag")

    # what the shell asks

    def inspector(self) -> QWidget:
        return self.form

    def state(self) -> tuple[PanelState, str]:
        config = self.session.config
        steps = sum(1 for _, step in config.augment.walk(enabled=True) if not step.is_group)
        if self._error is not None:
            return "attention", self._error[3]
        if config.rare.chain.steps and not config.rare.classes:
            return "attention", self.tr("The chain for rare classes is not used: choose the classes that get it.")
        rare = bool(config.rare.classes)
        if not steps and not rare and config.mix.kind == "none":
            return "empty", self.tr("No augmentation: the model sees the training images as they are.")
        told = [figures.counted(steps, self.tr("step"), self.tr("steps")) + self.tr(" on")]
        if rare:
            count = figures.counted(len(config.rare.classes), self.tr("class"), self.tr("classes"))
            told.append(self.tr("a chain of their own for {classes}").format(classes=count))
        if config.mix.kind != "none":
            told.append(self.tr("images are mixed"))
        return "ready", self.tr("{what}; only training images are changed.").format(what=", ".join(told))

    def gestures(self) -> list[tuple[str, str]]:
        tr = self.tr
        return [
            *self.preview.gestures(),
            (tr("Select a step"), tr("click, Up, Down")),
            (tr("Fold a group, unfold it"), tr("Left, Right, double click")),
            (tr("Move a step, also into and out of groups"), tr("drag, Alt+Up, Alt+Down")),
            (tr("Switch a step on or off"), tr("Space")),
            (tr("Duplicate a step"), tr("Ctrl+D")),
            (tr("Delete a step"), tr("Del")),
            (tr("Use a chain file"), tr("drop it")),
        ]

    def activated(self, payload: object) -> None:
        """``payload`` may be the id of the image to preview, or a chain file to use."""
        if isinstance(payload, Path):
            self.files.read(payload)
        elif isinstance(payload, int):
            self.preview.show_image(payload)
        self.side.view.setFocus()

    def event(self, event: QEvent) -> bool:
        """Ctrl+Z in this panel is about the chain, not about the labels."""
        return takes_undo(event, self.undo, self.redo) or super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.checks.list.set_most(self.height() // FINDINGS_SHARE)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_chain(event.mimeData()) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        chain = dropped_chain(event.mimeData())
        if chain is not None:
            event.acceptProposedAction()
            self.files.read(chain)

    # what is shown

    @Slot()
    def _show_all(self) -> None:
        """Show the draft as it is now."""
        state, target = self.editor.state, self.editor.target
        previewed = (state.chain, state.rare.chain, state.rare.classes, target)
        before, self._previewed = self._previewed, previewed
        if previewed != before:
            # The preview is asked first: its child works while the rest follows.
            self.preview.show_chain(self.editor.chain)
            self.preview.show_rare(state.rare.chain, state.rare.classes)
        self.side.show_all()
        self._undo.setEnabled(self.editor.history.can_undo)
        self._redo.setEnabled(self.editor.history.can_redo)
        self._show_form()
        if previewed != before:
            if target == "rare" and state.rare.classes and before is not None and before[2:] != previewed[2:]:
                self._look_at_rare(state.rare.classes)
            if self._error is not None:
                self._unmark.start()
            self._show_findings()
        if self.session.project is not None:
            self.checks.show_config(self.session.config)
        self.stateChanged.emit()

    def _look_at_rare(self, classes: tuple[str, ...]) -> None:
        """Show an image that gets the chain for rare classes."""
        shown = self.preview.image.id if self.preview.image is not None else None
        question = partial(image_of, names=classes, shown=shown)
        self.session.reader.ask("augment.rare", question, self._looked)

    def _looked(self, image: int | None) -> None:
        if image is not None and (self.preview.image is None or image != self.preview.image.id):
            self.preview.show_image(image)

    @Slot()
    def _show_form(self) -> None:
        place, step = self.editor.current, self.editor.step
        self._group.setEnabled(step is not None)
        self._ungroup.setEnabled(step is not None and (step.is_group or len(place or ()) > 1))
        self.preview.select(place)
        if step is None or place is None:
            self.form.show_nothing()
            return
        weight = edits.share(self.editor.chain, place) is not None
        if step.is_group:
            self.form.show_group(self._groups[step.transform], step, weight)
        elif step.transform in self._known:
            self.form.show_step(self._known[step.transform], step, weight)
        else:
            self.form.show_unknown(step)
        if self._error is not None and self._error[:2] == (self.editor.target, place):
            _, _, param, sentence = self._error
            self.form.mark(param, _at_field(sentence, param))

    def _title_of(self, name: str) -> str:
        known = self._groups.get(name) or self._known.get(name)
        return known.title if known is not None else name

    # errors

    @Slot(str)
    def _failed(self, sentence: str, place: Place | None = None, param: str = "") -> None:
        """Say at the step what is wrong with it, as far as the preview knows which it is."""
        self._unmark.stop()
        self._error = (self.editor.target, place, param, sentence)
        self._show_marks()
        if place is not None and place == self.editor.current:
            self.form.mark(param, _at_field(sentence, param))
        self.stateChanged.emit()

    @Slot()
    def _forget_error(self) -> None:
        if self._error is not None:
            self._error = None
            self.form.mark("", "")
            self._show_marks()
            self.stateChanged.emit()

    @Slot()
    def _show_findings(self) -> None:
        """Show at the cards what each step costs, and where something is wrong."""
        costs = self.checks.costs(rare=self.editor.target == "rare")
        self.side.view.set_costs({place: _written(cost) for place, cost in costs.items()})
        self._show_marks()

    def _show_marks(self) -> None:
        marks = self._warnings()
        if self._error is not None and self._error[0] == self.editor.target and self._error[1] is not None:
            marks[self._error[1]] = Mark("error", self._error[3])
        self.side.view.set_marks(marks)

    def _warnings(self) -> dict[Place, Mark]:
        """Return what a check of this very chain warns of, by step."""
        if self.checks.out_of_date:
            return {}
        told: dict[Place, list[str]] = {}
        for finding in self.checks.findings():
            of_rare = bool(finding.get("rare"))
            if (
                finding.get("severity") == "warning"
                and finding.get("place")
                and of_rare == (self.editor.target == "rare")
            ):
                told.setdefault(tuple(finding["place"]), []).append(finding["message"])
        return {place: Mark("warning", "\n".join(messages)) for place, messages in told.items()}

    def _go_to(self, target: Target, place: Place) -> None:
        """Show a step that a finding is about."""
        self.editor.set_target(target)
        self.editor.pick(place)
        self.side.view.setFocus()

    # what the user does

    @Slot()
    def undo(self) -> None:
        self.editor.undo()

    @Slot()
    def redo(self) -> None:
        self.editor.redo()

    @Slot()
    def group(self) -> None:
        """Put a group around the selected step."""
        if self.editor.current is not None:
            self.side.group(self.editor.current)

    @Slot()
    def ungroup(self) -> None:
        """Take the selected group apart, or the one around the selected step."""
        if self.editor.current is not None:
            self.side.ungroup(self.editor.current)

    @Slot()
    def edit_rare(self) -> None:
        """Edit the chain of the rare classes."""
        self.editor.set_target("rare")

    @Slot(str, object)
    def _set_param(self, name: str, value: object) -> None:
        if self.editor.current is not None:
            self.editor.set_param(self.editor.current, name, value)

    @Slot(float)
    def _set_chance(self, chance: float) -> None:
        if self.editor.current is not None:
            self.editor.set_chance(self.editor.current, chance)

    @Slot(bool)
    def _switch(self, on: bool) -> None:
        if self.editor.current is not None:
            self.editor.switch(self.editor.current, on)

    @Slot()
    def _reset_step(self) -> None:
        step, place = self.editor.step, self.editor.current
        known = (self._groups.get(step.transform) or self._known.get(step.transform)) if step is not None else None
        if known is not None and place is not None:
            self.editor.set_params(place, known.step().params)

    @Slot(str)
    def _sweep(self, param: str) -> None:
        self.preview.select(self.editor.current, param)

    # the list of transforms

    @Slot(list)
    def _ask_for_effects(self, names: list[str]) -> None:
        """Let the list show what these transforms do to the image in the preview."""
        picture, project = self.preview.picture(), self.session.project
        if picture is None or project is None:
            return
        if picture != self._pictured:
            self._pictured = picture
            self.side.popup.forget_pictures()
        side = round(SIDE * self.devicePixelRatioF())
        self.effects.ask(names, picture, decoding=decoding_of(project).as_dict(), side=side)

    # files

    @Slot()
    def save_chain(self) -> None:
        """Choose a place and save the chain there."""
        self.files.save(self.editor.chain, self._model_side())

    @Slot(object, str)
    def _use_file(self, chain: Chain, name: str) -> None:
        self.editor.set_chain(chain)
        self.session.toast.emit(self.tr("Chain from {name} in use").format(name=name))

    def _model_side(self) -> int:
        """Return the side in pixels that the model sees."""
        config = self.session.config
        if config.preprocess.size:
            return config.preprocess.size
        try:
            return find(config.backbone.name).input_size
        except WorkbenchError:
            return USUAL_SIDE  # The Model panel says what is wrong with the name.


def _at_field(sentence: str, param: str) -> str:
    """Return what a sentence about a step says of its parameter, to stand at the field, which has the parameter's name."""
    _, named, told = sentence.partition(f" {param}: ")
    if not param or not named or not told:
        return sentence
    return told[0].upper() + told[1:].replace(">= ", "at least ").replace("<= ", "at most ")


def _written(milliseconds: float) -> str:
    """Return what a step costs, in the few characters that a card has for it."""
    if milliseconds < 0.05:
        return "<0.1 ms"
    return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
