import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.ui.thumbnails import THREADS, ThumbnailLoader, Wish


class Decoder:
    """Counts what it decodes, waits while it is held, and refuses "bad"."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.sides: list[int] = []
        self.threads: set[int] = set()
        self.free = threading.Event()
        self.free.set()

    def __call__(self, path: Path, modified_ns: int, side: int) -> NDArray[np.uint8]:
        self.free.wait(5)
        self.paths.append(path.name)
        self.sides.append(side)
        self.threads.add(threading.get_ident())
        if path.name == "bad":
            raise WorkbenchError("The image bad is damaged; replace it.")
        pixels = np.zeros((side // 2, side, 3), np.uint8)
        pixels[..., 1] = 200
        return pixels


@pytest.fixture
def decoder() -> Decoder:
    return Decoder()


@pytest.fixture
def loader(decoder: Decoder, qtbot: QtBot) -> ThumbnailLoader:
    made = ThumbnailLoader(decoder)
    yield made
    decoder.free.set()
    made.stop()


def wish(number: int, side: int = 100, name: str = "") -> Wish:
    return Wish(number, Path(name or f"{number}"), 1, side)


def test_pictures_come_from_other_threads_and_fit(loader: ThumbnailLoader, decoder: Decoder, qtbot: QtBot) -> None:
    loader.want([wish(1)])
    assert loader.pixmap(1) is None
    qtbot.waitUntil(lambda: loader.pixmap(1) is not None)
    picture = loader.pixmap(1)
    assert (picture.width(), picture.height()) == (100, 50)
    assert picture.toImage().pixelColor(5, 5).green() == 200
    assert threading.get_ident() not in decoder.threads
    assert decoder.sides == [256]


def test_what_is_at_hand_is_not_decoded_again(loader: ThumbnailLoader, decoder: Decoder, qtbot: QtBot) -> None:
    loader.want([wish(1)])
    qtbot.waitUntil(lambda: loader.pixmap(1) is not None)
    loader.want([wish(1)])
    loader.stop()
    assert decoder.paths == ["1"]


def test_another_tile_size_shows_the_old_picture_meanwhile(
    loader: ThumbnailLoader, decoder: Decoder, qtbot: QtBot
) -> None:
    loader.want([wish(1)])
    qtbot.waitUntil(lambda: loader.pixmap(1) is not None)
    decoder.free.clear()
    loader.want([wish(1, side=300)])
    assert loader.pixmap(1).width() == 100
    decoder.free.set()
    qtbot.waitUntil(lambda: loader.pixmap(1).width() == 300)
    assert decoder.sides[-1] == 512


def test_what_was_scrolled_past_is_dropped(loader: ThumbnailLoader, decoder: Decoder, qtbot: QtBot) -> None:
    decoder.free.clear()
    loader.want([wish(number) for number in range(50)])
    loader.want([wish(number) for number in range(100, 104)])
    decoder.free.set()
    qtbot.waitUntil(lambda: all(loader.pixmap(number) is not None for number in range(100, 104)))
    loader.stop()
    assert len(decoder.paths) <= 4 + THREADS


def test_the_first_wish_is_decoded_first(loader: ThumbnailLoader, decoder: Decoder, qtbot: QtBot) -> None:
    decoder.free.clear()
    loader.want([wish(number) for number in range(10)])
    decoder.free.set()
    qtbot.waitUntil(lambda: len(decoder.paths) == 10)
    assert set(decoder.paths[:THREADS]) == {"0", "1"}


def test_a_file_that_cannot_be_read_is_told_once(loader: ThumbnailLoader, decoder: Decoder, qtbot: QtBot) -> None:
    loader.want([wish(7, name="bad")])
    qtbot.waitUntil(lambda: loader.error(7, 1) is not None)
    assert "damaged" in loader.error(7, 1)
    loader.want([wish(7, name="bad")])
    loader.stop()
    assert decoder.paths == ["bad"]


def test_pictures_of_another_project_do_not_arrive(loader: ThumbnailLoader, decoder: Decoder, qtbot: QtBot) -> None:
    decoder.free.clear()
    loader.want([wish(1)])
    QThread.msleep(20)
    decoder.free.set()
    loader.forget()
    qtbot.wait(30)
    assert loader.pixmap(1) is None


def test_a_loader_that_goes_waits_for_its_threads(decoder: Decoder, qtbot: QtBot) -> None:
    made = ThumbnailLoader(decoder)
    made.want([wish(number) for number in range(20)])
    with qtbot.waitSignal(made.destroyed):
        made.deleteLater()
    done = len(decoder.paths)
    qtbot.wait(30)
    assert len(decoder.paths) == done


def test_it_is_empty_until_the_first_picture_is_there(qtbot: QtBot) -> None:
    gate = threading.Event()

    def decode(path: Path, modified_ns: int, side: int) -> NDArray[np.uint8]:
        gate.wait(10)
        return np.zeros((side, side, 3), np.uint8)

    loader = ThumbnailLoader(decode)
    assert not loader.is_empty
    loader.want([Wish(1, Path("a.png"), 1, 64)])
    assert loader.is_empty
    gate.set()
    qtbot.waitUntil(lambda: not loader.is_empty)
    assert loader.pixmap(1) is not None
    loader.stop()
