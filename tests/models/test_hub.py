"""Published weights as tensors: downloaded from a hub that runs here, or not at all."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub.constants
import pytest
import timm
import torch
from safetensors.torch import save

import tests.tiny_backbone  # noqa: F401
from tests.stand_in_hub import Hub, lead_squeezenet_to
from workbench.errors import WorkbenchError
from workbench.models import sources
from workbench.models.backbones import create
from workbench.models.builders import torchvision_model
from workbench.models.catalog import find, weights_here

RESNET = "/timm/test_resnet.r160_in1k/resolve/main"


def test_timm_weights_are_downloaded_once(hub: Hub) -> None:
    torch.manual_seed(5)
    weights = timm.create_model("test_resnet").state_dict()
    hub.files[f"{RESNET}/model.safetensors"] = save(weights)
    info = find("timm/test_resnet")
    assert not weights_here(info)
    network, report = create("timm/test_resnet", weights="hub", classes=3)
    assert report.source == "hub"
    assert sorted(report.dropped) == ["fc.bias", "fc.weight"]
    assert report.matched == len(weights) - 2
    assert all(torch.equal(weights[name], value) for name, value in network.backbone.state_dict().items())
    assert weights_here(info)
    hub.asked.clear()
    again, _ = create("timm/test_resnet", weights="hub", classes=3)
    assert not hub.asked  # a server that does not answer would delay every run
    assert torch.equal(again.backbone.state_dict()["conv1.0.weight"], weights["conv1.0.weight"])


def test_torchvision_weights_are_downloaded_once(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    torch.manual_seed(5)
    weights = torchvision_model("squeezenet1_1", 224).state_dict()
    torch.save(weights, tmp_path / "weights.pth")
    content = (tmp_path / "weights.pth").read_bytes()
    name = f"squeezenet1_1-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    hub.files[f"/{name}"] = content
    lead_squeezenet_to(f"{hub.address}/{name}", monkeypatch)
    network, report = create("torchvision/squeezenet1_1", weights="hub", classes=3)
    assert (report.matched, sorted(report.dropped)) == (50, ["classifier.1.bias", "classifier.1.weight"])
    assert torch.equal(network.backbone.state_dict()["features.0.weight"], weights["features.0.weight"])
    assert (Path(os.environ["TORCH_HOME"]) / "hub" / "checkpoints" / name).is_file()
    create("torchvision/squeezenet1_1", weights="hub", classes=3)
    assert len(hub.asked) == 1


def test_a_download_that_is_not_what_it_should_be_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.files["/squeezenet1_1-12345678.pth"] = b"something else"
    lead_squeezenet_to(f"{hub.address}/squeezenet1_1-12345678.pth", monkeypatch)
    with pytest.raises(WorkbenchError, match=r"downloaded weights of torchvision/squeezenet1_1 cannot be used.*hash"):
        create("torchvision/squeezenet1_1", weights="hub", classes=3)


@pytest.mark.parametrize("name", ["timm/test_resnet", "torchvision/squeezenet1_1"])
def test_without_network_the_way_out_is_said(name: str, nowhere: None) -> None:
    with pytest.raises(WorkbenchError) as caught:
        create(name, weights="hub", classes=3)
    sentence = str(caught.value)
    assert sentence.startswith(
        f"The weights of {name} are not on this machine and cannot be downloaded (no connection to 127.0.0.1)"
    )
    assert "weights=FILE" in sentence
    assert "\n" not in sentence


def test_timm_switched_offline_is_said(nowhere: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WorkbenchError, match="cannot be downloaded"):
        create("timm/test_resnet", weights="hub", classes=3)


@pytest.mark.parametrize("name", ["timm/test_resnet", "torchvision/squeezenet1_1"])
def test_a_hub_without_the_file_is_named(name: str, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_squeezenet_to(f"{hub.address}/squeezenet1_1-12345678.pth", monkeypatch)
    with pytest.raises(WorkbenchError, match="the server answered 404"):
        create(name, weights="hub", classes=3)


def test_a_backbone_without_hub_weights_says_so() -> None:
    with pytest.raises(WorkbenchError, match="no hub weights for tests/tiny"):
        create("tests/tiny", weights="hub", classes=2)


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("name", ["timm/test_resnet", "torchvision/squeezenet1_1"])
def test_a_downloaded_file_that_holds_code_is_refused_and_not_run(
    name: str, hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torch.save({"fc.weight": Bomb(tmp_path / "ran")}, tmp_path / "bomb.pth")
    content = (tmp_path / "bomb.pth").read_bytes()
    file = f"squeezenet1_1-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    hub.files |= {f"{RESNET}/pytorch_model.bin": content, f"/{file}": content}
    lead_squeezenet_to(f"{hub.address}/{file}", monkeypatch)
    with pytest.raises(WorkbenchError, match=r"(could run code|non-allowlisted pickle globals)"):
        create(name, weights="hub", classes=3)
    assert not (tmp_path / "ran").exists()
    torch.load(tmp_path / "bomb.pth", weights_only=False)
    assert (tmp_path / "ran").exists()  # it was one


def test_where_no_safe_file_is_published_the_other_is_read(hub: Hub, tmp_path: Path) -> None:
    torch.manual_seed(5)
    weights = timm.create_model("test_resnet").state_dict()
    torch.save(weights, tmp_path / "weights.bin")
    hub.files[f"{RESNET}/pytorch_model.bin"] = (tmp_path / "weights.bin").read_bytes()
    network, _ = create("timm/test_resnet", weights="hub", classes=3)
    assert torch.equal(network.backbone.state_dict()["conv1.0.weight"], weights["conv1.0.weight"])


def test_what_the_hub_brings_leaves_the_dice_of_the_run_alone(hub: Hub) -> None:
    """The new head starts from the same numbers, whether or not the library threw dice while it read the weights."""
    hub.files[f"{RESNET}/model.safetensors"] = save(timm.create_model("test_resnet").state_dict())
    torch.manual_seed(5)
    alone, _ = create("timm/test_resnet", weights="none", classes=3)
    torch.manual_seed(5)
    loaded, _ = create("timm/test_resnet", weights="hub", classes=3)
    assert torch.equal(alone.head.state_dict()["weight"], loaded.head.state_dict()["weight"])


def test_timm_reads_its_own_file_of_models_that_once_came_from_another_library(hub: Hub) -> None:
    """timm records a reader of JAX's files for them, which would be asked to read what it converted itself."""
    name = "vit_tiny_patch16_224"
    weights = timm.create_model(name).state_dict()
    hub.files[f"/timm/{name}.augreg_in21k_ft_in1k/resolve/main/model.safetensors"] = save(weights)
    assert timm.models.get_pretrained_cfg(f"{name}.augreg_in21k_ft_in1k").custom_load
    network, _ = create(f"timm/{name}", weights="hub", classes=3)
    assert torch.equal(network.backbone.state_dict()["blocks.0.attn.qkv.weight"], weights["blocks.0.attn.qkv.weight"])


def test_weights_of_timm_that_lie_at_an_address_are_kept_by_torch(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weights = timm.create_model("test_resnet").state_dict()
    torch.save(weights, tmp_path / "weights.pth")
    content = (tmp_path / "weights.pth").read_bytes()
    file = f"test_resnet-{hashlib.sha256(content).hexdigest()[:8]}1.pth"
    hub.files[f"/releases/{file}"] = content
    recorded = SimpleNamespace(hf_hub_id=None, url=f"{hub.address}/releases/{file}")
    monkeypatch.setattr(sources, "get_pretrained_cfg", lambda *_, **__: recorded)
    network, _ = create("timm/test_resnet", weights="hub", classes=3)
    assert torch.equal(network.backbone.state_dict()["conv1.0.weight"], weights["conv1.0.weight"])
    assert (Path(os.environ["TORCH_HOME"]) / "hub" / "checkpoints" / file).is_file()
