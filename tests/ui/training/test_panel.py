from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from workbench.project.project import Project
from workbench.training.events import Warned
from workbench.ui.session import Session
from workbench.ui.training import runs_model
from workbench.ui.training.panel import TrainPanel
from workbench.ui.widgets import Segmented


@pytest.fixture
def open_panel(qtbot: QtBot, session: Session) -> Callable[[Path], TrainPanel]:
    def make(folder: Path) -> TrainPanel:
        session.open_project(folder)
        panel = TrainPanel(session)
        qtbot.addWidget(panel)
        panel.resize(900, 700)
        panel.show()
        qtbot.waitUntil(lambda: session.run is None or session.run_state != "preparing", timeout=3000)
        panel._refresh()
        return panel

    return make


def add_runs(folder: Path, write_run: Callable[..., object], *kinds: str) -> None:
    with Project.open(folder) as project:
        for kind in kinds:
            if kind == "crashed":
                write_run(project, crashed=True, done=2)
            else:
                write_run(project, reason=kind, done=3 if kind == "finished" else 2)


def test_without_runs_it_teaches_and_says_what_is_missing(open_panel, session, project_folder, qtbot) -> None:
    panel = open_panel(project_folder)
    assert panel.empty.isVisible()
    assert not panel.controls.start.isEnabled()
    assert "not split" in panel.controls.why.text()
    with qtbot.waitSignal(session.navigate) as asked:
        qtbot.mouseClick(panel.findChild(QPushButton, "train.repair"), Qt.MouseButton.LeftButton)
    assert asked.args == ["dataset", None]
    assert panel.state()[0] == "empty"


def test_start_is_free_once_nothing_is_missing(open_panel, session, project_with_split, qtbot, monkeypatch) -> None:
    started: list[bool] = []
    monkeypatch.setattr(session, "start_training", lambda: started.append(True))
    panel = open_panel(project_with_split)
    session.set_config(session.config.with_settings(["weights=none", "freeze=none"]))
    qtbot.waitUntil(lambda: panel.controls.start.isEnabled() and not panel.controls.why.isVisible())
    qtbot.mouseClick(panel.findChild(QPushButton, "train.start"), Qt.MouseButton.LeftButton)
    assert started == [True]


def test_recipe_epochs_and_form_edit_the_config(open_panel, session, project_with_split, qtbot) -> None:
    panel = open_panel(project_with_split)
    panel.findChild(Segmented, "train.recipe").set_value("best")
    assert (session.config.epochs, session.config.freeze.kind) == (40, "none")
    panel.findChild(QSpinBox, "train.epochs").setValue(7)
    assert session.config.epochs == 7
    assert panel.controls.recipe.value() == "best"
    panel.settings.form.editor("loss.label_smoothing")._line.setText("0.2")
    panel.settings.form.editor("loss.label_smoothing").edited.emit()
    assert session.config.loss.label_smoothing == 0.2
    assert panel.controls.recipe.value() == "custom"


def test_a_finished_run_shows_its_curves_and_figures(open_panel, session, project_folder, write_run, qtbot) -> None:
    add_runs(project_folder, write_run, "finished")
    panel = open_panel(project_folder)
    qtbot.waitUntil(lambda: panel.history.ended is not None)
    panel._refresh()
    assert panel.curves.loss.points("train") == 12
    assert panel.curves.score.points("balanced") == 3
    assert panel.headline.number.text() == "0.78"
    assert "epoch 3 of 3" in panel.headline.facts.fullText()
    assert "50 images/s" in panel.headline.facts.fullText()
    assert not panel.headline.resume.isVisible()
    assert panel.state()[0] in ("empty", "ready")


def test_a_run_without_epochs_says_what_came_of_it_in_place_of_curves(
    open_panel, session, project_folder, write_run, qtbot
) -> None:
    add_runs(project_folder, write_run, "finished")
    with Project.open(project_folder) as project:
        fitted = write_run(project, epochs=0, done=0)
        lines = fitted.events.read_text(encoding="utf-8").replace('"message": ""', '"message": "C = 0.1 was chosen."')
        fitted.events.write_text(lines, encoding="utf-8")
    panel = open_panel(project_folder)
    session.select_run(fitted.id)
    qtbot.waitUntil(lambda: panel.headline.what.text() == "C = 0.1 was chosen.")
    assert not panel.curves.isVisible()
    other = next(panel.runs.run(row).id for row in range(2) if panel.runs.run(row).id != fitted.id)
    session.select_run(other)
    qtbot.waitUntil(panel.curves.isVisible)


def test_a_crashed_run_says_what_happened_and_offers_to_go_on(
    open_panel, session, project_folder, write_run, qtbot, monkeypatch
) -> None:
    continued: list[str] = []
    monkeypatch.setattr(session, "continue_run", continued.append)
    add_runs(project_folder, write_run, "crashed")
    panel = open_panel(project_folder)
    qtbot.waitUntil(lambda: panel.headline.resume.isVisible())
    assert "Killed" in panel.headline.what.text()
    qtbot.mouseClick(panel.findChild(QPushButton, "train.continue"), Qt.MouseButton.LeftButton)
    assert continued == [session.run.id]


def test_a_failed_run_says_why(open_panel, session, project_folder, write_run, qtbot) -> None:
    add_runs(project_folder, write_run, "failed")
    panel = open_panel(project_folder)
    qtbot.waitUntil(lambda: "out of memory" in panel.headline.what.text())
    assert panel.headline.badge.text() == "failed"


def test_selecting_a_run_shows_its_curves(open_panel, session, project_folder, write_run, qtbot) -> None:
    add_runs(project_folder, write_run, "finished", "stopped")
    panel = open_panel(project_folder)
    qtbot.waitUntil(lambda: panel.curves.score.points("train") == 2)
    panel.list.selectRow(1)
    qtbot.waitUntil(lambda: panel.curves.score.points("train") == 3)
    assert panel.headline.run.fullText() == panel.runs.run(1).id == session.run.id


def test_star_and_note_are_kept(open_panel, session, project_folder, write_run, qtbot) -> None:
    add_runs(project_folder, write_run, "finished")
    panel = open_panel(project_folder)
    cell = panel.list.visualRect(panel.runs.index(0, runs_model.STAR)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    panel.runs.setData(panel.runs.index(0, runs_model.NOTE), "keep this")
    row = session.project.runs.list()[0]
    assert (row.star, row.note) == (True, "keep this")


def test_a_warning_of_the_run_is_shown(open_panel, session, project_folder, write_run, qtbot) -> None:
    add_runs(project_folder, write_run, "finished")
    panel = open_panel(project_folder)
    session.runEvent.emit(Warned("The image a.png could not be read; it is skipped."))
    qtbot.waitUntil(lambda: "a.png" in panel.headline.what.text())


def test_buttons_follow_the_state(open_panel, session, project_with_split, qtbot) -> None:
    panel = open_panel(project_with_split)
    controls = panel.controls
    expected = {
        "preparing": (False, False, True),
        "training": (False, True, True),
        "paused": (False, True, True),
        "stopping": (False, False, False),
    }
    for state, buttons in expected.items():
        controls.show_state(state)
        assert (controls.start.isEnabled(), controls.pause.isEnabled(), controls.stop.isEnabled()) == buttons, state
    controls.show_state("paused")
    assert controls.pause.text() == "Resume"
    with qtbot.waitSignal(controls.resumed):
        qtbot.mouseClick(controls.pause, Qt.MouseButton.LeftButton)


def test_the_list_follows_the_epochs_of_a_run_at_work(
    open_panel, session, project_folder, write_run, qtbot, monkeypatch
) -> None:
    add_runs(project_folder, write_run, "finished")
    panel = open_panel(project_folder)
    qtbot.waitUntil(lambda: panel.history.ended is not None)
    run = session.run
    lines = run.events.read_text(encoding="utf-8").splitlines()
    assert panel.runs.index(0, runs_model.EPOCHS).data() == "3 / 3"
    session.progress.state = "training"
    run.events.write_text("\n".join(line for line in lines if '"epoch": 3' not in line) + "\n", encoding="utf-8")
    session.runEvent.emit(panel.history.epochs[-1])
    qtbot.waitUntil(lambda: panel.runs.index(0, runs_model.EPOCHS).data() == "2 / 3")
    session.progress.state = "finished"
