from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench.curation.prompts import suggest
from workbench.curation.store import Suggested
from workbench.embedding.clip import ClipSource
from workbench.errors import WorkbenchError
from workbench.intake import add_folders
from workbench.jobs import Stop
from workbench.project.project import Project


@pytest.fixture
def project_folder(tiny_images: Callable[..., Path], tmp_path: Path) -> Path:
    list(add_folders(tmp_path / "project", [tiny_images({"red": 4, "green": 4})])(Stop()))
    return tmp_path / "project"


def test_an_image_gets_the_class_whose_text_is_nearest(
    project_folder: Path, tiny_clip: str, monkeypatch: pytest.MonkeyPatch
):
    read: list[str] = []

    def towards(source: ClipSource, texts: list[str]) -> tuple[np.ndarray, float]:
        read.extend(texts)
        directions, scale = original(source, texts)
        assert directions.shape == (2, 32)
        return directions, scale

    original = ClipSource.texts
    monkeypatch.setattr(ClipSource, "texts", towards)
    with Project.open(project_folder) as project:
        *_, last = suggest(project, {"red": "a red square"}, model=tiny_clip, weights="none")
        assert isinstance(last, Suggested)
        assert last.source == "prompt"
        assert last.images == 8
        assert read == ["green", "a red square"]
        with np.load(last.file) as columns:
            assert columns["ids"].tolist() == project.links.usable().tolist()
            assert (columns["confidences"] >= 0.5).all()
            assert set(columns["class_ids"].tolist()) <= {row.id for row in project.labels.classes()}
            assert not columns["priorities"].any()  # all have labels


def test_a_text_for_no_class_and_no_clip_are_sentences(project_folder: Path):
    with Project.open(project_folder) as project:
        with pytest.raises(WorkbenchError, match="no class 'blue' to describe; its classes: green, red"):
            list(suggest(project, {"blue": "a blue square"}))
        with pytest.raises(WorkbenchError, match="need the weights of a CLIP model"):
            list(suggest(project, {"red": "a red square"}))
