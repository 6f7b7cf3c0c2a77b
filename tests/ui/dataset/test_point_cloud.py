"""The map's cloud of points: what a lasso takes, where points are, and that a million of them are drawn."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.point_cloud import MARGIN, PointCloud

CORNERS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
RED, GREEN = 0xFFFF0000, 0xFF00FF00


@pytest.fixture
def cloud(qtbot: QtBot) -> PointCloud:
    made = PointCloud()
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    qtbot.waitExposed(made)
    made.show_points(CORNERS, np.array([RED, GREEN, RED, GREEN], np.uint32))
    return made


def draw(qtbot: QtBot, cloud: PointCloud, *places: tuple[int, int], shift: bool = False) -> None:
    keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    first, *rest = [QPoint(*place) for place in places]
    qtbot.mousePress(cloud, Qt.MouseButton.LeftButton, keys, first)
    for place in rest:
        qtbot.mouseMove(cloud, place)
    qtbot.mouseRelease(cloud, Qt.MouseButton.LeftButton, keys, rest[-1] if rest else first)


def test_the_corners_lie_at_the_margins(cloud: PointCloud) -> None:
    far = 400 - MARGIN
    expected = [[MARGIN, MARGIN], [far, MARGIN], [MARGIN, far], [far, far]]
    np.testing.assert_allclose(cloud.on_screen(), expected, atol=1.5)


def test_each_point_has_its_colour(cloud: PointCloud) -> None:
    picture = cloud.grab().toImage()
    found = [picture.pixelColor(round(x), round(y)).rgba() for x, y in cloud.on_screen().tolist()]
    assert found == [RED, GREEN, RED, GREEN]


def test_a_lasso_takes_what_it_surrounds_and_nothing_else(qtbot: QtBot, cloud: PointCloud) -> None:
    with qtbot.waitSignal(cloud.selected) as told:
        draw(qtbot, cloud, (5, 5), (200, 5), (200, 395), (5, 395))
    assert told.args is not None
    assert told.args[0].tolist() == [0, 2]


def test_shift_adds_to_what_is_selected(qtbot: QtBot, cloud: PointCloud) -> None:
    draw(qtbot, cloud, (5, 5), (60, 5), (60, 60), (5, 60))
    draw(qtbot, cloud, (340, 340), (395, 340), (395, 395), (340, 395), shift=True)
    assert cloud.chosen.tolist() == [0, 3]


def test_a_click_takes_one_point_and_a_click_beside_takes_none(qtbot: QtBot, cloud: PointCloud) -> None:
    x, y = (round(value) for value in cloud.on_screen()[1].tolist())
    draw(qtbot, cloud, (x, y))
    assert cloud.chosen.tolist() == [1]
    draw(qtbot, cloud, (200, 200))
    assert cloud.chosen.tolist() == []


def test_a_double_click_opens_the_point(qtbot: QtBot, cloud: PointCloud) -> None:
    x, y = (round(value) for value in cloud.on_screen()[2].tolist())
    with qtbot.waitSignal(cloud.activated) as told:
        qtbot.mouseDClick(cloud, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    assert told.args == [2]


def test_zooming_keeps_the_place_under_the_pointer(cloud: PointCloud) -> None:
    from PySide6.QtCore import QPointF

    at = QPointF(*cloud.on_screen()[1].tolist())
    cloud.zoom_by(3, at)
    np.testing.assert_allclose(cloud.on_screen()[1], [at.x(), at.y()], atol=0.5)
    cloud.zoom_by(0.01)
    assert cloud.on_screen()[0, 0] == pytest.approx(MARGIN, abs=1.5)


def test_escape_selects_none(qtbot: QtBot, cloud: PointCloud) -> None:
    cloud.choose(np.array([1, 2]))
    qtbot.keyClick(cloud, Qt.Key.Key_Escape)
    assert cloud.chosen.tolist() == []


def test_points_in_one_place_and_none_at_all_are_shown(cloud: PointCloud) -> None:
    cloud.show_points(np.zeros((3, 2), np.float32), np.full(3, RED, np.uint32))
    assert np.isfinite(cloud.on_screen()).all()
    cloud.grab()
    cloud.show_points(np.zeros((0, 2), np.float32), np.zeros(0, np.uint32))
    cloud.grab()
    assert cloud.point_at(cloud.rect().center().toPointF()) == -1
