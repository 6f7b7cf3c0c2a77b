import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone, few, model_of, names
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.catalogue_model import (
    EXPORTS,
    FAMILY,
    GMACS,
    HERE,
    LICENCE,
    NAME,
    PARAMETERS,
    SIZE,
    TOP1,
    YEAR,
    BadgeRole,
)
from workbench.ui.model.wanted import Wanted


def test_models_pass_the_tester_through_search_and_sort(qtbot: QtBot) -> None:
    model = model_of(few(), "timm/resnet50")
    proxy = CatalogueFilter(model)
    fatal = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [QAbstractItemModelTester(model, fatal), QAbstractItemModelTester(proxy, fatal)]
    for text in ("r", "re", "resnet", "nothing like it", ""):
        proxy.narrow(Wanted().with_text(text))
    for column in range(model.columnCount()):
        for order in (Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder):
            proxy.sort(column, order)
    proxy.sort(-1)
    model.set_favourite("timm/tiny_vit", True)
    model.set_advised({"timm/tiny_vit": "few images"})
    model.look_again(lambda info: True)
    proxy.narrow(Wanted(library="timm", here=True, recommended=True, favourites=True))
    assert names(proxy) == ["timm/tiny_vit"]
    del testers


def test_those_recommended_for_the_data_come_first_in_their_order_and_say_why(qtbot: QtBot) -> None:
    model = model_of(few())
    proxy = CatalogueFilter(model)
    model.set_advised({"timm/tiny_vit": "large images", "timm/resnet50": "well known"})
    assert names(proxy)[:2] == ["timm/tiny_vit", "timm/resnet50"]
    assert "large images" in proxy.index(0, NAME).data(Qt.ItemDataRole.ToolTipRole)
    proxy.narrow(Wanted(recommended=True))
    assert names(proxy) == ["timm/tiny_vit", "timm/resnet50"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (NAME, "resnet50"),
        (FAMILY, "resnet"),
        (YEAR, "2015"),
        (PARAMETERS, "25.6 M"),
        (GMACS, "4.1"),
        (SIZE, "224 px"),
        (TOP1, "80.9\u202f%"),
        (HERE, "no"),
        (EXPORTS, "not tried"),
        (LICENCE, "apache-2.0"),
    ],
)
def test_cells_in_words(qtbot: QtBot, column: int, expected: str) -> None:
    row = backbone("timm/resnet50", parameters=25.6, licence="apache-2.0", year=2015, gmacs=4.1, top1=80.86)
    assert model_of([row]).index(0, column).data() == expected


def test_a_backbone_without_published_weights_says_so(qtbot: QtBot) -> None:
    model = model_of([backbone("timm/resnet50", tags=[])])
    assert model.index(0, HERE).data() == "none"
    assert "Nobody publishes" in model.index(0, HERE).data(Qt.ItemDataRole.ToolTipRole)


def test_badges_stand_before_the_facts_and_are_read_aloud(qtbot: QtBot) -> None:
    model = model_of([backbone("timm/odd", unsupported="why not"), backbone("timm/good"), backbone("timm/plain")])
    model.set_advised({"timm/good": "quick", "timm/odd": "never mind"})
    said = {
        row.name: model.index(model.row_of(row.name), NAME).data(BadgeRole) for row in map(model.backbone, range(3))
    }
    assert said == {
        "timm/odd": ("not supported", "amber"),
        "timm/good": ("recommended", "accent"),
        "timm/plain": ("", ""),
    }
    spoken = model.index(model.row_of("timm/good"), NAME).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "good, timm, recommended"


def test_what_is_not_supported_says_why(qtbot: QtBot) -> None:
    model = model_of([backbone("timm/odd", unsupported="its stem has no first layer", exports="no: an operator")])
    assert "its stem has no first layer" in model.index(0, NAME).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, EXPORTS).data() == "no"
