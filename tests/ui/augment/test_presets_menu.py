from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.augment import presets
from workbench.augment.chain import Chain, Step
from workbench.ui.augment.presets_menu import PresetButton
from workbench.ui.session import Session

MINE = Chain(steps=(Step(transform="HorizontalFlip", p=0.3),))


@pytest.fixture
def menu(session: Session, tmp_path: Path, qtbot: QtBot) -> Iterator[PresetButton]:
    made = PresetButton(session, tmp_path / "chains")
    qtbot.addWidget(made)
    made.resize(240, 28)
    made.show_chain(MINE)
    made.show()
    yield made
    made._sheet.hide()


def offered(menu: PresetButton) -> dict[str, QAction]:
    menu.menu().aboutToShow.emit()
    return {action.text(): action for action in menu.menu().actions() if action.text()}


def name_it(menu: PresetButton, name: str) -> None:
    menu._sheet.field.selectAll()
    QTest.keyClicks(menu._sheet.field, name)
    QTest.keyClick(menu._sheet.field, Qt.Key.Key_Return)


def test_the_presets_are_offered_with_their_help(menu: PresetButton, qtbot: QtBot) -> None:
    assert menu.text() == "Own chain"
    found = offered(menu)
    assert list(found)[:4] == ["None", "Light", "Medium", "Strong"]
    assert "disc" in found["Fundus photographs"].toolTip()
    with qtbot.waitSignal(menu.chosen) as told:
        found["Light"].trigger()
    light = presets.builtin()[1].chain
    assert told.args == [light]
    menu.show_chain(light)
    assert menu.text() == "Light"
    assert offered(menu)["Light"].isChecked()
    with qtbot.waitSignal(menu.importWanted):
        offered(menu)["Open a chain file…"].trigger()
    menu.grab()


def test_an_own_preset_is_kept_renamed_and_deleted(menu: PresetButton, session: Session, qtbot: QtBot) -> None:
    offered(menu)["Save as a preset…"].trigger()
    assert not menu._sheet.save.isEnabled()
    with qtbot.waitSignal(session.toast):
        name_it(menu, "R&D, line 3")
    assert menu.text() == "R&&D, line 3"
    found = offered(menu)
    assert presets.own(menu.folder)[0].chain == MINE
    assert "R&&D, line 3" in found, "an ampersand is no mnemonic"
    rename = found["Rename a preset"].menu().actions()[0]
    rename.trigger()
    name_it(menu, "Line 3")
    assert [preset.title for preset in presets.own(menu.folder)] == ["Line 3"]
    delete = offered(menu)["Delete a preset"].menu().actions()[0]
    with qtbot.waitSignal(session.decision) as told:
        delete.trigger()
    assert "Line 3" in told.args[1]
    assert presets.own(menu.folder), "asked first"
    told.args[3]()
    assert not presets.own(menu.folder)
    assert "Delete a preset" not in offered(menu)


def test_a_name_that_is_taken_is_asked_about(menu: PresetButton, qtbot: QtBot) -> None:
    menu.save_own()
    name_it(menu, "Mine")
    other = Chain(steps=(*MINE.steps, *MINE.steps))
    menu.show_chain(other)
    menu.save_own()
    name_it(menu, "mine")
    assert menu._sheet.isVisible()
    assert "already" in menu._sheet.refusal.text()
    assert presets.own(menu.folder)[0].chain == MINE
    menu._sheet.grab()
    QTest.mouseClick(menu._sheet.save, Qt.MouseButton.LeftButton)
    assert [(preset.title, preset.chain) for preset in presets.own(menu.folder)] == [("mine", other)]
    menu.save_own()
    name_it(menu, "Strong")
    assert "Workbench" in menu._sheet.refusal.text()
    QTest.keyClicks(menu._sheet.field, "er")
    assert menu._sheet.refusal.isHidden()
    assert menu._sheet.save.text() == "Save"


def test_a_long_title_is_cut(menu: PresetButton) -> None:
    title = "Castings of line 3 with the new lamps over the belt"
    menu.save_own()
    name_it(menu, title)
    assert menu.text().endswith("…")
    assert menu.toolTip() == title
    menu.resize(600, 28)
    assert menu.text() == title


def test_a_damaged_preset_is_told_once(menu: PresetButton, problems: list[tuple[str, str]]) -> None:
    menu.folder.mkdir()
    (menu.folder / "bad.json").write_text("{", encoding="utf-8")
    offered(menu)
    offered(menu)
    assert len(problems) == 1
    assert "bad.json" in problems[0][1]
