import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.project.images import Query
from workbench.project.labels import ClassRow
from workbench.ui.dataset.filter_bar import FilterBar

CLASSES = [ClassRow(1, "good", 0, "#e69f00"), ClassRow(2, "a name that is far too long", 1, "#56b4e9")]


@pytest.fixture
def bar(qtbot: QtBot) -> FilterBar:
    made = FilterBar()
    qtbot.addWidget(made)
    made.set_classes(CLASSES, {1: 1200, 2: 3, None: 40})
    made.show()
    return made


def entries(chip) -> dict:  # type: ignore[no-untyped-def,type-arg]
    chip.menu().aboutToShow.emit()
    return {action.text().split("\t")[0]: action for action in chip.menu().actions()}


def test_the_chips_count(bar: FilterBar) -> None:
    assert bar.all.text() == "All 1\u202f243"
    assert bar.unlabelled.text() == "Unlabelled 40"
    assert bar.all.isChecked()


def test_class_and_unlabelled_exclude_each_other(bar: FilterBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.changed):
        entries(bar.of_class)["a name that is far too long"].trigger()
    assert bar.query == Query(class_id=2)
    assert bar.of_class.text().endswith("…")
    assert not bar.all.isChecked()
    bar.unlabelled.click()
    assert bar.query == Query(unlabelled=True)
    entries(bar.of_class)["good"].trigger()
    assert bar.query == Query(class_id=1)
    bar.all.click()
    assert bar.query == Query()
    assert bar.all.isChecked()


def test_the_split_is_a_filter_of_its_own(bar: FilterBar) -> None:
    bar.unlabelled.click()
    entries(bar.of_split)["Validation"].trigger()
    assert bar.query == Query(unlabelled=True, split="validation")
    assert bar.of_split.text() == "Validation"
    entries(bar.of_split)["Any part"].trigger()
    assert bar.query == Query(unlabelled=True)


def test_text_waits_until_the_typing_stops(bar: FilterBar, qtbot: QtBot) -> None:
    told: list[int] = []
    bar.changed.connect(lambda: told.append(1))
    with qtbot.waitSignal(bar.changed):
        QTest.keyClicks(bar.text, "scratch")
    assert bar.query.text == "scratch"
    assert len(told) == 1
    bar.text.clear()
    assert bar.query.text == ""


def test_the_order(bar: FilterBar) -> None:
    texts = {action.text(): action for action in bar.order.menu().actions()}
    texts["Newest first"].trigger()
    assert bar.query == Query(order="newest")
    texts["Path, backwards"].trigger()
    assert bar.query == Query(order="path", descending=True)
