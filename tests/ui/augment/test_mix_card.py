from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.training.config import MixConfig
from workbench.ui.augment.mix_card import MixCard


def test_the_settings_come_with_the_mix(qtbot: QtBot) -> None:
    card = MixCard()
    qtbot.addWidget(card)
    card.resize(264, 100)
    card.show()
    assert not card.share.isVisible()
    with qtbot.waitSignal(card.edited) as told:
        QTest.keyClick(card.kind, Qt.Key.Key_Down)
    assert told.args == [MixConfig(kind="mixup"), "kind"]
    card.show_mix(told.args[0])
    assert card.share.isVisible()
    with qtbot.waitSignals([card.edited, card.settled]):
        QTest.keyClick(card.strength, Qt.Key.Key_Right)
    card.show_mix(MixConfig(kind="both", p=0.25, alpha=6.0))
    assert card.kind.currentText() == "Both"
    assert card._share_written.text().startswith("25")
    assert card._strength_written.text() == "6.0", "also where the slider ends before"
    card.grab()
