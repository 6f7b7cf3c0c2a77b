import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.ui.augment.wipe import WipeBoard


@pytest.fixture
def wipe(qtbot: QtBot) -> WipeBoard:
    made = WipeBoard()
    qtbot.addWidget(made)
    made.resize(400, 300)
    for index, colour in enumerate(("#ff0000", "#0000ff")):
        image = QImage(100, 100, QImage.Format.Format_RGB32)
        image.fill(QColor(colour))
        made.show_picture(index, image)
    made.show()
    return made


def colours(wipe: WipeBoard, *positions: QPointF) -> list[str]:
    shot = wipe.grab().toImage()
    return [shot.pixelColor((position * shot.devicePixelRatio()).toPoint()).name() for position in positions]


def test_the_divider_parts_before_and_after(wipe: WipeBoard) -> None:
    area = wipe.picture_area()
    assert area.width() == area.height() == 300
    left, right = QPointF(area.left() + 60, 250), QPointF(area.right() - 60, 250)
    assert colours(wipe, left, right) == ["#ff0000", "#0000ff"]
    wipe.set_share(1.0)
    assert colours(wipe, left, right) == ["#ff0000", "#ff0000"]
    wipe.set_share(-3)
    assert colours(wipe, left, right) == ["#0000ff", "#0000ff"]


def test_the_divider_is_dragged(wipe: WipeBoard) -> None:
    area = wipe.picture_area()
    QTest.mousePress(wipe, Qt.MouseButton.LeftButton, pos=area.center().toPoint())
    QTest.mouseMove(wipe, QPoint(int(area.left() + 30), 100))
    QTest.mouseRelease(wipe, Qt.MouseButton.LeftButton, pos=QPoint(int(area.left() + 30), 100))
    assert wipe.share == pytest.approx(0.1, abs=0.01)
    QTest.mouseMove(wipe, QPoint(300, 100))
    assert wipe.share == pytest.approx(0.1, abs=0.01)


def test_keys_move_the_divider_and_zoom(wipe: WipeBoard, qtbot: QtBot) -> None:
    QTest.keyClick(wipe, Qt.Key.Key_Right)
    assert wipe.share == pytest.approx(0.52)
    QTest.keyClick(wipe, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert wipe.share == pytest.approx(0.42)
    QTest.keyClick(wipe, Qt.Key.Key_End)
    assert wipe.share == 1.0
    with qtbot.waitSignal(wipe.zoomed) as told:
        QTest.keyClick(wipe, Qt.Key.Key_Plus)
    # 100 pixels fill 300: the next zoom is one that is larger.
    assert told.args[0] > 3 * wipe.devicePixelRatioF() - 1
    QTest.keyClick(wipe, Qt.Key.Key_0)
    assert wipe.zoom == 0


def test_zoomed_the_picture_is_moved_within_its_bounds(wipe: WipeBoard) -> None:
    wipe.set_zoom(8)
    before = wipe.centre
    start = QPoint(40, 60)
    assert abs(start.x() - wipe.divider()) > 20
    QTest.mousePress(wipe, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(wipe, start + QPoint(30, 20))
    assert wipe.centre[0] < before[0]
    for _ in range(60):
        QTest.mouseMove(wipe, QPoint(40, 60))
        QTest.mouseMove(wipe, QPoint(390, 290))
        wipe._from = QPointF(40, 60)
    area = wipe.picture_area()
    assert area.left() <= 0.5
    assert area.top() <= 0.5
    assert wipe.share == 0.5


def test_a_pixel_of_the_model_is_whole_pixels_of_the_screen(wipe: WipeBoard) -> None:
    wipe.set_zoom(4)
    assert wipe.picture_area().width() * wipe.devicePixelRatioF() == pytest.approx(400)


def test_the_wheel_zooms(wipe: WipeBoard) -> None:
    centre = QPointF(200, 150)
    turn = QWheelEvent(
        centre,
        wipe.mapToGlobal(centre),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(wipe, turn)
    assert wipe.zoom > 0


def test_without_pictures_nothing_is_painted_but_the_ground(wipe: WipeBoard) -> None:
    wipe.clear()
    assert colours(wipe, QPointF(200, 150)) not in (["#ff0000"], ["#0000ff"])
