import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.ui.augment.boards import Board, ClassBoard, PairBoard, StripBoard, VariantBoard


def picture(colour: str, side: int = 40) -> QImage:
    made = QImage(side, side, QImage.Format.Format_RGB32)
    made.fill(QColor(colour))
    return made


def shown(board: Board, qtbot: QtBot, size: tuple[int, int] = (700, 560)) -> Board:
    qtbot.addWidget(board)
    board.resize(*size)
    board.show()
    return board


def colour_at(board: Board, index: int) -> QColor:
    shot = board.grab().toImage()
    return shot.pixelColor((board.places()[index].center() * shot.devicePixelRatio()).toPoint())


def test_sixteen_variants_fit_and_fewer_where_the_room_is_small(qtbot: QtBot) -> None:
    board = VariantBoard()
    shown(board, qtbot)
    assert board.fit() == 16
    assert len(board.places()) == len(board.tiles) == 17
    board.resize(300, 400)
    assert board.fit() < 16
    assert len(board.places()) == len(board.tiles)
    board.resize(40, 40)
    assert board.tile_side() >= 32


def test_pictures_are_painted_in_their_place(qtbot: QtBot) -> None:
    board = VariantBoard()
    shown(board, qtbot)
    board.fit()
    board.show_picture(6, picture("#ff0000"))
    assert colour_at(board, 6) == QColor("#ff0000")
    assert colour_at(board, 7) != QColor("#ff0000")
    board.show_picture(99, picture("#ff0000"))
    board.clear()
    assert colour_at(board, 6) != QColor("#ff0000")


def test_a_picture_of_the_size_that_was_asked_is_not_scaled(qtbot: QtBot) -> None:
    board = VariantBoard()
    shown(board, qtbot)
    board.fit()
    side = board.tile_side()
    board.show_picture(1, picture("#00ff00", side))
    board.show_picture(2, picture("#00ff00", 3 * side))
    board.grab()
    assert board.tiles[1]._scaled[1].width() == side
    assert board.tiles[2]._scaled[1].width() == side


def test_old_pictures_stay_until_new_ones_come(qtbot: QtBot) -> None:
    board = StripBoard("strip", lines=2)
    shown(board, qtbot)
    board.show_captions(["original", "blur"])
    board.show_picture(0, picture("#00ff00"))
    board.show_captions(["original", "flip", "blur"])
    assert board.tiles[0].image is not None
    assert board.tiles[2].image is None
    board.show_captions(["original"])
    assert colour_at(board, 0) == QColor("#00ff00")


def test_tiles_are_picked_by_click_and_by_keys(qtbot: QtBot) -> None:
    board = StripBoard("strip", pickable=True)
    shown(board, qtbot)
    board.show_captions(["1", "2", "3"])
    with qtbot.waitSignal(board.picked) as picked:
        QTest.mouseClick(board, Qt.MouseButton.LeftButton, pos=board.places()[1].center().toPoint())
    assert picked.args == [1]
    with qtbot.waitSignal(board.picked) as picked:
        QTest.keyClick(board, Qt.Key.Key_Right)
        QTest.keyClick(board, Qt.Key.Key_Return)
    assert picked.args == [2]
    plain = StripBoard("strip")
    shown(plain, qtbot)
    plain.show_captions(["1"])
    with qtbot.assertNotEmitted(plain.picked, wait=20):
        QTest.mouseClick(plain, Qt.MouseButton.LeftButton, pos=plain.places()[0].center().toPoint())


def test_what_is_cut_is_told_by_the_tooltip(qtbot: QtBot) -> None:
    board = StripBoard("strip")
    shown(board, qtbot, (200, 200))
    board.show_captions(["a caption that is much longer than its tile is wide", "b", "c", "d"])
    QTest.mouseMove(board, board.places()[0].center().toPoint())
    assert board._tip(0).startswith("a caption")
    assert board._tip(1) == ""


@pytest.mark.parametrize("count", [1, 6, 40])
def test_classes_of_long_names_are_laid_out_and_painted(qtbot: QtBot, count: int) -> None:
    board = ClassBoard()
    shown(board, qtbot)
    page = board.fit(count)
    board.show_classes([("a long name of a class " * 4, "rare chain")] * page)
    assert len(board.places()) == len(board.tiles) == page * (1 + board.EACH)
    board.show_picture(0, picture("#0000ff"))
    assert colour_at(board, 0) == QColor("#0000ff")


def test_two_chains_have_as_many_tiles_each(qtbot: QtBot) -> None:
    board = PairBoard()
    shown(board, qtbot)
    count = board.fit()
    board.show_titles("This chain", "Strong")
    assert len(board.tiles) == len(board.places()) == 2 * count
    board.show_picture(count, picture("#0000ff"))
    assert colour_at(board, count) == QColor("#0000ff")
