import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone
from workbench.ui.model.published_weights import PublishedWeights

TAGS = [["first", "mit", None, "ImageNet-1k", 1000], ["second", None, 81.27, "LAION", 0]]


@pytest.fixture
def choice(qtbot: QtBot) -> PublishedWeights:
    made = PublishedWeights()
    qtbot.addWidget(made)
    return made


def test_the_weights_with_what_is_known_of_them(choice: PublishedWeights) -> None:
    choice.show_tags(backbone("timm/tiny", tags=TAGS), ["second"], "")
    assert [choice.itemText(row) for row in range(2)] == ["first · mit · default", "second · 81.3\u202f% · here"]
    tip = choice.itemData(1, Qt.ItemDataRole.ToolTipRole)
    assert "LAION" in tip
    assert "not recorded" in tip
    assert choice.currentIndex() == 0


def test_showing_announces_nothing_and_a_choice_its_name(choice: PublishedWeights, qtbot: QtBot) -> None:
    kept: list[str] = []
    choice.chosen.connect(kept.append)
    choice.show_tags(backbone("timm/tiny", tags=TAGS), [], "second")
    assert choice.currentIndex() == 1
    assert kept == []
    for row in (0, 1):
        choice.setCurrentIndex(row)
        choice.activated.emit(row)
    assert kept == ["", "second"]


@pytest.mark.parametrize("tags", [[], TAGS])
def test_where_there_is_nothing_to_choose_nothing_is_chosen(choice: PublishedWeights, tags: list[list[object]]) -> None:
    choice.show_tags(backbone("timm/tiny", tags=tags), [], "gone")
    assert choice.currentIndex() == -1
    assert choice.isEnabled() is bool(tags)
    assert ("Nobody publishes" in choice.toolTip()) is not bool(tags)
