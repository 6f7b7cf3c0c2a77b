from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.augment import catalog
from workbench.augment.catalog import ParamInfo
from workbench.ui.augment.param_editors import ChoiceEditor, NumbersEditor, SwitchEditor, editor_for


def param(kind: str, default: Any, **fields: Any) -> ParamInfo:
    usual = {"low": None, "high": None, "step": None, "unit": "", "title": "Limit", "help": "Help"}
    return ParamInfo(name="limit", kind=kind, default=default, **{**usual, **fields})


def test_a_range_has_a_slider_and_two_boxes(qtbot: QtBot) -> None:
    editor = editor_for(param("range", [-15, 15], low=-90, high=90, step=1, unit="°"), None)
    qtbot.addWidget(editor)
    assert isinstance(editor, NumbersEditor)
    assert editor.value() == [-15, 15]
    assert editor.boxes[0].text() == "-15 °"
    with qtbot.waitSignal(editor.edited) as told:
        editor.boxes[0].setValue(-30)
    assert told.args == [[-30.0, 15.0]]
    assert editor.slider.values() == (-30.0, 15.0)
    with qtbot.waitSignal(editor.edited) as told:
        editor.boxes[0].setValue(40)
    assert told.args == [[40.0, 40.0]]
    with qtbot.waitSignal(editor.edited) as told:
        editor.slider.changed.emit((1.0, 2.0))
    assert told.args == [[1.0, 2.0]]


def test_whole_numbers_stay_whole(qtbot: QtBot) -> None:
    editor = editor_for(param("int_range", [3, 7], low=1, high=31, step=2), [5, 9])
    qtbot.addWidget(editor)
    assert editor.value() == [5, 9]
    assert all(isinstance(number, int) for number in editor.value())
    single = editor_for(param("integer", 3), None)
    qtbot.addWidget(single)
    assert single.value() == 3
    assert single.slider is None


def test_a_number_may_stand_for_a_range_and_the_other_way_round(qtbot: QtBot) -> None:
    ranged = editor_for(param("range", [0, 1], low=0, high=1, step=0.1), 0.5)
    single = editor_for(param("number", 0.5, low=0, high=1, step=0.01), [0.2, 0.4])
    qtbot.addWidget(ranged)
    qtbot.addWidget(single)
    assert ranged.value() == [0.5, 0.5]
    assert single.value() == 0.2


def test_choices_and_switches(qtbot: QtBot) -> None:
    choice = editor_for(param("choice", "constant", choices=("constant", "mirror")), "mirror")
    switch = editor_for(param("switch", False), None)
    qtbot.addWidget(choice)
    qtbot.addWidget(switch)
    assert isinstance(choice, ChoiceEditor)
    assert isinstance(switch, SwitchEditor)
    assert (choice.value(), switch.value()) == ("mirror", False)
    with qtbot.waitSignal(switch.edited) as told:
        switch.box.click()
    assert told.args == [True]
    choice.show()
    choice.box.setFocus()
    with qtbot.waitSignal(choice.edited) as told:
        QTest.keyClick(choice.box, Qt.Key.Key_Up)
        choice.box.activated.emit(0)
    assert told.args == ["constant"]


@pytest.mark.parametrize("known", catalog.transforms(), ids=lambda known: known.name)
def test_every_parameter_of_the_catalogue_shows_its_default(known: catalog.TransformInfo, qtbot: QtBot) -> None:
    for found in known.params:
        editor = editor_for(found, None)
        qtbot.addWidget(editor)
        value = editor.value()
        assert list(value) == pytest.approx(list(found.default)) if isinstance(value, list) else value == found.default
        editor.set_value(found.default)
        editor.grab()
