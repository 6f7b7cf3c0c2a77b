"""The parts of the plan one below the other, or in two columns where the window has the room."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from workbench.ui import theme
from workbench.ui.layouts import column


class SideColumns(QWidget):
    """In one column what it starts from comes first, then what learns, then what is around it; in two, what learns is beside."""

    def __init__(self, start: Sequence[QWidget], plan: Sequence[QWidget], around: Sequence[QWidget]) -> None:
        super().__init__()
        self._groups = [self._group(parts) for parts in (start, plan, around)]
        self._across = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(theme.GRID * 2, theme.GRID * 2, theme.GRID * 2, theme.GRID * 2)
        self._grid.setHorizontalSpacing(theme.GRID * 3)
        self._grid.setVerticalSpacing(theme.GRID * 2)
        self.set_across(1)

    @property
    def across(self) -> int:
        return self._across

    def set_across(self, across: int) -> None:
        """Lay the parts out in one column or in two."""
        if across == self._across:
            return
        self._across = across
        for group in self._groups:
            self._grid.removeWidget(group)
        start, plan, around = self._groups
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(start, 0, 0, top)
        self._grid.addWidget(plan, *((1, 0, 1, 1) if across == 1 else (0, 1, 2, 1)), top)
        self._grid.addWidget(around, 2 if across == 1 else 1, 0, top)
        for line in range(3):
            self._grid.setRowStretch(line, int(line == (2 if across == 1 else 1)))
        for side in range(2):
            self._grid.setColumnStretch(side, int(side < across))

    @staticmethod
    def _group(parts: Sequence[QWidget]) -> QWidget:
        made = QWidget()
        made.setLayout(column(*parts, spacing=theme.GRID * 2))
        return made
