import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Step
from workbench.data.reading import Decoding
from workbench.training.config import PreprocessConfig, TrainConfig
from workbench.training.preview import Picture, Request, TileWish
from workbench.ui.augment.preview_engine import THROTTLE_MS, Facts, PreviewEngine, Wish, ready


@pytest.fixture
def engine(child: Any, qtbot: QtBot) -> Iterator[PreviewEngine]:
    made = PreviewEngine(child)
    yield made
    made.close()


def wish(
    *names: str, seed: int = 7, subject: str = "", original: Path | None = None, resize: str = "squash", side: int = 0
) -> Wish:
    """Sixteen variants behind the original."""
    preprocess = PreprocessConfig(size=32, resize=resize)  # type: ignore[arg-type]
    request = Request(
        config=TrainConfig(preprocess=preprocess),
        classes=(),
        decoding=Decoding().as_dict(),
        cache="",
        largest=0,
        chains=(Chain(steps=tuple(Step(transform=name, p=1) for name in names)),),
        pictures=(Picture("image.png"),),
        tiles=(TileWish(0, prepared=True), *(TileWish(0, 0, seed) for _ in range(16))),
        side=side,
    )
    return Wish(lambda: request, subject, original)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """80 x 40: red on the left, blue on the right."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40, 0] = pixels[:, 40:, 2] = 255
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def test_every_tile_arrives_with_its_facts(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    found: dict[int, int] = {}
    facts = []
    engine.pictured.connect(lambda index, picture: found.update({index: picture.pixelColor(0, 0).red()}))
    engine.measured.connect(facts.append)
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur"))
    assert found == {0: 0, **dict.fromkeys(range(1, 17), 20)}
    assert threading.get_ident() not in child.threads
    assert len(child.jobs) == 1
    assert facts[3] == Facts(index=3, milliseconds=1.5, share=0.75, digest=20)


def test_pictures_are_ready_to_paint() -> None:
    pixels = np.array([[[255, 0, 0], [0, 128, 255]]], np.uint8)
    picture = ready(pixels)
    assert picture.format() == QImage.Format.Format_RGB32
    assert [picture.pixelColor(x, 0).getRgb()[:3] for x in range(2)] == [(255, 0, 0), (0, 128, 255)]
    pixels[:] = 0
    assert picture.pixelColor(0, 0).red() == 255


def test_the_original_is_painted_before_the_child_answers(
    engine: PreviewEngine, child: Any, image: Path, qtbot: QtBot
) -> None:
    child.free.clear()
    found: list[tuple[int, QImage]] = []
    engine.pictured.connect(lambda index, picture: found.append((index, picture)))
    engine.show(wish("Blur", original=image))
    qtbot.waitUntil(lambda: bool(found))
    ((index, picture),) = found
    assert (index, picture.width(), picture.height()) == (0, 32, 32)
    assert picture.pixelColor(4, 16).red() > 200
    assert picture.pixelColor(28, 16).blue() > 200
    child.free.set()
    with qtbot.waitSignal(engine.ended):
        pass
    # Once: the slider that is dragged next must not decode the image again.
    found.clear()
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("CLAHE", original=image))
    assert [index for index, _ in found] == list(range(17))
    found.clear()
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("CLAHE", original=image, side=20))
    assert [picture.width() for index, picture in found[:2]] == [20, 20]


@pytest.mark.parametrize(("resize", "colours"), [("crop", ("red", "blue")), ("pad", ("black", "black"))])
def test_the_original_is_cut_or_padded_as_the_model_sees_it(
    engine: PreviewEngine, child: Any, image: Path, qtbot: QtBot, resize: str, colours: tuple[str, str]
) -> None:
    child.free.clear()
    found: list[QImage] = []
    engine.pictured.connect(lambda index, picture: found.append(picture))
    engine.show(wish(original=image, resize=resize))
    qtbot.waitUntil(lambda: bool(found))
    corner = found[0].pixelColor(1, 1)
    assert (corner.red() > 200) == (colours[0] == "red")
    assert (corner.name() == "#000000") == (colours[0] == "black")
    middle = found[0].pixelColor(8, 16)
    assert middle.red() > 200


def test_only_the_newest_wish_is_worked_on(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    child.free.clear()
    for seed in range(20):
        engine.show(wish("Blur", seed=seed))
        qtbot.wait(10)
    child.free.set()
    qtbot.waitUntil(lambda: child.jobs[-1].tiles[1].seed == 19)
    engine.close()
    assert child.tiles < 3 * 17
    assert len(child.jobs) < 20


def test_a_single_change_does_not_wait_for_the_throttle(engine: PreviewEngine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur"))
    qtbot.wait(2 * THROTTLE_MS)
    engine.show(wish("Blur"))
    assert engine._timer.interval() == 0
    qtbot.wait(1)
    engine.show(wish("Blur"))
    assert 0 < engine._timer.interval() <= THROTTLE_MS


def test_pictures_of_another_subject_are_dropped_at_once(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    child.free.clear()
    engine.show(wish("Blur", subject="variants"))
    qtbot.waitUntil(lambda: bool(child.threads))
    found: list[int] = []
    engine.pictured.connect(lambda index, picture: found.append(picture.pixelColor(0, 0).red()))
    engine.show(wish("Blur", "CLAHE", subject="steps"))
    child.free.set()
    with qtbot.waitSignal(engine.ended):
        pass
    assert found == [0, *[40] * 16]


def test_an_error_is_told_with_its_place_and_the_next_wish_works(engine: PreviewEngine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(engine.failed) as told:
        engine.show(wish("Broken"))
    assert "it is broken" in told.args[0]
    assert told.args[1:] == [(0,), "limit"]
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur"))


def test_an_image_that_is_missing_has_no_place(engine: PreviewEngine, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(engine.failed) as told:
        engine.show(wish("Blur", original=tmp_path / "gone.png"))
    assert "gone.png is missing" in told.args[0]
    assert told.args[1:] == [None, ""]


def test_a_cancelled_wish_paints_nothing(engine: PreviewEngine, child: Any, qtbot: QtBot) -> None:
    child.free.clear()
    engine.show(wish("Blur"))
    qtbot.waitUntil(lambda: bool(child.threads))
    engine.cancel()
    child.free.set()
    with qtbot.assertNotEmitted(engine.pictured, wait=50):
        pass


def test_closing_ends_the_thread_and_the_child(child: Any, qtbot: QtBot) -> None:
    engine = PreviewEngine(child)
    with qtbot.waitSignal(engine.ended):
        engine.show(wish("Blur"))
    engine.close()
    assert child.closed
    assert not engine._worker.running
    engine.show(wish("Blur"))
    engine.warm()
    assert not child.warmed
    engine.deleteLater()
    qtbot.wait(10)


def test_an_engine_that_is_deleted_ends_its_thread(child: Any, qtbot: QtBot) -> None:
    engine = PreviewEngine(child)
    child.free.clear()
    engine.show(wish("Blur"))
    qtbot.waitUntil(lambda: bool(child.threads))
    worker = engine._worker
    with qtbot.waitSignal(engine.destroyed):
        engine.deleteLater()
    assert not worker.running
