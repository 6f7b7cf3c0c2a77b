"""One parameter of the selected step from low to high; a click on a tile sets it."""

from PySide6.QtCore import QObject, QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from workbench.augment.catalog import ParamInfo, TransformInfo
from workbench.augment.chain import Chain, Place, Step
from workbench.ui import theme
from workbench.ui.augment import sweep_values, wishes
from workbench.ui.augment.boards import StripBoard
from workbench.ui.augment.looked_at import View
from workbench.ui.augment.modes import Mode
from workbench.ui.augment.sweep_values import Value
from workbench.ui.augment.wishes import Plan
from workbench.ui.layouts import row
from workbench.ui.widgets import Segmented


class Sweep(Mode):
    """Which parameter is the box's choice, or the view's where the form asked for one."""

    key = "sweep"

    def __init__(self, known: dict[str, TransformInfo], parent: QObject | None = None) -> None:
        self.tiles = StripBoard(self.tr("One parameter from low to high"), pickable=True)
        super().__init__(self.tiles, parent)
        self._known = known
        self._place: Place = ()
        self._step: Step | None = None
        self._empty = True
        self._param: ParamInfo | None = None
        self._values: list[Value] = []
        self._asked: tuple[Place, str] = ((), "")
        self._chosen: dict[str, str] = {}
        self.box = QComboBox()
        self.box.setObjectName("augment.sweep.param")
        self.box.setAccessibleName(self.tr("Parameter"))
        self.box.setToolTip(self.tr("The parameter that is swept from low to high"))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.setMaximumWidth(220)
        self.box.activated.connect(self._activated)
        self.alone = Segmented([("alone", self.tr("This step")), ("chain", self.tr("Whole chain"))])
        self.alone.setObjectName("augment.sweep.alone")
        self.alone.setToolTip(self.tr("Sweep the step by itself, or within the rest of the chain"))
        self.alone.changed.connect(self._alone_changed)
        self._bar = QWidget()
        self._bar.setLayout(row(self.box, self.alone, spacing=theme.GRID))
        self.tiles.picked.connect(self._picked)

    def title(self) -> str:
        return self.tr("Sweep")

    def controls(self) -> QWidget:
        return self._bar

    def plan(self, view: View) -> Plan | None:
        self._place, self._step = view.place, _step_at(view.chain, view.place)
        self._empty = not view.chain.steps
        info = self._known.get(self._step.transform) if self._step is not None else None
        params = sweep_values.numeric(info) if info is not None else []
        self._fill(params, view)
        self._bar.setVisible(bool(params))
        if self._step is None or self._param is None:
            self.tiles.show_captions([])
            return None
        current = self._step.params.get(self._param.name, self._param.default)
        self._values = sweep_values.values(self._param, current)
        self.tiles.show_captions([sweep_values.written(self._param, value.number) for value in self._values])
        is_range = self._param.kind in ("range", "int_range")
        for tile, value in zip(self.tiles.tiles, self._values, strict=True):
            tile.marked, tile.strong = value.current, value.within
            tile.tip = self.tr("Click: move the nearer end of the range here") if is_range else self.tr("Click to set")
        if view.picture is None:
            return None
        return wishes.sweep(
            view.picture,
            view.chain,
            view.place,
            self._param,
            self._values,
            view.seed,
            alone=self.alone.value() == "alone",
        )

    def hint(self) -> str:
        if self._empty:
            return self.tr("Add a step to the chain: the sweep shows one of its parameters from low to high.")
        if self._step is None:
            return self.tr("Select a step of the chain: the sweep shows one of its parameters from low to high.")
        if self._step.is_group:
            return self.tr("Select a step inside the group: the sweep shows one of its parameters from low to high.")
        return self.tr("This step has no parameter that goes from low to high; select another one.")

    def blame(self, place: Place | None) -> Place | None:
        return self._place if self.alone.value() == "alone" else place

    def _fill(self, params: list[ParamInfo], view: View) -> None:
        """Offer these; choose what the form asked for, else what was chosen of this transform before."""
        name = self._step.transform if self._step is not None else ""
        if view.param and (view.place, view.param) != self._asked:
            self._chosen[name] = view.param
        self._asked = (view.place, view.param)
        offered = [(param.title, param.name) for param in params]
        with QSignalBlocker(self.box):
            if offered != [(self.box.itemText(n), self.box.itemData(n)) for n in range(self.box.count())]:
                self.box.clear()
                for title, key in offered:
                    self.box.addItem(title, key)
            at = self.box.findData(self._chosen.get(name, ""))
            self.box.setCurrentIndex(max(at, 0) if params else -1)
        self._param = params[self.box.currentIndex()] if params else None

    @Slot(int)
    def _activated(self, _index: int) -> None:
        if self._step is not None:
            self._chosen[self._step.transform] = self.box.currentData()
            self.clear()
            self.wanted.emit()

    @Slot(str)
    def _alone_changed(self, _how: str) -> None:
        self.wanted.emit()

    @Slot(int)
    def _picked(self, index: int) -> None:
        if self._step is not None and self._param is not None and index < len(self._values):
            current = self._step.params.get(self._param.name, self._param.default)
            value = sweep_values.picked(self._param, current, self._values[index].number)
            self.valuePicked.emit(self._place, self._param.name, value)


def _step_at(chain: Chain, place: Place) -> Step | None:
    try:
        return chain.at(place)
    except IndexError:
        return None
