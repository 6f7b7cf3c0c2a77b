from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from workbench.models import catalog
from workbench.models.advice import DataFacts
from workbench.project.project import Project
from workbench.training.config import WAYS
from workbench.ui.model import advice_box, data_facts
from workbench.ui.model.advice_box import MOST, AdviceBox
from workbench.ui.session import Session


def test_the_facts_of_a_project(project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        found = data_facts.gather(project)
        assert (found.images, found.classes, found.smallest) == (24, 2, 12)
        first = project.images.page(project.images.ids()[:1])[0]
        assert (found.width, found.height) == (first.width, first.height)
        assert found.similar == "unknown"
        project.settings.set(data_facts.SIMILAR, "different")
        project.labels.assign(project.images.ids()[:5], None)
        found = data_facts.gather(project)
        assert (found.images, found.smallest, found.similar) == (19, 7, "different")


def test_an_empty_project_has_no_facts(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as project:
        assert data_facts.gather(project) == data_facts.NOTHING


@pytest.fixture
def box(qtbot: QtBot, session: Session, project_folder: Path) -> AdviceBox:
    session.open_project(project_folder)
    made = AdviceBox(session)
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    return made


def test_without_labels_there_is_no_advice(qtbot: QtBot, session: Session) -> None:
    box = AdviceBox(session)
    qtbot.addWidget(box)
    box.show()
    assert box.advice is None
    assert "once images are labelled" in box.sentence.fullText()
    assert not box.take.isVisible()


def test_the_advice_with_its_reasons_can_be_taken(box: AdviceBox, qtbot: QtBot) -> None:
    assert box.advice is not None
    assert box.advice.way in WAYS
    assert box.sentence.fullText() == box.advice.sentence
    box._head.click()
    assert all(reason in box.why.text() for reason in box.advice.why)
    assert "24 images labelled, 2 classes" in box.why.text()
    with qtbot.waitSignal(box.wayChosen) as taken:
        box.take.click()
    assert taken.args == [box.advice.way]


def test_the_answer_changes_the_advice_and_is_kept_in_the_project(
    box: AdviceBox, session: Session, project_folder: Path, qtbot: QtBot
) -> None:
    box._head.click()
    before = box.advice
    box.similar.set_value("different")
    assert box.advice != before
    again = AdviceBox(session)
    qtbot.addWidget(again)
    assert again.similar.value() == "different"
    assert again.advice == box.advice


def test_it_stays_unfolded_or_folded(box: AdviceBox, session: Session, qtbot: QtBot) -> None:
    assert not box.why.isVisible()
    box._head.click()
    assert box.why.isVisible()
    assert not box.sentence.isVisible()
    again = AdviceBox(session)
    qtbot.addWidget(again)
    again.show()
    assert again.why.isVisible()


def test_the_short_list_says_why_and_a_click_chooses(box: AdviceBox, qtbot: QtBot) -> None:
    box._head.click()
    listed = list(box.short_list())
    assert listed
    assert all(catalog.find(name) and reason for name, reason in box.short_list().items())
    shown = [box.findChild(QPushButton, f"model.suits.{name}") for name in listed[:MOST]]
    with qtbot.waitSignal(box.backboneChosen) as chosen:
        shown[-1].click()
    assert chosen.args == [listed[: len(shown)][-1]]


def test_labels_that_change_are_asked_again(box: AdviceBox, session: Session, qtbot: QtBot) -> None:
    assert session.project is not None
    session.assign(session.project.images.ids(), None)
    qtbot.waitUntil(lambda: box.advice is None)
    assert box.short_list() == {}


def test_the_device_of_the_config_is_asked_about(box: AdviceBox, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[DataFacts] = []
    monkeypatch.setattr(advice_box, "recommend", lambda facts, rows: asked.append(facts) or [])
    box.show_device("cuda:0")
    box.show_device("cuda:1")  # another of the same kind
    box.show_device("cpu")
    assert [facts.device for facts in asked[-2:]] == ["cuda", "cpu"]
    assert box.short_list() == {}
