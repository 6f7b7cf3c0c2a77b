from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.project.project import Project
from workbench.ui.label_edits import LabelEdits
from workbench.ui.session import Session


@pytest.fixture
def edits(project_folder: Path, qtbot: QtBot) -> LabelEdits:
    made = LabelEdits()
    with Project.open(project_folder) as project:
        made.move_to(project)
        yield made
        made.move_to(None)


def test_a_label_is_given_taken_back_and_given_again(edits: LabelEdits, qtbot: QtBot) -> None:
    project = edits._project
    ids, last = project.images.ids(), project.labels.classes()[-1].id
    before = project.labels.counts()
    with qtbot.waitSignal(edits.changed):
        assert edits.assign(ids, last)
    assert project.labels.counts()[last] == len(ids)
    with qtbot.waitSignal(edits.told) as told:
        assert edits.take_back() is not None
    assert told.args[0].startswith("Undone")
    assert project.labels.counts() == before
    edits.make_again()
    assert project.labels.counts()[last] == len(ids)


def test_what_is_not_possible_is_told(edits: LabelEdits, qtbot: QtBot) -> None:
    known = edits._project.labels.classes()[0].name
    with qtbot.waitSignal(edits.problem), qtbot.assertNotEmitted(edits.changed):
        assert edits.add_class(known) is None


def test_without_a_project_nothing_happens(qtbot: QtBot) -> None:
    edits = LabelEdits()
    assert not edits.assign([1], 1)
    assert edits.take_back() is None
    assert edits.add_class("pit") is None


def test_blind_grades_leave_the_labels_as_they_are(session: Session, project_folder: Path) -> None:
    session.open_project(project_folder)
    project = session.project
    first, second = (known.id for known in project.labels.classes())
    session.set_blind(True)
    assert not session.blind  # nobody is named
    session.set_grader("ann")
    session.set_blind(True)
    before = project.labels.of([1])
    assert session.assign([1], second if before == [first] else first)
    assert project.labels.of([1]) == before
    assert project.graders.of([1], "ann") != before
    session.undo_label()
    assert project.graders.of([1], "ann") == [None]
    session.set_blind(False)
    session.assign([1], second)
    assert project.labels.of([1]) == [second]
