import threading
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

from workbench.ui.dataset.grid_model import BLOCK, GridModel
from workbench.ui.dataset.grid_view import STEP, GridView
from workbench.ui.dataset.selection import Selection
from workbench.ui.thumbnails import ThumbnailLoader

SHIFT, CTRL, NONE = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.NoModifier,
)


class Grid:
    def __init__(self, qtbot: QtBot, rows: Any, count: int) -> None:
        self.decoded: list[str] = []
        self.threads: set[int] = set()
        self.rows = rows
        self.model = GridModel(rows)
        self.selection = Selection()
        self.loader = ThumbnailLoader(self.decode)
        self.view = GridView(self.model, self.selection, self.loader)
        qtbot.addWidget(self.view)
        self.model.set_ids(np.arange(1, count + 1))
        self.selection.reset(count)
        self.view.resize(700, 500)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.view.setFocus()

    def decode(self, path: Path, modified_ns: int, side: int) -> NDArray[np.uint8]:
        self.decoded.append(path.stem)
        self.threads.add(threading.get_ident())
        return np.full((side, side, 3), 128, np.uint8)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.view, key, modifiers)

    def centre(self, position: int) -> QPoint:
        return self.view.visualRect(self.model.index_at(position)).center()

    def click(self, position: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, modifiers, self.centre(position))

    def selected(self) -> list[int]:
        return self.selection.positions().tolist()


@pytest.fixture
def grid(qtbot: QtBot, rows: Any) -> Grid:
    made = Grid(qtbot, rows, 100)
    yield made
    made.loader.stop()


def test_tiles_fill_the_width(grid: Grid) -> None:
    columns = grid.model.columns
    assert columns == 4
    assert grid.view.horizontalHeader().length() > grid.view.viewport().width() - columns
    assert grid.view.delegate.tile >= grid.view.tile_size


def test_clicks_with_shift_and_ctrl(grid: Grid) -> None:
    grid.click(1)
    grid.click(6, SHIFT)
    assert grid.selected() == [1, 2, 3, 4, 5, 6]
    grid.click(3, CTRL)
    assert grid.selected() == [1, 2, 4, 5, 6]
    grid.click(4)
    assert grid.selected() == [4]


def test_a_click_into_a_selection_selects_that_one_on_release(grid: Grid) -> None:
    grid.click(0)
    grid.click(3, SHIFT)
    QTest.mousePress(grid.view.viewport(), Qt.MouseButton.LeftButton, NONE, grid.centre(2))
    assert grid.selected() == [0, 1, 2, 3]
    QTest.mouseRelease(grid.view.viewport(), Qt.MouseButton.LeftButton, NONE, grid.centre(2))
    assert grid.selected() == [2]


def test_a_rubber_band_selects_what_it_touches(grid: Grid) -> None:
    start, end = grid.centre(0), grid.centre(5)
    port = grid.view.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, NONE, start)
    QTest.mouseMove(port, start + QPoint(30, 30))
    QTest.mouseMove(port, end)
    assert grid.selected() == [0, 1, 4, 5]
    port.grab()
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, NONE, end)
    assert grid.selected() == [0, 1, 4, 5]


def test_arrows_move_and_extend(grid: Grid) -> None:
    grid.press(Qt.Key.Key_Right)
    assert grid.selected() == [0]
    grid.press(Qt.Key.Key_Down)
    assert grid.selected() == [4]
    grid.press(Qt.Key.Key_Right, SHIFT)
    assert grid.selected() == [4, 5]
    grid.press(Qt.Key.Key_Up)
    grid.press(Qt.Key.Key_Up)
    assert grid.selected() == [1]
    grid.press(Qt.Key.Key_End)
    assert grid.selected() == [99]
    assert 99 in grid.view.visible()
    grid.press(Qt.Key.Key_Down)
    assert grid.selected() == [99]
    grid.press(Qt.Key.Key_Home)
    grid.press(Qt.Key.Key_PageDown)
    assert grid.selection.current > 4


def test_ctrl_a_selects_the_query(grid: Grid) -> None:
    grid.press(Qt.Key.Key_A, CTRL)
    assert len(grid.selection) == 100


def test_enter_and_double_click_open(grid: Grid, qtbot: QtBot) -> None:
    grid.click(2)
    with qtbot.waitSignal(grid.view.opened) as opened:
        grid.press(Qt.Key.Key_Return)
    assert opened.args == [2]
    with qtbot.waitSignal(grid.view.opened) as opened:
        QTest.mouseDClick(grid.view.viewport(), Qt.MouseButton.LeftButton, NONE, grid.centre(3))
    assert opened.args == [3]


def test_ctrl_wheel_changes_the_tile_size_and_keeps_the_place(grid: Grid, qtbot: QtBot) -> None:
    grid.view.move_to(60)
    point = QPointF(50, 50)
    wheel = QWheelEvent(
        point, point, QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, CTRL, Qt.ScrollPhase.NoScrollPhase, False
    )
    before, columns = grid.view.tile_size, grid.model.columns
    with qtbot.waitSignal(grid.view.tileSizeChanged):
        QApplication.sendEvent(grid.view.viewport(), wheel)
    assert grid.view.tile_size == before - STEP
    assert grid.model.columns > columns
    assert 60 in grid.view.visible()


def test_a_press_beside_the_tiles_clears(grid: Grid) -> None:
    grid.press(Qt.Key.Key_End)
    last = grid.view.visualRect(grid.model.index_at(99))
    grid.model.set_ids(np.arange(1, 100))
    grid.selection.reset(99, selected=np.array([4]), current=4)
    QTest.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, NONE, last.center())
    assert grid.selected() == []


def test_thumbnails_are_decoded_for_what_is_seen_and_not_here(grid: Grid, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: grid.loader.pixmap(1) is not None)
    grid.loader.stop()
    assert threading.get_ident() not in grid.threads
    assert len(grid.decoded) <= len(grid.view.visible()) + grid.model.columns


def test_jumping_through_a_million_touches_what_is_seen(qtbot: QtBot, rows: Any) -> None:
    grid = Grid(qtbot, rows, 1_000_000)
    rows.asked.clear()
    bar = grid.view.verticalScrollBar()
    jumps, shown = 10, len(grid.view.visible())
    for number in range(1, jumps + 1):
        bar.setValue(bar.maximum() * number // jumps)
        grid.view.viewport().repaint()
        qtbot.wait(1)
        shown = max(shown, len(grid.view.visible()))
    per_page = shown + grid.model.columns
    assert len(rows.asked) <= jumps * (per_page + 2 * BLOCK)
    assert rows.asked[-1] == 1_000_000
    grid.loader.stop()
    assert len(grid.decoded) <= (jumps + 1) * per_page


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_state_of_a_tile_is_painted(grid: Grid, make_row: Any, mode: str, qapp: QApplication) -> None:
    from workbench.project.labels import ClassRow
    from workbench.ui import theme

    before = theme.mode(qapp)
    theme.apply(qapp, mode)
    states = [
        make_row(1, class_id=3, split="train"),
        make_row(2, state="corrupt", error="cut off"),
        make_row(3, state="missing", split="test"),
        make_row(4, class_id=99),
    ]
    grid.model._fetch = lambda ids: states[: len(ids)]
    grid.model.set_ids(np.arange(1, 5))
    grid.selection.reset(4, selected=np.array([0, 1]), current=2)
    grid.view.delegate.set_classes({3: ClassRow(3, "a name far too long for the tile it is on", 0, "#e69f00")})
    picture = grid.view.grab().toImage()
    theme.apply(qapp, before)
    assert len({picture.pixel(x, y) for x in range(0, 700, 5) for y in range(0, 200, 5)}) > 4


def paint(grid: Grid, rows: list[Any], qtbot: QtBot) -> Any:
    from workbench.project.labels import ClassRow

    classes = [ClassRow(1, "good", 0, "#e69f00"), ClassRow(2, "pit", 1, "#56b4e9"), ClassRow(3, "crack", 2, "#009e73")]
    grid.model._fetch = lambda ids: rows[: len(ids)]
    grid.model.set_ids(np.arange(1, len(rows) + 1))
    grid.selection.reset(len(rows))
    grid.view.delegate.set_classes({known.id: known for known in classes})
    qtbot.waitUntil(lambda: all(grid.loader.pixmap(row.id) is not None for row in rows))
    grid.view.viewport().repaint()
    return grid.view.grab().toImage()


def colours(picture: Any, area: Any) -> set[str]:
    return {
        picture.pixelColor(x, y).name()
        for x in range(area.left(), area.right())
        for y in range(area.top(), area.bottom())
    }


def test_a_red_edge_where_the_model_disagrees_and_only_there(grid: Grid, make_row: Any, qtbot: QtBot) -> None:
    from workbench.ui import theme

    said = {"prediction": 2, "confidence": 0.9}
    rows = [
        make_row(1, class_id=1, **said),
        make_row(2, class_id=2, **said),
        make_row(3, class_id=None, **said),
        make_row(4, class_id=1, classes=(1, 2), **said),
        make_row(5, class_id=1, refused=True, **said),
    ]
    picture = paint(grid, rows, qtbot)
    red = theme.colour("red").name()
    marked = [red in colours(picture, grid.view.visualRect(grid.model.index_at(place))) for place in range(5)]
    assert marked == [True, False, False, False, False]


def test_badges_tell_what_is_kept_with_an_image(grid: Grid, make_row: Any, qtbot: QtBot) -> None:
    from workbench.ui import theme

    rows = [
        make_row(1, class_id=1),
        make_row(2, class_id=1, findings=("exact-copy", "quality")),
        make_row(3, class_id=1, rejected=True, split="test"),
        make_row(4, class_id=1, classes=(1, 2, 3)),
        make_row(5, class_id=1, noted=True, regions=2, tags=("a",), pinned=True),
        make_row(6, class_id=-1),
    ]
    picture = paint(grid, rows, qtbot)
    tiles = [colours(picture, grid.view.visualRect(grid.model.index_at(place))) for place in range(6)]
    amber, raised = theme.colour("amber").name(), len(tiles[0])
    assert [amber in tile for tile in tiles] == [False, True, False, False, False, False]
    assert "#808080" in tiles[0]
    assert "#808080" not in tiles[2]  # dimmed
    assert {"#e69f00", "#56b4e9", "#009e73"} <= tiles[3]
    assert len(tiles[4]) > raised
    assert "#e69f00" not in tiles[5]
    grid.view.set_tile_size(72)
    grid.view.grab()
