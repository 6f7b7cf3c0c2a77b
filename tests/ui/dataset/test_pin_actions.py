"""Images put into a split by hand stay there through the next split, until they are let go; undo takes it back."""

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.panel import DatasetPanel
from workbench.ui.session import Session


@pytest.fixture
def panel(qtbot: QtBot, session: Session, project_folder: Path) -> DatasetPanel:
    session.open_project(project_folder)
    made = DatasetPanel(session)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.show()
    qtbot.waitUntil(lambda: len(made.model.ids) == 24)
    return made


def act(panel: DatasetPanel, name: str) -> None:
    panel.findChild(QAction, name).trigger()


def test_held_images_stay_and_are_let_go(panel: DatasetPanel, session: Session) -> None:
    project = session.project
    assert project is not None
    panel.selection.select([0, 1, 2])
    ids = panel.selected_ids().tolist()
    act(panel, "dataset.hold.test")
    for seed in (1, 2, 3):
        project.splits.make(seed=seed)
        assert project.splits.of(ids).tolist() == [2, 2, 2]
    act(panel, "dataset.release")
    assert not any(row.pinned for row in project.images.page(ids))
    session.undo_label()
    assert all(row.pinned for row in project.images.page(ids))


def test_the_menu_of_the_selection_offers_the_splits(panel: DatasetPanel) -> None:
    panel.selection.select([0])
    menu = panel.selection_menu()
    names = [action.objectName() for inner in menu.actions() if inner.menu() for action in inner.menu().actions()]
    assert {"dataset.hold.train", "dataset.hold.validation", "dataset.hold.test", "dataset.release"} <= set(names)
    menu.deleteLater()


def test_a_frozen_image_is_not_moved_and_that_is_said(
    panel: DatasetPanel, session: Session, problems: list[tuple[str, str]]
) -> None:
    project = session.project
    assert project is not None
    panel.selection.select([0])
    act(panel, "dataset.hold.test")
    project.splits.freeze_test("March")
    act(panel, "dataset.hold.train")
    assert "March" in problems[-1][1]
    assert project.splits.of(panel.selected_ids()).tolist() == [2]
