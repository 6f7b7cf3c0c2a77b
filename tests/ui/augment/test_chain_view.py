import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QEnterEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.augment.chain import Chain, Place, Step
from workbench.ui.augment import edits
from workbench.ui.augment.card import Mark, dragged
from workbench.ui.augment.chain_column import AT_ONCE
from workbench.ui.augment.chain_view import ChainView

CHAIN = Chain(
    steps=(
        Step(transform="HorizontalFlip"),
        Step(
            transform="OneOf",
            steps=(
                Step(transform="Blur", p=0.2),
                Step(transform="SomeOf", params={"n": 2}, steps=(Step(transform="CLAHE"), Step(transform="ToGray"))),
            ),
        ),
        Step(transform="Sequential"),
        Step(transform="Rotate"),
    )
)
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def view(qtbot: QtBot) -> ChainView:
    made = ChainView(lambda name: f"{name} with a title that is far too long for the card")
    qtbot.addWidget(made)
    made.resize(280, 640)
    made.show_chain(CHAIN, (0,))
    made.show()
    qtbot.waitExposed(made)
    return made


def places(view: ChainView) -> list[Place]:
    return [card.place for card in view.cards()]


def top(view: ChainView, place: Place) -> QPoint:
    """Return the upper left corner of a card in the view's viewport."""
    card = view.card(place)
    return card.mapTo(view.viewport(), QPoint(0, 0))


def test_groups_hold_their_cards_in_frames(view: ChainView) -> None:
    assert places(view) == [place for place, _ in CHAIN.walk()]
    lefts = {place: view.card(place).x() for place in places(view)}
    assert lefts[(0,)] < lefts[(1, 0)] == lefts[(1, 1)] < lefts[(1, 1, 0)]
    rights = {place: view.card(place).geometry().right() for place in places(view)}
    assert rights[(0,)] > rights[(1, 0)] > rights[(1, 1, 0)]
    tops = [view.card(place).y() for place in places(view)]
    assert tops == sorted(tops)
    assert view.card((1, 1))._count.text() == "2 / 2"
    assert not view.card((1, 0))._fold.isVisible()
    view.grab()


def test_cards_stay_where_only_values_change(view: ChainView) -> None:
    cards = view.cards()
    view.show_chain(edits.change(CHAIN, (1, 0), p=0.1, enabled=False), (1, 0))
    assert view.cards() == cards
    assert not view.card((1, 0))._chance.isEnabled()
    view.show_chain(edits.remove(CHAIN, (1,)), None)
    assert places(view) == [(0,), (1,), (2,)]
    assert view.card((2,)).accessibleName().startswith("Rotate")


def test_a_weight_is_called_one(view: ChainView) -> None:
    assert view.card((1,))._written.text().startswith("50")
    inner = view.card((1, 0))
    assert inner._written.text() == "weight 0.20"
    assert "29" in inner._chance.toolTip()
    assert inner._chance.accessibleName() == "Weight"
    drawn = view.card((1, 1, 0))
    assert drawn._chance.accessibleName() == "Probability"
    assert "drawn" in drawn._chance.toolTip()
    off = view.card((1,))
    view.show_chain(edits.change(CHAIN, (1,), enabled=False), None)
    assert not inner._chance.isEnabled(), "nothing in a group that is off does anything"
    assert off.face is not None


def test_a_click_picks(view: ChainView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.picked) as told:
        QTest.mouseClick(view.card((1, 1, 1)), Qt.MouseButton.LeftButton, NO_KEY, QPoint(60, 14))
    assert told.args == [(1, 1, 1)]


def test_the_switch_and_the_slider(view: ChainView, qtbot: QtBot) -> None:
    card = view.card((1, 0))
    with qtbot.waitSignal(view.switched) as told:
        QTest.mouseClick(card._switch, Qt.MouseButton.LeftButton)
    assert told.args == [(1, 0), False]
    with qtbot.waitSignal(view.chanceEdited) as told:
        QTest.keyClick(card._chance, Qt.Key.Key_Right)
    assert told.args == [(1, 0), 0.25]


def test_a_group_is_folded_by_mouse_and_keys(view: ChainView, qtbot: QtBot) -> None:
    QTest.mouseClick(view.card((1,))._fold, Qt.MouseButton.LeftButton)
    assert places(view) == [(0,), (1,), (2,), (3,)]
    view.show_chain(edits.insert(CHAIN, Step(transform="Blur"), (0,)), (2,))
    assert view.is_folded((2,)), "the same group stays folded where it stands now"
    view.show_chain(CHAIN, (1,))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert not view.is_folded((1,))
    with qtbot.waitSignal(view.picked) as told:
        QTest.keyClick(view, Qt.Key.Key_Right)
    assert told.args == [(1, 0)]
    view.show_chain(CHAIN, (1, 0))
    with qtbot.waitSignal(view.picked) as told:
        QTest.keyClick(view, Qt.Key.Key_Left)
    assert told.args == [(1,)]
    view.show_chain(CHAIN, (1,))
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.is_folded((1,))
    QTest.mouseDClick(view.card((1,)), Qt.MouseButton.LeftButton, NO_KEY, QPoint(60, 14))
    assert not view.is_folded((1,))


def test_a_step_that_is_selected_from_elsewhere_is_shown(view: ChainView) -> None:
    view.fold((1,), True)
    view.show_chain(CHAIN, (1, 1, 0))
    assert view.card((1, 1, 0)) is not None
    view.resize(280, 150)
    view.show_chain(CHAIN, (3,))
    assert view.card((3,)).visibleRegion().boundingRect().height() > 40


def test_the_menu(view: ChainView, qtbot: QtBot) -> None:
    def asked(place: Place, *path: str) -> list[object]:
        menu = view.card(place).menu()
        for part in path[:-1]:
            menu = next(action.menu() for action in menu.actions() if action.text() == part)
        action = next(action for action in menu.actions() if action.text().startswith(path[-1]))
        with qtbot.waitSignal(view.asked) as told:
            action.trigger()
        return told.args

    assert asked((1, 0), "Duplicate") == ["duplicate", (1, 0), ""]
    assert asked((1, 0), "Move up") == ["up", (1, 0), ""]
    assert asked((1, 0), "Put into a group", "RandomOrder") == ["group", (1, 0), "RandomOrder"]
    assert asked((1,), "Turn into", "SomeOf") == ["turn", (1,), "SomeOf"]
    assert asked((1,), "Ungroup") == ["ungroup", (1,), ""]
    assert asked((0,), "Delete") == ["remove", (0,), ""]
    assert not any(action.text().startswith("Ungroup") for action in view.card((0,)).menu().actions())


@pytest.mark.parametrize(
    ("key", "modifier", "told"),
    [
        (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier, ["up", (1,), ""]),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier, ["down", (1,), ""]),
        (Qt.Key.Key_Delete, NO_KEY, ["remove", (1,), ""]),
        (Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier, ["duplicate", (1,), ""]),
        (Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier, ["group", (1,), "OneOf"]),
        (
            Qt.Key.Key_G,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
            ["ungroup", (1,), ""],
        ),
    ],
)
def test_keys_ask(
    view: ChainView, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier, told: list[object]
) -> None:
    view.show_chain(CHAIN, (1,))
    view.setFocus()
    with qtbot.waitSignal(view.asked) as asked:
        QTest.keyClick(view, key, modifier)
    assert asked.args == told


def test_arrows_walk_over_what_is_in_view(view: ChainView, qtbot: QtBot) -> None:
    view.picked.connect(lambda place: view.show_chain(CHAIN, place))
    view.setFocus()
    seen = []
    for _ in range(8):
        QTest.keyClick(view, Qt.Key.Key_Down)
        seen.append(view.current)
    assert seen == [*[place for place, _ in CHAIN.walk()][1:], (3,)]
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.current == (0,)
    with qtbot.waitSignal(view.switched) as told:
        QTest.keyClick(view, Qt.Key.Key_Space)
    assert told.args == [(0,), False]


def drop(view: ChainView, step: Place, at: QPoint) -> None:
    content = dragged(step)
    left, action = Qt.MouseButton.LeftButton, Qt.DropAction.MoveAction
    view.dragEnterEvent(QDragEnterEvent(at, action, content, left, NO_KEY))
    view.dragMoveEvent(QDragMoveEvent(at, action, content, left, NO_KEY))
    view.grab()
    view.dropEvent(QDropEvent(QPointF(at), action, content, left, NO_KEY))


def landed(view: ChainView, qtbot: QtBot, step: Place, at: QPoint) -> Place:
    with qtbot.waitSignal(view.moveWanted) as told:
        drop(view, step, at)
    assert told.args[0] == step
    return told.args[1]


def test_a_card_is_dropped_at_any_level(view: ChainView, qtbot: QtBot) -> None:
    assert landed(view, qtbot, (3,), top(view, (0,)) + QPoint(10, 2)) == (0,)
    assert landed(view, qtbot, (3,), top(view, (1, 0)) + QPoint(10, 0)) == (1, 0)
    assert landed(view, qtbot, (0,), top(view, (1, 1, 1)) + QPoint(10, 0)) == (1, 1, 1)
    below = top(view, (1, 1, 1)) + QPoint(10, 60)
    assert landed(view, qtbot, (0,), below) == (1, 1, 2), "below the last card of the inner group"
    assert landed(view, qtbot, (0,), QPoint(top(view, (1, 0)).x() + 10, below.y() + 4)) == (1, 2), (
        "further left: its end"
    )
    assert landed(view, qtbot, (0,), top(view, (2,)) + QPoint(10, -2)) == (2,), "before the group that follows"
    assert landed(view, qtbot, (0,), top(view, (2,)) + QPoint(30, 70)) == (2, 0), "into the empty group"
    assert landed(view, qtbot, (0,), top(view, (3,)) + QPoint(10, 100)) == (4,)


def test_a_card_is_dropped_on_a_folded_group(view: ChainView, qtbot: QtBot) -> None:
    view.fold((1,), True)
    assert landed(view, qtbot, (3,), top(view, (1,)) + QPoint(40, 27)) == (1, 2)
    assert landed(view, qtbot, (3,), top(view, (1,)) + QPoint(40, 4)) == (1,)


def test_a_card_that_would_stay_is_not_moved(view: ChainView, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(view.moveWanted):
        drop(view, (0,), top(view, (0,)) + QPoint(10, 2))
        drop(view, (0,), top(view, (1,)) + QPoint(10, -2))


def test_where_a_card_may_not_land_is_marked(view: ChainView) -> None:
    assert view.landing(top(view, (0,)) + QPoint(10, 0), (3,)).refused is False
    assert view.landing(top(view, (1, 1, 1)) + QPoint(10, 0), (1,)).refused is True


def test_a_drag_at_the_end_scrolls(view: ChainView, qtbot: QtBot) -> None:
    view.resize(280, 160)
    at = QPoint(60, view.viewport().height() - 4)
    content = dragged((0,))
    view.dragMoveEvent(QDragMoveEvent(at, Qt.DropAction.MoveAction, content, Qt.MouseButton.LeftButton, NO_KEY))
    qtbot.waitUntil(lambda: view.verticalScrollBar().value() == view.verticalScrollBar().maximum())
    view.dragLeaveEvent(None)
    assert not view._scroll.isActive()


def test_a_cut_title_is_told_under_the_mouse(view: ChainView, qtbot: QtBot) -> None:
    card = view.card((1, 1, 0))
    card.enterEvent(QEnterEvent(QPointF(9, 9), QPointF(9, 9), QPointF(9, 9)))
    assert card.toolTip() == card.face.title
    view.resize(900, 640)
    qtbot.waitUntil(lambda: card.width() > 700)
    card.enterEvent(QEnterEvent(QPointF(9, 9), QPointF(9, 9), QPointF(9, 9)))
    assert card.toolTip() == ""


def test_something_else_is_not_taken(view: ChainView) -> None:
    content = QMimeData()
    content.setText("a text")
    event = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, content, Qt.MouseButton.LeftButton, NO_KEY)
    view.dragEnterEvent(event)
    assert not event.isAccepted()


def test_marks_and_costs(view: ChainView) -> None:
    view.set_marks({(1, 0): Mark("warning", "Blurs the finding away."), (1, 1, 0): Mark("error", "Too large.")})
    view.set_costs({(0,): "3 ms"})
    assert view.card((1, 0))._sign.toolTip() == "Blurs the finding away."
    assert not view.card((1,))._sign.isVisible()
    view.fold((1,), True)
    assert view.card((1,))._sign.toolTip() == "Too large.", "a folded group has the worst of what it hides"
    assert view.card((0,)).face.cost == "3 ms"
    view.grab()
    view.set_marks({})
    assert not view.card((1,))._sign.isVisible()


def test_the_cards_of_a_long_chain_come_some_at_a_time(view: ChainView, qtbot: QtBot) -> None:
    made: list[int] = []
    make = view._column._make
    view._column._make = lambda: made.append(1) or make()
    view.show_chain(Chain(steps=tuple(Step(transform="HorizontalFlip", p=n / 64) for n in range(64))), None)
    assert len(made) <= AT_ONCE
    height = view._column.minimumHeight()
    qtbot.waitUntil(lambda: len(view._column._pool) == 64)
    assert view._column.minimumHeight() == height
    cards = view.cards()
    assert [card.place for card in cards] == [(n,) for n in range(64)]
    assert all(card.isVisibleTo(view._column) for card in cards)
    assert [card.y() for card in cards] == sorted({card.y() for card in cards})
    view.show_chain(Chain(steps=(Step(transform="HorizontalFlip"),)), None)
    assert len(view._column._pool) == 64


def test_a_step_far_down_is_there_when_it_is_selected(view: ChainView) -> None:
    view.show_chain(Chain(steps=tuple(Step(transform="HorizontalFlip") for _ in range(64))), (60,))
    card = view.card((60,))
    assert card is not None
    assert view.viewport().rect().contains(card.mapTo(view.viewport(), card.rect().center()))
