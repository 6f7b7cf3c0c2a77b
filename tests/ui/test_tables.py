from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from workbench.ui import tables


def test_columns_go_where_room_is_short_and_come_back(qtbot: QtBot) -> None:
    model = QStandardItemModel(3, 4)
    table = tables.table_of(model, "t", widths={1: 100, 2: 120, 3: 80}, stretched=0)
    qtbot.addWidget(table)
    tables.KeptReadable(table, stretched=0, least=150, spare=(2, 3))
    table.show()
    for width, hidden in ((600, []), (400, [2]), (260, [2, 3]), (400, [2]), (600, [])):
        table.resize(width, 200)
        qtbot.wait(1)
        assert [column for column in range(4) if table.isColumnHidden(column)] == hidden
        assert table.columnWidth(0) >= 150
    assert table.columnWidth(2) == 120
    assert table.objectName() == "t"


def test_tab_leaves_a_table(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    table, after = tables.table_of(QStandardItemModel(3, 4), "t", widths={}, stretched=0), QLineEdit()
    layout = QVBoxLayout(page)
    layout.addWidget(table)
    layout.addWidget(after)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    table.setFocus()
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is after
    assert table.currentIndex().row() == 1
