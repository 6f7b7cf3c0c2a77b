"""The tab of the findings: what it lists, what a click hands on, and that nothing is rejected but by a click."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.project.findings import NewFinding
from workbench.ui.dataset.findings_model import PAGE, FindingsModel
from workbench.ui.dataset.findings_tab import CountRole, FindingsTab
from workbench.ui.session import Session

FOUND = [
    NewFinding("exact-copy", 1.0, "These 3 files are the same.", (1, 2, 3)),
    NewFinding("label-error", 0.93, "Labelled good, looks like scratch (0.93).", (5,)),
    NewFinding("quality", 0.6, "Very dark.", (7,)),
    NewFinding("shortcut", 0.5, "The border alone tells the class.", ()),
]


@pytest.fixture
def tab(qtbot: QtBot, session: Session, project_folder: Path) -> FindingsTab:
    assert session.open_project(project_folder)
    assert session.project is not None
    session.project.findings.replace({finding.kind for finding in FOUND}, FOUND)
    made = FindingsTab(session)
    qtbot.addWidget(made)
    made.resize(1000, 600)
    made.show()
    made.refresh()
    return made


def messages(tab: FindingsTab) -> list[str]:
    return [tab.model.finding(row).message for row in range(tab.model.rowCount())]


def choose(tab: FindingsTab, *messages_: str) -> None:
    tab.view.clearSelection()
    flags = tab.view.selectionModel().SelectionFlag.Select
    for row, message in enumerate(messages(tab)):
        if message in messages_:
            tab.view.selectionModel().select(tab.model.index(row, 0), flags)


def test_lists_all_strongest_first_and_counts_kinds(tab: FindingsTab) -> None:
    assert messages(tab) == [finding.message for finding in FOUND]
    texts = [f"{tab.kinds.item(row).text()} {tab.kinds.item(row).data(CountRole)}" for row in range(tab.kinds.count())]
    assert texts[0] == "All findings 4"
    assert "Exact copies 1" in texts
    assert not any("Outliers" in text for text in texts)


def test_a_kind_shows_its_own_and_is_kept_through_a_refresh(tab: FindingsTab) -> None:
    tab.kinds.setCurrentRow(2)
    assert tab.kind() == "label-error"
    tab.refresh()
    assert tab.kind() == "label-error"
    assert messages(tab) == [FOUND[1].message]


def test_showing_hands_the_images_on_in_their_order(qtbot: QtBot, tab: FindingsTab) -> None:
    choose(tab, FOUND[0].message, FOUND[2].message)
    with qtbot.waitSignal(tab.showImages) as told:
        tab.open.click()
    assert told.args is not None
    query = told.args[0]
    assert (query.ids, query.order) == ((1, 2, 3, 7), "given")


def test_enter_opens_the_finding(qtbot: QtBot, tab: FindingsTab) -> None:
    tab.view.setCurrentIndex(tab.model.index(1, 0))
    with qtbot.waitSignal(tab.showImages) as told:
        qtbot.keyClick(tab.view, Qt.Key.Key_Return)
    assert told.args is not None
    assert told.args[0].ids == (5,)


def test_keeping_the_first_rejects_the_others_and_undo_takes_it_back(tab: FindingsTab, session: Session) -> None:
    choose(tab, FOUND[0].message)
    assert tab.reject.isVisible()
    tab.reject.click()
    project = session.project
    assert project is not None
    assert [row.rejected for row in project.images.page([1, 2, 3])] == [False, True, True]
    assert FOUND[0].message not in messages(tab)
    session.undo_label()
    assert not any(row.rejected for row in project.images.page([1, 2, 3]))


def test_only_bad_pictures_can_be_rejected_whole(tab: FindingsTab) -> None:
    choose(tab, FOUND[1].message)
    assert not tab.reject_all.isEnabled()
    choose(tab, FOUND[2].message)
    assert tab.reject_all.isEnabled()


def test_a_dismissed_finding_is_gone_for_good(tab: FindingsTab, session: Session) -> None:
    choose(tab, FOUND[3].message)
    tab.dismiss.click()
    assert messages(tab) == [finding.message for finding in FOUND[:3]]
    assert session.project is not None
    session.project.findings.replace({"shortcut"}, [FOUND[3]])
    tab.refresh()
    assert FOUND[3].message not in messages(tab)


def test_without_findings_the_empty_state_offers_the_check(tab: FindingsTab, session: Session) -> None:
    assert session.project is not None
    session.project.findings.replace({finding.kind for finding in FOUND}, [])
    tab.refresh()
    assert not tab.view.isVisible()
    assert tab._empty.button is not None
    assert tab._empty.button.isVisible()


def test_long_lists_come_page_by_page() -> None:
    asked: list[tuple[int, int]] = []
    model = FindingsModel()

    def fetch(start: int, limit: int) -> list:
        asked.append((start, limit))
        return [_row(number) for number in range(start, min(start + limit, PAGE + 5))]

    model.show(fetch, lambda ids: [])
    assert model.rowCount() == PAGE
    model.fetchMore(model.index(-1, -1))
    assert model.rowCount() == PAGE + 5
    assert not model.canFetchMore(model.index(-1, -1))
    assert asked == [(0, PAGE), (PAGE, PAGE)]


def _row(number: int):
    from datetime import UTC, datetime

    from workbench.project.findings import FindingRow

    return FindingRow(number, "outlier", 0.5, f"finding {number}", (number,), datetime.now(UTC), False)


def test_one_undo_takes_a_rejection_and_its_dismissal_back(tab: FindingsTab, session: Session) -> None:
    project = session.project
    assert project is not None
    choose(tab, FOUND[0].message)
    tab.reject.click()
    assert project.rejection.count() == len(FOUND[0].ids) - 1
    assert FOUND[0].message not in messages(tab)
    session.undo_label()
    assert project.rejection.count() == 0
    tab.refresh()
    assert FOUND[0].message in messages(tab)
    session.redo_label()
    assert project.rejection.count() == len(FOUND[0].ids) - 1


def test_a_dismissal_is_a_step_of_undo(tab: FindingsTab, session: Session) -> None:
    choose(tab, FOUND[1].message)
    tab.dismiss.click()
    assert FOUND[1].message not in messages(tab)
    session.undo_label()
    tab.refresh()
    assert FOUND[1].message in messages(tab)


def test_a_project_that_is_only_read_says_so(
    qtbot: QtBot, tab: FindingsTab, session: Session, problems: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = session.project
    assert project is not None
    monkeypatch.setattr(project._database, "read_only", True)
    choose(tab, FOUND[1].message)
    tab.dismiss.click()
    assert "reading only" in problems[-1][1]
    assert FOUND[1].message in messages(tab)
