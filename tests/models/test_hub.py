"""The libraries' own downloads against a hub that runs here, and without any."""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
import timm
import torch
import torchvision
from safetensors.torch import save

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.models.backbones import create
from workbench.models.builders import torchvision_model
from workbench.models.catalog import find, weights_here

SQUEEZENET = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1


@dataclass
class Hub:
    """Serves ``files`` by path, or answers ``status``."""

    files: dict[str, bytes] = field(default_factory=dict)
    status: int = 404
    asked: list[str] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def hub(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine, to which both libraries go."""
    served = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            content = served.files.get(self.path)
            served.asked.append(self.path)
            self.send_response(served.status if content is None else 200)
            if content is not None:
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(served.files.get(self.path, b""))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.address = f"http://127.0.0.1:{server.server_port}"
    lead_hub_to(served.address, monkeypatch)
    yield served
    huggingface_hub.close_session()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def nowhere(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without network: nothing answers at the address of the hub."""
    address = "http://127.0.0.1:9"
    lead_hub_to(address, monkeypatch)
    lead_squeezenet_to(f"{address}/squeezenet-00000000.pth", monkeypatch)


def lead_hub_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Read from the environment once, when the library is imported.
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(Path(os.environ["HF_HOME"]) / "hub"))


def lead_squeezenet_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = SQUEEZENET.value
    monkeypatch.setattr(SQUEEZENET, "_value_", type(value)(url, value.transforms, value.meta))
    assert url == SQUEEZENET.url


def test_timm_weights_are_downloaded_once(hub: Hub) -> None:
    torch.manual_seed(5)
    weights = timm.create_model("test_resnet").state_dict()
    path = "/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"
    hub.files[path] = save(weights)
    info = find("timm/test_resnet")
    assert not weights_here(info)
    network, report = create("timm/test_resnet", weights="hub", classes=3)
    assert report.source == "hub"
    assert sorted(report.dropped) == ["fc.bias", "fc.weight"]
    assert report.matched == len(weights) - 2
    assert all(torch.equal(weights[name], value) for name, value in network.backbone.state_dict().items())
    assert weights_here(info)
    hub.files.clear()
    again, _ = create("timm/test_resnet", weights="hub", classes=3)
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
    hub.files.clear()
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
    assert sentence.startswith(f"The weights of {name} are not on this machine and cannot be downloaded (no connection")
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
