import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.augment import catalog
from workbench.augment.chain import Step
from workbench.ui.augment.step_form import StepForm


@pytest.fixture
def form(qtbot: QtBot) -> StepForm:
    made = StepForm()
    qtbot.addWidget(made)
    made.show()
    return made


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
    form.show_nothing()
    assert form.chance() is None


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
