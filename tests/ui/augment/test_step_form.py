from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from workbench.augment import catalog
from workbench.augment.catalog import ParamInfo, TransformInfo
from workbench.augment.chain import Step
from workbench.ui.augment import step_form
from workbench.ui.augment.param_editors import ChoiceEditor, NumbersEditor
from workbench.ui.augment.param_values import is_none
from workbench.ui.augment.sliders import Slider
from workbench.ui.augment.step_form import StepForm
from workbench.ui.augment.value_editors import TextEditor


@pytest.fixture
def form(qtbot: QtBot) -> StepForm:
    made = StepForm()
    qtbot.addWidget(made)
    made.show()
    return made


def param(name: str, kind: str, default: Any, **fields: Any) -> ParamInfo:
    usual = {
        "low": None,
        "high": None,
        "step": None,
        "unit": "",
        "title": name.capitalize(),
        "help": "Help",
        "omitted": default,
    }
    return ParamInfo(name=name, kind=kind, default=default, **{**usual, **fields})


KNOWN = TransformInfo(
    "Wobble",
    "Shape",
    "Wobble",
    "Makes it wobble.",
    (
        param("scale", "range", [0.9, 1.1], low=0.5, high=2, step=0.1, optional=True, omitted=[1.0, 1.0]),
        param("mode", "choice", "b", choices=("a", "b")),
        param("order", "text", {"x": 1}, advanced=True),
        param("size", "integer", 3, low=1, high=9, step=1, advanced=True),
    ),
)


def test_it_edits_the_step(form: StepForm, qtbot: QtBot) -> None:
    known = catalog.find("RandomBrightnessContrast")
    form.show_step(known, known.step())
    name = known.params[0].name
    with qtbot.waitSignal(form.paramEdited) as told:
        form.editor(name).boxes[1].setValue(known.params[0].high)
    assert told.args[0] == name
    assert told.args[1][1] == known.params[0].high
    with qtbot.waitSignal(form.chanceEdited) as told:
        form.chance().boxes[0].setValue(80)
    assert told.args == [0.8]
    with qtbot.waitSignal(form.enabledEdited) as told:
        form._enabled.click()
    assert told.args == [False]
    with qtbot.waitSignal(form.resetWanted):
        form._reset()


def test_the_same_step_again_keeps_the_editors(form: StepForm) -> None:
    known = catalog.find("RandomBrightnessContrast")
    form.show_step(known, known.step())
    name = known.params[0].name
    editor = form.editor(name)
    form.show_step(known, known.step().model_copy(update={"p": 0.3, "params": {name: [0.0, 0.1]}}))
    assert form.editor(name) is editor
    assert editor.value() == [0.0, 0.1]
    assert form.chance().value() == 30


def test_a_transform_that_is_not_in_the_catalogue_is_kept(form: StepForm) -> None:
    form.show_unknown(Step(transform="Wobble"))
    assert form.chance() is None
    form.show_nothing()
    assert form.chance() is None


def test_a_step_that_says_nothing_shows_what_the_transform_takes(form: StepForm) -> None:
    form.show_step(KNOWN, Step(transform="Wobble"))
    assert form.editor("scale").value() == [1.0, 1.0]
    assert form.row("scale").is_changed
    form.show_step(KNOWN, KNOWN.step())
    assert form.editor("scale").value() == [0.9, 1.1]
    assert not form.row("scale").is_changed


def test_a_changed_value_goes_back_by_itself(form: StepForm, qtbot: QtBot) -> None:
    form.show_step(KNOWN, KNOWN.step())
    row = form.row("scale")
    assert not row.reset.isVisible()
    row.editor.boxes[1].setValue(1.5)
    assert row.reset.isVisible()
    with qtbot.waitSignals([form.paramEdited, form.settled]) as _, qtbot.waitSignal(form.paramEdited) as told:
        row.reset.click()
    assert told.args == ["scale", [0.9, 1.1]]
    assert row.editor.value() == [0.9, 1.1]
    assert not row.reset.isVisible()


def test_none_hides_the_editor_and_brings_the_value_back(form: StepForm, qtbot: QtBot) -> None:
    form.show_step(KNOWN, KNOWN.step())
    row = form.row("scale")
    with qtbot.waitSignal(form.paramEdited) as told:
        row.none.click()
    assert told.args == ["scale", "none"]
    assert not row.editor.isVisible()
    assert not row.sweep.isEnabled()
    form.show_step(KNOWN, KNOWN.step().model_copy(update={"params": {"scale": "none"}}))
    with qtbot.waitSignal(form.paramEdited) as told:
        row.none.click()
    assert told.args == ["scale", [0.9, 1.1]]
    assert row.editor.isVisible()


def test_a_choice_that_may_be_none_has_that_as_a_choice(form: StepForm, qtbot: QtBot) -> None:
    mode = param("mode", "choice", "a", choices=("a", "b"), labels=("one", "two"), optional=True)
    known = replace(KNOWN, params=(mode,))
    form.show_step(known, known.step().model_copy(update={"params": {"mode": "none"}}))
    editor = form.editor("mode")
    assert isinstance(editor, ChoiceEditor)
    assert [editor.box.itemText(number) for number in range(3)] == ["one", "two", "None"]
    assert editor.value() == "none"
    assert form.row("mode").none is None


def test_a_switch_carries_its_title(form: StepForm) -> None:
    known = replace(KNOWN, params=(param("keep", "switch", True),))
    form.show_step(known, known.step())
    assert form.editor("keep").box.text() == "Keep"
    assert not form.row("keep")._title.isVisible()
    form.show_step(known, known.step().model_copy(update={"params": {"keep": 3}}))
    assert isinstance(form.editor("keep"), TextEditor)
    assert form.row("keep")._title.isVisible()


def test_a_value_from_elsewhere_is_text_until_it_fits(form: StepForm, qtbot: QtBot) -> None:
    strange = {"x": [0.9, 1.1], "y": [1, 1]}
    form.show_step(KNOWN, KNOWN.step().model_copy(update={"params": {"scale": strange}}))
    row = form.row("scale")
    assert isinstance(row.editor, TextEditor)
    assert row.value() == strange
    with qtbot.waitSignal(form.paramEdited) as told:
        row.editor.box.setPlainText("[0.7, 1.2]")
    assert told.args == ["scale", [0.7, 1.2]]
    row.editor.settled.emit()
    assert isinstance(row.editor, NumbersEditor)
    assert row.editor.value() == [0.7, 1.2]
    form.show_step(KNOWN, KNOWN.step().model_copy(update={"params": {"scale": strange}}))
    assert isinstance(row.editor, TextEditor)
    row.reset.click()
    assert isinstance(row.editor, NumbersEditor)


def test_a_wrong_text_is_told_and_not_used(form: StepForm, qtbot: QtBot) -> None:
    form.show_step(KNOWN, KNOWN.step())
    row = form.row("order")
    with qtbot.assertNotEmitted(form.paramEdited):
        row.editor.box.setPlainText("{x: 1}")
    assert "not JSON" in row.message
    form.show_step(KNOWN, KNOWN.step().model_copy(update={"enabled": False}))
    assert row.editor.box.toPlainText() == "{x: 1}"
    row.reset.click()
    assert not row.message
    assert row.editor.value() == {"x": 1}


def test_what_is_seldom_changed_is_folded_away(form: StepForm) -> None:
    form.show_step(KNOWN, KNOWN.step())
    assert not form.row("size").isVisible()
    form.show_step(KNOWN, KNOWN.step(), weight=True)
    form.mark("size", "A size of 3 is too small; choose 5.")
    assert form.row("size").isVisible()
    form.show_nothing()
    form.show_step(KNOWN, KNOWN.step().model_copy(update={"params": {"size": 5}}))
    assert form.row("size").isVisible()


def test_a_mark_stands_at_its_field_in_view_and_in_the_description(qtbot: QtBot) -> None:
    area, form = QScrollArea(), StepForm()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    area.setWidget(form)
    area.resize(300, 200)
    area.show()
    form.show_step(KNOWN, KNOWN.step())
    row = form.row("size")
    form.mark("size", "A size of 3 is too small; choose 5.")
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() > 0)
    assert row._error.visibleRegion().boundingRect().height() > 0
    box = row.editor.boxes[0]
    assert box.property("invalid") is True
    assert box.accessibleDescription() == "A size of 3 is too small; choose 5."
    row.grab()
    form.mark("size", "")
    assert box.property("invalid") is False
    assert box.accessibleDescription() == "Help"


def test_the_next_change_takes_a_mark_away_unless_it_is_marked_again(
    form: StepForm, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    form._forgive.setInterval(0)
    form.show_step(KNOWN, KNOWN.step())
    form.mark("scale", "Too small.")
    form.mark("", "The step cannot be used.")
    form.editor("scale").boxes[1].setValue(1.7)
    form.mark("scale", "Too small.")
    QTest.qWait(20)
    assert form.row("scale").message == "Too small."
    form.editor("scale").boxes[1].setValue(1.8)
    qtbot.waitUntil(lambda: not form.row("scale").message)
    assert not form._wrong.isVisible()
    assert step_form.FORGIVEN_MS < 1000


def test_what_is_wrong_without_a_field_is_said_of_the_step(form: StepForm) -> None:
    form.show_step(KNOWN, KNOWN.step())
    form.mark("", "It is broken.")
    assert form._wrong.text() == "It is broken."
    form.mark("strange", "There is no such thing.")
    assert form._wrong.text() == "strange: There is no such thing."
    form.mark("", "")
    assert not form._wrong.isVisible()


def test_numbers_can_be_swept(form: StepForm, qtbot: QtBot) -> None:
    form.show_step(KNOWN, KNOWN.step())
    with qtbot.waitSignal(form.sweepWanted) as told:
        form.row("scale").sweep.click()
    assert told.args == ["scale"]
    assert form.row("mode").sweep is None


def test_in_a_group_the_probability_is_a_weight(form: StepForm, qtbot: QtBot) -> None:
    form.show_step(KNOWN, KNOWN.step(), weight=True)
    assert form.chance().param.title == "Weight"
    assert form.chance().value() == 0.5
    with qtbot.waitSignal(form.chanceEdited) as told:
        form.chance().boxes[0].setValue(0.25)
    assert told.args == [0.25]


def test_a_group_says_how_many_steps_it_holds(form: StepForm) -> None:
    group = next(known for known in catalog.groups() if known.name == "OneOf")
    form.show_group(group, Step(transform="OneOf"))
    assert "No step inside" in form._holds.text()
    form.show_group(group, Step(transform="OneOf", steps=(Step(transform="Blur"), Step(transform="HorizontalFlip"))))
    assert form._holds.text() == "2 steps inside."
    form.show_step(KNOWN, KNOWN.step())
    assert not form._holds.isVisible()


def test_ctrl_z_is_about_the_chain(form: StepForm, qtbot: QtBot) -> None:
    known = catalog.find("HorizontalFlip")
    form.show_step(known, known.step())
    form._enabled.setFocus()
    with qtbot.waitSignal(form.undoWanted):
        QTest.keyClick(form._enabled, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(form.redoWanted):
        QTest.keyClick(
            form._enabled, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )


@pytest.mark.parametrize("known", [*catalog.transforms(), *catalog.groups()], ids=lambda known: known.name)
def test_every_transform_has_a_form_that_changes_nothing_by_itself(known: TransformInfo, qtbot: QtBot) -> None:
    form = StepForm()
    qtbot.addWidget(form)
    told: list[tuple[str, Any]] = []
    form.paramEdited.connect(lambda name, value: told.append((name, value)))
    form.show_step(known, Step.model_validate(known.step().model_dump()))
    form.resize(288, 600)
    form.grab()
    for found in known.params:
        row = form.row(found.name)
        expected = found.default if found.name in known.step().params else found.omitted
        assert row.value() == (expected if expected is not None else found.default)
        if row.none is not None and is_none(found, row.value()):
            row.none.click()
            told.clear()
        elif found.kind != "text":
            assert not isinstance(row.editor, TextEditor), f"the default of {found.name} does not fit its kind"
        assert row.editor.value() == row.value()
        row.editor.set_value(row.value())
        assert row.editor.value() == row.value()
        slider = row.editor.findChild(Slider)
        if isinstance(row.editor, NumbersEditor) and slider is not None:
            before = list(slider.values())
            for handle, key, end in ((0, Qt.Key.Key_Home, found.low), (-1, Qt.Key.Key_End, found.high)):
                told.clear()
                slider._handle = handle % len(before)
                wanted = list(slider.values())
                wanted[handle] = end
                QTest.keyClick(slider, key)
                assert row.editor.value() == (wanted if len(before) == 2 else wanted[0])
                assert told == [(found.name, row.editor.value())] or before[handle] == end
            row.set_value(tuple(before) if len(before) == 2 else before[0])
        told.clear()
    assert told == []


def test_a_large_form_comes_part_by_part_so_that_no_event_takes_long(form: StepForm, qtbot: QtBot) -> None:
    known = catalog.find("Affine")
    near = [found.name for found in known.params if not found.advanced]
    form.show_step(known, known.step())
    seen = [len(form._rows)]
    qtbot.waitUntil(lambda: seen.append(len(form._rows)) or not form._left)
    assert seen[0] == 0
    assert list(form._rows) == near
    assert [form.row(name).y() for name in near] == sorted(form.row(name).y() for name in near)
    assert form.findChild(QPushButton, "augment.reset").y() > form.row(near[-1]).y()


def test_what_is_changed_or_left_meanwhile_is_shown_right(form: StepForm, qtbot: QtBot) -> None:
    known = catalog.find("Affine")
    form.show_step(known, known.step())
    form.show_step(known, known.step().model_copy(update={"params": {"rotate": [-7, 9]}}))
    qtbot.waitUntil(lambda: not form._left)
    assert form.row("rotate").value() == [-7, 9]
    assert form.findChild(QPushButton, "augment.reset").isEnabled()
    form.show_step(known, known.step(), weight=True)
    form.mark("rotate", "Too far.")
    assert form.row("rotate").message == "Too far."
    form.show_step(known, known.step())
    form.show_nothing()
    QTest.qWait(20)
    assert not form._rows
