from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.loupe import MOST_ZOOM, Loupe
from workbench.ui.thumbnails import ThumbnailLoader


def decode(path: Path, modified_ns: int, side: int) -> NDArray[np.uint8]:
    return np.full((48, 64, 3), (200, 10, 10), np.uint8)


@pytest.fixture
def loupe(qtbot: QtBot, make_row: Callable[..., Any]) -> Loupe:
    whole, quick = ThumbnailLoader(decode), ThumbnailLoader(decode)
    made = Loupe(whole, quick)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    qtbot.waitExposed(made)
    made.show_image(make_row(1), "1 of 3")
    qtbot.waitUntil(lambda: whole.pixmap(1) is not None)
    yield made
    whole.stop()
    quick.stop()


def wheel(loupe: Loupe, turned: int, at: QPointF) -> None:
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, turned),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(loupe, event)


def test_it_shows_the_image_and_its_place(loupe: Loupe) -> None:
    picture = loupe.grab().toImage()
    ratio = picture.devicePixelRatio()
    centre = loupe._area().center() * ratio
    assert picture.pixelColor(centre).red() == 200


def test_the_wheel_zooms_around_the_pointer(loupe: Loupe) -> None:
    fitted = loupe.zoom()
    at = QPointF(250, 100)
    before = loupe._target()
    place = (at.x() - before.x()) / before.width()
    wheel(loupe, 240, at)
    after = loupe._target()
    assert loupe.zoom() > fitted
    assert (at.x() - after.x()) / after.width() == pytest.approx(place, abs=0.01)
    for _ in range(80):
        wheel(loupe, 120, at)
    assert loupe.zoom() == MOST_ZOOM
    for _ in range(80):
        wheel(loupe, -120, at)
    assert loupe.zoom() == fitted


def test_a_drag_pans_and_a_double_click_fits(loupe: Loupe) -> None:
    loupe.zoom_by(3)
    before = loupe._target().topLeft()
    QTest.mousePress(loupe, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    QTest.mouseMove(loupe, QPoint(220, 160))
    QTest.mouseRelease(loupe, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(220, 160))
    moved = loupe._target().topLeft() - before
    assert (moved.x(), moved.y()) == (pytest.approx(20), pytest.approx(10))
    QTest.mouseDClick(loupe, Qt.MouseButton.LeftButton)
    assert loupe.zoom() == loupe._fitting()


def test_keys(loupe: Loupe, qtbot: QtBot) -> None:
    with qtbot.waitSignal(loupe.stepped) as told:
        QTest.keyClick(loupe, Qt.Key.Key_Right)
    assert told.args == [1]
    with qtbot.waitSignal(loupe.stepped) as told:
        QTest.keyClick(loupe, Qt.Key.Key_Up)
    assert told.args == [-1]
    with qtbot.waitSignal(loupe.closed):
        QTest.keyClick(loupe, Qt.Key.Key_Escape)
    QTest.keyClick(loupe, Qt.Key.Key_Plus)
    assert loupe.zoom() > loupe._fitting()


def test_a_corrupt_image_says_why(loupe: Loupe, make_row: Callable[..., Any]) -> None:
    loupe.show_image(make_row(2, state="corrupt", error="It is cut off.", width=0, height=0), "2 of 3")
    loupe.zoom_by(2)
    loupe.grab()
    assert loupe.row.error == "It is cut off."
    loupe.forget()
    assert loupe.row is None
