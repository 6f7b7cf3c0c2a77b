import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Step
from workbench.ui.augment import edits
from workbench.ui.augment.card import MIME
from workbench.ui.augment.chain_view import ChainView

CHAIN = Chain(steps=tuple(Step(transform=name) for name in ("HorizontalFlip", "Blur", "CLAHE")))


@pytest.fixture
def view(qtbot: QtBot) -> ChainView:
    made = ChainView(lambda name: f"A title of {name} that is far too long for the card")
    qtbot.addWidget(made)
    made.resize(240, 400)
    made.show_chain(CHAIN, 0)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_new_values_keep_the_cards(view: ChainView) -> None:
    cards = view.cards()
    assert len(cards) == 3
    view.show_chain(edits.change(CHAIN, 1, p=0.1, enabled=False), 1)
    assert view.cards() == cards
    view.show_chain(edits.remove(CHAIN, 1), 1)
    assert [card.title.split()[3] for card in view.cards()] == ["HorizontalFlip", "CLAHE"]
    view.show_chain(Chain(), 1)
    assert view.current == -1
    assert not view._hint.isHidden()
    view.grab()


def test_a_click_picks(view: ChainView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.picked) as told:
        QTest.mouseClick(view.cards()[2], Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(60, 14))
    assert told.args == [2]


def test_the_switch_and_the_probability(view: ChainView, qtbot: QtBot) -> None:
    card = view.cards()[1]
    with qtbot.waitSignal(view.switched) as told:
        card._switch.click()
    assert told.args == [1, False]
    with qtbot.waitSignal(view.chanceEdited) as told:
        QTest.keyClick(card._chance, Qt.Key.Key_Right)
    assert told.args == [1, 0.55]


def test_the_menu(view: ChainView, qtbot: QtBot) -> None:
    duplicate, up, down, _, delete = view.cards()[1].menu().actions()
    with qtbot.waitSignal(view.duplicateWanted) as told:
        duplicate.trigger()
    assert told.args == [1]
    with qtbot.waitSignal(view.moveWanted) as told:
        up.trigger()
    assert told.args == [1, 0]
    with qtbot.waitSignal(view.moveWanted) as told:
        down.trigger()
    assert told.args == [1, 3]
    with qtbot.waitSignal(view.removeWanted) as told:
        delete.trigger()
    assert told.args == [1]


def test_keys(view: ChainView, qtbot: QtBot) -> None:
    view.setFocus()
    with qtbot.waitSignal(view.picked) as told:
        QTest.keyClick(view, Qt.Key.Key_Down)
    assert told.args == [1]
    with qtbot.waitSignal(view.moveWanted) as told:
        QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert told.args == [0, 2]
    with qtbot.waitSignal(view.removeWanted):
        QTest.keyClick(view, Qt.Key.Key_Delete)
    with qtbot.waitSignal(view.duplicateWanted):
        QTest.keyClick(view, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(view.switched) as told:
        QTest.keyClick(view, Qt.Key.Key_Space)
    assert told.args == [0, False]


def drop(view: ChainView, at: int, y: int) -> None:
    content = QMimeData()
    content.setData(MIME, str(at).encode())
    buttons, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    view.dragMoveEvent(QDragMoveEvent(QPoint(50, y), Qt.DropAction.MoveAction, content, buttons, none))
    view.grab()
    view.dropEvent(QDropEvent(QPointF(50, y), Qt.DropAction.MoveAction, content, buttons, none))


def test_a_card_is_dropped_between_two_others(view: ChainView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.moveWanted) as told:
        drop(view, 0, view.cards()[2].geometry().top() + 2)
    assert told.args == [0, 2]
    with qtbot.waitSignal(view.moveWanted) as told:
        drop(view, 0, view.cards()[2].geometry().bottom() + 5)
    assert told.args == [0, 3]
    with qtbot.assertNotEmitted(view.moveWanted):
        drop(view, 1, view.cards()[1].geometry().center().y())
