from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.augment.catalog import ParamInfo
from workbench.ui.augment.param_editors import ChecksEditor, ChoiceEditor, NumbersEditor, SwitchEditor
from workbench.ui.augment.param_row import editor_for
from workbench.ui.augment.value_editors import ColourEditor, TextEditor, ValuesEditor


def param(kind: str, default: Any, **fields: Any) -> ParamInfo:
    usual = {"low": None, "high": None, "step": None, "unit": "", "title": "Limit", "help": "Help"}
    return ParamInfo(name="limit", kind=kind, default=default, **{**usual, **fields})


def typed(box: Any, text: str) -> None:
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), text)
    QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)


def test_a_range_has_a_slider_and_two_boxes(qtbot: QtBot) -> None:
    editor = editor_for(param("range", [-15, 15], low=-90, high=90, step=1, unit="°"), [-15, 15])
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


def test_a_value_beyond_the_slider_is_typed_shown_and_kept(qtbot: QtBot) -> None:
    editor = editor_for(param("range", [0, 1], low=0, high=10, step=0.5), [0, 1])
    qtbot.addWidget(editor)
    editor.resize(256, 60)
    editor.show()
    with qtbot.waitSignal(editor.edited) as told:
        typed(editor.boxes[1], "12,25")
    assert told.args == [[0, 12.25]]
    editor.grab()
    QTest.keyClick(editor.slider, Qt.Key.Key_Tab)
    editor.slider._choose(0)
    QTest.keyClick(editor.slider, Qt.Key.Key_Right)
    assert editor.value() == [0.5, 12.25]


def test_a_box_shows_every_digit_and_no_more(qtbot: QtBot) -> None:
    editor = editor_for(param("range", [0.0333, 0.1], low=0, high=1, step=0.05), [0.0333, 0.1])
    qtbot.addWidget(editor)
    assert isinstance(editor, NumbersEditor)
    assert [box.text() for box in editor.boxes] == ["0.0333", "0.1"]
    assert editor.value() == [0.0333, 0.1]
    editor.boxes[0].interpretText()
    assert editor.value() == [0.0333, 0.1]


def test_a_box_takes_no_more_than_the_transform(qtbot: QtBot) -> None:
    editor = editor_for(param("number", 0.5, low=0, high=1, step=0.1, least=0, most=1), 0.5)
    qtbot.addWidget(editor)
    assert isinstance(editor, NumbersEditor)
    typed(editor.boxes[0], "7")
    assert 0 <= editor.value() <= 1


def test_whole_numbers_stay_whole(qtbot: QtBot) -> None:
    editor = editor_for(param("int_range", [3, 7], low=1, high=31, step=2), [5, 9])
    qtbot.addWidget(editor)
    assert editor.value() == [5, 9]
    assert all(isinstance(number, int) for number in editor.value())
    single = editor_for(param("integer", 3), 3)
    qtbot.addWidget(single)
    assert single.value() == 3
    assert single.slider is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("range", 0.5),
        ("range", {"x": [0.9, 1.1], "y": [1, 1]}),
        ("number", [0.2, 0.4]),
        ("choice", "strange"),
        ("switch", 1),
    ],
)
def test_what_does_not_fit_is_edited_as_text_and_not_lost(kind: str, value: Any, qtbot: QtBot) -> None:
    editor = editor_for(param(kind, [0, 1], low=0, high=1, step=0.1, choices=("a", "b")), value)
    qtbot.addWidget(editor)
    assert isinstance(editor, TextEditor)
    assert editor.value() == value


def test_choices_and_switches(qtbot: QtBot) -> None:
    choice = editor_for(param("choice", "constant", choices=("constant", "mirror")), "mirror")
    switch = editor_for(param("switch", False), False)
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


def test_choices_have_words_and_one_is_not_true(qtbot: QtBot) -> None:
    editor = editor_for(param("choice", 1, choices=(True, 1, 2), labels=("as it is", "once", "twice")), 1)
    qtbot.addWidget(editor)
    assert isinstance(editor, ChoiceEditor)
    assert editor.box.currentText() == "once"
    assert editor.value() is not True


def test_several_choices_keep_their_order(qtbot: QtBot) -> None:
    editor = editor_for(param("choices", ["b", "a"], choices=("a", "b", "c")), ["b", "a"])
    qtbot.addWidget(editor)
    assert isinstance(editor, ChecksEditor)
    assert editor.value() == ["b", "a"]
    with qtbot.waitSignal(editor.edited) as told:
        editor.boxes[2].click()
    assert told.args == [["b", "a", "c"]]
    editor.boxes[1].click()
    assert editor.value() == ["a", "c"]


def test_a_colour_is_a_grey_or_three_numbers(qtbot: QtBot) -> None:
    editor = editor_for(param("colour", 0), 128)
    qtbot.addWidget(editor)
    editor.show()
    assert isinstance(editor, ColourEditor)
    assert editor.value() == 128
    assert not editor.swatch.isVisible()
    with qtbot.waitSignal(editor.edited) as told:
        editor.mode.button("colour").click()
    assert told.args == [[128, 128, 128]]
    assert editor.swatch.isVisible()
    with qtbot.waitSignal(editor.edited) as told:
        typed(editor.boxes[0], "255")
    assert told.args == [[255, 128, 128]]
    assert editor.swatch.colour() == QColor(255, 128, 128)
    with qtbot.waitSignal(editor.edited) as told:
        editor.mode.button("grey").click()
    assert told.args == [166]
    editor.set_value([1, 2, 3])
    assert editor.value() == [1, 2, 3]


def test_a_colour_may_be_one_of_a_few_words(qtbot: QtBot) -> None:
    words = param("colour", 0, choices=("random", "inpaint_ns"), labels=("Random pixels", "From around"))
    editor = editor_for(words, "inpaint_ns")
    qtbot.addWidget(editor)
    editor.show()
    assert isinstance(editor, ColourEditor)
    assert editor.value() == "inpaint_ns"
    assert editor.choice.currentText() == "From around"
    with qtbot.waitSignal(editor.edited) as told:
        editor.mode.button("colour").click()
    assert told.args == [[0, 0, 0]]
    assert not editor.choice.isVisible()
    editor.mode.button("choice").click()
    assert editor.choice.isVisible()
    with qtbot.waitSignal(editor.edited) as told:
        editor.choice.setFocus()
        editor.choice.setCurrentIndex(0)
        editor.choice.activated.emit(0)
    assert told.args == ["random"]


def test_where_only_a_colour_will_do_there_is_no_grey(qtbot: QtBot) -> None:
    editor = editor_for(param("colour", [200, 0, 0], length=3), [200, 0, 0])
    qtbot.addWidget(editor)
    editor.show()
    assert isinstance(editor, ColourEditor)
    assert not editor.mode.isVisible()
    assert editor.swatch.isVisible()
    assert editor.value() == [200, 0, 0]


def test_the_colour_pointed_at_is_told_and_cancel_takes_it_back(qtbot: QtBot) -> None:
    editor = editor_for(param("colour", 0), [10, 20, 30])
    qtbot.addWidget(editor)
    editor.show()
    assert isinstance(editor, ColourEditor)
    editor.swatch.click()
    with qtbot.waitSignal(editor.edited) as told:
        editor._dialog.setCurrentColor(QColor(1, 2, 3))
    assert told.args == [[1, 2, 3]]
    with qtbot.waitSignals([editor.edited, editor.settled]):
        editor._dialog.reject()
    assert editor.value() == [10, 20, 30]


def test_numbers_of_a_fixed_length_have_a_box_each(qtbot: QtBot) -> None:
    editor = editor_for(param("values", [0.1, 0.2, 0.3], length=3, step=0.1), [0.1, 0.2, 0.3])
    qtbot.addWidget(editor)
    assert isinstance(editor, ValuesEditor)
    with qtbot.waitSignal(editor.edited) as told:
        typed(editor.boxes[1], "5")
    assert told.args == [[0.1, 5, 0.3]]


def test_any_count_of_numbers_is_a_line(qtbot: QtBot) -> None:
    editor = editor_for(param("values", [3, 5], length=0), [3, 5])
    qtbot.addWidget(editor)
    assert isinstance(editor, ValuesEditor)
    assert editor.line.text() == "3, 5"
    editor.line.selectAll()
    with qtbot.waitSignal(editor.edited) as told, qtbot.waitSignal(editor.refused):
        QTest.keyClicks(editor.line, "7, ")
    assert told.args == [[7]]
    assert editor.value() == [7]
    with qtbot.waitSignal(editor.edited) as told:
        QTest.keyClicks(editor.line, "8")
    assert told.args == [[7, 8]]


def test_text_is_json_and_what_is_not_is_told(qtbot: QtBot) -> None:
    editor = editor_for(param("text", {"x": 1}), {"x": 1})
    qtbot.addWidget(editor)
    assert isinstance(editor, TextEditor)
    with qtbot.assertNotEmitted(editor.edited), qtbot.waitSignal(editor.refused) as told:
        editor.box.setPlainText('{"x": ')
    assert "not JSON" in told.args[0]
    assert editor.value() == {"x": 1}
    with qtbot.waitSignal(editor.edited) as told:
        editor.box.setPlainText('{"x": 2}')
    assert told.args == [{"x": 2}]
    editor.set_value(list(range(50)))
    assert editor.box.height() > 100
