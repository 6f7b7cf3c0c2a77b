import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from workbench.ui.augment.sliders import Slider
from workbench.ui.layouts import column

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def slider(qtbot: QtBot) -> Slider:
    made = Slider(-10, 10, 0.5, (-5.0, 5.0))
    qtbot.addWidget(made)
    made.resize(214, 24)
    made.show()
    return made


def drag(slider: Slider, start: float, end: float) -> None:
    QTest.mousePress(slider, LEFT, NONE, QPoint(round(slider._x(start)), 12))
    QTest.mouseMove(slider, QPoint(round(slider._x(end)), 12))
    QTest.mouseRelease(slider, LEFT, NONE, QPoint(round(slider._x(end)), 12))


def test_the_nearest_handle_follows_the_mouse(slider: Slider, qtbot: QtBot) -> None:
    with qtbot.waitSignals([slider.changed, slider.released]):
        drag(slider, 5, 8)
    assert slider.values() == (-5.0, 8.0)
    drag(slider, -5, -7.5)
    assert slider.values() == (-7.5, 8.0)


def test_handles_that_cross_change_places(slider: Slider) -> None:
    drag(slider, -5, 9)
    assert slider.values() == (5.0, 9.0)


def test_handles_on_top_of_each_other_come_apart_both_ways(slider: Slider) -> None:
    slider.set_values((0.0, 0.0))
    drag(slider, 0, 4)
    assert slider.values() == (0.0, 4.0)
    slider.set_values((10.0, 10.0))
    drag(slider, 9.9, 4)
    assert slider.values() == (4.0, 10.0)


def test_values_stay_on_the_steps_and_inside(slider: Slider) -> None:
    drag(slider, 5, 7.3)
    assert slider.values()[1] == 7.5
    QTest.mousePress(slider, LEFT, NONE, QPoint(round(slider._x(7.5)), 12))
    QTest.mouseMove(slider, QPoint(500, 12))
    QTest.mouseRelease(slider, LEFT, NONE, QPoint(500, 12))
    assert slider.values()[1] == 10


def test_keys(slider: Slider, qtbot: QtBot) -> None:
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.values() == (-5.0, 4.5)
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    assert slider.values() == (-5.0, 9.5)
    slider.grab()


def test_a_click_on_a_handle_moves_nothing(slider: Slider, qtbot: QtBot) -> None:
    slider.set_values((-5.2, 25.0))
    with qtbot.assertNotEmitted(slider.changed):
        QTest.mouseClick(slider, LEFT, NONE, QPoint(round(slider._x(-5.2)) + 3, 12))
        QTest.mouseClick(slider, LEFT, NONE, QPoint(round(slider._x(25)) - 3, 12))
    assert slider.values() == (-5.2, 25.0)
    slider.grab()
    drag(slider, 25, 5)
    assert slider.values() == (-5.2, 5.0)


def test_tab_reaches_both_handles_and_leaves(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    before, slider, after = QLineEdit(), Slider(0, 10, 1, (2.0, 8.0)), QLineEdit()
    slider.set_title("Angle")
    page.setLayout(column(before, slider, after))
    page.show()
    page.activateWindow()
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    QTest.keyClick(before, Qt.Key.Key_Tab)
    assert slider.hasFocus()
    assert (slider.handle, slider.accessibleName()) == (0, "Angle, from")
    QTest.keyClick(slider, Qt.Key.Key_Right)
    QTest.keyClick(slider, Qt.Key.Key_Tab)
    assert slider.hasFocus()
    assert (slider.handle, slider.accessibleName()) == (1, "Angle, to")
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert slider.values() == (3.0, 10.0)
    QTest.keyClick(slider, Qt.Key.Key_Tab)
    assert after.hasFocus()
    QTest.keyClick(after, Qt.Key.Key_Backtab)
    assert slider.handle == 1
    QTest.keyClick(slider, Qt.Key.Key_Backtab)
    assert slider.handle == 0
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert slider.values() == (0.0, 10.0)
    QTest.keyClick(slider, Qt.Key.Key_Backtab)
    assert before.hasFocus()


def test_keys_take_a_value_between_steps_to_the_next_one(slider: Slider) -> None:
    slider.set_values((-5.2, 5.3))
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert slider.values() == (-5.2, 5.5)
    slider.set_values((-5.2, 5.3))
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.values() == (-5.2, 5.0)


def test_one_handle(qtbot: QtBot) -> None:
    one = Slider(0, 1, 0.05, (0.5,))
    qtbot.addWidget(one)
    one.resize(214, 24)
    one.show()
    drag(one, 0.5, 0.8)
    assert one.values() == (0.8,)
    one.grab()
