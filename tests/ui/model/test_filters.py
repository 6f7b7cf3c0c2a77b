import pytest
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import backbone
from workbench.ui.model.filters import FilterBar, fits
from workbench.ui.model.wanted import Wanted

GB = 10**9


@pytest.mark.parametrize(
    ("fields", "size", "memory", "expected"),
    [
        ({"parameters": 25.0}, 0, 8 * GB, True),
        ({"parameters": 300.0}, 0, 8 * GB, False),
        ({"parameters": None}, 0, 8 * GB, True),
        ({"parameters": 25.0, "min_size": 96}, 64, 8 * GB, False),
        ({"parameters": 25.0, "fixed_size": True}, 512, 8 * GB, False),
        ({"parameters": 25.0, "fixed_size": True}, 0, 8 * GB, True),
        ({"parameters": 25.0, "unsupported": "why"}, 0, 8 * GB, False),
    ],
)
def test_what_fits(fields: dict[str, object], size: int, memory: int, expected: bool) -> None:
    assert fits(backbone("timm/one", **fields), size=size, memory=memory) is expected


@pytest.fixture
def bar(qtbot: QtBot) -> FilterBar:
    made = FilterBar([("ResNet", 60), ("ViT", 127)], ["timm", "torchvision"], 1450)
    qtbot.addWidget(made)
    made.show()
    return made


def test_each_part_narrows_and_show_all_takes_it_back(bar: FilterBar) -> None:
    told: list[Wanted] = []
    bar.changed.connect(told.append)
    bar.search.setText("Wide 50")
    bar.family.setCurrentIndex(2)
    bar.library.setCurrentIndex(1)
    for switch in (bar.recommended, bar.here, bar.fits, bar.favourites):
        switch.click()
    assert told[-1] == Wanted(("wide", "50"), "ViT", "timm", True, True, True, True)
    assert len(told) == 7
    bar.show_count(3)
    texts: list[str] = []
    bar.search.textChanged.connect(texts.append)  # without it the field keeps the cross that empties it
    bar.clear.click()
    assert texts == [""]
    assert told[-1] == Wanted()
    assert len(told) == 8
    assert bar.search.text() == ""


def test_the_count_and_the_way_back_are_shown_while_narrowed(bar: FilterBar) -> None:
    assert bar.matches.text() == "1\u202f450"
    assert not bar.clear.isVisible()
    bar.here.click()
    bar.show_count(12)
    assert bar.matches.text() == "12 of 1\u202f450"
    assert bar.clear.isVisible()


@pytest.mark.parametrize("width", [290, 560])
def test_nothing_is_cut_off_however_narrow(bar: FilterBar, width: int) -> None:
    bar.favourites.click()
    bar.show_count(12)
    bar.resize(width, bar.heightForWidth(width))
    parts = [bar.search, bar.family, bar.recommended, bar.here, bar.fits, bar.favourites, bar.matches, bar.clear]
    for part in parts:
        corner = part.mapTo(bar, part.rect().bottomRight())
        assert part.isVisible()
        assert bar.rect().contains(corner)
        assert part.width() >= part.minimumSizeHint().width()
    assert bar.library.isVisible() is (width > 500)
