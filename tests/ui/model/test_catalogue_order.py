import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone, few, model_of, names
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.catalogue_model import PARAMETERS, YEAR
from workbench.ui.model.wanted import Wanted


def test_recommended_come_first_and_a_search_puts_the_name_itself_first(qtbot: QtBot) -> None:
    proxy = CatalogueFilter(model_of(few()))
    assert names(proxy)[0] == "torchvision/mobilenet_v2"
    for text in ("resnet50", "resnet 50", "ResNet"):
        proxy.narrow(Wanted().with_text(text))
        assert names(proxy) == ["timm/resnet50", "torchvision/resnet50", "timm/zresnet50"]


def test_what_begins_as_the_search_by_name_or_family_comes_next(qtbot: QtBot) -> None:
    rows = [backbone("timm/a_dino"), backbone("timm/vit_small", family="DINOv2", title="dino"), backbone("timm/dinox")]
    proxy = CatalogueFilter(model_of(rows))
    proxy.narrow(Wanted().with_text("DINO"))
    assert names(proxy) == ["timm/dinox", "timm/vit_small", "timm/a_dino"]


def test_sorting_keeps_the_selected_backbone(qtbot: QtBot) -> None:
    proxy = CatalogueFilter(model_of(few()))
    table = QTableView()
    qtbot.addWidget(table)
    table.setModel(proxy)
    table.selectRow(2)
    chosen = names(proxy)[2]
    proxy.sort(PARAMETERS, Qt.SortOrder.DescendingOrder)
    assert names(proxy)[0] == "timm/zresnet50"
    assert names(proxy)[table.currentIndex().row()] == chosen


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
def test_what_nobody_knows_is_sorted_last(qtbot: QtBot, order: Qt.SortOrder) -> None:
    proxy = CatalogueFilter(model_of(few()))
    proxy.sort(PARAMETERS, order)
    assert names(proxy)[-1] == "timm/tiny_vit"
    proxy.sort(YEAR, order)
    known = ["timm/resnet50", "timm/zresnet50"]
    assert names(proxy)[:2] == (known if order == Qt.SortOrder.AscendingOrder else known[::-1])
