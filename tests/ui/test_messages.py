from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workbench.ui import messages
from workbench.ui.messages import Banner, Toast


def test_a_toast_comes_and_goes_by_itself(qtbot: QtBot) -> None:
    room = QWidget()
    qtbot.addWidget(room)
    room.resize(800, 600)
    room.show()
    toast = Toast(room)
    toast.say("The run has finished.")
    assert toast.isVisible()
    assert room.rect().contains(toast.geometry())
    toast._timer.setInterval(1)
    qtbot.waitUntil(lambda: not toast.isVisible())


def test_a_newer_toast_takes_the_place_of_the_older(qtbot: QtBot) -> None:
    room = QWidget()
    qtbot.addWidget(room)
    room.resize(800, 600)
    room.show()
    toast = Toast(room)
    toast.say("first")
    toast.say("second, and this one is so long that it has to be told in more than one line of text, as it happens")
    assert toast.text().startswith("second")
    assert toast.width() <= 600
    room.resize(700, 500)
    assert room.rect().contains(toast.geometry())


def test_a_banner_is_answered_or_dismissed(qtbot: QtBot) -> None:
    answered: list[bool] = []
    banner = Banner("warning", "37 parts are on both sides.", ("Repair", lambda: answered.append(True)))
    qtbot.addWidget(banner)
    banner.show()
    with qtbot.waitSignal(banner.closed):
        qtbot.mouseClick(banner.button, Qt.MouseButton.LeftButton)
    assert answered == [True]
    assert not banner.isVisible()
    plain = Banner("info", "That is all.", closable=False)
    qtbot.addWidget(plain)
    assert plain.button is None
    assert messages.TOAST_MS >= 3000


def test_a_click_takes_the_toast_away(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 400)
    window.show()
    toast = Toast(window)
    toast.say("Saved")
    qtbot.mouseClick(toast, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(toast.isHidden)
