from pathlib import Path

import pytest

from tests.ui.model.rows import backbone
from workbench.models import packs
from workbench.models.packs import Packed
from workbench.ui.model.presence import Presence


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches and no packs; returns the cache of the hub."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(tmp_path / "packs"))
    monkeypatch.setattr(packs, "user_folder", lambda: tmp_path / "own")
    return tmp_path / "hub"


def test_nothing_is_here(hub: Path) -> None:
    assert Presence().tags(backbone("timm/resnet50")) == []


def test_a_file_of_torchs_cache(hub: Path, tmp_path: Path) -> None:
    info = backbone("torchvision/tiny", tags=[["V1", None, None, "", 0, ["torch:tiny-01.pth"]]])
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    assert Presence().tags(info) == []
    (folder / "tiny-01.pth").write_bytes(b"weights")
    assert Presence().tags(info) == ["V1"]


def test_a_file_of_the_hubs_cache_and_only_of_its_tag(hub: Path) -> None:
    info = backbone("timm/tiny", tags=[["one", None, None, "", 0], ["two", None, None, "", 0]])
    snapshot = hub / "models--timm--tiny.two" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    assert Presence().tags(info) == []
    (snapshot / "model.safetensors").write_bytes(b"weights")
    assert Presence().tags(info) == ["two"]


def test_a_pack(hub: Path, tmp_path: Path) -> None:
    folder = tmp_path / "packs" / "mine"
    folder.mkdir(parents=True)
    packs.write(folder, [Packed("timm/tiny", "a1_in1k", folder / "tiny.safetensors", "00", None, "elsewhere", 7)])
    assert Presence().tags(backbone("timm/tiny")) == []  # described, but the copy broke off before the file
    (folder / "tiny.safetensors").write_bytes(b"weights")
    assert Presence().tags(backbone("timm/tiny")) == ["a1_in1k"]
    assert Presence().tags(backbone("timm/other")) == []
