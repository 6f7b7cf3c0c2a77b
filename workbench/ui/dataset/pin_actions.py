"""Putting the selected images into a split by hand: they stay there, whatever is split later."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from workbench.project.ids import SPLITS, SplitName
from workbench.ui import icons

if TYPE_CHECKING:
    from workbench.ui.dataset.panel import DatasetPanel


class PinActions(QObject):
    """Adds the actions to ``panel``; `fill` puts them into the menu of the selected images. Undo takes each back."""

    def __init__(self, panel: "DatasetPanel") -> None:
        super().__init__(panel)
        self._panel = panel
        tr = self.tr
        words = {
            "train": tr("Hold in train"),
            "validation": tr("Hold in validation"),
            "test": tr("Hold in test"),
        }
        self._holds: list[QAction] = [
            panel.add_action(
                f"dataset.hold.{name}",
                words[name],
                partial(self._hold, name),
                icon="pin",
                tip=tr("Put the selected images into this split; later splits leave them there"),
            )
            for name in SPLITS
        ]
        self._free = panel.add_action(
            "dataset.release",
            tr("Hold no longer"),
            self._release,
            icon="unlock",
            tip=tr("Let the next split choose again for the selected images"),
        )

    def fill(self, menu: QMenu) -> None:
        """Add a menu of the splits."""
        inner = menu.addMenu(icons.icon("split"), self.tr("Split"))
        inner.addActions(self._holds)
        inner.addSeparator()
        inner.addAction(self._free)

    def _hold(self, split: SplitName, *_: object) -> None:
        session, ids = self._panel.session, self._panel.selected_ids()
        if len(ids):
            session.make(lambda project: project.splits.move(ids, split, grader=session.grader))

    @Slot()
    def _release(self) -> None:
        session, ids = self._panel.session, self._panel.selected_ids()
        if len(ids):
            session.make(lambda project: project.splits.pin(ids, False, grader=session.grader))
