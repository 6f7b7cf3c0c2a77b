from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.project.project import Project
from workbench.training.config import TrainConfig
from workbench.ui.training.readiness import hindrance

NO_WEIGHTS = TrainConfig().with_settings(["weights=none", "freeze=none"])


def test_no_project() -> None:
    found = hindrance(None, NO_WEIGHTS)
    assert found is not None
    assert found.panel == "dataset"


def test_no_images(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as project:
        assert "no images" in hindrance(project, NO_WEIGHTS).sentence


def test_no_labels_then_one_class_then_no_split(project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        ids = project.images.ids()
        good = project.labels.classes()[0].id
        assert "not split" in hindrance(project, NO_WEIGHTS).sentence
        project.labels.assign(ids, good)
        assert "one class" in hindrance(project, NO_WEIGHTS).sentence
        project.labels.assign(ids, None)
        assert "label" in hindrance(project, NO_WEIGHTS).sentence


def test_a_split_without_validation(project_folder: Path) -> None:
    with Project.open(project_folder) as project:
        project.splits.assign(project.images.ids(), "train")
        assert "no validation images" in hindrance(project, NO_WEIGHTS).sentence


def test_nothing_prevents_a_project_with_a_split(project_with_split: Path) -> None:
    with Project.open(project_with_split) as project:
        assert hindrance(project, NO_WEIGHTS) is None


@pytest.mark.parametrize(
    ("settings", "words", "caution"),
    [
        (["weights=/nowhere/weights.safetensors"], "is not there", False),
        (["weights=hub"], "not on this machine", True),
        (["weights=none", "freeze=backbone"], "random numbers", True),
        (["backbone=timm/resnet81", "weights=none"], "did you mean", False),
    ],
)
def test_weights(project_with_split: Path, settings: list[str], words: str, caution: bool) -> None:
    with Project.open(project_with_split) as project:
        found = hindrance(project, TrainConfig().with_settings(settings))
    assert found is not None
    assert words in found.sentence
    assert (found.panel, found.caution) == ("model", caution)


def test_a_weights_file_that_is_there_prevents_nothing(project_with_split: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    with Project.open(project_with_split) as project:
        assert hindrance(project, TrainConfig().with_settings([f"weights={file}"])) is None


def test_read_only(project_with_split: Path, write_run: Callable[..., object]) -> None:
    with Project.open(project_with_split, read_only=True) as project:
        assert "read-only" in hindrance(project, NO_WEIGHTS).sentence
