import os
from pathlib import Path

import pytest

from workbench.models.caches import cached, hub_cache, torch_checkpoints


def snapshot(repository: str, commit: str, *, age: float = 0.0) -> Path:
    path = hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots" / commit / "model.safetensors"
    path.parent.mkdir(parents=True)
    path.write_text(commit)
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def test_of_several_revisions_the_named_one_counts_then_the_newest() -> None:
    file = "hf:timm/some.net#model.safetensors"
    assert cached(file) is None
    old, new = snapshot("timm/some.net", "aaa", age=100), snapshot("timm/some.net", "bbb")
    assert cached(file) == new
    refs = hub_cache() / "models--timm--some.net" / "refs"
    refs.mkdir()
    (refs / "main").write_text("aaa")
    assert cached(file) == old
    (refs / "v2").write_text("bbb")
    assert cached("hf:timm/some.net@v2#model.safetensors") == new
    (refs / "main").write_text("ccc")  # named, but this file was not fetched
    assert cached(file) == new


def test_the_folders_are_those_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert hub_cache() == tmp_path / "cache"
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert hub_cache() == tmp_path / "xdg" / "huggingface" / "hub"
    assert torch_checkpoints() == tmp_path / "xdg" / "torch" / "hub" / "checkpoints"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert hub_cache() == Path.home() / ".cache" / "huggingface" / "hub"
    monkeypatch.setenv("TORCH_HOME", "~/torch")
    assert torch_checkpoints() == Path.home() / "torch" / "hub" / "checkpoints"


def test_they_are_those_of_the_libraries(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    import torch

    assert torch_checkpoints() == Path(torch.hub.get_dir()) / "checkpoints"
    path = snapshot("timm/some.net", "0" * 40)
    (hub_cache() / "models--timm--some.net" / "refs").mkdir()
    (hub_cache() / "models--timm--some.net" / "refs" / "main").write_text("0" * 40)
    found = huggingface_hub.try_to_load_from_cache("timm/some.net", "model.safetensors", cache_dir=hub_cache())
    assert found == str(path) == str(cached("hf:timm/some.net#model.safetensors"))
