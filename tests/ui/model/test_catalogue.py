from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone, few, many
from workbench.models import catalog
from workbench.models.catalog import BackboneInfo
from workbench.training.config import TrainConfig
from workbench.ui.model import catalogue as catalogue_module
from workbench.ui.model.catalogue import CatalogueSide
from workbench.ui.model.catalogue_model import NAME, STAR
from workbench.ui.model.wanted import Wanted
from workbench.ui.session import Session


class Here:
    """Stands for `Presence`."""

    names: tuple[str, ...] = ()

    def tags(self, info: BackboneInfo) -> list[str]:
        return ["a1_in1k"] if info.name in self.names else []


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "backbones", few)
    monkeypatch.setattr(catalogue_module, "Presence", Here)
    monkeypatch.setattr(Here, "names", ())


@pytest.fixture
def side(qtbot: QtBot, session: Session) -> CatalogueSide:
    made = CatalogueSide(session)
    qtbot.addWidget(made)
    made.resize(800, 500)
    made.show()
    return made


def shown(side: CatalogueSide) -> list[str]:
    return [side.table.info_at(row).name for row in range(side.filter.rowCount())]


def test_the_configs_backbone_is_marked_and_nothing_is_announced(side: CatalogueSide, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(side.chosen):
        side.show_config(TrainConfig().with_settings(["backbone=timm/tiny_vit"]))
        side.bar.search.setText("resnet")
        side.bar.search.setText("")
    assert side.table.info_at(side.table.currentIndex().row()).name == "timm/tiny_vit"


def test_a_click_on_a_row_chooses(side: CatalogueSide, qtbot: QtBot) -> None:
    row = shown(side).index("torchvision/resnet50")
    place = side.table.visualRect(side.filter.index(row, NAME)).center()
    with qtbot.waitSignal(side.chosen) as chosen:
        qtbot.mouseClick(side.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == ["torchvision/resnet50"]


def test_the_focus_alone_chooses_nothing(side: CatalogueSide, qtbot: QtBot) -> None:
    side.show_config(TrainConfig().with_settings(["backbone=timm/tiny_vit"]))
    qtbot.waitExposed(side)
    side.activateWindow()
    with qtbot.assertNotEmitted(side.chosen):
        side.bar.search.setText("resnet")  # where the config's backbone is not
        side.table.setFocus()
        qtbot.waitUntil(side.table.hasFocus)
        assert side.table.currentIndex().isValid()
        qtbot.mouseClick(side.bar.clear, Qt.MouseButton.LeftButton)
    assert side.table.info_at(side.table.currentIndex().row()).name == "timm/tiny_vit"


@pytest.mark.parametrize(
    ("narrowed", "words"),
    [("search", "Shorten the search"), ("here", "download some"), ("favourites", "star before a name")],
)
def test_an_empty_list_says_what_to_do(side: CatalogueSide, narrowed: str, words: str) -> None:
    if narrowed == "search":
        side.bar.search.setText("nothing is called this")
    else:
        getattr(side.bar, narrowed).click()
    assert side.nothing.isVisible()
    assert words in side.nothing.sentence.text()
    assert side.bar.matches.text() == f"0 of {len(few())}"
    assert side.nothing.button is not None
    side.nothing.button.click()
    assert side.table.isVisible()
    assert len(shown(side)) == len(few())


def test_favourites_are_kept_for_the_next_window(side: CatalogueSide, session: Session, qtbot: QtBot) -> None:
    side.show_config(TrainConfig().with_settings(["backbone=timm/tiny_vit"]))
    side.toggle_favourite()
    side.table.star(shown(side).index("timm/resnet50"))
    side.bar.favourites.click()
    assert sorted(shown(side)) == ["timm/resnet50", "timm/tiny_vit"]
    side.table.star(shown(side).index("timm/resnet50"))
    assert shown(side) == ["timm/tiny_vit"]
    again = CatalogueSide(session)
    qtbot.addWidget(again)
    assert again.catalogue.favourites() == ["timm/tiny_vit"]
    assert again.filter.index(0, STAR).data(Qt.ItemDataRole.AccessibleTextRole)


def test_weights_that_came_are_shown(side: CatalogueSide) -> None:
    side.bar.here.click()
    assert shown(side) == []
    Here.names = ("timm/resnet50",)
    side.look_again("timm/resnet50")
    assert shown(side) == ["timm/resnet50"]
    assert side.here("timm/resnet50")
    Here.names = ()
    side.look_again()
    assert shown(side) == []


def test_what_fits_follows_the_image_size(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*few(), backbone("timm/fixed", fixed_size=True)]
    monkeypatch.setattr(catalog, "backbones", lambda: rows)
    side = CatalogueSide(session)
    qtbot.addWidget(side)
    side.bar.fits.click()
    side.show_config(TrainConfig())
    assert "timm/fixed" in shown(side)
    side.show_config(TrainConfig().with_settings(["size=160"]))
    assert "timm/fixed" not in shown(side)
    assert "160 px" in side.bar.fits.toolTip()


def test_the_advice_orders_the_list_and_its_choices_are_passed_on(
    side: CatalogueSide, session: Session, project_folder: Path, qtbot: QtBot
) -> None:
    side.advice.recommended.emit({"timm/zresnet50": "large"})
    assert shown(side)[0] == "timm/zresnet50"
    side.bar.recommended.click()
    assert shown(side) == ["timm/zresnet50"]
    side.advice.recommended.emit({})  # nothing is known of the images: the catalogue's own first choices
    assert shown(side) == ["torchvision/mobilenet_v2"]
    with qtbot.waitSignal(side.chosen) as chosen:
        side.advice.backboneChosen.emit("timm/tiny_vit")
    assert chosen.args == ["timm/tiny_vit"]
    with qtbot.waitSignal(side.wayChosen) as way:
        side.advice.wayChosen.emit("frozen")
    assert way.args == ["frozen"]


def test_a_backbone_that_was_chosen_elsewhere_comes_into_the_middle(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "backbones", lambda: many(200))
    side = CatalogueSide(session)
    qtbot.addWidget(side)
    side.resize(700, 500)
    side.show()
    names = shown(side)
    side.show_config(TrainConfig().with_settings([f"backbone={names[150]}"]))
    side.show_config(TrainConfig().with_settings([f"backbone={names[60]}"]))
    place = side.table.visualRect(side.table.currentIndex()).center().y()
    assert 0.25 < place / side.table.viewport().height() < 0.75


def test_the_search_can_be_reached(side: CatalogueSide, qtbot: QtBot) -> None:
    qtbot.waitExposed(side)
    side.activateWindow()
    side.focus_search()
    qtbot.waitUntil(side.bar.search.hasFocus)
    assert side.filter.wanted == Wanted()
