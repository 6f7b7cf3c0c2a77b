"""A CLIP of few parameters with random weights, registered with open_clip by the fixture `tiny_clip`."""

import json
from pathlib import Path

import pytest

NAME = "tests-tiny-clip"
CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture
def tiny_clip(tmp_path: Path) -> str:
    """Return the name of the model."""
    open_clip = pytest.importorskip("open_clip")
    folder = tmp_path / "open_clip"
    folder.mkdir()
    (folder / f"{NAME}.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    open_clip.add_model_config(folder)
    return NAME
