"""The augmentation of the draft as the panel edits it: which chain, which step, every change, undo. No widgets."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from PySide6.QtCore import QObject, Signal, Slot

from workbench.augment.chain import Chain, Place, Step
from workbench.training.config import MixConfig, RareConfig
from workbench.ui.augment import edits
from workbench.ui.augment.edits import Refused
from workbench.ui.history import History
from workbench.ui.session import Session

Target = Literal["all", "rare"]
"""The chain for all classes, or the one that chosen rare classes get in its place."""


class Augmentation(NamedTuple):
    """What of the config this panel edits, and undo takes back."""

    chain: Chain
    rare: RareConfig
    mix: MixConfig


class ChainEditor(QObject):
    """Edits the draft of ``session``. Nothing is kept here but the selection and the history."""

    changed = Signal()
    """The draft or the target is another, and the selection perhaps."""
    picked = Signal()
    """Only the selection is another."""
    refused = Signal(str)
    """Why a change was not made."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._current: Place | None = None
        self._target: Target = "all"
        self.history: History[Augmentation] = History()
        session.projectChanged.connect(self._project_changed)
        session.configChanged.connect(self._config_changed)

    # what there is

    @property
    def state(self) -> Augmentation:
        config = self._session.config
        return Augmentation(config.augment, config.rare, config.mix)

    @property
    def target(self) -> Target:
        return self._target

    @property
    def chain(self) -> Chain:
        """The chain that is edited now."""
        return self.state.rare.chain if self._target == "rare" else self.state.chain

    @property
    def current(self) -> Place | None:
        """The place of the selected step, None where nothing is selected."""
        return self._current

    @property
    def step(self) -> Step | None:
        """The selected step."""
        return self.chain.at(self._current) if self._current is not None else None

    # selection

    def set_target(self, target: Target) -> None:
        """Edit the chain for all classes, or that of the rare ones."""
        if target != self._target:
            self.history.pause()
            self._target, self._current = target, None
            self.changed.emit()

    def pick(self, place: Place | None) -> None:
        """Select a step, or none."""
        self.history.pause()
        self._current = place if _is_there(self.chain, place) else None
        self.picked.emit()

    # changes

    def set_chain(self, chain: Chain, *, what: str = "", current: Place | None = None) -> None:
        """Make ``chain`` the edited one. Changes of the same ``what`` in a row are undone as one."""
        self._current = current
        now = self.state
        if self._target == "rare":
            now = now._replace(rare=now.rare.model_copy(update={"chain": chain}))
        else:
            now = now._replace(chain=chain)
        self._set(now, what)

    def set_rare_classes(self, names: tuple[str, ...]) -> None:
        """Give these classes the chain for rare classes."""
        self._set(self.state._replace(rare=self.state.rare.model_copy(update={"classes": names})))

    def set_mix(self, mix: MixConfig, *, what: str = "") -> None:
        self._set(self.state._replace(mix=mix), what)

    def add(self, step: Step) -> None:
        """Add a step and select it: into the selected group, after the selected step, else at the end."""
        at, selected = self._current, self.step
        if at is None or selected is None:
            to = edits.end_of(self.chain, ())
        elif selected.is_group:
            to = edits.end_of(self.chain, at)
        else:
            to = (*at[:-1], at[-1] + 1)
        self._try(lambda: edits.insert(self.chain, step, to), to)

    def remove(self, place: Place) -> None:
        chain = edits.remove(self.chain, place)
        self.set_chain(chain, current=_beside(chain, place))

    def duplicate(self, place: Place) -> None:
        self._try(lambda: edits.duplicate(self.chain, place), (*place[:-1], place[-1] + 1))

    def move(self, place: Place, to: Place) -> None:
        """Move a step before the one that is at ``to`` now."""
        try:
            chain = edits.move(self.chain, place, to)
        except Refused as refused:
            self.refused.emit(str(refused))
        else:
            self.set_chain(chain, current=edits.landed(place, to))

    def move_up(self, place: Place) -> None:
        """Move a step one place up, into and out of groups on its way."""
        to = edits.up(self.chain, place)
        if to is not None:
            self.move(place, to)

    def move_down(self, place: Place) -> None:
        """Move a step one place down, into and out of groups on its way."""
        to = edits.down(self.chain, place)
        if to is not None:
            self.move(place, to)

    def wrap(self, place: Place, group: Step) -> None:
        """Put ``group`` around a step and select it."""
        self._try(lambda: edits.wrap(self.chain, place, group), place)

    def unwrap(self, place: Place) -> None:
        """Take a group away and keep what it holds."""
        chain = edits.unwrap(self.chain, place)
        self.set_chain(chain, current=place if _is_there(chain, place) else _beside(chain, place))

    def turn_into(self, place: Place, group: Step) -> None:
        """Make a group one of another kind."""
        self._try(lambda: edits.change(self.chain, place, transform=group.transform, params=group.params), place)

    def switch(self, place: Place, on: bool) -> None:
        self._try(lambda: edits.change(self.chain, place, enabled=on), place)

    def set_chance(self, place: Place, chance: float) -> None:
        self._try(lambda: edits.change(self.chain, place, p=chance), place, what=f"{place}.p")

    def set_param(self, place: Place, name: str, value: object) -> None:
        self._try(lambda: edits.set_param(self.chain, place, name, value), place, what=f"{place}.{name}")

    def set_params(self, place: Place, params: dict[str, Any]) -> None:
        self._try(lambda: edits.change(self.chain, place, params=params), place)

    @Slot()
    def undo(self) -> None:
        self._go(self.history.undo(self.state))

    @Slot()
    def redo(self) -> None:
        self._go(self.history.redo(self.state))

    def _try(self, edit: Callable[[], Chain], current: Place, *, what: str = "") -> None:
        try:
            chain = edit()
        except Refused as refused:
            self.refused.emit(str(refused))
        else:
            self.set_chain(chain, what=what, current=current)

    def _set(self, wanted: Augmentation, what: str = "") -> None:
        if wanted == self.state:
            self.picked.emit()
            return
        self.history.push(self.state, what)
        self._put(wanted)

    def _go(self, wanted: Augmentation | None) -> None:
        """Take back or repeat, and show the chain in which that is seen."""
        if wanted is None:
            return
        if wanted.rare != self.state.rare and wanted.chain == self.state.chain:
            self._target = "rare"
        elif wanted.chain != self.state.chain and wanted.rare == self.state.rare:
            self._target = "all"
        self._put(wanted)

    def _put(self, wanted: Augmentation) -> None:
        update = {"augment": wanted.chain, "rare": wanted.rare, "mix": wanted.mix}
        self._session.set_config(self._session.config.model_copy(update=update))

    @Slot()
    def _project_changed(self) -> None:
        self.history.clear()
        self._current, self._target = None, "all"
        self.changed.emit()

    @Slot()
    def _config_changed(self) -> None:
        if not _is_there(self.chain, self._current):
            self._current = None
        self.changed.emit()


def _is_there(chain: Chain, place: Place | None) -> bool:
    if place is None:
        return False
    try:
        chain.at(place)
    except IndexError:
        return False
    return True


def _beside(chain: Chain, place: Place) -> Place | None:
    """Return what is selected where ``place`` is gone: what came after it, else before it, else its group."""
    left = len(edits.steps_in(chain, place[:-1]))
    if left:
        return (*place[:-1], min(place[-1], left - 1))
    return place[:-1] or None
