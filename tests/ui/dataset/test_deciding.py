"""Deciding on images in the real panel: several labels, suggestions, rejecting, tags, notes, findings, regions, levels."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.intake import add_folders, decoding_of
from workbench.jobs import Event, Stop, drain
from workbench.project.findings import NewFinding
from workbench.project.images import Query
from workbench.ui.dataset.class_model import MARK_ROLE
from workbench.ui.dataset.image_facts import FindingLine
from workbench.ui.dataset.marks import Chip
from workbench.ui.dataset.panel import DatasetPanel
from workbench.ui.session import Session

Key = Qt.Key
NONE, LEFT, RIGHT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def panel(session: Session, project_folder: Path, qtbot: QtBot) -> DatasetPanel:
    session.preferences.set("dataset/advance", True)
    made = DatasetPanel(session)
    qtbot.addWidget(made)
    qtbot.addWidget(made.inspector())
    made.resize(900, 640)
    made.show()
    made.inspector().show()
    session.open_project(project_folder)
    made.activateWindow()
    qtbot.waitActive(made)
    made.grid.setFocus()
    return made


def values(panel: DatasetPanel, *positions: int) -> list[Any]:
    return panel.session.project.labels.of(panel.model.ids[list(positions)])


def select(panel: DatasetPanel, *positions: int) -> None:
    panel.selection.select(list(positions))
    panel.deciding.show_details()


def classes(panel: DatasetPanel) -> list[int]:
    return [known.id for known in panel.class_model.classes]


def suggest(panel: DatasetPanel, *, confidence: float = 0.97) -> np.ndarray:
    """Take the labels of the first six images away, and suggest the second class for them."""
    ids = panel.model.ids[:6].copy()
    session = panel.session
    session.assign(ids, None)
    session.project.predictions.replace(
        "run 7", ids, np.full(6, classes(panel)[1]), np.linspace(0.5, confidence, 6), np.arange(6.0)
    )
    session.predictionsChanged.emit()
    return ids


class TestSeveral:
    def test_keys_put_classes_on_and_off_and_the_image_stays(self, panel: DatasetPanel, qtbot: QtBot) -> None:
        task = panel.inspector().class_section.task
        with qtbot.waitSignal(panel.session.toast) as told:
            task.choice.button("multi").click()
        assert "several labels" in told.args[0]
        panel.refresh()
        first, second = classes(panel)
        panel.selection.select_only(0)
        QTest.keyClick(panel.grid, "2")
        assert values(panel, 0) == [(first, second)]
        assert panel.selection.current == 0
        QTest.keyClick(panel.grid, "1")
        QTest.keyClick(panel.grid, "2")
        assert values(panel, 0) == [None]
        panel.session.undo_label()
        assert values(panel, 0) == [(second,)]

    def test_none_applies_has_a_key_of_its_own(self, panel: DatasetPanel) -> None:
        panel.edits.set_task("multi")
        panel.refresh()
        panel.selection.select_only(2)
        QTest.keyClick(panel.grid, "n")
        assert values(panel, 2) == [()]
        assert panel.selection.current == 3

    def test_the_selection_is_marked_in_the_list(self, panel: DatasetPanel) -> None:
        select(panel, 0, 1, 23)
        marks = [panel.class_model.index(row).data(MARK_ROLE) for row in range(2)]
        assert marks == [pytest.approx(2 / 3), pytest.approx(1 / 3)]
        select(panel, 0)
        assert panel.class_model.index(0).data(MARK_ROLE) == 1

    def test_a_task_that_would_lose_labels_is_refused(
        self, panel: DatasetPanel, problems: list[tuple[str, str]]
    ) -> None:
        panel.edits.set_task("multi")
        panel.session.toggle_class(panel.model.ids[:1], classes(panel)[1])
        panel.inspector().class_section.task.choice.button("single").click()
        assert problems[-1][0] == "dataset"
        assert panel.session.project.labels.task == "multi"
        assert panel.inspector().class_section.task.choice.value() == "multi"


class TestKeys:
    def test_classes_beyond_ten_have_letters_that_no_action_has(self, panel: DatasetPanel) -> None:
        for number in range(12):
            panel.session.add_class(f"class {number}")
        panel.refresh()
        ids = classes(panel)
        keys = [panel.class_model.key_of(class_id) for class_id in ids]
        assert keys[9] == "0"
        others = [action for action in panel.actions() if action not in panel.deciding.actions.labels]
        letters = {action.shortcut().toString() for action in others}
        assert keys[12]
        assert keys[12] not in letters
        panel.selection.select_only(0)
        QTest.keyClick(panel.grid, keys[12].lower())
        assert values(panel, 0) == [ids[12]]

    def test_a_key_is_chosen(self, panel: DatasetPanel) -> None:
        second = classes(panel)[1]
        panel.inspector().classes.keyChosen.emit(second, "S")
        assert panel.class_model.key_of(second) == "S"
        panel.selection.select_only(0)
        QTest.keyClick(panel.grid, "s")
        assert values(panel, 0) == [second]

    def test_del_rejects_and_takes_back(self, panel: DatasetPanel, qtbot: QtBot) -> None:
        panel.selection.select_only(4)
        gone = int(panel.model.ids[4])
        QTest.keyClick(panel.grid, Key.Key_Delete)
        assert panel.session.project.rejection.count() == 1
        panel.show_images(Query(rejected=True))
        assert panel.model.ids.tolist() == [gone]
        panel.selection.select_only(0)
        QTest.keyClick(panel.grid, Key.Key_Delete)
        assert panel.session.project.rejection.count() == 0
        panel.session.undo_label()
        assert panel.session.project.rejection.count() == 1

    def test_every_action_has_a_tooltip_and_no_plain_key_twice(self, panel: DatasetPanel) -> None:
        actions = [action for action in panel.actions() if action.isVisible() and action.text()]
        assert all(action.toolTip() for action in actions)
        keys = [action.shortcut().toString() for action in actions if not action.shortcut().isEmpty()]
        assert len(keys) == len(set(keys))


class TestSuggestions:
    def test_space_accepts_and_goes_on(self, panel: DatasetPanel, qtbot: QtBot) -> None:
        ids = suggest(panel)
        qtbot.waitUntil(lambda: panel.deciding.bar.isVisible())
        assert panel.deciding.bar.text.fullText() == "6 suggestions by run 7"
        select(panel, 0)
        assert panel.inspector()._suggested.text() == "suggested: scratch 0.50"
        QTest.keyClick(panel.grid, Key.Key_Space)
        assert panel.session.project.labels.of(ids[:1]) == [classes(panel)[1]]
        assert panel.session.project.labels.history(int(ids[0]))[-1].source == "suggestion"
        assert panel.selection.current == 1

    def test_enter_accepts_where_a_suggestion_is_shown_and_opens_the_loupe_otherwise(self, panel: DatasetPanel) -> None:
        ids = suggest(panel)
        panel.selection.select_only(0)
        QTest.keyClick(panel.grid, Key.Key_Return)
        assert panel.session.project.labels.of(ids[:1]) == [classes(panel)[1]]
        panel.selection.select_only(0)
        QTest.keyClick(panel.grid, Key.Key_Return)
        assert panel.loupe.isVisible()

    def test_backspace_refuses_and_undo_takes_that_back(self, panel: DatasetPanel) -> None:
        suggest(panel)
        project = panel.session.project
        panel.selection.select([0, 1])
        QTest.keyClick(panel.grid, Key.Key_Backspace)
        assert project.predictions.counts()["suggested"] == 4
        panel.session.undo_label()
        assert project.predictions.counts()["suggested"] == 6

    def test_all_above_a_confidence_are_accepted_in_one_step(self, panel: DatasetPanel, qtbot: QtBot) -> None:
        suggest(panel)
        bar, project = panel.deciding.bar, panel.session.project
        bar.above.setValue(0.75)
        bar.accept_above.click()
        assert project.predictions.counts()["suggested"] == 3
        panel.session.undo_label()
        assert project.predictions.counts()["suggested"] == 6
        bar.above.setValue(1.0)
        with qtbot.waitSignal(panel.session.toast) as told:
            bar.accept_above.click()
        assert "No suggestion" in told.args[0]

    def test_very_many_are_accepted_beside_the_window(
        self, panel: DatasetPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("workbench.ui.dataset.suggestions.MOST_LOOKED_AT", 2)
        panel.reader.at_once = 0
        suggest(panel)
        panel.selection.select_all()
        panel.deciding.suggestions.accept()
        counts = panel.session.project.predictions.counts
        qtbot.waitUntil(lambda: counts()["suggested"] == 0)

    def test_most_helpful_first(self, panel: DatasetPanel) -> None:
        ids = suggest(panel)
        panel.deciding.bar.show_all.click()
        assert panel.model.ids.tolist() == ids[::-1].tolist()

    def test_labels_are_suggested_in_the_background(
        self, panel: DatasetPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        from workbench.curation import store

        ids = panel.model.ids[:3].copy()
        panel.session.assign(ids, None)
        file = tmp_path / "suggested.npz"
        columns = {"class_ids": np.full(3, classes(panel)[0]), "confidences": np.full(3, 0.9), "priorities": np.ones(3)}
        np.savez(file, ids=ids, **columns)
        asked: list[list[str]] = []

        def job(argv: list[str]) -> Any:
            def run(stop: Stop) -> Iterator[Event]:
                asked.append(argv)
                yield store.Suggested(str(file), 3, "embedding timm/tiny, tiny.safetensors")

            return run

        monkeypatch.setattr(
            type(panel.session), "warm", property(lambda self: type("Warm", (), {"job": staticmethod(job)}))
        )
        panel.deciding.suggestions.suggest()
        qtbot.waitUntil(lambda: not panel.session.jobs and panel.deciding.bar.isVisible())
        assert asked[0][:4] == ["curate", str(panel.session.project.folder), "--only", "suggestions"]
        assert panel.deciding.bar.text.fullText() == "3 suggestions by tiny"


def test_grading_blind_shows_neither_labels_nor_suggestions(panel: DatasetPanel) -> None:
    ids = suggest(panel)
    session = panel.session
    session.set_grader("Ada")
    session.set_blind(True)
    select(panel, 0)
    assert not panel.deciding.bar.isVisible()
    assert panel.inspector()._suggested.text() == ""
    assert panel.inspector()._history.isHidden()
    QTest.keyClick(panel.grid, Key.Key_Space)
    assert session.project.labels.of(ids[:1]) == [None]
    select(panel, 10)
    marks = [panel.class_model.index(row).data(MARK_ROLE) for row in range(2)]
    assert marks == [0, 0]
    QTest.keyClick(panel.grid, "2")
    assert values(panel, 10) == [classes(panel)[0]]
    select(panel, 10)
    assert panel.class_model.index(1).data(MARK_ROLE) == 1


class TestMarks:
    def test_tags_go_on_and_off_several_images(self, panel: DatasetPanel, qtbot: QtBot) -> None:
        tags = panel.session.project.tags
        editor = panel.inspector().tags
        select(panel, 0, 1, 2)
        editor.field.setText("wet")
        with qtbot.waitSignal(panel.session.toast) as told:
            QTest.keyClick(editor.field, Key.Key_Return)
        assert told.args == ["3 images tagged wet"]
        assert tags.counts() == {"wet": 3}
        select(panel, 2, 3)
        chip = editor.findChild(Chip)
        assert chip.text() == "wet · 1"
        chip.click()
        assert tags.counts() == {"wet": 2}
        panel.session.undo_label()
        assert tags.counts() == {"wet": 3}

    def test_a_note_is_kept_when_another_image_is_selected(self, panel: DatasetPanel) -> None:
        select(panel, 0)
        note = panel.inspector().note
        note.setPlainText("look again")
        select(panel, 1)
        first = int(panel.model.ids[0])
        assert panel.session.project.notes.get(first) == "look again"
        assert note.toPlainText() == ""
        select(panel, 0)
        assert note.toPlainText() == "look again"
        panel.session.undo_label()
        assert panel.session.project.notes.get(first) == ""
        panel.deciding.show_details()
        assert note.toPlainText() == ""
        select(panel, 0, 1)
        assert not note.isEnabled()

    def test_the_grader_is_kept_and_written_beside_each_label(self, panel: DatasetPanel) -> None:
        grader = panel.inspector().class_section.grader
        grader.button.click()
        grader.field.setText(" Ada  Byron ")
        QTest.keyClick(grader.field, Key.Key_Return)
        assert grader.button.text() == "Labelling as: Ada Byron"
        assert panel.session.preferences.get("grader") == "Ada Byron"
        panel.session.assign(panel.model.ids[:2], classes(panel)[1])
        assert panel.session.project.graders.counts() == {"Ada Byron": 2}

    def test_findings_columns_and_history_of_one_image(self, panel: DatasetPanel) -> None:
        project, ids = panel.session.project, panel.model.ids[:2].tolist()
        project.findings.replace(
            ["near-duplicate"], [NewFinding("near-duplicate", 0.9, "They look alike.", tuple(ids))]
        )
        project.fields.set("patient", {ids[0]: "P-17"})
        panel.session.findingsChanged.emit()
        select(panel, 0)
        inspector = panel.inspector()
        assert "P-17" in inspector.fields.text()
        assert inspector.history.lines[-1][1] == "good · from the folder"
        line = inspector.findings.findChild(FindingLine)
        line._show()
        assert sorted(panel.model.ids.tolist()) == sorted(ids)
        line._dismiss()
        panel.deciding.show_details()
        assert inspector._findings.isHidden()
        assert project.findings.counts() == {}

    def test_similar_images_are_shown_in_their_order(
        self, panel: DatasetPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from workbench.curation import similar

        ids = panel.model.ids.tolist()
        found = similar.SimilarFound([ids[9], ids[4]], [0.9, 0.8])
        monkeypatch.setattr(similar, "similar", lambda folder, asked, count: lambda stop: iter([found]))
        select(panel, 2)
        panel.inspector().similar.click()
        qtbot.waitUntil(lambda: len(panel.model.ids) == 3)
        assert panel.model.ids.tolist() == [ids[2], ids[9], ids[4]]


class TestClasses:
    def test_merged_and_taken_back(self, panel: DatasetPanel, qtbot: QtBot) -> None:
        first, second = classes(panel)
        with qtbot.waitSignal(panel.session.toast):
            panel.inspector().classes.mergeClass.emit(first, second)
        panel.refresh()
        assert classes(panel) == [second]
        assert panel.session.project.labels.counts()[second] == 24
        panel.session.undo_label()
        panel.refresh()
        assert classes(panel) == [first, second]
        assert panel.session.project.labels.counts()[first] == 12

    def test_names_order_and_colours_are_steps_of_undo(self, panel: DatasetPanel) -> None:
        first, second = classes(panel)
        panel.edits.rename(first, "fine")
        panel.edits.reorder([second, first])
        panel.edits.recolour(first, "#123456")
        for _ in range(3):
            panel.session.undo_label()
        rows = panel.session.project.labels.classes()
        assert [row.name for row in rows] == ["good", "scratch"]
        assert rows[0].colour != "#123456"


class TestLoupe:
    @pytest.fixture
    def opened(self, panel: DatasetPanel, qtbot: QtBot) -> DatasetPanel:
        panel.selection.select_only(0)
        panel.findChild(QAction, "dataset.box").trigger()
        assert panel.loupe.isVisible()
        return panel

    def drag(self, panel: DatasetPanel, start: tuple[float, float], *further: tuple[float, float]) -> None:
        """Drag from one point of the image to others."""
        points = [panel.loupe.to_widget(QPointF(*place)).toPoint() for place in (start, *further)]
        QTest.mousePress(panel.loupe, LEFT, NONE, points[0])
        for point in points[1:]:
            QTest.mouseMove(panel.loupe, point)
        QTest.mouseRelease(panel.loupe, LEFT, NONE, points[-1])

    def test_a_box_is_drawn_named_moved_and_removed(self, opened: DatasetPanel) -> None:
        project, image = opened.session.project, int(opened.model.ids[0])
        regions = opened.deciding.loupe.regions
        assert regions.mode == "box"
        self.drag(opened, (4, 6), (20, 24))
        (drawn,) = project.regions.of(image)
        assert np.allclose(drawn.points, [(4, 6), (20, 24)], atol=0.2)
        assert drawn.class_id == classes(opened)[0]
        QTest.keyClick(opened.loupe, "2")
        assert project.regions.of(image)[0].class_id == classes(opened)[1]
        assert values(opened, 0) == [classes(opened)[0]]
        QTest.keyClick(opened.loupe, Key.Key_Escape)
        QTest.keyClick(opened.loupe, Key.Key_Escape)
        assert regions.mode == ""
        assert opened.loupe.isVisible()
        self.drag(opened, (12, 12))
        assert regions.selected == drawn.id
        self.drag(opened, (20, 24), (30, 30))
        assert np.allclose(project.regions.of(image)[0].points, [(4, 6), (30, 30)], atol=0.2)
        opened.session.undo_label()
        assert np.allclose(project.regions.of(image)[0].points, [(4, 6), (20, 24)], atol=0.2)
        opened.loupe.grab()
        QTest.keyClick(opened.loupe, Key.Key_Delete)
        assert project.regions.of(image) == []
        assert project.rejection.count() == 0
        opened.session.undo_label()
        assert len(regions.regions) == 1

    def test_freehand_stays_inside_the_image(self, opened: DatasetPanel) -> None:
        opened.findChild(QAction, "dataset.freehand").trigger()
        assert opened.deciding.loupe.bar.buttons["freehand"].isChecked()
        QTest.keyClick(opened.loupe, "2")
        self.drag(opened, (5, 5), (25, 5), (25, 40), (5, 25))
        (drawn,) = opened.session.project.regions.of(int(opened.model.ids[0]))
        assert drawn.shape == "freehand"
        assert drawn.class_id == classes(opened)[1]
        assert max(y for _, y in drawn.points) == 32
        self.drag(opened, (9, 9))
        assert len(opened.session.project.regions.of(int(opened.model.ids[0]))) == 1

    def test_labels_go_on_in_the_loupe(self, opened: DatasetPanel) -> None:
        QTest.keyClick(opened.loupe, Key.Key_Escape)
        QTest.keyClick(opened.loupe, "2")
        assert values(opened, 0) == [classes(opened)[1]]
        assert opened.loupe.row.id == opened.model.ids[1]


@pytest.fixture
def stack(project_folder: Path, tmp_path: Path) -> int:
    """A file of three pages of 16 bits in the project; the number of levels of a page's brightest point."""
    folder = tmp_path / "deep"
    folder.mkdir()
    ramp = np.linspace(1000, 3000, 40 * 30).reshape(30, 40)
    pages = [Image.fromarray((ramp + 10 * number).astype(np.uint16)) for number in range(3)]
    pages[0].save(folder / "stack.tif", save_all=True, append_images=pages[1:])
    list(drain(add_folders(project_folder, [folder]), Stop()))
    return 3000


def test_levels_are_looked_at_and_kept_for_the_project(
    stack: int, panel: DatasetPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    panel.show_images(Query(text="stack.tif", rejected=False))
    panel.open_loupe(1)
    parts = panel.deciding.loupe
    qtbot.waitUntil(lambda: parts.levels.sheet.isVisible())
    assert len(parts.pages.pages) == 3
    parts.bar.levels.click()
    assert not parts.levels.sheet.isVisible()
    panel.findChild(QAction, "dataset.levels").trigger()
    assert parts.levels.sheet.isVisible()
    before = decoding_of(panel.session.project).window
    QTest.mousePress(panel.loupe, RIGHT, NONE, QPoint(300, 200))
    QTest.mouseMove(panel.loupe, QPoint(340, 200))
    QTest.mouseRelease(panel.loupe, RIGHT, NONE, QPoint(340, 200))
    low, high = parts.levels.window
    assert high - low > before[1] - before[0]
    parts.levels.sheet.low.setText("1500")
    parts.levels.sheet.high.setText("2500")
    parts.levels.sheet.high.editingFinished.emit()
    shown = panel.loupe._instead.toImage()
    assert shown.pixelColor(0, 0).red() == 0
    assert shown.pixelColor(39, 29).red() == 255
    assert decoding_of(panel.session.project).window == before
    assert "Training and export use" in parts.levels.sheet.note.text()
    with qtbot.waitSignal(panel.session.decision) as told:
        parts.levels.sheet.keep.click()
    assert decoding_of(panel.session.project).window == (1500, 2500)
    assert "training and export" in told.args[1]
    assert not parts.levels.sheet.keep.isEnabled()
    told.args[3]()
    assert decoding_of(panel.session.project).window == before


def test_pages_are_neighbours_whatever_the_filter(stack: int, panel: DatasetPanel, qtbot: QtBot) -> None:
    panel.show_images(Query(text="stack.tif", rejected=False))
    pages = panel.model.ids.tolist()
    panel.show_images(Query(ids=(pages[0],), order="given"))
    panel.open_loupe(0)
    parts = panel.deciding.loupe
    qtbot.waitUntil(lambda: len(parts.pages.pages) == 3)
    QTest.keyClick(panel.loupe, Key.Key_PageDown)
    assert panel.loupe.row.relative.endswith("#page=2")
    QTest.keyClick(panel.loupe, "2")
    assert panel.session.project.labels.of(np.array([panel.loupe.row.id])) == [classes(panel)[1]]
    panel.grab()
