import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from workbench.augment import catalog
from workbench.ui.augment.transform_list import TransformModel, TransformPopup


def test_the_model_groups_and_filters(qtbot: QtBot) -> None:
    model = TransformModel(catalog.transforms())
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    groups = [model.index(row).data() for row in range(model.rowCount()) if model.transform(row) is None]
    assert len(groups) == len(set(groups)) >= 3
    assert model.rowCount() == len(groups) + len(catalog.transforms())
    model.filter("horizontal flip")
    assert [model.transform(row).name for row in range(1, model.rowCount())] == ["HorizontalFlip"]
    assert model.flags(model.index(0)) == Qt.ItemFlag.NoItemFlags
    assert "HorizontalFlip" in model.index(1).data(Qt.ItemDataRole.ToolTipRole)
    model.filter("zzzz")
    assert model.rowCount() == 0
    assert model.first() == -1


@pytest.fixture
def popup(qtbot: QtBot) -> TransformPopup:
    made = TransformPopup(catalog.transforms())
    qtbot.addWidget(made)
    made.open_at(made)
    return made


def test_typing_and_enter_choose(popup: TransformPopup, qtbot: QtBot) -> None:
    QTest.keyClicks(popup.search, "flip")
    first = popup.list.currentIndex().row()
    QTest.keyClick(popup.search, Qt.Key.Key_Down)
    assert popup.list.currentIndex().row() == first + 1
    QTest.keyClick(popup.search, Qt.Key.Key_Up)
    QTest.keyClick(popup.search, Qt.Key.Key_Up)
    assert popup.list.currentIndex().row() == first
    popup.grab()
    with qtbot.waitSignal(popup.chosen) as told:
        QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert "Flip" in told.args[0].name
    assert popup.isHidden()


def test_nothing_is_chosen_where_nothing_matches(popup: TransformPopup, qtbot: QtBot) -> None:
    QTest.keyClicks(popup.search, "zzzz")
    with qtbot.assertNotEmitted(popup.chosen):
        QTest.keyClick(popup.search, Qt.Key.Key_Return)
