from pytestqt.qtbot import QtBot

from workbench.ui.elided_choice import ElidedChoice


def test_a_choice_cuts_its_text_with_an_ellipsis_and_never_a_number(qtbot: QtBot) -> None:
    choice = ElidedChoice()
    qtbot.addWidget(choice)
    choice.addItem("2026-11-21-001 · a backbone with a long name · 0.96")
    choice.setPlaceholderText("No run has a model yet")
    choice.resize(600, 28)
    assert choice.shown_text() == choice.currentText()
    whole = choice.grab().toImage()
    choice.resize(200, 28)
    assert "…" in choice.shown_text()
    assert choice.shown_text().endswith("0.96")
    assert choice.grab().toImage() != whole
    choice.resize(600, 28)
    choice.setCurrentIndex(-1)
    assert choice.shown_text() == "No run has a model yet"
    assert choice.grab().toImage() != whole
