"""Ctrl+Z in the Model panel: takes back what was set of the model, one step at a time, and nothing else."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain
from workbench.training.config import TrainConfig
from workbench.ui.model.panel import ModelPanel
from workbench.ui.session import Session

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(qtbot: QtBot, session: Session, project_folder: Path) -> ModelPanel:
    session.open_project(project_folder)
    made = ModelPanel(session)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def press(qtbot: QtBot, target: QWidget, *, again: bool = False) -> None:
    qtbot.keyClick(target, Qt.Key.Key_Z, CTRL | SHIFT if again else CTRL)


def test_each_change_is_taken_back_and_made_again(qtbot: QtBot, panel: ModelPanel, session: Session) -> None:
    seen: list[TrainConfig] = [session.config]
    for name in ("model.way.gradual", "model.way.scratch", "model.addPhase"):
        button = panel.findChild(QWidget, name)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        seen.append(session.config)
    assert len({config.dumps() for config in seen}) == 4
    for before in reversed(seen[:-1]):
        press(qtbot, panel.side.table)
        assert session.config == before
    press(qtbot, panel.side.table)
    assert session.config == seen[0]
    for after in seen[1:]:
        press(qtbot, panel.side.table, again=True)
        assert session.config == after
    assert panel.plan_side.ways.way() == "gradual"


def test_a_typed_number_is_one_change_and_the_key_works_in_its_field(
    qtbot: QtBot, panel: ModelPanel, session: Session
) -> None:
    epochs = panel.findChild(QSpinBox, "model.epochs")
    epochs.setFocus()
    epochs.selectAll()
    qtbot.keyClicks(epochs, "25")
    qtbot.keyClick(epochs, Qt.Key.Key_Return)
    for _ in range(3):
        qtbot.keyClick(epochs, Qt.Key.Key_Up)
    assert session.config.epochs == 28
    press(qtbot, epochs)
    assert session.config.epochs == TrainConfig().epochs
    press(qtbot, epochs, again=True)
    assert session.config.epochs == 28


def test_what_is_typed_but_not_set_is_the_fields_own(qtbot: QtBot, panel: ModelPanel, session: Session) -> None:
    qtbot.mouseClick(panel.findChild(QWidget, "model.way.full"), Qt.MouseButton.LeftButton)
    search = panel.side.bar.search
    search.setFocus()
    qtbot.keyClicks(search, "resnet")
    press(qtbot, search)
    assert search.text() == ""
    assert session.config.freeze.kind == "none"


def test_numbers_that_rested_are_two_changes(panel: ModelPanel, session: Session) -> None:
    for epochs in (11, 12):
        session.set_config(session.config.model_copy(update={"epochs": epochs}))
    panel.history._rest.timeout.emit()
    session.set_config(session.config.model_copy(update={"epochs": 13}))
    panel.undo()
    assert session.config.epochs == 12
    panel.undo()
    assert session.config.epochs == 10
    assert not panel.findChild(QAction, "model.undo").isEnabled()
    assert panel.findChild(QAction, "model.redo").isEnabled()


def test_other_panels_keep_what_they_set(panel: ModelPanel, session: Session) -> None:
    panel.plan_side.take_way("full")
    other = {"augment": Chain(), "seed": 99}
    session.set_config(session.config.model_copy(update=other))
    panel.undo()
    assert session.config.freeze.kind == "backbone"
    assert (session.config.augment, session.config.seed) == (Chain(), 99)


def test_another_project_has_nothing_to_take_back(panel: ModelPanel, session: Session, project_folder: Path) -> None:
    panel.plan_side.take_way("full")
    session.open_project(project_folder)
    assert not panel.history.can_undo


def test_the_key_is_claimed_from_the_shell_which_would_take_back_labels(panel: ModelPanel) -> None:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, CTRL)
    event.ignore()
    QApplication.sendEvent(panel.side.table, event)
    assert event.isAccepted()
