import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from workbench.project.classes import COLOURS
from workbench.project.labels import ClassRow
from workbench.ui.dataset.class_list import MOST_SHOWN, ROW, ClassList, key_area
from workbench.ui.dataset.class_model import ClassModel


@pytest.fixture
def shown(qtbot: QtBot) -> ClassList:
    model = ClassModel()
    classes = [ClassRow(n + 1, f"a long name of class {n}", n, COLOURS[n % 10]) for n in range(40)]
    model.set_classes(classes, {n + 1: n for n in range(40)})
    model.set_keys([*"1234567890Q", *[""] * 29])
    made = ClassList(model)
    model.setParent(made)
    qtbot.addWidget(made)
    made.resize(280, made.height())
    made.show()
    return made


def test_forty_classes_scroll(shown: ClassList) -> None:
    assert shown.height() <= MOST_SHOWN * ROW + 2
    assert shown.verticalScrollBar().maximum() > 0
    shown.grab()


def test_a_click_on_a_key_labels(shown: ClassList, qtbot: QtBot) -> None:
    place = key_area(shown.visualRect(shown.model().index(2, 0))).center()
    with qtbot.waitSignal(shown.labelWith) as told:
        QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert told.args == [3]


def test_a_name_is_edited_in_place(shown: ClassList, qtbot: QtBot) -> None:
    shown.edit_class(2)
    editor = shown.viewport().findChild(QLineEdit)
    editor.setText("pit")
    with qtbot.waitSignal(shown.model().renamed) as told:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert told.args == [2, "pit"]


def test_the_menu_offers_what_can_be_done(shown: ClassList, qtbot: QtBot) -> None:
    menu = shown.menu(0)
    texts = {action.text(): action for action in menu.actions()}
    assert not texts["Move up"].isEnabled()
    with qtbot.waitSignal(shown.model().reordered) as moved:
        texts["Move down"].trigger()
    assert moved.args[0][:3] == [2, 1, 3]
    colours = texts["Colour"].menu().actions()
    assert colours[0].isChecked()
    with qtbot.waitSignal(shown.recolour) as coloured:
        colours[4].trigger()
    assert coloured.args == [1, COLOURS[4]]
    with qtbot.waitSignal(shown.removeClass):
        texts["Remove"].trigger()
    with qtbot.waitSignal(shown.showOnly):
        texts["Show only this class"].trigger()
    with qtbot.waitSignal(shown.labelWith):
        texts["Label the selected images"].trigger()


def test_class_keys_are_left_to_the_panel(shown: ClassList) -> None:
    shown.setCurrentIndex(shown.model().index(5, 0))
    QTest.keyClick(shown, "1")
    assert shown.currentIndex().row() == 5
