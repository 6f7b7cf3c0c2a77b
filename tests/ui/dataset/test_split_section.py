from pytestqt.qtbot import QtBot

from workbench.project.splits import SplitOutcome
from workbench.ui.dataset.split_section import Asked, SplitSection

SHARES = {"train": 0.6, "validation": 0.1, "test": 0.3}


def outcome(*warnings: str, grouped_by: str = "") -> SplitOutcome:
    got = {"train": 13, "validation": 3, "test": 4}
    return SplitOutcome(asked=SHARES, got=got, per_class={"good": got}, warnings=list(warnings), grouped_by=grouped_by)


def test_the_button_asks_for_the_shares_of_the_last_split(qtbot: QtBot) -> None:
    section = SplitSection()
    qtbot.addWidget(section)
    with qtbot.waitSignal(section.asked) as told:
        section.button.click()
    assert told.args == [Asked(0.15, 0.2, 7)]
    section.show_outcome(outcome())
    with qtbot.waitSignal(section.asked) as told:
        section.button.click()
    assert told.args == [Asked(0.1, 0.3, 7)]


def test_a_grouping_is_not_lost_by_splitting_from_here(qtbot: QtBot) -> None:
    section = SplitSection()
    qtbot.addWidget(section)
    section.show_outcome(outcome(grouped_by="the column patient"))
    assert "the column patient" in section._says.text()
    with qtbot.assertNotEmitted(section.asked), qtbot.waitSignal(section.moreAsked):
        section.button.click()


def test_the_outcome_and_its_warnings_are_shown(qtbot: QtBot) -> None:
    section = SplitSection()
    qtbot.addWidget(section)
    assert "Not split yet" in section._says.text()
    section.show_outcome(outcome("The class 'pit' has one image."))
    assert section._says.text() == "13 train · 3 validation · 4 test"
    assert section.warning() == "The class 'pit' has one image."
    section.show_outcome(outcome(), left_over=5)
    assert section.warning() == ""
    assert "5 labelled images" in section._stale.text()


def test_a_split_that_came_with_the_folders_is_said(qtbot: QtBot) -> None:
    section = SplitSection()
    qtbot.addWidget(section)
    section.show_outcome(None, given={"train": 244, "validation": 153, "": 3}, left_over=3)
    assert section._says.text().startswith("244 train · 153 validation · 0 test, as they came.")
    assert "Nothing to be tested on" in section._says.text()
    assert "3 labelled images" in section._stale.text()
    assert not section._stale.isHidden()
    assert section.button.property("role") == "primary"
    section.show_outcome(None, given={"train": 244, "validation": 80, "test": 73})
    assert section._says.text() == "244 train · 80 validation · 73 test, as they came."
    assert section.button.property("role") == ""
