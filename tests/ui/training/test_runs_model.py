from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QTableView

from workbench.project.project import Project
from workbench.training.config import TrainConfig
from workbench.ui.training import runs_model
from workbench.ui.training.runs_model import RunsModel

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def test_passes_the_tester_through_every_change(qtbot, project_folder: Path, write_run: Callable[..., object]) -> None:
    model = RunsModel()
    tester = QAbstractItemModelTester(model, FATAL)
    with Project.open(project_folder) as project:
        model.show(project.runs.list())
        for reason in ("finished", "stopped", "failed"):
            write_run(project, reason=reason)
            model.show(project.runs.list())
        model.toggle_star(0)
        model.setData(model.index(1, runs_model.NOTE), "a note")
        model.show(project.runs.list())
        model.show([])
    del tester


def test_rows_in_words(qtbot, project_folder: Path, write_run: Callable[..., object]) -> None:
    model = RunsModel()
    with Project.open(project_folder) as project:
        run = write_run(project)
        model.show(project.runs.list())
    cells = [model.index(0, column).data() for column in range(model.columnCount())]
    assert cells == ["☆", run.id, "finished", "torchvision/mobilenet_v2", "Frozen", "3 / 3", "0.78", ""]


def test_a_run_that_trains_no_network_has_no_epochs_in_its_row(qtbot, project_folder: Path) -> None:
    model = RunsModel()
    with Project.open(project_folder) as project:
        project.runs.create(TrainConfig().with_settings(["preset=baseline"]).dumps())
        model.show(project.runs.list())
    wanted = (runs_model.BACKBONE, runs_model.WAY, runs_model.EPOCHS)
    assert [model.index(0, column).data() for column in wanted] == ["baseline", "Baseline", "–"]


def test_star_and_note_are_announced(qtbot, project_folder: Path, write_run: Callable[..., object]) -> None:
    model = RunsModel()
    with Project.open(project_folder) as project:
        run = write_run(project)
        model.show(project.runs.list())
    with qtbot.waitSignal(model.starred) as starred:
        model.toggle_star(0)
    assert starred.args == [run.id, True]
    with qtbot.waitSignal(model.noted) as noted:
        assert model.setData(model.index(0, runs_model.NOTE), "good one")
    assert noted.args == [run.id, "good one"]
    assert not model.setData(model.index(0, runs_model.NAME), "x")
    assert model.index(0, runs_model.NOTE).flags() & Qt.ItemFlag.ItemIsEditable


def test_new_figures_keep_the_selection(qtbot, project_folder: Path, write_run: Callable[..., object]) -> None:
    model = RunsModel()
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    with Project.open(project_folder) as project:
        write_run(project)
        first = write_run(project)
        model.show(project.runs.list())
        view.selectRow(0)
        project.runs.set_note(first.id, "changed elsewhere")
        model.show(project.runs.list())
    assert view.currentIndex().row() == 0
    assert model.index(0, runs_model.NOTE).data() == "changed elsewhere"
