import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from workbench import demo
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Progress, Stop
from workbench.project.project import Project
from workbench.training import client, control
from workbench.training.client import Died
from workbench.training.config import FreezeNothing, TrainConfig
from workbench.training.events import FitEnded, Paused, Preparing, TrainingEvent
from workbench.ui.session import Session

Problems = list[tuple[str, str]]


class Run:
    """Stands in for training: events are fed by the test and followed like those of a real run."""

    def __init__(self) -> None:
        self.feed: list[TrainingEvent | Died] = []
        self.over = threading.Event()
        self.commands: list[str] = []
        self.resumed: list[str] = []

    def follow(self, run: Any, stop: Stop) -> Iterator[TrainingEvent | Died]:
        told = 0
        while not stop.stopped:
            while told < len(self.feed):
                yield self.feed[told]
                told += 1
            if self.over.is_set():
                return
            time.sleep(0.005)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    made = Run()

    def start(project: Project, config: TrainConfig) -> Any:
        return project.runs.create(config.dumps())

    def resume(project: Project, folder: Any) -> None:
        made.resumed.append(folder.id)
        made.feed.clear()

    def command(path: Path, word: str) -> None:
        made.commands.append(word)

    monkeypatch.setattr(client, "start_run", start)
    monkeypatch.setattr(client, "resume_run", resume)
    monkeypatch.setattr(client, "follow", made.follow)
    monkeypatch.setattr(control, "write_command", command)
    return made


@pytest.fixture
def opened(session: Session, project_folder: Path) -> Session:
    assert session.open_project(project_folder)
    return session


class TestProject:
    def test_an_image_folder_becomes_a_project_beside_it(
        self, session: Session, qtbot: QtBot, tiny_images: Callable[..., Path]
    ) -> None:
        images = tiny_images({"good": 4, "scratch": 3}, name="castings")
        before = sorted(images.rglob("*"))
        told: list[str] = []
        session.toast.connect(told.append)
        session.start_from(images)
        qtbot.waitUntil(lambda: not session.jobs)
        assert session.project is not None
        assert session.project.folder == images.parent / "castings workbench"
        assert session.project.images.count() == 7
        assert sorted(images.rglob("*")) == before
        assert any(str(session.project.folder) in text for text in told)
        assert any("7 images in 2 classes" in text for text in told)

    def test_a_project_folder_is_opened(self, session: Session, qtbot: QtBot, project_folder: Path) -> None:
        with qtbot.waitSignal(session.projectChanged):
            session.start_from(project_folder)
        assert session.project.images.count() == 24
        assert session.preferences.recent() == [project_folder]

    def test_a_folder_without_images_is_a_sentence_and_leaves_nothing(
        self, session: Session, tmp_path: Path, problems: Problems
    ) -> None:
        empty = tmp_path / "empty"
        (empty / "inner").mkdir(parents=True)
        (empty / "inner" / "notes.txt").touch()
        session.start_from(empty)
        assert problems == [("", f"The folder {empty} holds no images; choose another folder.")]
        assert session.project is None
        assert sorted(path.name for path in tmp_path.iterdir()) == ["empty"]

    def test_adding_a_folder_without_images_is_a_sentence_in_the_dataset_panel(
        self, opened: Session, qtbot: QtBot, tmp_path: Path, problems: Problems
    ) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        opened.add_folder(empty)
        qtbot.waitUntil(lambda: not opened.jobs)
        assert [panel for panel, _ in problems] == ["dataset"]

    def test_the_sample_set_is_drawn_and_opened(
        self, session: Session, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project_folder: Path
    ) -> None:
        def prepare(out: Path) -> Any:
            return lambda stop: iter([Progress(1, 1, "drawing")])

        monkeypatch.setattr(demo, "prepare", prepare)
        monkeypatch.setattr(demo, "project_folder", lambda out: project_folder)
        session.try_sample()
        qtbot.waitUntil(lambda: session.project is not None)
        assert session.project.folder == project_folder

    def test_what_cannot_be_opened_leaves_the_project_of_before(
        self, opened: Session, tmp_path: Path, problems: Problems
    ) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / "project.sqlite").write_bytes(b"this is no database, however long one reads it" * 40)
        before = opened.project
        assert not opened.open_project(other)
        assert opened.project is before
        assert len(problems) == 1
        assert before.images.count() == 24

    def test_a_file_is_no_folder(self, session: Session, tmp_path: Path, problems: Problems) -> None:
        session.start_from(tmp_path / "absent")
        assert "not a folder" in problems[0][1]

    def test_a_project_that_cannot_be_written_says_so(
        self, session: Session, project_folder: Path, problems: Problems, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opens = Project.open
        monkeypatch.setattr(Project, "open", lambda folder: opens(folder, read_only=True))
        assert session.open_project(project_folder)
        assert "reading only" in problems[0][1]
        session.set_config(TrainConfig(epochs=2))
        session.close()
        assert not (project_folder / "draft.toml").exists()

    def test_a_project_of_a_newer_version_is_a_sentence(
        self, session: Session, project_folder: Path, problems: Problems
    ) -> None:
        with sqlite3.connect(project_folder / "project.sqlite") as database:
            database.execute("PRAGMA user_version = 9999")
        database.close()
        assert not session.open_project(project_folder)
        assert session.project is None
        assert "newer" in problems[0][1]

    def test_another_project_takes_the_place(self, opened: Session, tmp_path: Path) -> None:
        Project.create(tmp_path / "second").close()
        assert opened.open_project(tmp_path / "second")
        assert opened.project.images.count() == 0
        assert opened.preferences.recent()[0] == tmp_path / "second"


class TestLabels:
    def test_assign_undo_redo(self, opened: Session, qtbot: QtBot) -> None:
        project = opened.project
        classes = [row.id for row in project.labels.classes()]
        ids = project.images.ids()[:3]
        with qtbot.waitSignals([opened.labelsChanged, opened.undoChanged, opened.saved]):
            assert opened.assign(ids, classes[1])
        assert project.labels.counts() == {None: 0, classes[0]: 9, classes[1]: 15}
        assert opened.undo.can_undo
        opened.undo_label()
        assert project.labels.counts() == {None: 0, classes[0]: 12, classes[1]: 12}
        opened.redo_label()
        assert project.labels.counts() == {None: 0, classes[0]: 9, classes[1]: 15}
        assert opened.redo_label() is None

    def test_a_label_is_on_disk_at_once(self, opened: Session, project_folder: Path) -> None:
        classes = [row.id for row in opened.project.labels.classes()]
        opened.assign(opened.project.images.ids()[:2], classes[1])
        with Project.open(project_folder, read_only=True) as other:
            assert other.labels.counts()[classes[1]] == 14

    def test_nothing_chosen_changes_nothing(self, opened: Session, qtbot: QtBot) -> None:
        with qtbot.assertNotEmitted(opened.labelsChanged):
            assert not opened.assign([], None)

    def test_add_class(self, opened: Session, qtbot: QtBot) -> None:
        with qtbot.waitSignal(opened.classesChanged):
            made = opened.add_class("stain")
        assert [row.name for row in opened.project.labels.classes()] == ["good", "scratch", "stain"]
        assert made == opened.project.labels.classes()[2].id


class TestConfig:
    def test_the_draft_is_saved_and_read_again(self, opened: Session, qtbot: QtBot, project_folder: Path) -> None:
        with qtbot.waitSignals([opened.configChanged, opened.saved]):
            opened.set_config(opened.config.model_copy(update={"epochs": 3, "freeze": FreezeNothing()}))
        assert TrainConfig.load(project_folder / "draft.toml").epochs == 3
        opened.open_project(project_folder)
        assert opened.config.freeze == FreezeNothing()

    def test_a_change_just_before_the_end_is_saved(self, opened: Session, project_folder: Path) -> None:
        opened.set_config(TrainConfig(epochs=2))
        opened.close()
        assert TrainConfig.load(project_folder / "draft.toml").epochs == 2

    def test_the_same_config_is_no_change(self, opened: Session, qtbot: QtBot) -> None:
        with qtbot.assertNotEmitted(opened.configChanged):
            opened.set_config(TrainConfig())

    def test_a_broken_draft_is_kept_aside(self, opened: Session, project_folder: Path, problems: Problems) -> None:
        (project_folder / "draft.toml").write_text("epochs = 'many'", encoding="utf-8")
        opened.open_project(project_folder)
        assert opened.config == TrainConfig()
        assert "draft.unreadable.toml" in problems[0][1]
        assert (project_folder / "draft.unreadable.toml").read_text(encoding="utf-8") == "epochs = 'many'"


class TestRun:
    def test_the_events_of_a_run_are_followed(self, opened: Session, qtbot: QtBot, run: Run) -> None:
        states: list[str] = []
        opened.runStateChanged.connect(states.append)
        opened.start_training()
        assert opened.run is not None
        run.feed += [Preparing("Loading weights"), Paused(3), FitEnded("finished", "", 1, 0.9, 0.9, 3.0)]
        qtbot.waitUntil(lambda: opened.run_state == "finished")
        assert states == ["preparing", "paused", "finished"]
        assert opened.run_events == run.feed
        run.over.set()

    def test_commands_reach_the_run(self, opened: Session, qtbot: QtBot, run: Run) -> None:
        opened.start_training()
        run.feed += [Paused(3)]
        qtbot.waitUntil(lambda: opened.run_state == "paused")
        opened.resume_training()
        opened.stop_training()
        opened.stop_training()
        assert run.commands == ["resume", "stop"]
        assert opened.run_state == "stopping"
        run.feed += [FitEnded("stopped", "", 0, -1, -1, 3.0)]
        with qtbot.waitSignal(opened.toast) as told:
            qtbot.waitUntil(lambda: opened.run_state == "finished")
        assert "stopped and saved" in told.args[0]

    def test_a_killed_run_is_told_and_can_be_continued(self, opened: Session, qtbot: QtBot, run: Run) -> None:
        offers: list[tuple[Any, ...]] = []
        opened.decision.connect(lambda *offer: offers.append(offer))
        opened.start_training()
        run.feed += [Died("The process ended without a word; continue the run.")]
        qtbot.waitUntil(lambda: opened.run_state == "crashed")
        panel, sentence, text, act = offers[0]
        assert (panel, text) == ("!training", "Continue the run")
        assert "ended without a word" in sentence
        act()
        assert run.resumed == [opened.run.id]
        assert opened.run_state == "preparing"

    def test_a_run_that_fails_says_why(self, opened: Session, qtbot: QtBot, run: Run, problems: Problems) -> None:
        opened.start_training()
        run.feed += [FitEnded("failed", "The weights do not fit.", 0, -1, -1, 1.0)]
        qtbot.waitUntil(lambda: opened.run_state == "failed")
        assert problems == [("!training", "The weights do not fit.")]

    def test_a_second_run_waits_for_the_first(self, opened: Session, run: Run, problems: Problems) -> None:
        opened.start_training()
        first = opened.run
        opened.start_training()
        assert opened.run is first
        assert problems[0][0] == "training"

    def test_a_config_that_cannot_succeed_is_a_sentence(
        self, opened: Session, problems: Problems, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(project: Project, config: TrainConfig) -> None:
            raise WorkbenchError("Split the images first.")

        monkeypatch.setattr(client, "start_run", refuse)
        opened.start_training()
        assert problems == [("training", "Split the images first.")]
        assert opened.run_state == "idle"

    def test_a_new_window_finds_the_run_at_work(
        self, opened: Session, qtbot: QtBot, run: Run, project_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened.start_training()
        at_work = opened.run
        opened.close()
        rows = [
            SimpleNamespace(id="later", folder=SimpleNamespace(id="later"), state="finished"),
            SimpleNamespace(id=at_work.id, folder=at_work, state="running"),
        ]
        monkeypatch.setattr("workbench.project.runs.Runs.list", lambda self: rows)
        run.feed += [Paused(3)]
        assert opened.open_project(project_folder)
        assert opened.run.id == at_work.id
        qtbot.waitUntil(lambda: opened.run_state == "paused")

    def test_looking_at_an_old_run_is_no_news(self, opened: Session, qtbot: QtBot, run: Run) -> None:
        folder = opened.project.runs.create(TrainConfig().dumps())
        run.feed += [FitEnded("finished", "", 1, 0.9, 0.9, 3.0)]
        with qtbot.assertNotEmitted(opened.toast):
            opened.select_run(folder.id)
            qtbot.waitUntil(lambda: opened.run_state == "finished")

    def test_a_run_at_work_stays_in_view(self, opened: Session, run: Run, qtbot: QtBot) -> None:
        folder = opened.project.runs.create(TrainConfig().dumps())
        opened.start_training()
        with qtbot.waitSignal(opened.toast):
            opened.select_run(folder.id)
        assert opened.run.id != folder.id


class TestJobs:
    def test_a_job_is_listed_while_it_runs(self, session: Session, qtbot: QtBot) -> None:
        def job(stop: Stop) -> Iterator[Event]:
            yield Progress(1, 1, "done")

        done: list[object] = []
        handle = session.start_job("Short", job, on_done=done.append)
        assert session.jobs == [handle]
        qtbot.waitUntil(lambda: not session.jobs)
        assert done == [Progress(1, 1, "done")]

    def test_a_failure_nobody_takes_becomes_a_banner(self, session: Session, qtbot: QtBot, problems: Problems) -> None:
        def job(stop: Stop) -> Iterator[Event]:
            raise WorkbenchError("No space left.")
            yield

        session.start_job("Doomed", job)
        qtbot.waitUntil(lambda: not session.jobs)
        assert problems == [("", "No space left.")]

    def test_close_joins_all_threads(self, session: Session, qtbot: QtBot) -> None:
        ended = threading.Event()

        def job(stop: Stop) -> Iterator[Event]:
            try:
                while True:
                    time.sleep(0.005)
                    yield Progress(0, None, "")
            finally:
                ended.set()

        session.start_job("Endless", job)
        qtbot.wait(20)
        session.close()
        assert ended.is_set()
        assert session.jobs == []


def test_a_damaged_project_is_restored_from_the_window(session: Session, project_folder: Path) -> None:
    from workbench.project.project import Project

    with Project.open(project_folder) as project:
        before = project.labels.counts()
    assert list((project_folder / "backups").glob("*.sqlite"))
    database = project_folder / "project.sqlite"
    content = bytearray(database.read_bytes())
    content[100 : len(content) // 2] = b"\x00" * (len(content) // 2 - 100)
    database.write_bytes(bytes(content))
    offered: list[tuple[str, str, object]] = []

    def decide(_panel: str, sentence: str, text: str, act: object) -> None:
        offered.append((sentence, text, act))

    session.decision.connect(decide)
    assert not session.open_project(project_folder)
    ((sentence, text, act),) = offered
    assert "damaged" in sentence
    assert text == "Restore the backup"
    act()
    assert session.project is not None
    assert session.project.labels.counts().keys() <= before.keys()


def test_who_started_a_job_hears_of_its_end_when_another_project_opens(
    qtbot: QtBot, session: Session, project_folder: Path, tmp_path: Path
) -> None:
    def job(stop: Stop) -> Iterator[Event]:
        while not stop.stopped:
            yield Progress(0, None, "waits")
            time.sleep(0.005)

    session.open_project(project_folder)
    ended: list[object] = []
    done: list[object] = []
    handle = session.start_job("waits", job, on_done=done.append)
    handle.ended.connect(lambda: ended.append(handle))
    session.open_project(tmp_path / "another", create=True)
    assert ended == [handle]
    assert not done
    assert not session.jobs
