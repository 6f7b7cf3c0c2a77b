from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QTableView
from pytestqt.qtbot import QtBot

from workbench.project.images import Query
from workbench.ui.dataset.panel import DatasetPanel
from workbench.ui.session import Session


@pytest.fixture
def panel(session: Session, project_folder: Path, qtbot: QtBot) -> DatasetPanel:
    session.preferences.set("dataset/advance", True)
    made = DatasetPanel(session)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.resize(900, 600)
    made.show()
    made.inspector().show()
    session.open_project(project_folder)
    made.activateWindow()
    qtbot.waitActive(made)
    made.grid.setFocus()
    return made


def label_of(panel: DatasetPanel, position: int) -> str | None:
    row = panel.session.project.images.get(panel.model.ids[position])
    return panel._classes[row.class_id].name if row.class_id is not None else None


def test_without_images_it_says_what_to_do(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    made = DatasetPanel(session)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.show()
    assert made.state()[0] == "empty"
    session.open_project(tmp_path / "new", create=True)
    assert made._stack.currentWidget() is made._empty
    assert made.state()[0] == "empty"
    made.grab()


def test_the_names_that_stories_use_are_there(panel: DatasetPanel) -> None:
    assert panel.findChild(QTableView, "dataset.grid") is panel.grid
    assert panel.findChild(QPushButton, "dataset.addFolder").isVisible()
    inspector = panel.inspector()
    assert inspector.findChild(QPushButton, "dataset.split") is not None


def test_images_come_with_their_classes(panel: DatasetPanel, qtbot: QtBot) -> None:
    assert len(panel.model.ids) == 24
    assert [known.name for known in panel.class_model.classes] == ["good", "scratch"]
    assert panel.filter.all.text() == "All 24"
    assert panel.state() == ("work", panel.state()[1])
    qtbot.waitUntil(lambda: panel.thumbnails.pixmap(int(panel.model.ids[0])) is not None)
    panel.grab()


def test_a_key_labels_and_goes_on(panel: DatasetPanel, qtbot: QtBot) -> None:
    panel.selection.select_only(0)
    QTest.keyClick(panel.grid, "2")
    assert label_of(panel, 0) == "scratch"
    assert panel.selection.positions().tolist() == [1]
    assert panel.model.row_at(0).class_id == panel.class_model.classes[1].id
    QTest.keyClick(panel.grid, Qt.Key.Key_2, Qt.KeyboardModifier.KeypadModifier)
    assert label_of(panel, 1) == "scratch"
    panel.labelling.set_advance(False)
    QTest.keyClick(panel.grid, "2")
    assert panel.selection.positions().tolist() == [2]
    QTest.keyClick(panel.grid, "9")
    assert label_of(panel, 2) == "scratch"


def test_many_are_labelled_at_once_and_undone(panel: DatasetPanel, qtbot: QtBot) -> None:
    QTest.keyClick(panel.grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(panel.session.toast) as told:
        QTest.keyClick(panel.grid, "1")
    assert told.args == ["24 images labelled good"]
    panel.refresh()
    assert panel.state()[0] == "attention"
    assert len(panel.selection) == 24
    panel.session.undo_label()
    panel.refresh()
    assert panel._overview.counts.by_class[panel.class_model.classes[1].id] == 12
    panel.session.redo_label()
    panel.refresh()
    assert panel._overview.counts.by_class[panel.class_model.classes[1].id] == 0


def test_backspace_takes_the_label_away_and_the_filter_follows(panel: DatasetPanel) -> None:
    panel.selection.select_only(3)
    QTest.keyClick(panel.grid, Qt.Key.Key_Backspace)
    assert label_of(panel, 3) is None
    panel.refresh()
    assert panel.filter.unlabelled.text() == "Unlabelled 1"
    taken = int(panel.model.ids[3])
    QTest.keyClick(panel.grid, "u")
    assert panel.model.ids.tolist() == [taken]
    panel.selection.select_only(0)
    QTest.keyClick(panel.grid, "1")
    assert len(panel.model.ids) == 0
    panel.refresh()
    assert panel._stack.currentWidget() is panel._nothing
    panel._nothing.button.click()
    assert len(panel.model.ids) == 24
    assert panel._stack.currentWidget() is panel.grid


def test_what_leaves_the_filter_makes_room_for_the_next(panel: DatasetPanel) -> None:
    panel.filter.set_query(Query(class_id=panel.class_model.classes[0].id))
    first, second = panel.model.ids[:2].tolist()
    panel.selection.select_only(0)
    QTest.keyClick(panel.grid, "2")
    assert panel.model.ids[0] == second
    assert first not in panel.model.ids
    assert panel.selection.positions().tolist() == [0]


def test_keys_are_text_while_a_field_has_the_keyboard(panel: DatasetPanel) -> None:
    panel.selection.select_only(0)
    panel.filter.text.setFocus()
    QTest.keyClicks(panel.filter.text, "2")
    assert panel.filter.text.text() == "2"
    assert label_of(panel, 0) == "good"
    panel.labelling.with_key(1)
    assert label_of(panel, 0) == "good"


def test_alt_right_finds_the_next_without_a_class(panel: DatasetPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.session.toast):
        QTest.keyClick(panel.grid, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    panel.session.assign(panel.model.ids[[4, 9]], None)
    for expected in (4, 9, 4):
        QTest.keyClick(panel.grid, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
        assert panel.selection.current == expected


def test_the_loupe_steps_labels_and_closes(panel: DatasetPanel, qtbot: QtBot) -> None:
    panel.selection.select_only(0)
    QTest.keyClick(panel.grid, Qt.Key.Key_Return)
    assert panel._stack.currentWidget() is panel.loupe
    qtbot.waitUntil(lambda: panel._whole.pixmap(int(panel.model.ids[0])) is not None)
    QTest.keyClick(panel.loupe, Qt.Key.Key_Right)
    assert panel.loupe.row.id == panel.model.ids[1]
    QTest.keyClick(panel.loupe, "2")
    assert label_of(panel, 1) == "scratch"
    assert panel.loupe.row.id == panel.model.ids[2]
    QTest.keyClick(panel.loupe, Qt.Key.Key_Escape)
    assert panel._stack.currentWidget() is panel.grid
    assert panel.selection.positions().tolist() == [2]


def test_classes_are_edited(panel: DatasetPanel, problems: list[tuple[str, str]]) -> None:
    good, scratch = (known.id for known in panel.class_model.classes)
    panel.edits.rename(good, "fine")
    panel.edits.recolour(good, "#123456")
    panel.edits.reorder([scratch, good])
    panel.edits.add("pit")
    panel.refresh()
    assert [known.name for known in panel.class_model.classes] == ["scratch", "fine", "pit"]
    assert panel.class_model.classes[1].colour == "#123456"
    panel.edits.remove(good)
    assert problems[-1][0] == "dataset"
    assert "fine" in problems[-1][1]
    panel.edits.remove(panel.class_model.classes[2].id)
    panel.refresh()
    assert len(panel.class_model.classes) == 2


def test_a_split_shows_what_was_asked_and_what_came_out(panel: DatasetPanel, qtbot: QtBot) -> None:
    section = panel.inspector().split
    section.button.click()
    qtbot.waitUntil(lambda: panel.state()[0] == "ready")
    assert section._says.text().split(" · ")[2] == "5 test"
    assert panel.model.row_at(0).split is not None
    section.more.click()
    assert panel.tabs.current == "split"
    assert not section.isVisibleTo(panel.inspector())  # all of it is beside it now
    panel.tabs.choose("grid")
    assert section.isVisibleTo(panel.inspector())


def test_esc_leads_from_a_field_back_to_the_images(panel: DatasetPanel, qtbot: QtBot) -> None:
    inspector = panel.inspector()
    for field in (panel.filter.text, inspector.tags.field, inspector.note, inspector.class_section.new_class):
        given: list[int] = []
        panel.grid.setFocus = lambda given=given: given.append(1)  # type: ignore[method-assign]
        qtbot.keyClick(field, Qt.Key.Key_Escape)
        assert given == [1]
    panel.filter.text.setText("00")
    panel.filter.text.setFocus()
    qtbot.keyClick(panel.filter.text, Qt.Key.Key_Return)
    assert given == [1, 1]
    assert panel.filter.text.text() == "00"


def test_a_split_that_is_not_possible_is_said(
    panel: DatasetPanel, qtbot: QtBot, problems: list[tuple[str, str]]
) -> None:
    panel.session.assign(panel.model.ids, panel.class_model.classes[0].id)
    panel.inspector().split.button.click()
    qtbot.waitUntil(lambda: bool(problems))
    assert problems[-1][0] == "dataset"


def test_the_menu_labels_what_is_selected(panel: DatasetPanel) -> None:
    panel.selection.select([1, 2])
    menu = panel.selection_menu()
    labels = next(action.menu() for action in menu.actions() if action.text() == "Label as")
    labels.actions()[1].trigger()
    assert (label_of(panel, 1), label_of(panel, 2)) == ("scratch", "scratch")
    next(action for action in menu.actions() if action.text() == "Copy the paths").trigger()


def test_images_dragged_on_a_class_are_labelled(panel: DatasetPanel) -> None:
    panel.selection.select([0, 5])
    content = QMimeData()
    content.setData("application/x-workbench-selection", b"")
    index = panel.class_model.index(1)
    panel.class_model.dropMimeData(content, Qt.DropAction.CopyAction, -1, -1, index)
    assert (label_of(panel, 0), label_of(panel, 5)) == ("scratch", "scratch")


def test_the_selection_survives_new_images(panel: DatasetPanel) -> None:
    panel.selection.select([2, 4])
    chosen = panel.selected_ids().tolist()
    panel.session.imagesChanged.emit()
    assert panel.selected_ids().tolist() == chosen


def test_navigation_brings_a_query_or_images(panel: DatasetPanel) -> None:
    panel.activated(Query(class_id=panel.class_model.classes[1].id))
    assert len(panel.model.ids) == 12
    wanted = panel.session.project.images.ids()[[3, 20]]
    panel.activated(wanted.tolist())
    assert panel.selected_ids().tolist() == wanted.tolist()


def test_a_corrupt_file_is_named_and_marked(panel: DatasetPanel, qtbot: QtBot) -> None:
    bad = int(panel.model.ids[0])
    panel.session.project.images.set_verified([(bad, None, "The image 000.png is cut off; replace it.")])
    panel.session.imagesChanged.emit()
    qtbot.waitUntil(lambda: "good/000.png" in panel.inspector()._unreadable_files.text())
    panel.selection.select_only(0)
    assert "cut off" in panel.inspector()._problem.text()
    panel.grab()


def test_a_chosen_folder_is_added(panel: DatasetPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[Path] = []
    monkeypatch.setattr(panel.session, "add_folder", added.append)
    monkeypatch.setattr("workbench.ui.dataset.panel.QFileDialog.getExistingDirectory", lambda *_: "/some/folder")
    QTest.mouseClick(panel.add_button, Qt.MouseButton.LeftButton)
    assert added == [Path("/some/folder")]


def test_the_preview_takes_the_selected_image(panel: DatasetPanel, qtbot: QtBot) -> None:
    panel.selection.select_only(5)
    with qtbot.waitSignal(panel.session.navigate) as told:
        QTest.keyClick(panel.grid, "p")
    assert told.args == ["augment", int(panel.model.ids[5])]


def test_another_project_starts_afresh(panel: DatasetPanel, tmp_path: Path) -> None:
    panel.filter.set_query(Query(text="good"))
    panel.selection.select_all()
    panel.session.open_project(tmp_path / "other", create=True)
    assert len(panel.model.ids) == 0
    assert panel.filter.query == Query(rejected=False)
    assert np.array_equal(panel.selected_ids(), [])
