import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QSpinBox, QTableView
from pytestqt.qtbot import QtBot

from workbench.jobs import to_json
from workbench.project.project import Project
from workbench.training.events import FitStarted
from workbench.ui.model.panel import ModelPanel
from workbench.ui.session import Session
from workbench.ui.widgets import Segmented


@pytest.fixture
def panel(qtbot: QtBot, session: Session, project_folder: Path) -> ModelPanel:
    session.open_project(project_folder)
    made = ModelPanel(session)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    return made


def search(panel: ModelPanel, text: str) -> QTableView:
    panel.findChild(QLineEdit, "model.search").setText(text)
    return panel.findChild(QTableView, "model.table")


def test_the_configs_backbone_is_selected(panel: ModelPanel, session: Session) -> None:
    assert panel.name.fullText() == "mobilenet_v2"
    chosen = panel.filter.mapToSource(panel.table.currentIndex()).row()
    assert panel.catalogue.backbone(chosen).name == session.config.backbone.name


def test_a_click_on_a_row_chooses_its_backbone(panel: ModelPanel, session: Session, qtbot: QtBot) -> None:
    table = search(panel, "resnet18")
    library = next(row for row in range(9) if panel.filter.index(row, 1).data() == "torchvision")
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(panel.filter.index(library, 0)).center()
    )
    assert session.config.backbone.name == "torchvision/resnet18"
    assert panel.name.fullText() == "resnet18"


def test_searching_changes_nothing_but_the_list(panel: ModelPanel, session: Session) -> None:
    before = session.config
    for text in ("vit", "nothing is called this", ""):
        search(panel, text)
    assert session.config == before
    assert panel.table.selectionModel().hasSelection()


def test_an_empty_search_result_says_what_to_do(panel: ModelPanel) -> None:
    search(panel, "nothing is called this")
    assert panel.nothing.isVisible()
    assert panel.matches.text().startswith("0 of")


def test_typing_the_path_of_a_file_chooses_it(panel: ModelPanel, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    panel.findChild(QLineEdit, "model.weights").setText(str(file))
    assert session.config.backbone.weights == str(file)
    assert panel.weights.source.value() == "file"
    assert panel.state()[0] == "ready"


def test_a_dropped_file_is_chosen(panel: ModelPanel, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    file.write_bytes(b"")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    panel.weights.dropEvent(
        QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    assert session.config.backbone.weights == str(file)


def test_a_missing_file_is_said_before_a_run_starts(panel: ModelPanel, session: Session, tmp_path: Path) -> None:
    session.set_config(session.config.with_settings([f"weights={tmp_path / 'gone.pt'}"]))
    assert "no file" in panel.weights.says.text()
    assert panel.state()[0] == "attention"


def test_absent_hub_weights_are_said_before_a_run_starts(panel: ModelPanel) -> None:
    assert "Not on this machine" in panel.weights.says.text()
    assert panel.state()[0] == "attention"


def test_a_file_chosen_for_another_backbone_is_doubted(panel: ModelPanel, session: Session, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    panel.path = panel.findChild(QLineEdit, "model.weights")
    panel.path.setText(str(file))
    session.set_config(session.config.with_settings(["backbone=torchvision/resnet18"]))
    assert "Chosen for torchvision/mobilenet_v2" in panel.weights.says.text()


def test_weights_from_the_hub_and_none(panel: ModelPanel, session: Session) -> None:
    panel.weights.source.set_value("none")
    assert session.config.backbone.weights == "none"
    panel.weights.source.set_value("hub")
    assert session.config.backbone.weights == "hub"


def test_the_freeze_choice(panel: ModelPanel, session: Session) -> None:
    choice = panel.findChild(Segmented, "model.freeze")
    number = panel.findChild(QSpinBox, "model.trainLast")
    assert not number.isVisible()
    choice.set_value("stages")
    number.setValue(3)
    assert number.isVisible()
    assert (session.config.freeze.kind, session.config.freeze.train_last) == ("stages", 3)
    assert [stage.trains for stage in panel.plan.bar.stages()] == [False, False, True, True, True, True]
    choice.set_value("none")
    assert session.config.freeze.kind == "none"
    assert all(stage.trains for stage in panel.plan.bar.stages())
    choice.set_value("backbone")
    assert [stage.trains for stage in panel.plan.bar.stages()].count(True) == 1


def test_stages_of_an_earlier_run_are_shown(panel: ModelPanel, session: Session) -> None:
    run = session.project.runs.create(session.config.dumps())
    stages = ["stem", "features.2–3", "features.4–6", "head"]
    started = FitStarted(run.id, "cpu", 1, 1, 1, 1, ["a"], 1, 1, stages, stages[:3])
    run.events.write_text('{"format": 1}\n' + to_json(started) + "\n", encoding="utf-8")
    session.runsChanged.emit()
    assert [stage.name for stage in panel.plan.bar.stages()] == stages
    assert "once a run" not in panel.plan.says.text()


def test_size_and_resize(panel: ModelPanel, session: Session, qtbot: QtBot) -> None:
    side = panel.findChild(QSpinBox, "model.size")
    assert "224" in side.text()
    side.stepUp()
    assert session.config.preprocess.size == 224
    side.setValue(96)
    panel.findChild(Segmented, "model.resize").set_value("pad")
    assert (session.config.preprocess.size, session.config.preprocess.resize) == (96, "pad")


def test_a_size_the_backbone_cannot_take_is_said(panel: ModelPanel, session: Session) -> None:
    fixed = next(
        panel.catalogue.backbone(row).name
        for row in range(panel.catalogue.rowCount())
        if panel.catalogue.backbone(row).fixed_size
    )
    session.set_config(session.config.with_settings([f"backbone={fixed}", "size=64"]))
    assert "pixels only" in panel.image_size.says.text()


def test_filters_are_switches(panel: ModelPanel) -> None:
    panel.findChild(QPushButton, "model.recommended").click()
    assert 0 < panel.filter.rowCount() < 40
    panel.findChild(QPushButton, "model.here").click()
    assert panel.filter.rowCount() == 0


def test_another_project_shows_its_own_choice(
    panel: ModelPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    session.set_config(session.config.with_settings(["backbone=timm/resnet18"]))
    Project.create(tmp_path / "other").close()
    session.open_project(tmp_path / "other")
    assert panel.name.fullText() == "mobilenet_v2"


def test_the_panel_needs_no_torch(panel: ModelPanel) -> None:
    import subprocess

    code = "import sys, workbench.ui.model.panel; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
