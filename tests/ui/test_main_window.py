import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workbench.jobs import Event, Progress, Stop
from workbench.ui import theme
from workbench.ui.dataset.split_jobs import SplitJobs
from workbench.ui.dialogs import BugDialog, CloseDialog, report
from workbench.ui.main_window import MainWindow
from workbench.ui.progress import RunProgress
from workbench.ui.session import Session

spec = importlib.util.spec_from_file_location("fake_panels", Path(__file__).parent / "fake_panels.py")
assert spec is not None
assert spec.loader is not None
fakes: Any = importlib.util.module_from_spec(spec)
sys.modules["fake_panels"] = fakes
spec.loader.exec_module(fakes)


@pytest.fixture
def window(qtbot: QtBot, session: Session) -> MainWindow:
    made = MainWindow(session, fakes.STAGES)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


@pytest.fixture
def opened(window: MainWindow, qtbot: QtBot, project_folder: Path) -> MainWindow:
    assert window.session.open_project(project_folder)
    qtbot.waitUntil(window.panels.complete)
    return window


def first(window: MainWindow) -> Any:
    return window.panel("dataset")


def drag(window: MainWindow, path: Path, at: QPoint) -> None:
    """Drag ``path`` over the window and drop it at ``at``."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    rest = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(at, *rest))
    QApplication.sendEvent(window, QDropEvent(QPointF(at), *rest))


def going(epoch: int, epochs: int, seconds: float) -> RunProgress:
    """A run in ``epoch``, with ``seconds`` left."""
    progress = RunProgress("training", epoch=epoch, epochs=epochs, step=epoch, steps_per_epoch=1)
    progress._epoch_left = (epoch, seconds)
    return progress


class TestStart:
    def test_it_says_how_to_begin(self, window: MainWindow) -> None:
        assert window.current == ""
        assert window.start.isVisible()
        assert window.findChild(QPushButton, "start.choose").isVisible()
        assert not window.rail.button("dataset").isEnabled()

    def test_the_button_asks_for_a_folder(
        self, window: MainWindow, qtbot: QtBot, project_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "workbench.ui.main_window.QFileDialog.getExistingDirectory", lambda *args: str(project_folder)
        )
        qtbot.mouseClick(window.findChild(QPushButton, "start.choose"), Qt.MouseButton.LeftButton)
        assert window.session.project.folder == project_folder
        assert window.current == "dataset"

    def test_recent_projects_open_with_a_click(self, window: MainWindow, qtbot: QtBot, project_folder: Path) -> None:
        window.session.preferences.remember(project_folder)
        window.start.show_recent(window.session.preferences.recent())
        qtbot.mouseClick(window.findChild(QPushButton, "start.recent"), Qt.MouseButton.LeftButton)
        assert window.session.project.folder == project_folder

    def test_a_problem_is_a_banner(self, window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
        window.session.start_from(tmp_path / "absent")
        (banner,) = window.banners.shown()
        assert "not a folder" in banner.text()
        qtbot.mouseClick(banner.findChild(QWidget, "banner.close"), Qt.MouseButton.LeftButton)
        assert window.banners.shown() == []


class TestDrop:
    def test_a_dropped_folder_starts_a_project(
        self, window: MainWindow, qtbot: QtBot, tiny_images: Callable[..., Path]
    ) -> None:
        images = tiny_images({"good": 3, "pit": 3}, name="castings")
        drag(window, images, QPoint(600, 400))
        qtbot.waitUntil(lambda: not window.session.jobs)
        assert window.session.project.folder == images.parent / "castings workbench"
        assert window.current == "dataset"
        assert not window.drops.isVisible()

    def test_a_dropped_project_opens(self, window: MainWindow, project_folder: Path) -> None:
        drag(window, project_folder, QPoint(600, 400))
        assert window.session.project.folder == project_folder

    @pytest.mark.parametrize(("x", "adds"), [(200, True), (1100, False)])
    def test_with_a_project_open_the_place_decides(
        self, opened: MainWindow, qtbot: QtBot, tiny_images: Callable[..., Path], x: int, adds: bool
    ) -> None:
        images = tiny_images({"good": 3, "pit": 3}, name="more")
        before = opened.session.project.folder
        drag(opened, images, QPoint(x, 400))
        qtbot.waitUntil(lambda: not opened.session.jobs)
        assert (opened.session.project.folder == before) == adds
        assert opened.session.project.images.count() == (30 if adds else 6)

    def test_a_dropped_table_of_labels_goes_to_the_dataset_panel(self, opened: MainWindow, tmp_path: Path) -> None:
        table = tmp_path / "labels.csv"
        table.write_text("image,label\n", encoding="utf-8")
        asked: list[tuple[str, object]] = []
        opened.session.navigate.connect(lambda panel, payload: asked.append((panel, payload)))
        before = opened.session.project.folder
        drag(opened, table, QPoint(600, 400))
        assert asked == [("dataset", table)]
        assert opened.session.project.folder == before

    def test_a_dropped_chain_goes_to_the_augment_panel(self, opened: MainWindow, tmp_path: Path) -> None:
        chain = tmp_path / "chain.json"
        chain.write_text('{"format": 2, "steps": [{"transform": "HorizontalFlip"}]}', encoding="utf-8")
        exported = tmp_path / "chain.yaml"
        exported.write_text("transform: {}", encoding="utf-8")
        labels = tmp_path / "labels.json"
        labels.write_text('{"images": [], "annotations": []}', encoding="utf-8")
        asked: list[tuple[str, object]] = []
        opened.session.navigate.connect(lambda panel, payload: asked.append((panel, payload)))
        for path in (chain, exported, labels):
            drag(opened, path, QPoint(600, 400))
        assert asked == [("augment", chain), ("augment", exported), ("dataset", labels)]


class TestFrame:
    def test_the_panels_are_built_and_named(self, opened: MainWindow) -> None:
        assert opened.current == "dataset"
        assert opened.header.place() == "project › Dataset"
        assert opened.windowTitle() == "project – Workbench"

    def test_stages_are_reached_by_click_and_key(self, opened: MainWindow, qtbot: QtBot) -> None:
        qtbot.mouseClick(opened.rail.button("training"), Qt.MouseButton.LeftButton)
        assert opened.current == "training"
        qtbot.keyClick(opened, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
        assert opened.current == "dataset"

    def test_navigate_carries_its_payload(self, opened: MainWindow) -> None:
        opened.session.navigate.emit("dataset", {"class": 3})
        assert first(opened).payloads[-1] == {"class": 3}

    def test_dots_show_the_state_and_say_why(self, opened: MainWindow, qtbot: QtBot) -> None:
        shown = opened.rail.button("dataset")
        assert (shown.state, shown.why) == ("work", "12 images have no label")
        qtbot.mouseClick(shown, Qt.MouseButton.LeftButton, pos=shown.dot_area().center())
        assert opened.popover.isVisible()
        assert opened.popover.text() == "12 images have no label"
        qtbot.keyClick(opened.popover, Qt.Key.Key_Escape)
        assert not opened.popover.isVisible()
        assert opened.current == "dataset"
        first(opened).answer = ("ready", "")
        first(opened).stateChanged.emit()
        assert shown.state == "ready"

    def test_the_inspector_hides_with_its_key_and_stays_hidden(self, opened: MainWindow, qtbot: QtBot) -> None:
        inspector = first(opened).inspector()
        assert inspector.isVisible()
        qtbot.keyClick(opened, Qt.Key.Key_I)
        assert not inspector.isVisible()
        assert not Session().preferences.switch("inspector", True)
        qtbot.keyClick(opened, Qt.Key.Key_I)
        assert inspector.isVisible()
        assert inspector.width() >= 280

    def test_letters_in_a_text_field_are_text(self, opened: MainWindow, qtbot: QtBot) -> None:
        field = first(opened).field
        field.setFocus()
        qtbot.keyClicks(field, "ip?")
        assert field.text() == "ip?"
        assert first(opened).inspector().isVisible()
        assert first(opened).pressed == 0

    def test_a_panel_without_inspector_has_all_the_room(self, opened: MainWindow) -> None:
        opened.go("training")
        assert not opened._inspector.isVisible()
        assert not opened.header.inspector.isEnabled()
        opened.go("dataset")
        assert opened._inspector.isVisible()

    def test_a_broken_panel_takes_no_other_with_it(
        self, qtbot: QtBot, session: Session, project_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[object] = []
        monkeypatch.setattr(sys, "excepthook", lambda *error: seen.append(error[0]))
        window = MainWindow(session, fakes.WITH_BROKEN)
        qtbot.addWidget(window)
        session.open_project(project_folder)
        qtbot.waitUntil(lambda: bool(seen))
        assert seen == [RuntimeError]
        assert window.current == "dataset"
        assert not window.rail.button("export").isEnabled()
        window.go("export")
        assert window.current == "dataset"

    def test_undo_is_offered_when_there_is_something_to_undo(self, opened: MainWindow, qtbot: QtBot) -> None:
        session = opened.session
        assert not opened.commands.undo.isEnabled()
        classes = session.project.labels.classes()
        session.assign(session.project.images.ids()[:2], classes[1].id)
        qtbot.keyClick(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert session.project.labels.counts()[classes[1].id] == 12
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        qtbot.keyClick(opened, Qt.Key.Key_Z, both)
        assert session.project.labels.counts()[classes[1].id] == 14

    @pytest.mark.parametrize("size", [(1024, 700), (1280, 800)])
    def test_nothing_is_cut_off(self, opened: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
        opened.resize(*size)
        opened.header.run.show_progress(going(17, 20, 7800))
        QApplication.processEvents()
        assert (opened.width(), opened.height()) == size
        for part in opened.header.findChildren(QWidget) + opened.status.findChildren(QWidget):
            if part.isVisible():
                inside = opened.rect().contains(part.mapTo(opened, part.rect().bottomRight()))
                assert inside, part.objectName() or part
                if type(part) is QLabel and part.text():
                    assert part.width() >= part.sizeHint().width() - 1, part.text()


class TestPalette:
    def test_a_few_letters_find_an_action_and_enter_does_it(self, opened: MainWindow, qtbot: QtBot) -> None:
        opened.go("training")
        qtbot.keyClick(opened, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        palette = opened.palette_
        assert palette.isVisible()
        qtbot.keyClicks(palette.field, "press the")
        assert palette.model.rowCount() == 1
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
        assert not palette.isVisible()
        assert opened.current == "dataset"
        assert first(opened).pressed == 1

    def test_it_lists_every_action_with_its_key(self, opened: MainWindow) -> None:
        listed = {command.text: command.key for command in opened.all_commands()}
        assert listed["Press the button"] == "P"
        assert listed["Search or run a command"] == "Ctrl+K"
        assert listed["Theme: dark"] == ""
        assert listed["Keys"] == "?"

    def test_no_key_is_taken_twice(self, opened: MainWindow) -> None:
        keys = [command.key for command in opened.all_commands() if command.key]
        assert len(keys) == len(set(keys))

    def test_escape_and_a_click_beside_close_it(self, opened: MainWindow, qtbot: QtBot) -> None:
        opened.open_palette()
        qtbot.keyClick(opened.palette_.field, Qt.Key.Key_Escape)
        assert not opened.palette_.isVisible()

    def test_what_cannot_be_done_now_is_not_done(self, opened: MainWindow, qtbot: QtBot) -> None:
        opened.open_palette()
        qtbot.keyClicks(opened.palette_.field, "undo")
        qtbot.keyClick(opened.palette_.field, Qt.Key.Key_Return)
        assert opened.palette_.isVisible()
        opened.palette_.dismiss()

    def test_nothing_found_is_said(self, opened: MainWindow, qtbot: QtBot) -> None:
        opened.open_palette()
        qtbot.keyClicks(opened.palette_.field, "zzzz")
        assert opened.palette_.model.rowCount() == 0
        assert not opened.palette_.view.isVisible()

    def test_the_question_mark_shows_the_keys(self, opened: MainWindow, qtbot: QtBot) -> None:
        qtbot.keyClick(opened, "?")
        assert opened.key_list.isVisible()
        texts = {part.text() for part in opened.key_list.findChildren(QLabel)}
        assert {"Press the button", "P", "Ctrl+K"} <= texts
        qtbot.keyClick(opened.key_list, Qt.Key.Key_Escape)
        assert not opened.key_list.isVisible()


class TestStatus:
    def test_counts_split_and_saving(self, opened: MainWindow, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: opened.status.counts.fullText() == "24 images · 24 labelled · no split yet")
        jobs = SplitJobs(opened.session, opened.session)
        jobs.make(validation=0.25, test=0.25, seed=7)
        qtbot.waitUntil(lambda: opened.status.counts.fullText().endswith("split 50/25/25"))
        assert opened.status.saved.text() == "Saved now"

    def test_a_job_shows_its_progress_and_can_be_stopped(self, opened: MainWindow, qtbot: QtBot) -> None:
        going = threading.Event()

        def job(stop: Stop) -> Iterator[Event]:
            yield Progress(41, 100, "reading")
            while not stop.stopped:
                going.wait(0.005)
                yield Progress(41, 100, "reading")

        opened.session.start_job("Scanning castings", job)
        status = opened.status
        stop = status.findChild(QWidget, "status.stop")
        qtbot.waitUntil(lambda: status._left.text() == "41\u202f%")
        assert stop.isVisible()
        assert status._what.fullText() == "Scanning castings: reading"
        qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not stop.isVisible())
        assert opened.session.jobs == []


class TestRunPill:
    @pytest.mark.parametrize(
        ("progress", "text"),
        [
            (RunProgress(), "Idle"),
            (RunProgress("preparing"), "Preparing…"),
            (RunProgress("preparing", prepared=0.3), "Preparing 30\u202f%"),
            (RunProgress("training", epoch=7, epochs=20), "Epoch 7/20"),
            (going(7, 20, 360), "Epoch 7/20 · 6 min left"),
            (RunProgress("training", epoch=20, epochs=20, what="Measuring"), "Finishing…"),
            (RunProgress("paused", epoch=7, epochs=20), "Paused · epoch 7/20"),
            (RunProgress("stopping"), "Stopping…"),
            (RunProgress("finished", best=0.9333, reason="finished"), "Finished · 0.93"),
            (RunProgress("finished", reason="stopped"), "Stopped"),
            (RunProgress("failed"), "Failed"),
            (RunProgress("crashed"), "Ended unexpectedly"),
        ],
    )
    def test_it_says_where_the_run_stands(self, opened: MainWindow, progress: RunProgress, text: str) -> None:
        opened.header.run.show_progress(progress)
        assert opened.header.run.text() == text

    def test_a_click_goes_to_train(self, opened: MainWindow, qtbot: QtBot) -> None:
        qtbot.mouseClick(opened.header.run, Qt.MouseButton.LeftButton)
        assert opened.current == "training"


class TestBanners:
    def test_a_banner_belongs_to_its_stage(self, opened: MainWindow, qtbot: QtBot) -> None:
        answered: list[int] = []
        opened.session.decision.emit("training", "The run crashed.", "Continue", lambda: answered.append(1))
        assert opened.banners.shown() == []
        assert opened.toast.text() == "The run crashed."
        opened.go("training")
        (banner,) = opened.banners.shown()
        assert banner.isVisible()
        qtbot.mouseClick(banner.button, Qt.MouseButton.LeftButton)
        assert answered == [1]
        assert opened.banners.shown() == []

    def test_what_train_says_itself_is_a_banner_everywhere_else(self, opened: MainWindow) -> None:
        opened.session.decision.emit("!training", "The run crashed.", "Continue", opened.open_keys)
        assert len(opened.banners.shown()) == 1
        opened.go("training")
        assert opened.banners.shown() == []
        opened.go("dataset")
        opened.session._followed.set_state("preparing")
        assert opened.banners.shown() == []
        opened.session._followed.set_state("idle")

    def test_the_same_sentence_stands_there_once_and_at_most_three_do(self, opened: MainWindow) -> None:
        for sentence in ("a", "b", "b", "c", "d"):
            opened.session.problem.emit("", sentence)
        assert [banner.text() for banner in opened.banners.shown()] == ["b", "c", "d"]


class TestTheme:
    def test_light_and_dark_from_the_palette_and_remembered(self, opened: MainWindow, qapp: QApplication) -> None:
        opened.commands.themes["light"].trigger()
        assert not theme.is_dark()
        assert Session().preferences.get("theme") == "light"
        opened.commands.themes["dark"].trigger()
        assert theme.is_dark()
        assert opened.commands.themes["dark"].isChecked()


class TestClose:
    @pytest.fixture
    def training(self, opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
        followed = opened.session._followed
        followed.run = SimpleNamespace(id="2026-11-21-001", control=Path("control"))
        monkeypatch.setattr(followed, "command", lambda word: None)
        followed.set_state("training")
        return opened

    def test_without_a_run_it_just_closes(self, opened: MainWindow) -> None:
        assert opened.close()
        assert opened.session.project is None

    @pytest.mark.parametrize(("answer", "closes"), [("keep", True), ("cancel", False), ("stop", False)])
    def test_with_a_run_it_asks(
        self, training: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: str, closes: bool
    ) -> None:
        monkeypatch.setattr(training, "ask_about_run", lambda: answer)
        assert training.close() == closes
        assert training.isVisible() != closes

    def test_stop_and_save_closes_when_the_run_has_ended(
        self, training: MainWindow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(training, "ask_about_run", lambda: "stop")
        training.close()
        assert training.session.run_state == "stopping"
        training.session._followed.set_state("finished")
        assert not training.isVisible()

    def test_the_dialog_has_three_answers(self, qtbot: QtBot) -> None:
        for name, answer in (("close.keep", "keep"), ("close.stop", "stop"), ("close.cancel", "cancel")):
            dialog = CloseDialog("2026-11-21-001")
            qtbot.addWidget(dialog)
            dialog.open()
            qtbot.mouseClick(dialog.findChild(QPushButton, name), Qt.MouseButton.LeftButton)
            assert dialog.answer == answer
            assert (
                dialog.result()
                == (QDialog.DialogCode.Rejected if answer == "cancel" else QDialog.DialogCode.Accepted).value
            )


def test_a_bug_report_names_versions_and_the_place(qtbot: QtBot) -> None:
    try:
        raise KeyError("lost")
    except KeyError as error:
        text = report(type(error), error, error.__traceback__)
    dialog = BugDialog(text)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.mouseClick(dialog.findChild(QPushButton, "bug.copy"), Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    assert "KeyError: 'lost'" in copied
    assert "PySide6" in copied
    assert "test_main_window.py" in copied
