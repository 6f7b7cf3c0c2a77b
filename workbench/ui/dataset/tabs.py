"""The tabs under the filter bar: the grid, and views of the same images that are built when first shown."""

import importlib
import importlib.util
from typing import NamedTuple

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QTabBar, QWidget

from workbench.ui import figures
from workbench.ui.session import Session

GRID = "grid"


class Tab(NamedTuple):
    """A view besides the grid: a widget class ``cls(session, parent)`` with ``showImages``, a signal, and `refresh`."""

    key: str
    module: str
    cls: str


TABS = (
    Tab("map", "workbench.ui.dataset.map_tab", "MapTab"),
    Tab("findings", "workbench.ui.dataset.findings_tab", "FindingsTab"),
    Tab("split", "workbench.ui.dataset.split_tab", "SplitTab"),
    Tab("graders", "workbench.ui.dataset.graders_tab", "GradersTab"),
)


class TabStrip(QTabBar):
    """``chosen`` tells the key of the tab in front: "grid", "map", "findings", "split" or "graders"."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.tabs")
        self.setAccessibleName(self.tr("Views of the images"))
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self._titles = {
            GRID: self.tr("Grid"),
            "map": self.tr("Map"),
            "findings": self.tr("Findings"),
            "split": self.tr("Balance && split"),
            "graders": self.tr("Graders"),
        }
        self.keys = [GRID, *(tab.key for tab in TABS if importlib.util.find_spec(tab.module) is not None)]
        tips = {
            GRID: self.tr("The images, one beside the other"),
            "map": self.tr("Alike images lie close to each other: draw round some to see them"),
            "findings": self.tr("Copies, bad pictures, outliers and probable wrong labels"),
            "split": self.tr("How many images each class has, and how they are divided"),
            "graders": self.tr("Who labelled what, and how far the graders agree"),
        }
        for key in self.keys:
            self.setTabToolTip(self.addTab(self._titles[key]), tips[key])
        self.currentChanged.connect(self._tell)

    @property
    def current(self) -> str:
        return self.keys[self.currentIndex()]

    def choose(self, key: str) -> None:
        """Bring a tab to the front; one that does not exist is left alone."""
        if key in self.keys:
            self.setCurrentIndex(self.keys.index(key))

    def show_findings(self, count: int) -> None:
        """Write the number of open findings beside the name of their tab."""
        if "findings" in self.keys:
            title = self._titles["findings"]
            text = f"{title} {figures.count(count)}" if count else title
            self.setTabText(self.keys.index("findings"), text)

    @Slot(int)
    def _tell(self, index: int) -> None:
        self.chosen.emit(self.keys[index])


def build(key: str, session: Session, parent: QWidget) -> QWidget:
    """Return the widget of a tab, made now."""
    tab = next(tab for tab in TABS if tab.key == key)
    made: QWidget = getattr(importlib.import_module(tab.module), tab.cls)(session, parent)
    return made
