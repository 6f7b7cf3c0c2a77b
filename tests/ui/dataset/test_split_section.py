from pytestqt.qtbot import QtBot

from workbench.project.splits import SplitOutcome
from workbench.ui.dataset.split_section import Asked, SplitSection

SHARES = {"train": 0.65, "validation": 0.15, "test": 0.2}


def outcome(*warnings: str) -> SplitOutcome:
    got = {"train": 13, "validation": 3, "test": 4}
    return SplitOutcome(asked=SHARES, got=got, per_class={"good": got}, warnings=list(warnings))


def test_the_button_asks_for_what_stands_in_the_fields(qtbot: QtBot) -> None:
    section = SplitSection()
    qtbot.addWidget(section)
    section.validation.setValue(10)
    section.seed.setValue(3)
    with qtbot.waitSignal(section.asked) as told:
        section.button.click()
    assert told.args == [Asked(0.1, 0.2, 3)]


def test_the_outcome_and_its_warnings_are_shown(qtbot: QtBot) -> None:
    section = SplitSection()
    qtbot.addWidget(section)
    assert section.table.isHidden()
    section.show_outcome(outcome("The class 'pit' has one image."))
    assert not section.table.isHidden()
    assert section.warning() == "The class 'pit' has one image."
    section.show_outcome(outcome(), left_over=5)
    assert section.warning() == ""
    assert "5 labelled images" in section._stale.text()
