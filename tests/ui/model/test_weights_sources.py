import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.models import packs
from workbench.ui.model.weights_sources import VARIABLES, SourcesEditor, SourceSettings
from workbench.ui.places import Preferences


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set, and whatever a test sets is taken back."""
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)


def test_a_setting_reaches_the_environment_of_the_children_and_is_kept() -> None:
    settings = SourceSettings(Preferences())
    assert settings.set("hub_mirror", " https://mirror.firm ")
    assert os.environ["HF_ENDPOINT"] == "https://mirror.firm"
    assert not settings.set("hub_mirror", "https://mirror.firm")
    del os.environ["HF_ENDPOINT"]
    SourceSettings(Preferences())
    assert os.environ["HF_ENDPOINT"] == "https://mirror.firm"


def test_an_empty_setting_gives_the_environment_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://old:1")
    settings = SourceSettings(Preferences())
    settings.set("proxy", "http://new:2")
    assert (os.environ["HTTPS_PROXY"], os.environ["HTTP_PROXY"]) == ("http://new:2", "http://new:2")
    settings.set("proxy", "")
    assert os.environ["HTTPS_PROXY"] == "http://old:1"
    assert "HTTP_PROXY" not in os.environ


def test_the_chosen_packs_come_before_those_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(packs.VARIABLE, str(tmp_path / "old"))
    SourceSettings(Preferences()).set("packs", str(tmp_path / "new"))
    assert packs.folders()[:2] == [tmp_path / "new", tmp_path / "old"]


def test_the_editor_tells_changes_and_a_folder_that_is_missing(qtbot: QtBot, tmp_path: Path) -> None:
    editor = SourcesEditor(SourceSettings(Preferences()))
    qtbot.addWidget(editor)
    field = editor._fields["packs"]
    with qtbot.waitSignal(editor.changed):
        field.setText(str(tmp_path / "gone"))
        field.editingFinished.emit()
    assert "is not there" in editor.says.text()
    with qtbot.waitSignal(editor.changed):
        field.setText(str(tmp_path))
        field.editingFinished.emit()
    assert editor.says.text() == ""
    with qtbot.assertNotEmitted(editor.changed):
        field.editingFinished.emit()
