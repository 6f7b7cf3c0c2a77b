import pytest
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from workbench.training.config import AsIs, Baseline, FeaturesOnce, Method, Train
from workbench.ui.forms import Form
from workbench.ui.model.method_editor import AnswersEditor, MethodEditor


@pytest.fixture
def editor(qtbot: QtBot) -> MethodEditor:
    made = MethodEditor()
    qtbot.addWidget(made)
    made.show()
    return made


def test_training_has_nothing_to_set_here(editor: MethodEditor) -> None:
    editor.show_method(FeaturesOnce(), [])
    assert not editor.is_empty()
    editor.show_method(Train(), [])
    assert editor.is_empty()


def test_a_baseline_needs_something_to_look_at(editor: MethodEditor) -> None:
    told: list[Method] = []
    editor.changed.connect(told.append)
    editor.show_method(Baseline(colour=False, gradients=False), [])
    form = editor.findChild(Form)
    form.editor("key_points").findChild(QCheckBox).click()
    assert told == []
    form.editor("colour").findChild(QCheckBox).click()
    assert told == [Baseline(colour=True, gradients=False, key_points=False)]


def test_the_classifier_on_features(editor: MethodEditor) -> None:
    told: list[Method] = []
    editor.changed.connect(told.append)
    editor.show_method(FeaturesOnce(strength=2.0), [])
    editor.findChild(Form).editor("classifier").inner.set_value("svm")
    assert told == [FeaturesOnce(classifier="svm", strength=2.0)]


def test_answers_of_published_classes_may_hold_commas(editor: MethodEditor, qtbot: QtBot) -> None:
    told: list[AsIs] = []
    editor.changed.connect(told.append)
    editor.show_method(AsIs(classes={"bees": ("bee",), "gone": ("fly",)}), ["ants", "bees"])
    answers = editor.findChild(AnswersEditor)
    assert answers.fields["bees"].text() == "bee"
    qtbot.keyClicks(answers.fields["ants"], "ant, emmet; weevil")
    assert told[-1].classes == {"bees": ("bee",), "gone": ("fly",), "ants": ("ant, emmet", "weevil")}
    answers.fields["bees"].clear()
    answers.fields["bees"].textEdited.emit("")
    assert "bees" not in told[-1].classes


def test_typing_is_not_disturbed_by_the_config_that_follows(editor: MethodEditor, qtbot: QtBot) -> None:
    editor.show_method(AsIs(), ["ants"])
    field = editor.findChild(AnswersEditor).fields["ants"]
    editor.changed.connect(lambda method: editor.show_method(method, ["ants"]))
    qtbot.keyClicks(field, "ant ; ")
    assert field.text() == "ant ; "
