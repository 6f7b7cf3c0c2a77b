"""Filters, tabs, counts and undo in the panel as the user meets them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidgetAction
from pytestqt.qtbot import QtBot

from workbench.project.findings import NewFinding
from workbench.project.images import Query
from workbench.ui.dataset.filter_words import USUAL
from workbench.ui.dataset.panel import DatasetPanel
from workbench.ui.session import Session

BOTH = pytest.mark.parametrize("panel", ["at once", "in the thread"], indirect=True)


@pytest.fixture
def panel(
    request: pytest.FixtureRequest, session: Session, project_folder: Path, qtbot: QtBot
) -> Iterator[DatasetPanel]:
    """The panel with 24 images; with `BOTH` also as a large project, which is asked in a thread."""
    if getattr(request, "param", "") == "in the thread":
        session.reader.at_once = 0
    made = DatasetPanel(session)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.resize(900, 700)
    made.show()
    session.open_project(project_folder)
    settle(made, qtbot)
    made.activateWindow()
    qtbot.waitActive(made)
    made.grid.setFocus()
    yield made
    session.reader.open_project(None)


def settle(panel: DatasetPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not panel.session.reader.is_busy and not panel.overviews.is_due)


def ask(panel: DatasetPanel, qtbot: QtBot, query: Query) -> list[int]:
    panel.filter.set_query(query)
    settle(panel, qtbot)
    return panel.model.ids.tolist()


def chips(panel: DatasetPanel) -> list[str]:
    return [chip.text() for chip in panel.filtering.chips.chips]


@BOTH
def test_the_parts_of_the_filter_are_chips_that_go(panel: DatasetPanel, qtbot: QtBot) -> None:
    assert not panel.filtering.chips.isVisible()
    known = panel.class_model.classes[0].id
    assert len(ask(panel, qtbot, Query(class_id=known, text="00", rejected=False))) == 10
    assert chips(panel) == ["good", "path: 00", "Show all"]
    assert panel.filtering.chips._count.text() == "10 images"
    panel.filtering.chips.chips[1].click()
    settle(panel, qtbot)
    assert len(panel.model.ids) == 12
    assert chips(panel) == ["good"]
    panel.filtering.chips.chips[0].click()
    settle(panel, qtbot)
    assert panel.filter.query == USUAL
    assert not panel.filtering.chips.isVisible()


def test_the_sheet_asks_for_what_has_no_chip(panel: DatasetPanel, qtbot: QtBot) -> None:
    project = panel.session.project
    project.tags.add([3, 4], "riser")
    project.rejection.set([5], True)
    project.notes.set(4, "look again")
    panel.refresh()
    settle(panel, qtbot)
    more = panel.filtering.more
    panel.filter.more.click()
    assert more.isVisible()
    assert not more.predicted.isEnabled()
    more.tag.setCurrentIndex(more.tag.findData("riser"))
    more.tag.activated.emit(more.tag.currentIndex())
    settle(panel, qtbot)
    assert sorted(panel.model.ids.tolist()) == [3, 4]
    assert panel.filter.more.isChecked()
    QTest.mouseClick(more.noted, Qt.MouseButton.LeftButton)
    settle(panel, qtbot)
    assert panel.model.ids.tolist() == [4]
    more.clear.click()
    assert panel.filter.query == USUAL
    assert more.tag.currentIndex() == 0
    more.rejected.button("only").click()
    settle(panel, qtbot)
    assert panel.model.ids.tolist() == [5]
    more.rejected.button("hidden").click()
    more.after.setText("2026-13")
    more.after.editingFinished.emit()
    assert more.after.property("invalid")
    assert panel.filter.query == USUAL
    more.after.setText("2001")
    more.after.editingFinished.emit()
    more.largest.setValue(48)
    assert panel.filter.query.modified_after == datetime(2001, 1, 1).timestamp()
    assert panel.filter.query.max_side == 48
    QTest.keyClick(more, Qt.Key.Key_Escape)
    assert not more.isVisible()
    panel.filter.more.click()
    more.tag.setFocus()
    assert more.isVisible()
    panel.grid.setFocus()
    assert not more.isVisible()


def test_filters_are_saved_chosen_and_forgotten(panel: DatasetPanel, qtbot: QtBot) -> None:
    controls = panel.filtering.controls
    wanted = Query(text="scratch", rejected=False, order="newest")
    ask(panel, qtbot, wanted)
    controls.saved.menu().aboutToShow.emit()
    field = next(action for action in controls.saved.menu().actions() if isinstance(action, QWidgetAction))
    name = field.defaultWidget().findChild(QLineEdit, "dataset.filterName")
    QTest.keyClicks(name, "the scratches")
    with qtbot.waitSignal(panel.session.toast):
        QTest.keyClick(name, Qt.Key.Key_Return)
    assert panel.session.project.images.filters.list() == {"the scratches": wanted}
    ask(panel, qtbot, USUAL)
    controls.saved.menu().aboutToShow.emit()
    next(action for action in controls.saved.menu().actions() if action.text() == "the scratches").trigger()
    settle(panel, qtbot)
    assert panel.filter.query == wanted
    assert len(panel.model.ids) == 12
    controls.filterForgotten.emit("the scratches")
    assert panel.session.project.images.filters.list() == {}
    first = panel.model.ids.tolist()
    entry = next(action for action in controls.order.menu().actions() if action.text() == "Oldest first")
    entry.trigger()
    settle(panel, qtbot)
    assert panel.model.ids.tolist() == first[::-1]
    assert entry.isChecked()
    assert "Oldest first" in controls.order.toolTip()


@BOTH
def test_rejected_images_leave_the_view_and_come_back(panel: DatasetPanel, qtbot: QtBot) -> None:
    gone = panel.model.ids[[2, 3]]
    panel.session.reject(gone, True)
    settle(panel, qtbot)
    assert len(panel.model.ids) == 22
    assert panel.filter.all.text() == "All 22"
    panel.session.undo_label()
    settle(panel, qtbot)
    assert panel.selected_ids().tolist() == gone.tolist()
    with qtbot.waitSignal(panel.session.toast, check_params_cb=lambda text: "2 images" in text and "shown" in text):
        panel.session.redo_label()


@BOTH
def test_undo_shows_what_it_changed(panel: DatasetPanel, qtbot: QtBot) -> None:
    changed = panel.model.ids[[20, 22]]
    panel.session.assign(changed, panel.class_model.classes[0].id)
    settle(panel, qtbot)
    panel.selection.select_only(0)
    panel.grid.scrollToTop()
    panel.session.undo_label()
    settle(panel, qtbot)
    assert panel.selected_ids().tolist() == changed.tolist()
    assert panel.selection.current == 20
    assert 20 in panel.grid.visible()


def test_counts_move_on_with_a_change_before_anything_is_counted(panel: DatasetPanel, qtbot: QtBot) -> None:
    asked: list[str] = []
    panel.reader.ask = lambda kind, *rest, **named: asked.append(kind)  # type: ignore[method-assign]
    panel.session.assign(panel.model.ids[:5], None)
    assert panel.filter.unlabelled.text() == "Unlabelled 5"
    panel.session.undo_label()
    assert panel.filter.unlabelled.text() == "Unlabelled"
    assert panel._overview.counts.by_class[panel.class_model.classes[0].id] == 12
    del panel.reader.ask


def test_findings_filter_and_are_counted(panel: DatasetPanel, qtbot: QtBot) -> None:
    project = panel.session.project
    project.findings.replace(["outlier"], [NewFinding("outlier", 0.9, "Unlike the others.", (7,))])
    panel.session.findingsChanged.emit()
    settle(panel, qtbot)
    assert panel.filter.of_finding.text() == "Findings 1"
    assert panel.tabs.tabText(panel.tabs.keys.index("findings")) == "Findings 1"
    assert ask(panel, qtbot, Query(finding="outlier")) == [7]
    assert panel.model.row_at(0).findings == ("outlier",)
    panel.grid.grab()


def test_a_tab_is_built_when_first_shown_and_leads_to_the_grid(panel: DatasetPanel, qtbot: QtBot) -> None:
    assert panel._tabs == {}
    panel.tabs.choose("split")
    settle(panel, qtbot)
    assert list(panel._tabs) == ["split"]
    shown: Any = panel._tabs["split"]
    assert panel._stack.currentWidget() is shown
    assert not panel.filtering.controls.isVisible()
    shown.showImages.emit(Query(text="good", rejected=False))
    settle(panel, qtbot)
    assert panel._stack.currentWidget() is panel.grid
    assert len(panel.model.ids) == 12
    panel.tabs.choose("split")
    assert panel._tabs["split"] is shown
    panel.filter.unlabelled.click()
    assert panel.tabs.current == "grid"


@BOTH
def test_images_to_reveal_wait_for_their_query(panel: DatasetPanel, qtbot: QtBot) -> None:
    ask(panel, qtbot, Query(text="good", rejected=False))
    wanted = panel.session.project.images.ids()[[15, 20]]
    panel.activated(wanted)
    settle(panel, qtbot)
    assert panel.selected_ids().tolist() == wanted.tolist()
    assert np.array_equal(panel.session.project.images.ids(), panel.model.ids)
