from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from workbench.models.catalog import find
from workbench.models.reach import absent

TIMM, TORCHVISION = find("timm/resnet18"), find("torchvision/resnet18")


@pytest.fixture(autouse=True)
def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_ENDPOINT", "WORKBENCH_TORCH_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def lead_out(monkeypatch: pytest.MonkeyPatch, *, up: bool) -> None:
    addresses = {"lo": ["127.0.0.1", "::1", "00:00"], "eth0": ["192.0.2.7", "fe80::1"], "wlan0": ["02:42:ac"]}
    found = {name: [SimpleNamespace(address=each) for each in held] for name, held in addresses.items()}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: found)
    state = {"lo": True, "eth0": up, "wlan0": False}
    monkeypatch.setattr(
        psutil, "net_if_stats", lambda: {name: SimpleNamespace(isup=is_) for name, is_ in state.items()}
    )


def test_with_a_way_out_nothing_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, up=True)
    assert absent(TIMM) == absent(TORCHVISION) == ""


@pytest.mark.parametrize("info", [TIMM, TORCHVISION], ids=["timm", "torchvision"])
def test_a_machine_that_nothing_leads_out_of_is_certain(info: object, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, up=False)
    assert absent(info) == "this machine has no network connection"  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HF_ENDPOINT"])
def test_a_proxy_or_a_mirror_may_be_on_this_machine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, up=False)
    monkeypatch.setenv(name, "http://localhost:8080")
    assert absent(TIMM) == ""
    assert bool(absent(TORCHVISION)) == (name == "HF_ENDPOINT")  # which is the hub's alone


def test_the_librarys_own_switch_holds_for_the_hub_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, up=True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert absent(TIMM) == "HF_HUB_OFFLINE is set"
    assert absent(TORCHVISION) == ""
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert absent(TIMM) == ""


def test_what_is_here_is_never_absent(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_out(monkeypatch, up=False)
    cached = own_folders / "torch_home" / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert absent(TORCHVISION) == ""
