import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.ui import theme
from workbench.ui.confusion import ConfusionMatrix

NAMES = ["good", "scratch", "pit"]
ROWS = [[40, 1, 0], [2, 30, 0], [0, 5, 15]]


@pytest.fixture
def matrix(qtbot: QtBot) -> ConfusionMatrix:
    made = ConfusionMatrix()
    qtbot.addWidget(made)
    made.resize(420, 420)
    made.set_matrix(ROWS, NAMES)
    made.show()
    return made


def test_a_click_tells_true_and_predicted_class(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    with qtbot.waitSignal(matrix.cellClicked) as told:
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(2, 1).center().toPoint())
    assert told.args == [2, 1]
    assert matrix.selected == (2, 1)


def test_a_click_beside_the_cells_tells_nothing(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(matrix.cellClicked):
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))


def test_the_arrow_keys_move_the_cell_and_stay_inside(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    matrix.select(0, 1)
    told: list[tuple[int, int]] = []
    matrix.cellClicked.connect(lambda true, predicted: told.append((true, predicted)))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(matrix, key)
    assert told == [(1, 1), (1, 2), (1, 2)]


def test_a_cell_says_what_it_counts(matrix: ConfusionMatrix) -> None:
    assert matrix.describe(2, 1) == "5 of 20 images of pit (25\u202f%) were predicted as scratch"


@pytest.mark.parametrize("count", [2, 6, 12, 40])
@pytest.mark.parametrize("size", [(240, 240), (520, 380), (900, 620)])
def test_everything_is_inside_for_any_number_of_classes(qtbot: QtBot, count: int, size: tuple[int, int]) -> None:
    made = ConfusionMatrix()
    qtbot.addWidget(made)
    made.resize(*size)
    made.set_matrix([[9] * count for _ in range(count)], [f"a class with a long name, {i}" for i in range(count)])
    made.grab()
    assert made.rect().contains(made.cell_rect(count - 1, count - 1).toAlignedRect())
    assert made.cell_rect(0, 0).left() > QFontMetrics(theme.font(theme.BADGE)).height()
    assert made.cell_at(made.cell_rect(count - 1, 0).center()) == (count - 1, 0)


def test_errors_show_even_where_they_are_rare(matrix: ConfusionMatrix) -> None:
    QApplication.processEvents()
    image = matrix.grab().toImage()

    def ground(true: int, predicted: int) -> str:
        corner = matrix.cell_rect(true, predicted).topLeft().toPoint() + QPoint(6, 6)
        return image.pixelColor(corner).name()

    assert ground(0, 1) != ground(0, 2)
    assert ground(0, 0) != ground(2, 2)


def test_a_matrix_that_is_not_square_is_a_bug(matrix: ConfusionMatrix) -> None:
    with pytest.raises(ValueError, match="3 classes"):
        matrix.set_matrix([[1, 2], [3, 4]], NAMES)


def test_an_empty_matrix_draws_nothing_and_takes_no_clicks(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    matrix.clear()
    with qtbot.assertNotEmitted(matrix.cellClicked):
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
        qtbot.keyClick(matrix, Qt.Key.Key_Down)
