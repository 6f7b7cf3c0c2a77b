import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
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


@pytest.mark.parametrize(("text", "title"), [("rain", "Rain"), ("blur", "Blur"), ("noise", "Noise"), ("fog", "Fog")])
def test_what_is_called_as_was_typed_comes_first(text: str, title: str) -> None:
    model = TransformModel(catalog.transforms())
    model.filter(text)
    assert model.transform(model.first()).title == title
    kinds = [model.index(row).data() for row in range(model.rowCount()) if model.transform(row) is None]
    assert len(kinds) == len(set(kinds)), "what only does so is there too, each kind once"


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


def picture(colour: str) -> QImage:
    made = QImage(64, 48, QImage.Format.Format_RGB888)
    made.fill(QColor(colour))
    return made


def test_only_what_is_in_view_is_asked_for(popup: TransformPopup, qtbot: QtBot) -> None:
    with qtbot.waitSignal(popup.wanted) as told:
        popup.resize(420, 300)
    first = told.args[0]
    assert 3 <= len(first) <= 6
    for name in first:
        popup.show_picture(name, picture("#ff0000"))
    with qtbot.waitSignal(popup.wanted) as told:
        popup.list.scrollToBottom()
    assert set(told.args[0]).isdisjoint(first)
    assert told.args[0][-1] == catalog.transforms()[-1].name
    with qtbot.assertNotEmitted(popup.wanted, wait=120):
        popup.list.scrollToTop()
    with qtbot.waitSignal(popup.wanted) as told:
        popup.forget_pictures()
    assert told.args[0] == first
    popup.hide()
    with qtbot.assertNotEmitted(popup.wanted, wait=120):
        popup.forget_pictures()


def test_a_picture_is_painted_in_its_row(popup: TransformPopup) -> None:
    row = popup.list.currentIndex().row()
    place = popup.list.visualRect(popup.model.index(row))
    before = popup.list.viewport().grab(place).toImage()
    popup.show_picture(popup.model.transform(row).name, picture("#ff0000"))
    after = popup.list.viewport().grab(place).toImage()
    middle = (30, place.height() // 2)
    assert after.pixelColor(*middle).name() == "#ff0000"
    assert before.pixelColor(*middle).name() != "#ff0000"
    popup.show_picture("NotInTheList", picture("#ff0000"))


def test_pages_and_the_words_for_nothing(popup: TransformPopup) -> None:
    first = popup.list.currentIndex().row()
    QTest.keyClick(popup.search, Qt.Key.Key_PageDown)
    assert popup.list.currentIndex().row() > first + 5
    QTest.keyClick(popup.search, Qt.Key.Key_PageUp)
    assert popup.list.currentIndex().row() == first
    QTest.keyClicks(popup.search, "zzzz")
    assert "zzzz" in popup._nothing.text()
    assert popup.list.isHidden()
    popup.grab()
