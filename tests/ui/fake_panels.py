"""Panels for the tests of the frame: they do nothing but answer."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.ui.rail import Stage
from workbench.ui.session import Session
from workbench.ui.widgets import Panel, PanelState


class FirstPanel(Panel):
    key, title = "dataset", "Dataset"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.pressed = 0
        self.payloads: list[object] = []
        self.answer: tuple[PanelState, str] = ("work", "12 images have no label")
        self._inspector = QLabel("what is selected")
        self.field = QLineEdit()
        QVBoxLayout(self).addWidget(self.field)
        self.add_action("dataset.press", "Press the button", self.press, key="P", icon="plus")

    @Slot()
    def press(self) -> None:
        self.pressed += 1

    def inspector(self) -> QWidget:
        return self._inspector

    def state(self) -> tuple[PanelState, str]:
        return self.answer

    def activated(self, payload: object) -> None:
        self.payloads.append(payload)


class SecondPanel(Panel):
    key, title = "training", "Train"

    def state(self) -> tuple[PanelState, str]:
        return "attention", "The last run failed"


class BrokenPanel(Panel):
    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        raise RuntimeError("this panel is broken")


STAGES = (
    Stage("dataset", "Dataset", "dataset", __name__, "FirstPanel"),
    Stage("training", "Train", "training", __name__, "SecondPanel"),
)
WITH_BROKEN = (*STAGES, Stage("export", "Export", "export", __name__, "BrokenPanel"))
