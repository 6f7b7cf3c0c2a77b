from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.project.project import Project
from workbench.ui.augment.rare import NAME, RareBar
from workbench.ui.augment.rare_classes import counted, image_of, suggested

COUNTS = {"good": 400, "pit": 30, "scratch": 90, "crack": 12, "never": 0}


def test_classes_far_below_the_median_are_suggested() -> None:
    assert suggested({"a": 300, "b": 300, "c": 99, "d": 20, "e": 300}) == ("d", "c")
    assert suggested({"a": 300, "b": 300, "c": 100}) == ()
    assert suggested(COUNTS) == ("crack",), "a class without images has nothing to augment"
    assert suggested({}) == ()


def test_every_class_is_counted(project_folder: Path) -> None:
    project = Project.open(project_folder)
    try:
        project.labels.add_class("pit")
        assert counted(project) == {"good": 12, "scratch": 12, "pit": 0}
    finally:
        project.close()


def test_an_image_of_a_rare_class_is_found(project_folder: Path) -> None:
    project = Project.open(project_folder)
    try:
        scratches = [int(row.id) for row in project.images.page(project.images.ids()) if "scratch" in row.relative]
        assert image_of(project, ("scratch",), None) == scratches[0]
        assert image_of(project, ("scratch",), scratches[3]) == scratches[3], "the one in view will do"
        assert image_of(project, ("scratch",), int(project.images.ids()[0])) == scratches[0]
        assert image_of(project, ("gone",), None) is None
    finally:
        project.close()


@pytest.fixture
def bar(qtbot: QtBot) -> RareBar:
    made = RareBar()
    qtbot.addWidget(made)
    made.resize(280, 160)
    made.show_classes(COUNTS, ())
    made.show()
    return made


def test_the_switch_shows_the_classes(bar: RareBar, qtbot: QtBot) -> None:
    assert bar.classes.isHidden()
    with qtbot.waitSignal(bar.targetChosen) as told:
        QTest.mouseClick(bar.switch.button("rare"), Qt.MouseButton.LeftButton)
    assert told.args == ["rare"]
    with qtbot.assertNotEmitted(bar.targetChosen):
        bar.show_target("rare")
    assert bar.classes.isHidden(), "the room of the chain asks for them"
    bar.show_classes(COUNTS, ("crack", "pit"))
    assert bar.classes.text() == "2 classes  ·  42 images"
    assert bar._names.isVisible()
    bar.show_classes(COUNTS, (), has_chain=True)
    assert bar.note.isVisible()
    assert bar.classes.text() == "Choose the classes…"
    bar.grab()


def test_classes_are_ticked_rarest_first(bar: RareBar, qtbot: QtBot) -> None:
    bar.show_target("rare")
    bar.show_classes(COUNTS, ("gone",))
    QTest.mouseClick(bar.classes, Qt.MouseButton.LeftButton)
    shown = bar.list.list
    assert [shown.item(number).data(NAME) for number in range(shown.count())] == [
        "never",
        "crack",
        "pit",
        "scratch",
        "good",
        "gone",
    ]
    assert "no such class" in shown.item(5).text()
    with qtbot.waitSignal(bar.classesChosen) as told:
        QTest.keyClick(shown, Qt.Key.Key_Down)
        QTest.keyClick(shown, Qt.Key.Key_Space)
    assert told.args == [("crack", "gone")]
    with qtbot.waitSignal(bar.classesChosen) as told:
        QTest.mouseClick(bar.list._take, Qt.MouseButton.LeftButton)
    assert told.args == [("crack",)]
    assert bar.list._take.isHidden()
    bar.list.show_classes(
        {"good": 900, "fair": 900, "poor": 900, **dict.fromkeys("abcde", 9), **dict.fromkeys("xyzuvw", 800)}, ()
    )
    assert "5 classes" in bar.list._why.text()
    bar.list.grab()
    bar.list.hide()
