import os
from collections.abc import Callable
from pathlib import Path

import pytest

import tests.tiny_backbone
from workbench.intake import add_folders
from workbench.jobs import Stop
from workbench.project.project import Project
from workbench.training.config import TrainConfig

REPOSITORY = Path(__file__).resolve().parents[2]

SETTINGS = [
    "backbone=tests/tiny",
    "weights=none",
    "freeze=none",
    "epochs=3",
    "batch_size=8",
    "workers=0",
    "device=cpu",
    "backbone.dropout=0.2",
    "optimizer.backbone_factor=1.0",
    "compute.log_every=2",
]


@pytest.fixture
def config() -> TrainConfig:
    """Trains the tiny backbone on the processor, with everything random in it that a run can have."""
    assert tests.tiny_backbone.TINY.name == "tests/tiny"
    return TrainConfig().with_settings(SETTINGS)


@pytest.fixture
def project_folder(tmp_path: Path, tiny_images: Callable[..., Path]) -> Path:
    """A project of 60 images in three classes, split into 36, 12 and 12."""
    folder = tmp_path / "project"
    images = tiny_images({"good": 20, "pit": 20, "scratch": 20}, side=40)
    list(add_folders(folder, [images])(Stop()))
    with Project.open(folder) as project:
        project.splits.make(validation=0.2, test=0.2, seed=1)
    return folder


@pytest.fixture
def children_know_the_tiny_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the tiny backbone as a plug-in for child processes, through the entry points that plug-ins use."""
    site = tmp_path / "site"
    description = site / "workbench_tiny-1.dist-info"
    description.mkdir(parents=True)
    (description / "METADATA").write_text("Metadata-Version: 2.1\nName: workbench-tiny\nVersion: 1\n")
    (description / "entry_points.txt").write_text("[workbench.backbone]\ntests/tiny = workbench_tiny:TINY\n")
    (site / "workbench_tiny.py").write_text(
        "import tests.tiny_backbone\n"
        "from workbench.models.catalog import registered\n"
        "TINY = registered.get('tests/tiny')\n"
    )
    before = [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(REPOSITORY), *before]))
