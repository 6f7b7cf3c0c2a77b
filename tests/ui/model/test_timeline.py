from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from workbench.ui.model.timeline import Column, Timeline

STAGES = ["stem", "layer1", "head"]


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(306, made.sizeHint().height())
    columns = [Column(2, (0, 0, 1)), Column(4, (0, 0.5, 1)), Column(4, (1, 1, 1))]
    made.show_phases(columns, STAGES, 0)
    made.show()
    return made


def border(timeline: Timeline, number: int) -> QPoint:
    cells = timeline.cells()
    return QPoint(round((cells[number].right() + cells[number + 1].left()) / 2), 20)


def test_columns_are_as_wide_as_their_phases_are_long(timeline: Timeline) -> None:
    widths = [cell.width() for cell in timeline.cells()]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.05)
    assert timeline.cells()[-1].right() <= timeline.width()


def test_a_short_phase_beside_a_long_one_can_still_be_clicked(timeline: Timeline) -> None:
    timeline.show_phases([Column(1, (0, 0, 1)), Column(500, (1, 1, 1))], STAGES, 0)
    short, long = timeline.cells()
    assert short.width() >= 20
    assert long.right() <= timeline.width()


def test_a_click_chooses_a_phase(timeline: Timeline, qtbot: QtBot) -> None:
    with qtbot.waitSignal(timeline.chosen) as told:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=timeline.cells()[2].center().toPoint())
    assert told.args == [2]


def test_a_dragged_border_moves_epochs_to_the_neighbour(timeline: Timeline, qtbot: QtBot) -> None:
    moved: list[list[int]] = []
    timeline.moved.connect(moved.append)
    start = border(timeline, 1)
    qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(timeline, start + QPoint(60, 0))
    qtbot.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    assert moved[-1] == [2, 6, 2]


def test_a_phase_keeps_one_epoch_however_far_its_border_is_dragged(timeline: Timeline, qtbot: QtBot) -> None:
    moved: list[list[int]] = []
    timeline.moved.connect(moved.append)
    start = border(timeline, 0)
    qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(timeline, QPoint(-50, 20))
    assert moved[-1] == [1, 5, 4]


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, ("chosen", 1)),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, ("moved", [3, 3, 4])),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, ("moved", [1, 5, 4])),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, ("removed", 0)),
    ],
)
def test_keys(
    timeline: Timeline, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier, expected: tuple[str, object]
) -> None:
    told: list[tuple[str, object]] = []

    def note(name: str) -> Callable[[object], None]:
        return lambda value: told.append((name, value))

    for name in ("chosen", "moved", "removed"):
        getattr(timeline, name).connect(note(name))
    qtbot.keyClick(timeline, key, modifier)
    assert told == [expected]


def test_it_can_be_read_out_and_painted(timeline: Timeline) -> None:
    assert timeline.accessibleName() == (
        "Phase 1, 2 epochs: head; Phase 2, 4 epochs: layer1, head; Phase 3, 4 epochs: all of it learns"
    )
    picture = timeline.grab().toImage()
    colours = {
        picture.pixelColor(x, y).name() for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)
    }
    assert len(colours) > 3
