import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from workbench.ui.model.side_columns import SideColumns

TEXT = "a sentence that needs a second line in a column as narrow as this one is"


@pytest.mark.parametrize("across", [1, 2])
def test_the_parts_in_one_column_and_in_two(qtbot: QtBot, across: int) -> None:
    parts = [QLabel(f"{name} {TEXT}") for name in ("start", "weights", "way", "plan", "head", "images")]
    for part in parts:
        part.setWordWrap(True)
    columns = SideColumns(parts[:2], parts[2:4], parts[4:])
    qtbot.addWidget(columns)
    columns.set_across(2)  # and back: what was beside is below again
    columns.set_across(across)
    columns.resize(320 * across, 900)
    columns.show()
    places = [part.mapTo(columns, part.rect().topLeft()) for part in parts]
    beside = [place.x() for place in places]
    if across == 1:
        assert len(set(beside)) == 1
        assert [place.y() for place in places] == sorted({place.y() for place in places})
    else:
        assert beside[0] == beside[1] == beside[4] == beside[5] < beside[2] == beside[3]
        assert places[2].y() == places[0].y()
        assert places[4].y() > places[1].y()
    for part in parts:
        assert part.height() >= part.heightForWidth(part.width())
