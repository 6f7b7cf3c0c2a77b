from pathlib import Path

from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training.config import TrainConfig
from workbench.ui.run_choice import RunChoice, with_model
from workbench.ui.session import Session


def finished(project: Project) -> RunFolder:
    run = project.runs.create(TrainConfig().dumps())
    run.model.mkdir()
    return run


def test_only_runs_with_a_model_are_offered(session: Session, project_folder: Path) -> None:
    assert with_model(session) == []
    with Project.open(project_folder) as project:
        project.runs.create(TrainConfig().dumps())
        run = finished(project)
    session.open_project(project_folder)
    assert [row.id for row in with_model(session)] == [run.id]


def test_the_choice_stays_until_there_is_a_new_run(qtbot, session: Session, project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        first, second = finished(project), finished(project)
    session.open_project(project_folder)
    choice = RunChoice()
    qtbot.addWidget(choice)
    choice.show_runs(with_model(session), prefer=first.id)
    assert choice.run() == first
    with qtbot.assertNotEmitted(choice.chosen):
        choice.show_runs(with_model(session), prefer=second.id)
    assert choice.run() == first
    third = finished(session.project)
    with qtbot.waitSignal(choice.chosen):
        choice.show_runs(with_model(session))
    assert choice.run() == third
    choice.choose(second.id)
    assert choice.run() == second
    choice.show_runs([])
    assert choice.run() is None


def test_the_way_of_each_run_is_said(qtbot, session: Session, project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        for way in ("gradual", "baseline"):
            project.runs.create(TrainConfig().with_settings([f"preset={way}"]).dumps()).model.mkdir()
        project.runs.create("no config").model.mkdir()
    session.open_project(project_folder)
    choice = RunChoice()
    qtbot.addWidget(choice)
    choice.show_runs(with_model(session))
    said = [choice.itemText(number).partition(" · ")[2] for number in range(3)]
    assert said == ["", "baseline", "mobilenet_v2 · Gradual"]
