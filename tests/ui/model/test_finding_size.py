import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.model.finding_size import FindingSize


@pytest.fixture
def editor(qtbot: QtBot) -> FindingSize:
    made = FindingSize()
    qtbot.addWidget(made)
    made.show()
    return made


def test_without_images_it_says_what_it_is_for(editor: FindingSize) -> None:
    assert not editor.pixels.isEnabled()
    assert "With images" in editor.says.text()


def test_what_is_left_depends_on_size_and_resize(editor: FindingSize) -> None:
    editor.show_images((2000, 1000))
    editor.show_size(224, "squash")
    editor.pixels.setValue(20)
    assert "2.2 px left at 224 px" in editor.says.text()
    assert "hardly" in editor.says.text()
    assert editor.says.property("role") == "warning"
    editor.show_size(224, "crop")
    assert "4.5 px left" in editor.says.text()
    editor.show_size(1000, "squash")
    assert "10 px left at 1000 px" in editor.says.text()
    assert editor.says.property("role") == "secondary"
