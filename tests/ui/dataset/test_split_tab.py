"""The tab of balance and split: what it asks for, what came out, and the way from a leak to its repair."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workbench.ui.dataset.split_tab import SplitTab
from workbench.ui.session import Session


@pytest.fixture
def tab(qtbot: QtBot, session: Session, project_folder: Path) -> SplitTab:
    assert session.open_project(project_folder)
    made = SplitTab(session)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    made.refresh()
    return made


def split(qtbot: QtBot, tab: SplitTab) -> None:
    with qtbot.waitSignal(tab.jobs.done, timeout=20_000):
        tab.split.click()


def test_the_split_is_made_in_the_background_and_shown(qtbot: QtBot, tab: SplitTab, session: Session) -> None:
    assert tab._outcome.isHidden()
    split(qtbot, tab)
    assert session.project is not None
    assert sum(session.project.splits.counts().values()) == 24
    assert not tab._outcome.isHidden()
    assert tab.chart._rows[0].parts[0] > 0
    assert tab.model.rowCount() > 3


def test_groups_of_a_pattern_stay_together(qtbot: QtBot, tab: SplitTab, session: Session) -> None:
    project = session.project
    assert project is not None
    tab.kind.setCurrentIndex(tab.kind.findData("path"))
    tab.key.setText(r"(\d)\.\w+$")
    split(qtbot, tab)
    groups: dict[str, set[str]] = {}
    for row in project.images.page(project.images.ids()):
        assert row.split is not None
        groups.setdefault(row.path.stem[-1], set()).add(row.split)
    assert len(groups) > 2
    assert all(len(parts) == 1 for parts in groups.values())
    assert project.groups.by is not None
    assert "kept together" in tab._summary.text()


def test_a_kind_without_its_key_is_not_begun(
    qtbot: QtBot, tab: SplitTab, session: Session, problems: list[tuple[str, str]]
) -> None:
    tab.kind.setCurrentIndex(tab.kind.findData("exif"))
    tab.split.click()
    assert tab.jobs.handle is None
    assert problems == [("dataset", "Say first by what the images are to be kept together.")]


def test_a_leak_is_said_and_repaired_with_one_click(qtbot: QtBot, tab: SplitTab, session: Session) -> None:
    project = session.project
    assert project is not None
    split(qtbot, tab)
    train, test = (project.images.ids(_only(name))[:1].tolist() for name in ("train", "test"))
    project.groups.set("test", [*train, *test], [1, 1], {1: "one part"})
    offered: list[str] = []
    session.decision.connect(lambda _panel, sentence, _button, _call: offered.append(sentence))
    assert tab._banner is None
    tab.refresh()  # as when the tab is opened: nobody needs to split again to be told
    assert tab._banner is not None
    assert tab._banner.text().startswith("1 group is on both sides")
    with qtbot.waitSignal(tab.jobs.done, timeout=20_000):
        tab.jobs.look()
    assert tab._banner is not None
    assert offered == []  # said once, where the user looks
    assert tab._banner.button is not None
    with qtbot.waitSignal(tab.jobs.done, timeout=20_000):
        tab._banner.button.click()
    codes = project.splits.of([*train, *test])
    assert codes[0] == codes[1]
    assert tab._banner is None


def test_a_leak_found_while_another_tab_is_shown_is_said_over_the_panel(
    qtbot: QtBot, tab: SplitTab, session: Session
) -> None:
    project = session.project
    assert project is not None
    split(qtbot, tab)
    train, test = (project.images.ids(_only(name))[:1].tolist() for name in ("train", "test"))
    project.groups.set("test", [*train, *test], [1, 1], {1: "one part"})
    tab.hide()
    with qtbot.waitSignal(session.decision, timeout=20_000) as told:
        tab.jobs.look()
    assert told.args is not None
    assert told.args[2] == "Repair"


def test_test_images_are_frozen_shown_and_released(qtbot: QtBot, tab: SplitTab, session: Session) -> None:
    project = session.project
    assert project is not None
    split(qtbot, tab)
    tab.frozen_name.setText("March")
    tab.freeze.click()
    qtbot.waitUntil(lambda: tab.jobs.handle is None)
    assert list(project.splits.test_sets()) == ["March"]
    assert tab.frozen_name.text() == ""
    before = set(project.images.ids(_only("test")).tolist())
    tab.seed.setValue(99)
    split(qtbot, tab)
    assert before <= set(project.images.ids(_only("test")).tolist())
    with qtbot.waitSignal(tab.showImages) as told:
        tab._show_set("March")
    assert told.args is not None
    assert told.args[0].test_set == "March"
    tab._release("March")
    qtbot.waitUntil(lambda: project.splits.test_sets() == {})


def test_folds_divide_what_is_not_tested(qtbot: QtBot, tab: SplitTab, session: Session) -> None:
    project = session.project
    assert project is not None
    tab.folded.setChecked(True)
    tab.folds.setValue(3)
    validated = []
    for fold in (1, 2, 3):
        tab.fold.setValue(fold)
        split(qtbot, tab)
        validated.append(set(project.images.ids(_only("validation")).tolist()))
    assert not validated[0] & validated[1]
    assert not validated[1] & validated[2]
    tested = set(project.images.ids(_only("test")).tolist())
    assert len(set().union(*validated, tested)) == 24


def test_a_click_on_a_class_shows_its_images(qtbot: QtBot, tab: SplitTab) -> None:
    from PySide6.QtCore import QPoint, Qt

    with qtbot.waitSignal(tab.showImages) as told:
        qtbot.mouseClick(tab.chart, Qt.MouseButton.LeftButton, pos=QPoint(10, 5))
    assert told.args is not None
    assert told.args[0].class_id == tab.chart._rows[0].key


def _only(split_: str):
    from workbench.project.images import Query

    return Query(split=split_)  # type: ignore[arg-type]
