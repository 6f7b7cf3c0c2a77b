"""An engineer chooses a backbone, its weights and a freeze plan by mouse and keyboard, trains it, and builds on the run."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QScrollArea, QTableView, QTreeView, QWidget

from tests.stories.conftest import User
from workbench.training.config import FreezeBackbone, FreezeParts, TrainConfig
from workbench.training.events import EpochEnded, FitStarted, StageChanged
from workbench.ui.widgets import ElidedLabel

pytestmark = [pytest.mark.story, pytest.mark.timeout(420)]

SMALL = "timm/test_resnet"
"""The smallest real residual network of the catalogue: a stem, four stages, a head."""
UNTICKED = "backbone.layer4.0.conv2"
LEFT, CTRL, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Code:
    """What runs when a file with it is unpickled carelessly."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.fixture
def castings(tiny_images: Callable[..., Path]) -> Path:
    return tiny_images({"good": 24, "scratch": 24}, name="castings")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights that somebody trained for three classes: the backbone fits, its head is left over."""
    import torch
    from safetensors.torch import save_file

    from workbench.models.backbones import create

    network, _report = create(SMALL, weights="none", classes=3)
    tensors = {name: tensor.contiguous() for name, tensor in network.backbone.state_dict().items()}
    path = tmp_path / "colleague.safetensors"
    save_file({**tensors, "fc.weight": torch.zeros(3, 96), "fc.bias": torch.zeros(3)}, path)
    return path


def said(user: User, name: str) -> str:
    return user.find(name, QLabel).text()


def press(user: User, button: QWidget) -> None:
    """Bring a button into view, as the wheel does, and click it."""
    above = button.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if isinstance(above, QScrollArea):
        above.ensureWidgetVisible(button)
    assert button.isVisible()
    assert button.isEnabled(), button.objectName()
    user.qtbot.mouseClick(button, LEFT)


def unfold(user: User, title: str) -> None:
    press(user, next(each for each in user.window.findChildren(QPushButton) if each.text() == title))


def names(table: QTableView) -> list[str]:
    return [table.model().index(row, 0).data() for row in range(table.model().rowCount())]


def click_head(user: User, table: QTableView, title: str) -> None:
    header, model = table.horizontalHeader(), table.model()
    section = next(
        each for each in range(model.columnCount()) if model.headerData(each, Qt.Orientation.Horizontal) == title
    )
    at = QPoint(header.sectionViewportPosition(section) + header.sectionSize(section) // 2, header.height() // 2)
    user.qtbot.mouseClick(header.viewport(), LEFT, pos=at)


def click_cell(user: User, table: QTableView, row: int, column: int = 0) -> None:
    at = table.visualRect(table.model().index(row, column)).center()
    user.qtbot.mouseClick(table.viewport(), LEFT, pos=at)


def part(tree: QTreeView, title: str, around: QModelIndex | None = None) -> QModelIndex:
    model, around = tree.model(), around or QModelIndex()
    rows = [model.index(row, 0, around) for row in range(model.rowCount(around))]
    return next(index for index in rows if index.data() == title)


def ticked(index: QModelIndex) -> Qt.CheckState:
    return Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole))


def choose_backbone(user: User, name: str) -> None:
    table = user.find("model.table", QTableView)
    user.write("model.search", name)
    click_cell(user, table, names(table).index(name))


def undo(user: User, *, again: bool = False) -> None:
    user.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, CTRL | SHIFT if again else CTRL)


def run_to_its_end(user: User) -> TrainConfig:
    """Start a run in Train, wait for its end, and return the config in its folder."""
    session = user.window.session
    before = session.run.id if session.run is not None else ""
    user.go("training")
    user.wait(lambda: user.find("train.start", QPushButton).isEnabled())
    user.click("train.start")
    user.wait(lambda: session.run is not None and session.run.id != before)
    user.wait(lambda: session.run_state in ("finished", "failed", "crashed"), 120)
    assert session.run_state == "finished", session.progress.what
    return TrainConfig.load(session.run.config)


def test_a_plan_is_made_measured_trained_and_built_upon(
    open_window: Callable[..., User], castings: Path, weights: Path, tmp_path: Path
) -> None:
    user = open_window(castings)
    session = user.window.session
    user.wait(lambda: session.project is not None and session.project.images.count() == 48 and not session.jobs)
    user.go("dataset")
    user.wait(lambda: user.find("dataset.split").isEnabled())
    user.click("dataset.split")
    user.wait(lambda: session.project.splits.counts().get("train", 0) > 20 and not session.jobs)
    user.go("model")

    # Few images: the advice depends on whether they look like photographs, and is taken by a click.
    user.wait(lambda: user.is_shown("model.takeAdvice"))
    user.click("model.advice")
    user.choose("model.similar", "similar")
    alike = said(user, "model.adviceInFull")
    user.choose("model.similar", "different")
    assert said(user, "model.adviceInFull") not in (alike, "")
    assert "48 images" in said(user, "model.adviceWhy")
    session_before = session.config
    user.choose("model.similar", "similar")
    user.click("model.takeAdvice")
    assert session.config.method.kind == "features"
    assert user.find("model.way.features-once", QPushButton).isChecked()
    undo(user)
    assert session.config == session_before
    user.click("model.advice")

    # The catalogue: searched, sorted, starred, narrowed. None of it chooses anything.
    table = user.find("model.table", QTableView)
    every = table.model().rowCount()
    user.write("model.search", "mobilenet")
    found = names(table)
    assert 10 < len(found) < every
    click_head(user, table, "Parameters")
    assert sorted(found) == sorted(names(table))
    assert names(table) != found
    light = names(table)[0]
    click_cell(user, table, 0, 1)
    user.click("model.favourites")
    assert names(table) == [light]
    assert session.config == session_before
    user.click("model.showAll")
    assert table.model().rowCount() == every

    choose_backbone(user, "test_resnet")
    assert session.config.backbone.name == SMALL

    # Weights: a file that could run code is refused in a sentence, a colleague's is loaded and reported.
    trace, trap = tmp_path / "it ran", tmp_path / "trap.pth"
    trap.write_bytes(pickle.dumps({"conv1.weight": Code(trace)}))
    user.choose("model.weightsSource", "file")
    user.write("model.weights", str(trap))
    press(user, user.find("model.checkWeights"))
    user.wait(lambda: user.is_shown("model.weightsReport"), 60)
    assert "could run code" in said(user, "model.weightsReport")
    assert not trace.exists()
    user.write("model.weights", str(weights))
    assert not user.is_shown("model.weightsReport")
    press(user, user.find("model.checkWeights"))
    user.wait(lambda: user.is_shown("model.weightsReport"), 60)
    report = said(user, "model.weightsReport")
    assert "90 tensors" in report
    assert "2 left over (fc." in report
    assert session.config.backbone.weights == str(weights)

    # A few real steps, on small images, say what it will take.
    user.write("model.size", "32")
    user.click("model.probe")
    user.wait(lambda: user.is_shown("model.estimate.epoch") and not session.jobs, 120)
    assert user.find("model.estimate.memory").text().endswith("B")
    assert user.find("model.estimate.epoch").text()[0].isdigit()

    # Gradual: the timeline has three phases, the tree says what learns in each.
    tree = user.find("model.tree", QTreeView)
    press(user, user.find("model.way.gradual"))
    user.wait(tree.isEnabled, 60)
    timeline = user.find("model.timeline")
    assert timeline.accessibleName().count("Phase") == 3
    assert [ticked(part(tree, name)) for name in ("layer4", "head")] == [Qt.CheckState.Unchecked, Qt.CheckState.Checked]
    second = timeline.cells()[1].center().toPoint()
    user.qtbot.mouseClick(timeline, LEFT, pos=second)
    layer4 = part(tree, "layer4")
    assert ticked(layer4) == Qt.CheckState.Checked
    learning = said(user, "model.planSays")

    # One layer of the stage stays frozen: the stage's box has its third state, the counts follow.
    tree.setFocus()
    user.qtbot.mouseClick(tree.viewport(), LEFT, pos=tree.visualRect(layer4).center())
    user.qtbot.keyClick(tree, Qt.Key.Key_Right)
    assert tree.isExpanded(layer4)
    block = part(tree, "0 · BasicBlock", layer4)
    user.qtbot.keyClick(tree, Qt.Key.Key_Down)
    user.qtbot.keyClick(tree, Qt.Key.Key_Right)
    for _ in range([tree.model().index(row, 0, block).data() for row in range(6)].index("conv2") + 1):
        user.qtbot.keyClick(tree, Qt.Key.Key_Down)
    assert tree.currentIndex().data() == "conv2"
    user.qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert ticked(layer4) == ticked(block) == Qt.CheckState.PartiallyChecked
    assert said(user, "model.planSays") != learning
    freeze = session.config.phases[1].freeze
    assert isinstance(freeze, FreezeParts)
    assert UNTICKED not in freeze.trained
    user.shoot("3 one layer stays")

    # One phase more, shorter and slower; taken back, and made again.
    three = session.config
    press(user, user.find("model.addPhase"))
    assert len(session.config.phases) == 4
    undo(user)
    assert session.config == three
    undo(user, again=True)
    assert len(session.config.phases) == 4
    for phase, epochs in enumerate((1, 1, 1, 2)):
        user.qtbot.mouseClick(timeline, LEFT, pos=timeline.cells()[phase].center().toPoint())
        user.write("model.epochs", str(epochs))
    user.write("model.phaseRate", "0.1")
    assert [each.epochs for each in session.config.phases] == [1, 1, 1, 2]
    assert session.config.phases[3].rate == 0.1
    assert "5 epochs" in said(user, "model.total")

    # Around the backbone: a head with a hidden layer, grey images.
    unfold(user, "Head and channels")
    user.choose("model.head", "hidden")
    user.write("model.headWidth", "16")
    user.choose("model.channels", "1")
    config = session.config
    assert (config.head.kind, config.head.width, config.backbone.channels, config.preprocess.size) == (
        "hidden", 16, 1, 32,
    )  # fmt: skip

    # The run does exactly that, and its history names the phases.
    trained = run_to_its_end(user)
    assert trained == session.config == config
    events = session.run_events
    started = next(event for event in events if isinstance(event, FitStarted))
    assert {"stem", "layer4"} <= set(started.frozen_stages)
    opened = [(event.epoch, event.training_stages) for event in events if isinstance(event, StageChanged)]
    assert [epoch for epoch, _ in opened][:2] == [2, 3]
    assert opened[0][1] == ["layer4", "head"]
    assert sum(isinstance(event, EpochEnded) for event in events) == 5
    assert "4 phases" in user.find("train.facts", ElidedLabel).fullText()
    user.shoot("6 trained")
    first = session.run.id

    # What the run has learnt is where the next one starts.
    user.go("model")
    user.choose("model.weightsSource", "run")
    assert user.find("model.run", QComboBox).currentText().startswith(first)
    assert session.config.backbone.weights == f"run:{first}"
    press(user, user.find("model.checkWeights"))
    user.wait(lambda: user.is_shown("model.weightsReport"), 60)
    report = said(user, "model.weightsReport")
    assert "tensors" in report
    assert "new" not in report, "the head of the run is kept: the classes are the same"
    press(user, user.find("model.way.frozen"))
    user.write("model.epochs", "1")
    again = run_to_its_end(user)
    assert again.backbone.weights == f"run:{first}", "the run says from which other it started"
    assert (again.freeze, again.then) == (FreezeBackbone(), ())
    assert again.head == config.head

    # The next window is as this one was left.
    left = session.config
    folder = session.project.folder
    user.window.close()
    after = open_window(folder)
    after.wait(lambda: after.window.session.project is not None)
    after.go("model")
    assert after.window.session.config == left
    assert after.find("model.way.frozen", QPushButton).isChecked()
    assert after.find("model.name").fullText() == "test_resnet"
    after.wait(after.find("model.tree").isEnabled, 60)
    after.click("model.favourites")
    assert names(after.find("model.table", QTableView)) == [light]
    after.shoot("7 restored")
