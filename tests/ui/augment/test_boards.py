import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from workbench.ui.augment.boards import VARIANTS, StepBoard, Tile, VariantBoard


def picture(colour: str) -> QImage:
    made = QImage(40, 20, QImage.Format.Format_RGB888)
    made.fill(QColor(colour))
    return made


def test_sixteen_variants_and_the_original_fit(qtbot: QtBot) -> None:
    board = VariantBoard()
    qtbot.addWidget(board)
    for size in ((640, 400), (300, 700), (40, 40)):
        board.resize(*size)
        places = board.places()
        assert len(places) == VARIANTS + 1
        if size[0] > 100:
            assert all(board.rect().toRectF().adjusted(-1, -1, 1, 1).contains(place) for place in places)
        assert board.tile_side() >= 32


def test_pictures_are_painted_in_their_place(qtbot: QtBot) -> None:
    board = VariantBoard()
    qtbot.addWidget(board)
    board.resize(640, 400)
    board.tiles[6].image = picture("#ff0000")
    shot = board.grab().toImage()
    ratio = shot.devicePixelRatio()
    assert shot.pixelColor((board.places()[6].center() * ratio).toPoint()) == QColor("#ff0000")


@pytest.mark.parametrize("count", [1, 2, 5, 13])
def test_every_step_fits_and_old_pictures_stay(qtbot: QtBot, count: int) -> None:
    board = StepBoard()
    qtbot.addWidget(board)
    board.resize(700, 500)
    board.show_steps(["original", *(f"step {n}" for n in range(count))])
    assert all(board.rect().toRectF().adjusted(-1, -1, 1, 1).contains(place) for place in board.places())
    board.tiles[0] = Tile(picture("#00ff00"), "original")
    board.show_steps(["original"])
    assert board.tiles[0].image is not None
    board.grab()
