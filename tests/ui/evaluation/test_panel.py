from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.evaluation.results import Evaluated, ViewsMeasured, save_views
from workbench.jobs import Noticed, as_dict
from workbench.project.runs import RunFolder
from workbench.ui.evaluation.panel import ASK, NO_TEST, NOTHING, RESULT, EvaluatePanel
from workbench.ui.session import Session


@pytest.fixture
def open_panel(qtbot: QtBot, session: Session, project_folder: Path) -> Callable[[], EvaluatePanel]:
    def make() -> EvaluatePanel:
        session.open_project(project_folder)
        panel = EvaluatePanel(session)
        qtbot.addWidget(panel)
        panel.resize(1200, 700)
        panel.show()
        return panel

    return make


def press(qtbot: QtBot, panel: EvaluatePanel) -> None:
    qtbot.mouseClick(panel.findChild(QPushButton, "evaluate.run"), Qt.MouseButton.LeftButton)


def test_without_a_run_it_leads_to_train(open_panel, session, qtbot) -> None:
    panel = open_panel()
    assert panel.stack.currentIndex() == NOTHING
    with qtbot.waitSignal(session.navigate) as asked:
        panel.nothing.button.click()
    assert asked.args == ["training", None]
    assert panel.state()[0] == "empty"


def test_evaluating_shows_figures_matrix_and_mistakes(
    open_panel, session, qtbot, write_model, write_result, images, project_folder, child
) -> None:
    run = write_model(project_folder)

    def work(argv: list[str]):
        result = write_result(run, "test", *images)
        yield as_dict(Noticed("The image a.png has changed since the run was trained; check its label."))
        yield as_dict(result.evaluated)

    session._warm = child(work)
    panel = open_panel()
    assert panel.stack.currentIndex() == ASK
    press(qtbot, panel)
    assert panel.state()[0] == "work"
    qtbot.waitUntil(lambda: panel.stack.currentIndex() == RESULT)
    assert session.warm.asked == [["evaluate", str(project_folder), "--run", run.id, "--split", "test"]]
    assert panel.view.headline.number.text().startswith("0.92 [")
    assert panel.view.headline.meaning.text() == "balanced accuracy on 24 test images, chosen on validation"
    assert "a.png" in panel.view.headline.caution.text()
    assert "Only 12 images" in panel.view.headline.caution.text()
    qtbot.waitUntil(lambda: panel.view.images.rowCount() == 2)
    assert panel.state()[0] == "ready"


def test_a_cell_shows_its_images_surest_first(
    open_panel, session, qtbot, write_model, write_result, images, project_folder
) -> None:
    run = write_model(project_folder)
    result = write_result(run, "test", *images)
    panel = open_panel()
    qtbot.waitUntil(lambda: panel.view.images.rowCount() == 2)
    matrix = panel.view.matrix
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(0, 0).center().toPoint())
    assert panel.view.images.rowCount() == 11
    shown = [panel.view.images.image(row).confidence for row in range(11)]
    assert shown == sorted(shown, reverse=True)
    assert {panel.view.images.image(row).target for row in range(11)} == {0}
    assert "11 images of good called rightly" in panel.view.shown.fullText()
    panel.view.back.click()
    assert panel.view.images.rowCount() == len(result.ids) - 22


def test_a_class_shows_its_images(
    open_panel, session, qtbot, write_model, write_result, images, project_folder
) -> None:
    write_result(write_model(project_folder), "test", *images)
    panel = open_panel()
    qtbot.waitUntil(lambda: panel.view.images.rowCount() == 2)
    table = panel.view.table
    cell = table.visualRect(table.model().index(1, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert panel.view.images.rowCount() == 12


def test_an_image_leads_to_the_dataset(
    open_panel, session, qtbot, write_model, write_result, images, project_folder
) -> None:
    write_result(write_model(project_folder), "test", *images)
    panel = open_panel()
    with qtbot.waitSignal(session.navigate) as asked:
        panel.view.imageWanted.emit(5)
    assert asked.args == ["dataset", [5]]


def test_without_test_images_it_says_so_and_offers_validation(
    open_panel, session, qtbot, write_model, write_result, images, project_folder, child
) -> None:
    run = write_model(project_folder, split="validation")

    def work(argv: list[str]):
        yield as_dict(write_result(run, "validation", *images).evaluated)

    session._warm = child(work)
    panel = open_panel()
    assert panel.stack.currentIndex() == NO_TEST
    assert not panel.bar.go.isEnabled()
    assert panel.state()[0] == "attention"
    panel.no_test.button.click()
    qtbot.waitUntil(lambda: panel.stack.currentIndex() == RESULT)
    assert "which also chose the model" in panel.view.headline.meaning.text()


def test_a_failure_becomes_a_sentence_and_the_panel_is_usable(
    open_panel, session, qtbot, write_model, project_folder, child, problems
) -> None:
    write_model(project_folder)

    def work(argv: list[str]):
        raise WorkbenchError("The model cannot be read; train again.")
        yield

    session._warm = child(work)
    panel = open_panel()
    press(qtbot, panel)
    qtbot.waitUntil(lambda: bool(problems))
    assert problems == [("evaluation", "The model cannot be read; train again.")]
    assert panel.bar.go.isEnabled()
    assert panel.stack.currentIndex() == ASK


def test_stop_ends_the_job(open_panel, session, qtbot, write_model, project_folder, child) -> None:
    import time

    write_model(project_folder)

    def work(argv: list[str]):
        while True:
            time.sleep(0.01)
            yield {"event": "Progress", "done": 1, "total": 10, "what": "Classifying"}

    session._warm = child(work)
    panel = open_panel()
    press(qtbot, panel)
    qtbot.waitUntil(lambda: "Classifying" in panel.bar.what.text())
    press(qtbot, panel)
    qtbot.waitUntil(lambda: not session.jobs)
    assert panel.bar.go.text() == "Evaluate"
    assert panel.stack.currentIndex() == ASK


def test_a_damaged_result_is_a_sentence(open_panel, session, write_model, project_folder, problems) -> None:
    run: RunFolder = write_model(project_folder)
    run.results.mkdir(exist_ok=True)
    (run.results / "test.json").write_text("{", encoding="utf-8")
    panel = open_panel()
    assert panel.stack.currentIndex() == ASK
    assert problems
    assert "evaluate the test images again" in problems[0][1]


def test_forty_classes_of_long_names(
    open_panel, session, qtbot, write_model, write_result, project_folder, images
) -> None:
    names = [f"surface defect of kind {number} seen on the cold side" for number in range(40)]
    paths = (images[0] * 4)[:80]
    write_result(write_model(project_folder), "test", paths, [number % 40 for number in range(80)], names)
    panel = open_panel()
    qtbot.waitUntil(lambda: panel.view.images.rowCount() == 40, timeout=20_000)
    panel.resize(1024, 600)
    assert not panel.grab().isNull()
    assert panel.minimumSizeHint().width() <= 944


def test_views_are_measured_beside_the_figure(
    open_panel, session, qtbot, write_model, write_result, images, project_folder, child
) -> None:
    run = write_model(project_folder)

    def work(argv: list[str]):
        result = write_result(run, "test", *images)
        yield as_dict(result.evaluated)
        if "--views" in argv:
            measured = views_measured(result.evaluated, argv[-1])
            save_views(run.path, measured, result)
            yield as_dict(measured)

    session._warm = child(work)
    panel = open_panel()
    press(qtbot, panel)
    qtbot.waitUntil(lambda: panel.stack.currentIndex() == RESULT)
    shown = panel.view.headline.views
    assert not shown.isVisible()
    number = panel.view.headline.number.text()
    panel.bar.views.setCurrentIndex(panel.bar.views.findData("flip"))
    assert shown.isVisible()
    assert "Press Evaluate to measure it with 2 views" in shown.text()
    assert "left and right mean nothing" in shown.text()
    assert panel.bar.go.text() == "Evaluate"
    press(qtbot, panel)
    assert not panel.bar.views.isVisible()
    qtbot.waitUntil(lambda: panel.view.headline.views.text().startswith("with 2 views"))
    assert session.warm.asked[-1][-2:] == ["--views", "flip"]
    assert shown.text().startswith("with 2 views 0.93, +0.01 [−0.00, 0.02], 2.1 times as long")
    assert "exported package does not do this" in shown.text()
    assert panel.view.headline.number.text() == number
    assert panel.bar.go.text() == "Evaluate again"
    panel.bar.views.setCurrentIndex(panel.bar.views.findData("crops"))
    assert "5 views" in shown.text()
    assert "left and right" not in shown.text()
    panel.bar.views.setCurrentIndex(panel.bar.views.findData("chain:4"))
    assert "4 views" in shown.text()
    panel.bar.views.setCurrentIndex(0)
    assert not shown.isVisible()


def test_views_of_an_earlier_result_are_not_shown(
    open_panel, session, qtbot, write_model, write_result, images, project_folder
) -> None:
    run = write_model(project_folder)
    result = write_result(run, "test", *images)
    save_views(run.path, replace(views_measured(result.evaluated, "flip"), plain=0.5), result)
    panel = open_panel()
    panel.bar.views.setCurrentIndex(panel.bar.views.findData("flip"))
    assert "Press Evaluate" in panel.view.headline.views.text()
    run.result("test+flip").write_text("{", encoding="utf-8")
    panel.bar.views.setCurrentIndex(0)
    with qtbot.waitSignal(session.problem):
        panel.bar.views.setCurrentIndex(panel.bar.views.findData("flip"))


def views_measured(plain: Evaluated, views: str) -> ViewsMeasured:
    return ViewsMeasured(
        run=plain.run,
        split=plain.split,
        views=views,
        count=2,
        images=plain.images,
        balanced_accuracy=0.93,
        interval=[0.8, 1.0],
        accuracy=0.93,
        plain=plain.balanced_accuracy,
        gain=0.0133,
        gain_interval=[-0.002, 0.02],
        seconds=0.021,
        plain_seconds=0.01,
    )
