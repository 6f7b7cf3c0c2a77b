"""Two chains side by side with the same dice: the one that is edited, and another."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog

from workbench.augment.chain import Chain, Place
from workbench.errors import WorkbenchError
from workbench.ui.augment import wishes
from workbench.ui.augment.boards import PairBoard
from workbench.ui.augment.looked_at import View
from workbench.ui.augment.modes import Mode
from workbench.ui.augment.wishes import Plan

OPENED, OTHER, FILE, CHOOSE = "opened", "other", "file", "choose"
_PRESET = "preset."

Presets = Callable[[], Sequence[tuple[str, str, Chain]]]
"""Gives (name, title, chain) of every preset."""
Read = Callable[[Path], Chain]
"""Reads a chain from a file. Raises WorkbenchError."""


class Compare(Mode):
    """The box chooses what the edited chain is compared with. ``problem`` tells of a file that cannot be used."""

    key = "compare"
    problem = Signal(str)

    def __init__(self, presets: Presets, read: Read, parent: QObject | None = None) -> None:
        self.tiles = PairBoard()
        super().__init__(self.tiles, parent)
        self._presets, self._read = presets, read
        self._known: dict[str, Chain] = {}
        self._file: tuple[str, Chain] | None = None
        self._wanted = OPENED
        self._offered: list[tuple[str, str]] = []
        self._titles: list[tuple[str, str]] = []
        self.box = QComboBox()
        self.box.setObjectName("augment.compare.with")
        self.box.setAccessibleName(self.tr("Compare with"))
        self.box.setToolTip(self.tr("The chain that stands on the right; both get the same dice"))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setMaximumWidth(220)
        self.box.activated.connect(self._activated)

    def title(self) -> str:
        return self.tr("Compare")

    def controls(self) -> QComboBox:
        return self.box

    def open_project(self) -> None:
        super().open_project()
        self._wanted, self._known = OPENED, {}

    def plan(self, view: View) -> Plan | None:
        self._offer(view)
        count = self.tiles.fit()
        other = self._other(view)
        same = self.tr("{title} (the same chain)") if other == view.chain else "{title}"
        first = self.tr("This chain")
        if view.rare and view.rare_chain == view.chain != view.common:
            first = self.tr("This chain (rare classes)")
        self.tiles.show_titles(first, same.format(title=self.box.currentText()))
        if view.picture is None:
            return None
        return wishes.compare(view.picture, view.chain, other, view.seed, count)

    def blame(self, place: Place | None) -> Place | None:
        return None  # nobody told which of the two chains it was

    def use_file(self, path: Path) -> None:
        """Compare with the chain of a file; one that cannot be used is told and changes nothing."""
        try:
            chain = self._read(path)
        except (WorkbenchError, OSError, UnicodeDecodeError) as error:
            sentence = str(error)
            if not isinstance(error, WorkbenchError):
                sentence = self.tr("{path} cannot be read ({reason}); choose another file.").format(
                    path=path, reason=error
                )
            self.problem.emit(sentence)
        else:
            self._file, self._wanted = (path.name, chain), FILE
        self.wanted.emit()

    def _offer(self, view: View) -> None:
        if not self._known:
            self._titles = []
            for name, title, chain in self._presets():
                self._known[_PRESET + name] = chain
                self._titles.append((title, _PRESET + name))
        offered = [(self.tr("As it was when opened"), OPENED)]
        if view.rare:
            is_rare = view.chain == view.rare_chain
            offered.append((self.tr("Chain of all classes") if is_rare else self.tr("Chain of rare classes"), OTHER))
        elif self._wanted == OTHER:
            self._wanted = OPENED
        offered += self._titles
        if self._file is not None:
            offered.append((self._file[0], FILE))
        offered.append((self.tr("From a file\N{HORIZONTAL ELLIPSIS}"), CHOOSE))
        with QSignalBlocker(self.box):
            if offered != self._offered:
                self._offered = offered
                self.box.clear()
                for title, key in offered:
                    self.box.addItem(title, key)
            self.box.setCurrentIndex(max(0, self.box.findData(self._wanted)))

    def _other(self, view: View) -> Chain:
        if self._wanted == OTHER:
            return view.common if view.chain == view.rare_chain else view.rare_chain
        if self._wanted == FILE and self._file is not None:
            return self._file[1]
        return self._known.get(self._wanted, view.opened)

    @Slot(int)
    def _activated(self, _index: int) -> None:
        chosen = self.box.currentData()
        if chosen != CHOOSE:
            self._wanted = chosen
            self.wanted.emit()
            return
        filters = self.tr("Chains (*.json *.yaml *.yml)")
        path, _ = QFileDialog.getOpenFileName(self.box.window(), self.tr("Compare with a chain"), "", filters)
        if path:
            self.use_file(Path(path))
        else:
            self.wanted.emit()  # shows what was chosen before
