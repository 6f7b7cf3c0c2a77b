import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from workbench import launch
from workbench.jobs import Stop, to_json
from workbench.models import catalog
from workbench.project.project import Project
from workbench.training.config import WAYS, FreezeParts, FreezeStages, TrainConfig
from workbench.training.events import FitStarted
from workbench.ui.model.panel import WIDE, ModelPanel
from workbench.ui.model.summary_dialog import SummaryDialog
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


def way(panel: ModelPanel, key: str) -> QPushButton:
    found = panel.findChild(QPushButton, f"model.way.{key}")
    assert found is not None
    return found


# -- how it stands


def test_a_wide_window_shows_what_learns_beside_what_it_starts_from(panel: ModelPanel, qtbot: QtBot) -> None:
    side = panel.plan_side
    for width, across in ((1200, 1), (WIDE, 2), (1200, 1)):
        panel.resize(width, 700)
        qtbot.waitUntil(lambda across=across: side.widget().across == across)
        qtbot.waitUntil(lambda: panel.aside.width() == side.width())
        qtbot.waitUntil(lambda: side.widget().width() <= side.viewport().width())


def test_the_wheel_scrolls_and_changes_no_number(panel: ModelPanel, session: Session) -> None:
    before = session.config
    panel.side.table.setFocus()
    for name in ("model.epochs", "model.size", "model.finding", "model.tag"):
        box = panel.findChild(QWidget, name)
        at, up = QPointF(box.rect().center()), QPoint(0, 120)
        event = QWheelEvent(
            at,
            QPointF(box.mapToGlobal(at.toPoint())),
            QPoint(),
            up,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, event)
    assert session.config == before


# -- the backbone and its weights


def test_a_click_in_the_catalogue_chooses_a_backbone(panel: ModelPanel, session: Session) -> None:
    assert panel.plan_side.name.fullText() == "mobilenet_v2"
    panel.side.chosen.emit("torchvision/resnet18")
    assert session.config.backbone.name == "torchvision/resnet18"
    assert panel.plan_side.name.fullText() == "resnet18"


def test_a_dropped_file_is_chosen_and_a_missing_one_is_said(
    panel: ModelPanel, session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    panel.weights.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, left, none))
    assert session.config.backbone.weights == str(file)
    assert panel.state()[0] == "ready"
    session.set_config(session.config.with_settings([f"weights={tmp_path / 'gone.pt'}"]))
    assert panel.state()[0] == "attention"


# -- ways


def test_every_way_is_taken_by_a_click_and_loses_nothing(panel: ModelPanel, session: Session) -> None:
    own = TrainConfig().with_settings(
        ["preset=gradual", "epochs=6", "weights=none", "head=hidden", "batch_norm=frozen"]
    )
    session.set_config(own)
    for key in WAYS:
        way(panel, key).click()
        assert panel.plan_side.ways.way() == key
        assert panel.plan_side.ways.says.text() == way(panel, key).toolTip()
    way(panel, "gradual").click()
    assert session.config.phases == own.phases
    assert (session.config.head, session.config.batch_norm) == (own.head, own.batch_norm)


def test_only_what_matters_on_a_way_is_shown(panel: ModelPanel, session: Session) -> None:
    side = panel.plan_side
    assert side.plan.isVisible()
    way(panel, "as-is").click()
    assert not side.plan.isVisible()
    assert panel.findChild(QLineEdit, "model.answers.good") is not None
    assert side.weights.isVisible()
    way(panel, "baseline").click()
    assert not side.weights.isVisible()
    assert panel.state() == ("ready", "The baseline needs no backbone and no weights.")


def test_advice_is_taken(panel: ModelPanel, session: Session) -> None:
    panel.side.wayChosen.emit("full")
    assert session.config.freeze.kind == "none"
    assert panel.plan_side.ways.way() == "full"


# -- the plan


def test_the_freeze_choice(panel: ModelPanel, session: Session) -> None:
    choice = panel.findChild(Segmented, "model.freeze")
    number = panel.findChild(QSpinBox, "model.trainLast")
    assert not number.isVisible()
    choice.set_value("stages")
    number.setValue(2)
    assert number.isVisible()
    assert session.config.freeze == FreezeStages(train_last=2)
    assert panel.plan.timeline.columns()[0].learning == (0, 1, 1, 1)
    choice.set_value("none")
    assert session.config.freeze.kind == "none"
    choice.set_value("backbone")
    assert panel.plan.timeline.columns()[0].learning == (0, 0, 0, 1)
    choice.set_value("stages")
    assert session.config.freeze == FreezeStages(train_last=2)  # it comes back as it was


def test_counts_follow_every_click_in_the_tree(panel: ModelPanel, session: Session, qtbot: QtBot) -> None:
    tree = panel.plan.tree
    assert panel.plan.says.text().startswith("22 of 3.1 k parameters learn")
    before = panel.plan.counts().memory
    tree.setCurrentIndex(tree.stage_model.index_of("layer1"))
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert session.config.freeze == FreezeParts(trained=("layer1",))
    assert panel.plan.says.text().startswith("1.0 k of 3.1 k parameters learn")
    assert panel.aside.estimate.value("learns") == "1.0 k of 3.1 k"
    assert panel.plan.counts().memory == before + 3 * 4 * 1000 + 16 * (2000 + 1000)  # of layer1, and what follows keeps
    tree.setCurrentIndex(tree.stage_model.index_of("layer2"))
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert session.config.freeze == FreezeStages(train_last=2)


def test_phases_are_added_edited_and_removed(panel: ModelPanel, session: Session) -> None:
    plan = panel.plan
    assert not plan.rate.isVisible()
    plan.add.click()
    assert plan.phase == 1
    assert [phase.freeze.kind for phase in session.config.phases] == ["backbone", "stages"]
    plan.epochs.setValue(4)
    plan.rate.setText("0.2")
    plan.rate.textEdited.emit("0.2")
    plan.choice.set_value("none")
    assert (session.config.then[0].epochs, session.config.then[0].rate) == (4, 0.2)
    assert session.config.then[0].freeze.kind == "none"
    assert plan.total.text() == "Phase 2 of 2 · 14 epochs in all"
    plan.timeline.moved.emit([12, 2])
    assert (session.config.epochs, session.config.then[0].epochs) == (12, 2)
    plan.timeline.chosen.emit(0)
    assert (plan.choice.value(), plan.epochs.value()) == ("backbone", 12)
    assert not plan.rate.isEnabled()
    plan.remove.click()
    assert (session.config.epochs, session.config.freeze.kind, session.config.then) == (2, "none", ())


def test_a_wrong_rate_is_marked_and_not_taken(panel: ModelPanel, session: Session) -> None:
    panel.plan.add.click()
    before = session.config
    panel.plan.rate.setText("0")
    panel.plan.rate.textEdited.emit("0")
    assert session.config == before
    assert panel.plan.rate.property("invalid")


def test_parts_of_another_backbone_are_said_and_left_out_by_a_click(panel: ModelPanel, session: Session) -> None:
    parts = FreezeParts(trained=("layer1", "blocks.7"))
    session.set_config(session.config.model_copy(update={"freeze": parts}))
    assert session.config.freeze == parts
    assert "blocks.7" in panel.plan.says.text()
    assert panel.plan_side.problem() != ""
    panel.plan.drop.click()
    assert session.config.freeze == FreezeParts(trained=("layer1",))
    assert not panel.plan.drop.isVisible()


def test_what_another_panel_changed_meanwhile_stays(panel: ModelPanel, session: Session) -> None:
    session.set_config(session.config.with_settings(["mix=mixup", "seed=99", "optimizer.weight_decay=0.5"]))
    panel.plan.add.click()
    panel.plan_side.rates.changed.emit(session.config.optimizer.model_copy(update={"layer_decay": 0.7}))
    panel.plan_side.head.channels.set_value("1")
    config = session.config
    assert (config.mix.kind, config.seed, config.optimizer.weight_decay) == ("mixup", 99, 0.5)
    assert (config.optimizer.layer_decay, config.backbone.channels, len(config.then)) == (0.7, 1, 1)


def test_batch_norm_is_asked_where_there_is_any(panel: ModelPanel, session: Session) -> None:
    policy = panel.findChild(Segmented, "model.batchNorm")
    assert policy.isVisible()
    policy.set_value("frozen")
    assert session.config.batch_norm == "frozen"


def test_without_an_anatomy_the_stages_of_an_earlier_run_are_shown(
    panel: ModelPanel, session: Session, known_anatomies: dict[str, Any]
) -> None:
    known_anatomies["timm/resnet18"] = None
    panel.anatomy.set_awake(False)
    session.set_config(session.config.with_settings(["backbone=timm/resnet18"]))
    assert panel.plan.counts() is None
    assert not panel.plan.tree.isEnabled()
    run = session.project.runs.create(session.config.dumps())
    stages = ["stem", "layer1", "layer2", "head"]
    started = FitStarted(run.id, "cpu", 1, 1, 1, 1, ["a"], 1, 1, stages, stages[:3])
    run.events.write_text('{"format": 1}\n' + to_json(started) + "\n", encoding="utf-8")
    session.runsChanged.emit()
    assert [node.name for node in panel.plan.stages()] == stages
    assert panel.plan.tree.isEnabled()


# -- size, layers, probe


def test_size_and_resize(panel: ModelPanel, session: Session) -> None:
    side = panel.findChild(QSpinBox, "model.size")
    side.stepUp()
    assert session.config.preprocess.size == 224
    side.setValue(96)
    panel.findChild(Segmented, "model.resize").set_value("pad")
    assert (session.config.preprocess.size, session.config.preprocess.resize) == (96, "pad")
    assert "at 96 px" in panel.plan_side.finding.says.text()
    panel.plan_side.finding.pixels.setValue(33)
    assert session.project.settings.get("smallest_finding_px") == 33
    panel.plan_side.finding.show_pixels(5)
    session.imagesChanged.emit()
    assert panel.plan_side.finding.pixels.value() == 33


def test_layers_are_shown_in_a_window_of_their_own(panel: ModelPanel, qtbot: QtBot) -> None:
    panel.findChild(QPushButton, "model.layers").click()
    dialog = panel.findChild(SummaryDialog)
    assert dialog is not None
    assert dialog.model.rowCount() == 11
    dialog.close()


def test_a_probe_measures_the_draft_and_is_doubted_after_a_change(
    panel: ModelPanel, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TrainConfig] = []

    def job(argv: list[str]) -> Any:
        assert argv[:3] == ["models", "probe", str(session.project.folder)]
        asked.append(TrainConfig.load(Path(argv[argv.index("--config") + 1])))

        def run(_stop: Stop) -> Iterator[Any]:
            yield {"event": "Progress", "done": 1, "total": 2, "what": "Steps"}
            yield {
                "event": "Probed",
                "seconds_per_epoch": 9.0,
                "minutes": 1.5,
                "memory_bytes": 5e8,
                "largest_batch": 64,
            }

        return run

    monkeypatch.setattr(launch, "job", job)
    session.set_config(session.config.with_settings(["batch_size=8"]))
    panel.aside.estimate.go.click()
    qtbot.waitUntil(lambda: panel.aside.estimate.value("epoch") == "9 s" and not panel.aside.probe.running)
    assert asked == [session.config]
    panel.aside.estimate.use.click()
    assert session.config.compute.batch_size == 64
    assert panel.aside.probe.stale()
    session.set_config(session.config.with_settings(["batch_size=8"]))
    assert not panel.aside.probe.stale()
    # Figures of a network are no figures of another, nor of the way without any.
    for change, button_on in (
        (["preset=baseline"], False),
        (["preset=features-once"], True),
        (["backbone=timm/resnet18"], True),
    ):
        before = session.config
        session.set_config(before.with_settings(change))
        assert panel.aside.estimate.value("epoch") == "", change
        assert panel.aside.estimate.go.isEnabled() == button_on, change
        session.set_config(before)
        assert panel.aside.estimate.value("epoch") == "9 s"


def test_what_has_no_steps_to_measure_is_not_measured_and_says_why(
    panel: ModelPanel, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = next(info for info in catalog.backbones() if info.unsupported)
    told: list[str] = []
    session.toast.connect(told.append)
    box = panel.aside.estimate
    for change, words in (("preset=baseline", "no network"), (f"backbone={failing.name}", "not supported")):
        before = session.config
        session.set_config(before.with_settings([change]))
        assert not box.go.isEnabled()
        assert words in box.what.text()
        panel.aside.probe.start()  # the palette's
        assert session.jobs == []
        assert words in told[-1]
        session.set_config(before)
        assert box.go.isEnabled()


def test_another_project_shows_its_own_choice(panel: ModelPanel, session: Session, tmp_path: Path) -> None:
    session.set_config(session.config.with_settings(["backbone=timm/resnet18", "preset=gradual"]))
    Project.create(tmp_path / "other").close()
    session.open_project(tmp_path / "other")
    assert panel.plan_side.name.fullText() == "mobilenet_v2"
    assert panel.plan_side.ways.way() == "frozen"
    assert not panel.aside.estimate.go.isEnabled()


def test_the_panel_needs_no_torch() -> None:
    code = "import sys, workbench.ui.model.panel; sys.exit(bool({'torch', 'timm', 'torchvision', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
