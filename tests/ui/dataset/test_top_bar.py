from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from workbench.project.ids import ClassId
from workbench.project.images import Query
from workbench.project.labels import ClassRow
from workbench.ui.dataset.counting import Overview
from workbench.ui.dataset.filter_bar import FilterBar
from workbench.ui.dataset.readiness import Counts
from workbench.ui.dataset.top_bar import TopBar


def test_nothing_is_cut_where_it_is_narrow(qtbot: QtBot) -> None:
    filter_bar = FilterBar()
    bar = TopBar(filter_bar)
    qtbot.addWidget(bar)
    counts = Counts({1: 830_000, None: 170_000})
    filter_bar.show_overview(
        Overview(counts=counts, classes=(ClassRow(1, "good", 0, "#e69f00"),), findings={"quality": 12_480})
    )
    bar.show()
    for width, words, counted in ((1200, True, True), (840, False, True), (740, False, False), (1200, True, True)):
        bar.resize(width, 44)
        qtbot.wait(1)
        assert (bool(bar.add.text()), not filter_bar.brief) == (words, counted)
        for chip in bar.findChildren(QPushButton):
            assert chip.width() >= chip.sizeHint().width()
            assert chip.geometry().right() <= chip.parentWidget().width()
        assert filter_bar.text.width() >= filter_bar.text.minimumWidth()
    # A filter with a long name takes the room of the counts, and gives it back.
    long = ClassRow(1, "shrinkage porosity near the riser of the upper half", 0, "#e69f00")
    filter_bar.show_overview(Overview(counts=counts, classes=(long,), findings={"quality": 12_480}))
    bar.resize(860, 44)
    filter_bar.set_query(Query(class_id=ClassId(1)))
    qtbot.waitUntil(lambda: filter_bar.brief)
    filter_bar.set_query(Query())
    qtbot.waitUntil(lambda: not filter_bar.brief)
    # At last the button goes, which the menu beside it has too.
    bar.set_menu(QMenu(bar))
    bar.resize(500, 44)
    qtbot.waitUntil(bar.add.isHidden)
    bar.resize(1200, 44)
    qtbot.waitUntil(bar.add.isVisible)
    with qtbot.waitSignal(bar.addAsked):
        bar.add.click()
