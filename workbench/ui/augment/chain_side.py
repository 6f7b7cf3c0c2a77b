"""The left column of the augment panel: preset, which chain, the cards, adding a step, mixing."""

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from workbench.augment import catalog
from workbench.augment.catalog import TransformInfo
from workbench.augment.chain import Chain, Place
from workbench.training.config import MixConfig
from workbench.ui import icons
from workbench.ui.augment.chain_view import ChainView
from workbench.ui.augment.editor import ChainEditor, Target
from workbench.ui.augment.mix_card import MixCard
from workbench.ui.augment.presets_menu import PresetButton
from workbench.ui.augment.rare import RareBar
from workbench.ui.augment.rare_classes import counted
from workbench.ui.augment.transform_list import TransformPopup
from workbench.ui.layouts import column, row, rule
from workbench.ui.session import Session
from workbench.ui.widgets import Picture, button, label, tool_button

COUNT_MS = 400
"""Labels that come in a row are counted once."""


class ChainSide(QWidget):
    """Shows what `editor` holds, and turns what the user does here into its edits."""

    def __init__(self, session: Session, editor: ChainEditor, title_of: Callable[[str], str]) -> None:
        super().__init__()
        self._session, self._editor = session, editor
        self._counts: dict[str, int] = {}
        self._groups = {known.name: known for known in catalog.groups()}
        self.preset = PresetButton(session)
        self.rare = RareBar()
        self.view = ChainView(title_of)
        self.popup = TransformPopup([*self._groups.values(), *catalog.transforms()], self)
        self.mix = MixCard()
        self._build()
        self._connect()
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.setInterval(COUNT_MS)
        self._counting.timeout.connect(self._count)
        for signal in (session.labelsChanged, session.classesChanged, session.imagesChanged):
            signal.connect(self._count_soon)
        session.projectChanged.connect(self._count)
        self._count()
        self.show_all()

    def _build(self) -> None:
        tr = self.tr
        self.open_button = tool_button("folder", tr("Open a chain file"), name="augment.load")
        self.save_button = tool_button("download", tr("Save the chain to a file"), name="augment.save")
        top = row(self.preset, self.open_button, self.save_button, spacing=4)
        top.setStretch(0, 1)
        above = column(top, self.rare)
        above.setContentsMargins(12, 8, 12, 8)
        self._none = label("", "secondary", wrap=True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.choose_classes = button(
            tr("Choose the classes"), self.rare.open_list, role="primary", name="augment.rare.choose"
        )
        self.from_light = button(tr("Start from Light"), self._from_light, name="augment.fromLight")
        self.from_common = button(tr("Start from the chain for all"), self._from_common, name="augment.rare.fromCommon")
        self.from_strong = button(tr("Start from Strong"), self._from_strong, name="augment.rare.fromStrong")
        picture = Picture(icons.icon("augment", "disabled"), 48)
        empty = QWidget()
        buttons = (self.choose_classes, self.from_light, self.from_common, self.from_strong)
        offers = column(None, picture, 8, self._none, 8, *buttons, None)
        offers.setAlignment(picture, Qt.AlignmentFlag.AlignHCenter)
        for offered in buttons:
            offers.setAlignment(offered, Qt.AlignmentFlag.AlignHCenter)
        offers.setContentsMargins(24, 8, 24, 12)
        empty.setLayout(offers)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.view)
        self._pages.addWidget(empty)
        self.add_button = button(tr("Add a step"), self.open_list, icon="plus", name="augment.add")
        self.add_button.setToolTip(tr("Add a transform to the chain, or into the selected group (A)"))
        below = column(self.add_button, self.mix)
        below.setContentsMargins(12, 8, 12, 12)
        whole = column(above, rule(), self._pages, rule(), below, spacing=0)
        whole.setStretch(2, 1)
        self.setLayout(whole)
        self.setMinimumWidth(240)

    def _connect(self) -> None:
        editor, view = self._editor, self.view
        editor.picked.connect(self._show_chain)
        self.preset.chosen.connect(self._use)
        self.rare.targetChosen.connect(self._target_chosen)
        self.rare.classesChosen.connect(editor.set_rare_classes)
        self.popup.chosen.connect(self.add)
        view.picked.connect(editor.pick)
        view.chanceEdited.connect(editor.set_chance)
        view.settled.connect(editor.history.pause)
        view.switched.connect(editor.switch)
        view.moveWanted.connect(editor.move)
        view.asked.connect(self._asked)
        self.mix.edited.connect(self._mix_edited)
        self.mix.settled.connect(editor.history.pause)

    @Slot()
    def show_all(self) -> None:
        """Show the draft as it is now; the panel calls this with each change."""
        state, target, chain = self._editor.state, self._editor.target, self._editor.chain
        self.preset.show_chain(chain)
        self.rare.show_target(target)
        self.rare.show_classes(self._counts, state.rare.classes, has_chain=bool(state.rare.chain.steps))
        self.mix.show_mix(state.mix)
        self._show_chain()
        self._show_empty(target, chain, bool(state.rare.classes))
        self.save_button.setEnabled(bool(chain.steps))

    @Slot()
    def _show_chain(self) -> None:
        self.view.show_chain(self._editor.chain, self._editor.current)

    def _show_empty(self, target: Target, chain: Chain, has_classes: bool) -> None:
        self._pages.setCurrentIndex(0 if chain.steps else 1)
        rare = target == "rare"
        self.choose_classes.setVisible(rare and not has_classes)
        self.from_light.setVisible(not rare)
        self.from_common.setVisible(rare and has_classes and bool(self._editor.state.chain.steps))
        self.from_strong.setVisible(rare and has_classes)
        if not rare:
            self._none.setText(self.tr("No steps: the model sees the training images as they are."))
        elif has_classes:
            self._none.setText(self.tr("No steps: the images of these classes are left as they are."))
        else:
            self._none.setText(
                self.tr(
                    "Classes with few images can have a chain of their own, usually a stronger one, in place of the other."
                )
            )

    def sizes(self) -> int:
        """Return the width to begin with."""
        return self.view.sizeHint().width()

    # what the user does

    @Slot()
    def open_list(self) -> None:
        """Open the list of transforms."""
        self.popup.open_at(self.add_button)

    @Slot(object)
    def add(self, known: TransformInfo) -> None:
        """Add a transform or a group, and select it."""
        self._editor.add(known.step())
        self.view.setFocus()

    @Slot(str, object, str)
    def _asked(self, what: str, place: Place, kind: str) -> None:
        editor = self._editor
        if what in ("group", "turn"):
            (editor.wrap if what == "group" else editor.turn_into)(place, self._groups[kind].step())
        elif what == "ungroup":
            self.ungroup(place)
        else:
            slots = {
                "remove": editor.remove,
                "duplicate": editor.duplicate,
                "up": editor.move_up,
                "down": editor.move_down,
            }
            slots[what](place)

    def ungroup(self, place: Place) -> None:
        """Take away a group, or the one around a step, and keep what it holds."""
        group = place if self._editor.chain.at(place).is_group else place[:-1]
        if group:
            self._editor.unwrap(group)

    def group(self, place: Place, kind: str = "OneOf") -> None:
        """Put a group around a step."""
        self._editor.wrap(place, self._groups[kind].step())

    @Slot(object)
    def _use(self, chain: Chain) -> None:
        self._editor.set_chain(chain)

    @Slot(str)
    def _target_chosen(self, target: str) -> None:
        self._editor.set_target(cast(Target, target))

    @Slot()
    def _from_common(self) -> None:
        self._use(self._editor.state.chain)

    @Slot()
    def _from_strong(self) -> None:
        self._use(catalog.presets()["strong"])

    @Slot()
    def _from_light(self) -> None:
        self._use(catalog.presets()["light"])

    @Slot(object, str)
    def _mix_edited(self, mix: MixConfig, what: str) -> None:
        self._editor.set_mix(mix, what=f"mix.{what}" if what != "kind" else "")

    # the classes

    @Slot()
    def _count_soon(self) -> None:
        self._counting.start()

    @Slot()
    def _count(self) -> None:
        if self._session.project is not None:
            self._session.reader.ask("augment.classes", counted, self._counted)
        else:
            self._counted({})

    def _counted(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self.show_all()
