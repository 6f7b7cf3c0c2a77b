from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone, few, model_of
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.catalogue_table import CatalogueTable


def test_every_cell_can_be_painted(qtbot: QtBot) -> None:
    rows = [*few(), backbone("timm/a_name_that_is_far_too_long_for_its_column_" + "x" * 60, unsupported="why not")]
    table = CatalogueTable(CatalogueFilter(model_of(rows, favourites=("timm/resnet50",))))
    qtbot.addWidget(table)
    table.resize(600, 300)
    with_favourite = table.grab().toImage()
    table.model_.set_favourite("timm/resnet50", False)
    assert table.grab().toImage() != with_favourite
