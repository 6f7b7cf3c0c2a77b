import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from workbench.training.config import BackboneConfig, HeadConfig
from workbench.ui.model.head_editor import OTHER, HeadEditor


@pytest.fixture
def editor(qtbot: QtBot) -> HeadEditor:
    made = HeadEditor()
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_hidden_layer_has_a_width(editor: HeadEditor) -> None:
    told: list[HeadConfig] = []
    editor.head_changed.connect(told.append)
    assert not editor.width_box.isVisible()
    editor.kind.set_value("hidden")
    assert editor.width_box.isVisible()
    editor.width_box.setValue(512)
    assert told == [HeadConfig(kind="hidden"), HeadConfig(kind="hidden", width=512)]


def test_the_width_is_kept_while_another_head_is_looked_at(editor: HeadEditor) -> None:
    told: list[HeadConfig] = []
    editor.head_changed.connect(told.append)
    editor.show_head(HeadConfig(kind="hidden", width=96), BackboneConfig())
    editor.kind.set_value("cosine")
    editor.kind.set_value("hidden")
    assert told[-1] == HeadConfig(kind="hidden", width=96)


def test_channels_and_drop_out_are_told_alone(editor: HeadEditor) -> None:
    told: list[dict[str, object]] = []
    editor.backbone_changed.connect(told.append)
    editor.show_head(HeadConfig(), BackboneConfig(name="timm/resnet18", weights="none"))
    editor.channels.set_value("1")
    field = editor.form.editor("drop_path").findChild(QLineEdit)
    field.setText("0.2")
    field.textEdited.emit("0.2")
    assert told == [{"channels": 1}, {"dropout": 0.0, "drop_path": 0.2}]


def test_channels_of_a_config_from_elsewhere_are_shown_and_kept(editor: HeadEditor) -> None:
    told: list[object] = []
    editor.backbone_changed.connect(told.append)
    editor.show_head(HeadConfig(), BackboneConfig(channels=5))
    assert editor.channels.value() == OTHER
    assert "5" in editor.channels.button(OTHER).text()
    assert told == []


def test_without_training_only_the_channels_are_asked(editor: HeadEditor) -> None:
    editor.show_head(HeadConfig(), BackboneConfig(), trains=False)
    assert not editor.kind.isVisible()
    assert editor.channels.isVisible()
