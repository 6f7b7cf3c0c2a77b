from pathlib import Path

import pytest

from tests.ui.model.rows import backbone
from workbench.training.config import BackboneConfig
from workbench.ui.model import weights_words

TINY = backbone("timm/tiny")


@pytest.mark.parametrize(
    ("tag", "here", "fetching", "problem", "words", "role"),
    [
        (None, [], False, "", "Nobody publishes", "error"),
        ("unknown", [], False, "", "unknown", "error"),
        ("a1_in1k", [], True, "", "On the way", "secondary"),
        ("a1_in1k", ["a1_in1k"], False, "an old one", "already", "secondary"),
        ("a1_in1k", [], False, "No network.", "No network.", "error"),
        ("a1_in1k", ["b2"], False, "", "b2 is", "warning"),
        ("a1_in1k", [], False, "", "downloads them as it starts", "warning"),
    ],
)
def test_published_weights(
    tag: str | None, here: list[str], fetching: bool, problem: str, words: str, role: str
) -> None:
    said = weights_words.of_published(TINY, tag, here, fetching=fetching, problem=problem)
    assert words in said[0]
    assert said[1] == role


def test_a_run_that_is_not_there_and_none_at_all() -> None:
    gone = BackboneConfig(name="timm/tiny", weights="run:r9")
    assert weights_words.of_run(gone, [])[1] == "error"
    assert "No run of this project" in weights_words.of_run(BackboneConfig(name="timm/tiny"), [])[0]


def test_a_file_for_another_backbone(tmp_path: Path) -> None:
    file = tmp_path / "w.pt"
    assert weights_words.of_file(str(file), "", BackboneConfig(name="timm/tiny"))[1] == "error"
    file.write_bytes(b"")
    assert weights_words.of_file(str(file), "timm/tiny", BackboneConfig(name="timm/tiny"))[1] == "secondary"
    assert "Chosen for timm/tiny" in weights_words.of_file(str(file), "timm/tiny", BackboneConfig(name="timm/other"))[0]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("hub", "from the published weights"),
        ("none", "from random numbers"),
        ("/a/b/w.safetensors", "from w.safetensors"),
        ("run:7", "from the run 7"),
    ],
)
def test_until_something_is_chosen_what_counts_is_said(weights: str, words: str) -> None:
    config = BackboneConfig(name="timm/tiny", weights=weights)
    assert words in weights_words.of_file("", "", config)[0]
    if weights != "run:7":
        assert words in weights_words.of_run(config, [])[0]
