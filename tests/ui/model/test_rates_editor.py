import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from workbench.training.config import OptimizerConfig
from workbench.ui.model.rates_editor import RatesEditor, factors

STAGES = ["stem", "layer1", "head"]


@pytest.fixture
def editor(qtbot: QtBot) -> RatesEditor:
    made = RatesEditor()
    qtbot.addWidget(made)
    made.show_rates(OptimizerConfig(backbone_factor=0.1, layer_decay=0.5), STAGES)
    made.show()
    return made


def test_factors_fall_from_the_head_to_the_stem() -> None:
    found = factors(STAGES, OptimizerConfig(backbone_factor=0.1, layer_decay=0.5, stage_factors={"layer1": 0.3}))
    assert found == pytest.approx({"stem": 0.025, "layer1": 0.3, "head": 1.0})


def test_an_empty_field_shows_what_holds_without_an_own_factor(editor: RatesEditor) -> None:
    assert [editor.field(name).placeholderText() for name in STAGES] == ["0.025", "0.05", "1"]
    assert "0.01" in editor.says.text()
    assert not editor.clear.isVisible()


def test_an_own_factor_is_typed_and_cleared(editor: RatesEditor, qtbot: QtBot) -> None:
    told: list[OptimizerConfig] = []
    editor.changed.connect(told.append)
    qtbot.keyClicks(editor.field("stem"), "0.5")
    assert told[-1].stage_factors == {"stem": 0.5}
    editor.show_rates(told[-1], STAGES)
    assert editor.clear.isVisible()
    editor.clear.click()
    assert told[-1].stage_factors == {}
    editor.show_rates(told[-1], STAGES)
    assert editor.field("stem").text() == ""


def test_what_is_no_factor_is_marked_and_not_told(editor: RatesEditor, qtbot: QtBot) -> None:
    told: list[OptimizerConfig] = []
    editor.changed.connect(told.append)
    qtbot.keyClicks(editor.field("stem"), "x")
    assert told == []
    assert editor.field("stem").property("invalid")


def test_rates_keep_the_rest_of_the_optimizer(editor: RatesEditor) -> None:
    told: list[OptimizerConfig] = []
    editor.changed.connect(told.append)
    own = OptimizerConfig(name="sgd", weight_decay=0.3, clip_norm=2.0, stage_factors={"stem": 0.5})
    editor.show_rates(own, STAGES)
    decay = editor.form.editor("layer_decay").findChild(QLineEdit)
    decay.setText("0.7")
    decay.textEdited.emit("0.7")
    assert told == [own.model_copy(update={"layer_decay": 0.7})]


def test_a_factor_of_another_backbones_stage_is_shown_to_be_cleared(editor: RatesEditor) -> None:
    own = OptimizerConfig(stage_factors={"blocks.3": 0.5})
    editor.show_rates(own, STAGES)
    assert "blocks.3" in editor.says.text()
    assert editor.field("blocks.3").text() == "0.5"
