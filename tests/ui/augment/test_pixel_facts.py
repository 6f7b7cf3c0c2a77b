from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Step
from workbench.data.reading import Decoding
from workbench.training.config import TrainConfig
from workbench.training.preview import Picture, Request
from workbench.training.samples import TrainPixels
from workbench.ui.augment.facts_line import FactsLine
from workbench.ui.augment.pixel_facts import PixelFacts, PixelFactsFinder

CROP = Chain(steps=(Step(transform="RandomResizedCrop", p=1.0, params={"scale": [0.25, 1.0], "ratio": [1.0, 1.0]}),))


def asked(config: TrainConfig, cache: str = "", largest: int = 4000) -> Request:
    return Request(config, ("good",), Decoding().as_dict(), cache, largest, (config.augment,), (), ())


def test_crops_are_cut_from_a_larger_image_and_lose_nothing_then() -> None:
    config = TrainConfig(augment=CROP)
    facts = PixelFactsFinder().find(asked(config), CROP, None)
    assert facts == PixelFacts(224, 448, pytest.approx(1.0), False)
    small = config.model_copy(update={"preprocess": config.preprocess.model_copy(update={"detail": 1.0})})
    facts = PixelFactsFinder().find(asked(small), CROP, None)
    assert (facts.size, facts.prepared, facts.lost) == (224, 224, pytest.approx(2.0))


def test_a_backbone_that_is_unknown_has_no_facts() -> None:
    config = TrainConfig().with_settings(["backbone=torchvision/no_such_net"])
    assert PixelFactsFinder().find(asked(config), Chain(), None) is None


def test_it_is_said_when_the_prepared_cache_holds_the_image(tmp_path: Path, tiny_images: Callable[..., Path]) -> None:
    config = TrainConfig()
    path = next(tiny_images({"good": 1}).rglob("*.png"))
    picture = Picture(str(path), 0, 1, "hash")
    finder, request = PixelFactsFinder(), asked(config, str(tmp_path / "cache"))
    assert not finder.find(request, Chain(), picture).cached
    pixels = TrainPixels(config, ("good",), Decoding(), largest=4000, cache=tmp_path / "cache")
    list(pixels.prepare([picture.sample], []))
    assert finder.find(request, Chain(), picture).cached
    other = Picture(str(path), 0, 2, "other hash")
    assert not finder.find(request, Chain(), other).cached


def test_the_line_says_it_in_plain_words(qtbot: QtBot) -> None:
    line = FactsLine()
    qtbot.addWidget(line)
    assert line.sentence(PixelFacts(224, 224, 1.0, False)) == "The model sees 224 × 224 pixels"
    assert "from the prepared cache" in line.sentence(PixelFacts(224, 224, 1.0, True))
    assert "cut from the cached 448 × 448" in line.sentence(PixelFacts(224, 448, 1.0, True))
    assert "enlarged 1.8×" in line.sentence(PixelFacts(224, 224, 1.79, False))
