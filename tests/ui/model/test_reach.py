"""What the keyboard reaches in the Model panel has a name to be read aloud, and what is pressed says what it does."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QWidget
from pytestqt.qtbot import QtBot

from workbench.training.config import WAYS
from workbench.ui.model.panel import ModelPanel
from workbench.ui.session import Session
from workbench.ui.widgets import FoldButton


@pytest.mark.parametrize("way", WAYS)
def test_everything_has_a_name_and_buttons_a_tip(
    qtbot: QtBot, session: Session, project_folder: Path, way: str
) -> None:
    session.open_project(project_folder)
    panel = ModelPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1200, 700)
    panel.show()
    panel.plan_side.take_way(way)
    panel.plan_side.open_all()
    shown = [part for part in panel.findChildren(QWidget) if part.isVisibleTo(panel)]
    reached = [part for part in shown if part.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert len(reached) > 15
    for part in reached:
        if not isinstance(part.parentWidget(), QAbstractSpinBox):  # its box has the name
            assert part.accessibleName() or part.property("text"), part.objectName()
    for part in shown:
        if isinstance(part, QAbstractButton) and not isinstance(part, FoldButton) and part.text():
            around = [part, part.parentWidget(), part.parentWidget().parentWidget()]  # Qt asks them in this order
            assert any(each.toolTip() for each in around), part.objectName() or part.text()
