from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workbench.ui.few_lines import FewLines
from workbench.ui.layouts import column

TEXT = (
    "A note of some words that takes more than a line.\nAnother one that nobody expected to be there as well.\nA third."
)


@pytest.fixture
def lines(qtbot: QtBot) -> Iterator[FewLines]:
    made = FewLines(2, "secondary")
    around = QWidget()
    around.setLayout(column(made, None))
    qtbot.addWidget(around)
    made.setText(TEXT)
    around.resize(200, 400)
    around.show()
    yield made
    around.close()


def test_a_few_lines_are_shown_and_the_tooltip_has_all(lines: FewLines) -> None:
    assert len(lines.shown_lines()) == 2
    assert lines.shown_lines()[1].endswith("…")
    assert lines.toolTip() == TEXT
    assert lines.height() == 2 * lines.fontMetrics().lineSpacing()


def test_opened_it_shows_every_word_and_another_text_is_folded_again(lines: FewLines, qtbot: QtBot) -> None:
    lines.set_open(True)
    assert " ".join(lines.shown_lines()) == TEXT.replace("\n", " ")
    qtbot.waitUntil(lambda: lines.height() > 3 * lines.fontMetrics().lineSpacing())
    lines.setText(TEXT + " A fourth.")
    assert len(lines.shown_lines()) == 2


def test_what_has_room_is_not_cut(lines: FewLines) -> None:
    lines.setText("Short.\nAnd sweet.")
    assert lines.shown_lines() == ["Short.", "And sweet."]
    assert not lines.is_cut
    assert lines.toolTip() == ""
    lines.setText("")
    assert lines.heightForWidth(200) == 0


def test_more_room_shows_more(lines: FewLines, qtbot: QtBot) -> None:
    lines.setText("A note of some words that takes more than a line. Another one that nobody expected there.")
    assert lines.is_cut
    with qtbot.waitSignal(lines.cutChanged):
        lines.window().resize(1200, 400)
    assert len(lines.shown_lines()) == 1


def test_what_is_painted_is_what_is_said(lines: FewLines) -> None:
    few = lines.grab().toImage()
    lines.setText("Short.")
    assert lines.grab().toImage() != few
