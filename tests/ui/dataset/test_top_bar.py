from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from workbench.project.labels import ClassRow
from workbench.ui.dataset.filter_bar import FilterBar
from workbench.ui.dataset.top_bar import TopBar


def test_nothing_is_cut_where_it_is_narrow(qtbot: QtBot) -> None:
    filter_bar = FilterBar()
    bar = TopBar(filter_bar)
    qtbot.addWidget(bar)
    filter_bar.set_classes([ClassRow(1, "good", 0, "#e69f00")], {1: 12_480, None: 4_170})
    bar.show()
    for width, words, slider in ((900, True, True), (720, False, True), (640, False, False), (900, True, True)):
        bar.resize(width, 44)
        qtbot.wait(1)
        assert (bool(bar.add.text()), filter_bar.size_slider.isVisible()) == (words, slider)
        for chip in bar.findChildren(QPushButton):
            assert chip.width() >= chip.sizeHint().width()
    with qtbot.waitSignal(bar.addAsked):
        bar.add.click()
