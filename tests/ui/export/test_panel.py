from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from workbench.errors import WorkbenchError
from workbench.jobs import Noticed, as_dict
from workbench.project.project import Project
from workbench.training.config import TrainConfig
from workbench.ui.export.panel import ExportPanel
from workbench.ui.session import Session


@pytest.fixture
def open_panel(qtbot: QtBot, session: Session, project_folder: Path) -> Callable[[], ExportPanel]:
    def make() -> ExportPanel:
        session.open_project(project_folder)
        panel = ExportPanel(session)
        qtbot.addWidget(panel)
        panel.resize(1200, 700)
        panel.show()
        return panel

    return make


def press(qtbot: QtBot, panel: ExportPanel) -> None:
    qtbot.mouseClick(panel.findChild(QPushButton, "export.run"), Qt.MouseButton.LeftButton)


def test_without_a_run_it_leads_to_train(open_panel, session, qtbot) -> None:
    panel = open_panel()
    assert panel.nothing.isVisible()
    with qtbot.waitSignal(session.navigate) as asked:
        panel.nothing.button.click()
    assert asked.args == ["training", None]


def test_before_the_first_export_it_tells_what_will_be_there(open_panel, session, run_with_model) -> None:
    panel = open_panel()
    assert panel.before.isVisible()
    assert not panel.result.isVisible()
    assert panel.parts.rowCount() == 12
    assert panel.findChild(QLineEdit, "export.folder").text() == str(session.project.exports_folder / run_with_model.id)
    assert panel.state()[0] == "empty"


def test_an_export_shows_its_parity_and_files(
    open_panel, session, qtbot, run_with_model, write_package, child, project_folder
) -> None:
    def work(argv: list[str]):
        yield as_dict(Noticed("The other exporter was used."))
        yield {"event": "Exported", "package": str(write_package(Path(argv[-1]))), "parity": {}}

    session._warm = child(work)
    panel = open_panel()
    out = session.project.exports_folder / run_with_model.id
    press(qtbot, panel)
    assert panel.state()[0] == "work"
    qtbot.waitUntil(lambda: panel.result.isVisible())
    assert session.warm.asked == [["export", str(project_folder), "--run", run_with_model.id, "--out", str(out)]]
    assert panel.result.sentence.text() == "Answers as the trained model does, on all 24 test images."
    assert panel.result.notices.text() == "The other exporter was used."
    assert panel.parts.index(0, 0).data() == "model.onnx"
    assert panel.state()[0] == "ready"
    assert panel.bar.out() == out.with_name(f"{out.name}-2")


def test_a_package_of_before_is_shown_again(open_panel, session, run_with_model, write_package, project_folder) -> None:
    write_package(project_folder / "exports" / run_with_model.id, flips=1)
    panel = open_panel()
    assert "do not use it" in panel.result.sentence.text()
    assert panel.state()[0] == "attention"


def test_a_folder_that_is_not_free_prevents_the_export(open_panel, run_with_model, tmp_path) -> None:
    panel = open_panel()
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_text("x")
    field = panel.findChild(QLineEdit, "export.folder")
    for text, words in (
        (str(taken), "not empty"),
        (str(taken / "file"), "is a file"),
        ("", "Choose"),
        ("x", "whole path"),
    ):
        field.setText(text)
        assert words in panel.bar.why.text()
        assert not panel.bar.go.isEnabled()
    field.setText(str(tmp_path / "free"))
    assert panel.bar.go.isEnabled()
    assert not panel.bar.why.isVisible()


def test_a_baseline_is_not_offered_for_export(open_panel, project_folder) -> None:
    with Project.open(project_folder) as project:
        project.runs.create(TrainConfig().with_settings(["preset=baseline"]).dumps()).model.mkdir()
    panel = open_panel()
    assert "no network" in panel.bar.why.text()
    assert not panel.bar.go.isEnabled()


def test_a_failure_becomes_a_sentence(open_panel, session, qtbot, run_with_model, child, problems) -> None:
    def work(argv: list[str]):
        raise WorkbenchError("There is no space left on the disk; free some.")
        yield

    session._warm = child(work)
    panel = open_panel()
    press(qtbot, panel)
    qtbot.waitUntil(lambda: bool(problems))
    assert problems == [("export", "There is no space left on the disk; free some.")]
    assert panel.bar.go.isEnabled()


def test_a_try_counts_the_predictions(
    open_panel, session, qtbot, run_with_model, write_package, child, project_folder, tmp_path
) -> None:
    def work(argv: list[str]):
        rows = ["image,prediction,confidence,error", "a,good,0.9,", "b,good,0.9,", "c,pit,0.9,", "d,,,broken"]
        Path(argv[-1]).write_text("\n".join(rows) + "\n", encoding="utf-8")
        yield {"event": "Predicted", "images": 4, "errors": 1, "out": argv[-1]}

    session._warm = child(work)
    write_package(project_folder / "exports" / run_with_model.id)
    panel = open_panel()
    panel.try_on(tmp_path)
    assert not panel.result.try_.isEnabled()
    qtbot.waitUntil(lambda: panel.result.predictions.isVisible())
    assert panel.result.tried.text() == "good 2 · pit 1 · 1 could not be read"
    assert panel.result.try_.isEnabled()


def test_open_folder(open_panel, session, qtbot, run_with_model, write_package, project_folder, monkeypatch) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    folder = write_package(project_folder / "exports" / run_with_model.id)
    panel = open_panel()
    panel.findChild(QPushButton, "export.open").click()
    assert Path(opened[0].toLocalFile()) == folder
