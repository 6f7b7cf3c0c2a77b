import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import few, model_of
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.catalogue_model import LICENCE, NAME, PARAMETERS, STAR
from workbench.ui.model.catalogue_table import LEAST_NAME, CatalogueTable


def test_a_click_on_the_star_makes_a_favourite_and_chooses_nothing(qtbot: QtBot) -> None:
    model = model_of(few())
    table = CatalogueTable(CatalogueFilter(model))
    qtbot.addWidget(table)
    table.resize(900, 300)
    table.show()
    place = table.visualRect(table.model().index(1, STAR)).center()
    with qtbot.waitSignal(model.favouritesChanged):
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert model.favourites() == [table.info_at(1).name]
    assert not table.selectionModel().hasSelection()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert model.favourites() == []


@pytest.mark.parametrize(("width", "hidden"), [(560, True), (1300, False)])
def test_a_narrow_table_keeps_names_readable(qtbot: QtBot, width: int, hidden: bool) -> None:
    table = CatalogueTable(CatalogueFilter(model_of(few())))
    qtbot.addWidget(table)
    table.resize(width, 300)
    table.show()
    assert table.isColumnHidden(LICENCE) is hidden
    assert table.columnWidth(NAME) >= LEAST_NAME
    assert not table.isColumnHidden(PARAMETERS)
