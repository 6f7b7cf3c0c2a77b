import pytest
from pytestqt.qtbot import QtBot

from tests.ui.model.rows import few, many, model_of, names
from workbench.ui.model.catalogue_filter import CatalogueFilter
from workbench.ui.model.wanted import Wanted


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
