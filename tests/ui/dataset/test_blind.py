"""Grading blind: what others said is neither shown nor changed, and it ends with its button or another query."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.project.images import Query
from workbench.ui.dataset.panel import DatasetPanel
from workbench.ui.session import Session

QUEUE = (1, 2, 3, 4)


@pytest.fixture
def panel(qtbot: QtBot, session: Session, project_folder: Path) -> DatasetPanel:
    session.open_project(project_folder)
    assert session.project is not None
    first = session.project.labels.classes()[0].id
    session.project.labels.assign(QUEUE, first, grader="bob")
    session.set_grader("ann")
    made = DatasetPanel(session)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.resize(1000, 700)
    made.show()
    qtbot.waitUntil(lambda: len(made.model.ids) == 24)
    return made


def begin(panel: DatasetPanel, qtbot: QtBot) -> None:
    panel.blind.begin(Query(ids=QUEUE, order="given"))
    qtbot.waitUntil(lambda: panel.model.ids.tolist() == list(QUEUE))


def test_labels_are_hidden_and_stay_while_grades_are_kept(panel: DatasetPanel, qtbot: QtBot, session: Session) -> None:
    begin(panel, qtbot)
    project = session.project
    assert project is not None
    before = project.labels.of(QUEUE)
    assert [panel.model.row_at(place).class_id for place in range(4)] == [None] * 4
    assert panel.blind.bar.isVisible()
    panel.selection.select_only(0)
    qtbot.keyClick(panel.grid, Qt.Key.Key_2)
    second = project.labels.classes()[1].id
    qtbot.waitUntil(lambda: project.graders.of(QUEUE, "ann")[0] == second)
    assert project.labels.of(QUEUE) == before
    qtbot.waitUntil(lambda: panel.model.row_at(0).class_id == second)
    assert "1 of 4" in panel.blind.bar.text.fullText()
    assert project.graders.pairs("ann", "bob")[0].tolist() == [1]


def test_the_button_ends_it(panel: DatasetPanel, qtbot: QtBot, session: Session) -> None:
    begin(panel, qtbot)
    panel.blind.bar.end.click()
    assert not session.blind
    qtbot.waitUntil(lambda: panel.model.row_at(0).class_id is not None)
    assert not panel.blind.bar.isVisible()


def test_another_query_ends_it(panel: DatasetPanel, qtbot: QtBot, session: Session) -> None:
    begin(panel, qtbot)
    panel.show_images(Query(rejected=False))
    assert not session.blind


def test_without_a_name_it_does_not_begin(panel: DatasetPanel, session: Session) -> None:
    session.set_grader("")
    panel.blind.begin(Query(ids=QUEUE, order="given"))
    assert not session.blind
    assert not panel.blind.bar.isVisible()


def test_with_several_labels_a_class_that_is_dropped_on_becomes_a_grade(
    panel: DatasetPanel, qtbot: QtBot, session: Session
) -> None:
    project = session.project
    assert project is not None
    first, second = (known.id for known in project.labels.classes()[:2])
    project.labels.set_task("multi")
    session.labelsChanged.emit()
    begin(panel, qtbot)
    before = project.labels.of(QUEUE)
    project.graders.grade([2], (second,), grader="ann")
    panel.selection.select(range(2))
    panel.labelling.label(first)
    assert project.labels.of(QUEUE) == before
    assert project.graders.of(QUEUE, "ann") == [(first,), (first, second), None, None]
    session.toggle_class([1, 2], first)
    assert project.graders.of(QUEUE, "ann") == [(), (second,), None, None]
    session.undo_label()
    session.undo_label()
    assert project.graders.of(QUEUE, "ann") == [None, (second,), None, None]
