import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from workbench.project.images import Query
from workbench.project.labels import ClassRow
from workbench.ui.dataset.counting import Overview
from workbench.ui.dataset.filter_bar import FilterBar
from workbench.ui.dataset.filter_words import USUAL
from workbench.ui.dataset.readiness import Counts

CLASSES = (ClassRow(1, "good", 0, "#e69f00"), ClassRow(2, "a name that is far too long", 1, "#56b4e9"))
OVERVIEW = Overview(
    counts=Counts({1: 1200, 2: 3, None: 40}, {"train": 900}), classes=CLASSES, findings={"exact-copy": 90, "outlier": 6}
)


@pytest.fixture
def bar(qtbot: QtBot) -> FilterBar:
    made = FilterBar()
    qtbot.addWidget(made)
    made.show_overview(OVERVIEW)
    made.show()
    return made


def entries(chip: QPushButton) -> dict:  # type: ignore[type-arg]
    chip.menu().aboutToShow.emit()
    return {action.text().split("\t")[0]: action for action in chip.menu().actions()}


def test_the_chips_count(bar: FilterBar) -> None:
    assert bar.all.text() == "All 1\u202f243"
    assert bar.unlabelled.text() == "Unlabelled 40"
    assert bar.of_finding.text() == "Findings 96"
    assert bar.all.isChecked()
    bar.set_brief(True)
    assert (bar.unlabelled.text(), bar.of_finding.text()) == ("Unlabelled", "Findings")


def test_class_and_unlabelled_exclude_each_other(bar: FilterBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.changed):
        entries(bar.of_class)["a name that is far too long"].trigger()
    assert bar.query == Query(class_id=2, rejected=False)
    assert bar.of_class.text().endswith("…")
    assert not bar.all.isChecked()
    bar.unlabelled.click()
    assert bar.query == Query(unlabelled=True, rejected=False)
    entries(bar.of_class)["good"].trigger()
    assert bar.query == Query(class_id=1, rejected=False)
    bar.all.click()
    assert bar.query == USUAL
    assert bar.all.isChecked()


def test_the_split_is_a_filter_of_its_own(bar: FilterBar) -> None:
    bar.unlabelled.click()
    entries(bar.of_split)["Validation"].trigger()
    assert bar.query == Query(unlabelled=True, split="validation", rejected=False)
    assert bar.of_split.text() == "Validation"
    entries(bar.of_split)["Any part"].trigger()
    assert bar.query == Query(unlabelled=True, rejected=False)


def test_findings_are_chosen_by_kind(bar: FilterBar) -> None:
    entries(bar.of_finding)["Outliers"].trigger()
    assert bar.query.finding == "outlier"
    assert bar.of_finding.text() == "Outliers"
    assert entries(bar.of_finding)["Outliers"].isChecked()
    entries(bar.of_finding)["All images"].trigger()
    assert bar.query == USUAL
    bar.show_overview(Overview())
    assert not bar.of_finding.isEnabled()


def test_text_waits_until_the_typing_stops(bar: FilterBar, qtbot: QtBot) -> None:
    told: list[int] = []
    bar.changed.connect(lambda: told.append(1))
    with qtbot.waitSignal(bar.changed):
        QTest.keyClicks(bar.text, "scratch")
    assert bar.query.text == "scratch"
    assert len(told) == 1
    bar.text.clear()
    assert bar.query.text == ""


def test_patterns_are_told_from_text_and_checked(bar: FilterBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.changed):
        QTest.keyClicks(bar.text, "part_0*")
    assert (bar.query.text, bar.query.pattern) == ("", "part_0*")
    bar.text.clear()
    assert bar.query == USUAL
    QTest.keyClicks(bar.text, "re:([")
    qtbot.waitUntil(lambda: bool(bar.text.property("invalid")))
    assert bar.query == USUAL
    assert "re:([" in bar.text.toolTip()
    bar.set_query(Query(pattern="*.png"))
    assert bar.text.text() == "*.png"
    assert not bar.text.property("invalid")


def test_more_is_marked_where_it_asks_for_something(bar: FilterBar, qtbot: QtBot) -> None:
    bar.ask(tag="eye")
    assert bar.more.isChecked()
    assert not bar.all.isChecked()
    with qtbot.waitSignal(bar.moreAsked):
        bar.more.click()
