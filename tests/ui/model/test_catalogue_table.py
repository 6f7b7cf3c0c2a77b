import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone, few, many
from workbench.models.catalog import BackboneInfo
from workbench.ui.model import catalogue_table as table_module
from workbench.ui.model.catalogue_table import CatalogueFilter, CatalogueModel, CatalogueTable, Wanted


def model_of(rows: list[BackboneInfo], *here: str, favourites: tuple[str, ...] = ()) -> CatalogueModel:
    return CatalogueModel(rows, lambda info: info.name in here, favourites)


def names(filter_: CatalogueFilter) -> list[str]:
    return [filter_.index(row, 0).data(table_module.InfoRole).name for row in range(filter_.rowCount())]


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


def test_those_recommended_for_the_data_come_first_in_their_order_and_say_why(qtbot: QtBot) -> None:
    model = model_of(few())
    proxy = CatalogueFilter(model)
    model.set_advised({"timm/tiny_vit": "large images", "timm/resnet50": "well known"})
    assert names(proxy)[:2] == ["timm/tiny_vit", "timm/resnet50"]
    assert "large images" in proxy.index(0, table_module.NAME).data(Qt.ItemDataRole.ToolTipRole)
    proxy.narrow(Wanted(recommended=True))
    assert names(proxy) == ["timm/tiny_vit", "timm/resnet50"]


@pytest.mark.parametrize("text", ["torchvision 50", "50 TORCH"])
def test_every_word_must_be_found(qtbot: QtBot, text: str) -> None:
    proxy = CatalogueFilter(model_of(few()))
    proxy.narrow(Wanted().with_text(text))
    assert names(proxy) == ["torchvision/resnet50"]


@pytest.mark.parametrize(("text", "expected"), [("2015", "timm/resnet50"), ("tiny a1_in1k", "timm/tiny_vit")])
def test_year_and_tags_are_searched(qtbot: QtBot, text: str, expected: str) -> None:
    proxy = CatalogueFilter(model_of(few()))
    proxy.narrow(Wanted().with_text(text))
    assert names(proxy) == [expected]


def test_the_filters(qtbot: QtBot) -> None:
    proxy = CatalogueFilter(model_of(few(), "timm/resnet50", favourites=("timm/tiny_vit",)))
    proxy.narrow(Wanted(library="torchvision"))
    assert {name.partition("/")[0] for name in names(proxy)} == {"torchvision"}
    proxy.narrow(Wanted(family="resnet"))
    assert sorted(names(proxy)) == ["timm/resnet50", "torchvision/resnet50"]
    proxy.narrow(Wanted(recommended=True))
    assert names(proxy) == ["torchvision/mobilenet_v2"]
    proxy.narrow(Wanted(here=True))
    assert names(proxy) == ["timm/resnet50"]
    proxy.narrow(Wanted(favourites=True))
    assert names(proxy) == ["timm/tiny_vit"]
    proxy.set_fits(lambda info: info.input_size < 300)
    proxy.narrow(Wanted(fits=True, library="timm"))
    assert "timm/tiny_vit" not in names(proxy)


def test_what_fits_is_asked_again_when_its_meaning_changes(qtbot: QtBot) -> None:
    proxy = CatalogueFilter(model_of(few()))
    proxy.narrow(Wanted(fits=True))
    assert len(names(proxy)) == len(few())
    proxy.set_fits(lambda info: info.name == "timm/tiny_vit")
    assert names(proxy) == ["timm/tiny_vit"]


def test_sorting_keeps_the_selected_backbone(qtbot: QtBot) -> None:
    proxy = CatalogueFilter(model_of(few()))
    table = QTableView()
    qtbot.addWidget(table)
    table.setModel(proxy)
    table.selectRow(2)
    chosen = names(proxy)[2]
    proxy.sort(table_module.PARAMETERS, Qt.SortOrder.DescendingOrder)
    assert names(proxy)[0] == "timm/zresnet50"
    assert names(proxy)[table.currentIndex().row()] == chosen


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
def test_what_nobody_knows_is_sorted_last(qtbot: QtBot, order: Qt.SortOrder) -> None:
    proxy = CatalogueFilter(model_of(few()))
    proxy.sort(table_module.PARAMETERS, order)
    assert names(proxy)[-1] == "timm/tiny_vit"
    proxy.sort(table_module.YEAR, order)
    known = ["timm/resnet50", "timm/zresnet50"]
    assert names(proxy)[:2] == (known if order == Qt.SortOrder.AscendingOrder else known[::-1])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (table_module.NAME, "resnet50"),
        (table_module.FAMILY, "resnet"),
        (table_module.YEAR, "2015"),
        (table_module.PARAMETERS, "25.6 M"),
        (table_module.GMACS, "4.1"),
        (table_module.SIZE, "224 px"),
        (table_module.TOP1, "80.9\u202f%"),
        (table_module.HERE, "no"),
        (table_module.EXPORTS, "not tried"),
        (table_module.LICENCE, "apache-2.0"),
    ],
)
def test_cells_in_words(qtbot: QtBot, column: int, expected: str) -> None:
    row = backbone("timm/resnet50", parameters=25.6, licence="apache-2.0", year=2015, gmacs=4.1, top1=80.86)
    assert model_of([row]).index(0, column).data() == expected


def test_a_backbone_without_published_weights_says_so(qtbot: QtBot) -> None:
    model = model_of([backbone("timm/resnet50", tags=[])])
    assert model.index(0, table_module.HERE).data() == "none"
    assert "Nobody publishes" in model.index(0, table_module.HERE).data(Qt.ItemDataRole.ToolTipRole)


def test_what_is_not_supported_says_why(qtbot: QtBot) -> None:
    model = model_of([backbone("timm/odd", unsupported="its stem has no first layer", exports="no: an operator")])
    assert "its stem has no first layer" in model.index(0, table_module.NAME).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, table_module.EXPORTS).data() == "no"


def test_a_click_on_the_star_makes_a_favourite_and_chooses_nothing(qtbot: QtBot) -> None:
    model = model_of(few())
    table = CatalogueTable(CatalogueFilter(model))
    qtbot.addWidget(table)
    table.resize(900, 300)
    table.show()
    place = table.visualRect(table.model().index(1, table_module.STAR)).center()
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
    assert table.isColumnHidden(table_module.LICENCE) is hidden
    assert table.columnWidth(table_module.NAME) >= table_module.LEAST_NAME
    assert not table.isColumnHidden(table_module.PARAMETERS)


def test_every_cell_can_be_painted(qtbot: QtBot) -> None:
    rows = [*few(), backbone("timm/a_name_that_is_far_too_long_for_its_column_" + "x" * 60, unsupported="why not")]
    table = CatalogueTable(CatalogueFilter(model_of(rows, favourites=("timm/resnet50",))))
    qtbot.addWidget(table)
    table.resize(600, 300)
    with_favourite = table.grab().toImage()
    table.model_.set_favourite("timm/resnet50", False)
    assert table.grab().toImage() != with_favourite


def test_a_key_asks_each_row_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a key takes is what `tests/benchmarks/catalogue.py` measures."""
    model = model_of(many(300))
    proxy = CatalogueFilter(model)
    asked: list[Wanted] = []
    accepted = model.accepted
    monkeypatch.setattr(model, "accepted", lambda wanted, fits: asked.append(wanted) or accepted(wanted, fits))
    proxy.narrow(Wanted().with_text("vit"))
    assert {"vit_base" in name for name in names(proxy)} == {True}
    assert len(asked) <= 2  # once more where the order has changed too
