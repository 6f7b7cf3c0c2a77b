"""A quality engineer takes a folder of steel images to a tested package, with mouse and keyboard alone."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView

from workbench.training.events import EpochEnded, StepEnded

EACH = 50
"""Images of each class: half of what is there, so that two epochs fit into the suite's time on two cores."""


@pytest.mark.story
@pytest.mark.timeout(420)
def test_from_a_dropped_folder_to_a_checked_package(open_window: Callable, shared_folder: Path, tmp_path: Path) -> None:
    images = tmp_path / "steel strip"
    for source in sorted((shared_folder / "data" / "neu_cls").iterdir()):
        (images / source.name).mkdir(parents=True)
        for path in sorted(source.iterdir())[:EACH]:
            shutil.copy2(path, images / source.name)
    before = {path: path.stat().st_mtime_ns for path in images.rglob("*") if path.is_file()}
    user = open_window(None)
    session = user.window.session

    # Dataset: a dropped folder becomes a project; its sub-folders are the classes.
    user.drop(images)
    user.wait(lambda: session.project is not None and not session.jobs, 60)
    assert [row.name for row in session.project.labels.classes()] == [
        "crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches",
    ]  # fmt: skip
    assert not session.project.folder.is_relative_to(images)
    user.go("dataset")
    user.wait(lambda: user.is_shown("dataset.grid"))
    grid = user.find("dataset.grid", QTableView)
    user.wait(lambda: grid.model().rowCount() > 0)
    counts = session.project.labels.counts()
    # Two images get another class by key, and undo takes it back.
    cell = grid.visualRect(grid.model().index(0, 0)).center()
    user.qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    next_cell = grid.visualRect(grid.model().index(0, 1)).center()
    user.qtbot.mouseClick(
        grid.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, pos=next_cell
    )
    user.qtbot.keyClick(grid, Qt.Key.Key_3)
    user.wait(lambda: session.project.labels.counts() != counts)
    user.qtbot.keyClick(grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    user.wait(lambda: session.project.labels.counts() == counts)
    user.click("dataset.split")
    user.wait(lambda: session.project.splits.counts().get("test") == 60)
    user.shoot("1 dataset")

    # Augment: the light chain, seen on her own images.
    user.go("augment")
    user.wait(lambda: not session.jobs)
    user.qtbot.wait(2500)
    user.shoot("2 augment")

    # Model: MobileNetV2 with the weights beside the checkout, only the head trains.
    user.go("model")
    user.write("model.search", "mobilenet_v2")
    table = user.find("model.table", QAbstractItemView)
    names = [table.model().index(row, 0).data() for row in range(table.model().rowCount())]
    chosen = next(row for row, name in enumerate(names) if name.endswith("mobilenet_v2"))
    user.qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(table.model().index(chosen, 0)).center()
    )
    assert session.config.backbone.name == "torchvision/mobilenet_v2"
    user.choose("model.weightsSource", "file")
    user.write("model.weights", str(shared_folder / "weights" / "mobilenet_v2.torchvision.imagenet1k.safetensors"))
    user.choose("model.freeze", "backbone")
    user.shoot("3 model")

    # Train: two epochs, paused and resumed on the way.
    user.go("training")
    user.write("train.epochs", "2")
    assert session.config.epochs == 2
    user.click("train.start")
    user.wait(lambda: any(isinstance(event, StepEnded) for event in session.run_events), 180)
    user.click("train.pause")
    user.wait(lambda: session.run_state == "paused", 30)
    user.click("train.pause")
    user.wait(lambda: any(isinstance(event, EpochEnded) for event in session.run_events), 180)
    user.shoot("4 train")
    user.wait(lambda: session.run_state == "finished", 240)

    # Evaluate: figures on the test images, and the images behind a cell.
    user.go("evaluation")
    user.click("evaluate.run")
    user.wait(lambda: not session.jobs and (session.run.results / "test.json").is_file(), 120)
    measured = json.loads((session.run.results / "test.json").read_text(encoding="utf-8"))
    accuracy = measured.get("accuracy") or measured["evaluated"]["accuracy"]
    assert accuracy > 0.85
    matrix = user.find("evaluate.matrix")
    inside = matrix.cell_rect(0, 0).center()
    user.qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(int(inside.x()), int(inside.y())))
    shown = user.find("evaluate.images", QAbstractItemView)
    user.wait(lambda: shown.model().rowCount() > 0)
    user.shoot("5 evaluate")

    # Export: one file, proven equal; the package's own demo decides the same.
    package = tmp_path / "package"
    user.go("export")
    user.write("export.folder", str(package))
    user.click("export.run")
    user.wait(lambda: not session.jobs and (package / "manifest.json").is_file(), 180)
    user.find("export.result")
    user.shoot("6 export")
    parity = json.loads((package / "parity.json").read_text(encoding="utf-8"))
    assert parity["images"] == 60
    assert parity["flips"] == 0
    assert parity["max_abs_diff"] <= 1e-4
    some = sorted((images / "scratches").iterdir())[:4]
    done = subprocess.run(
        [sys.executable, "demo.py", *map(str, some)], cwd=package, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 4
    with (session.run.results / "test_predictions.csv").open(encoding="utf-8", newline="") as file:
        evaluated = {Path(row["path"]).name: row["prediction"] for row in csv.DictReader(file)}
    for answer in map(json.loads, done.stdout.splitlines()):
        name = Path(answer["image"]).name
        assert evaluated.get(name, answer["prediction"]) == answer["prediction"]

    # Her files are as they were, and the picture of each panel is there.
    assert {path: path.stat().st_mtime_ns for path in images.rglob("*") if path.is_file()} == before
    assert len(list(user.pictures.glob("*.png"))) == 6
