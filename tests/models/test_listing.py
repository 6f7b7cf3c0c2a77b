import json
from pathlib import Path

import pytest

from workbench.jobs import Event, Noticed, Stop, drain
from workbench.models.listing import WeightsCounted, WeightsListed, WeightsPlace, list_weights, places


def listed(*names: str, all_: bool = False) -> list[Event]:
    return list(drain(list_weights(names, all_=all_), Stop()))


@pytest.fixture
def resnets(own_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ResNet 18 of torchvision in torch's cache, one of timm's in the hub's and another in a pack."""
    files = {
        own_folders / "torch_home/hub/checkpoints/resnet18-f37072fd.pth": b"12",
        own_folders / "hf_home/hub/models--timm--resnet18.a1_in1k/snapshots/abc/model.safetensors": b"123",
        tmp_path / "pack" / "two.safetensors": b"1234",
    }
    for path, content in files.items():
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    row = {"file": "two.safetensors", "name": "timm/resnet18", "tag": "a2_in1k", "sha256": "", "bytes": 4}
    description = {"format": 1, "weights": [{**row, "licence": "cc0", "source": "here"}]}
    (tmp_path / "pack" / "pack.json").write_text(json.dumps(description))
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(tmp_path / "pack"))


def test_nothing_is_here_at_first() -> None:
    assert listed() == [WeightsCounted(0, 0)]


@pytest.mark.usefixtures("resnets")
def test_what_is_here_is_listed_with_where_it_is() -> None:
    *rows, count = listed()
    assert count == WeightsCounted(3, 3)
    found = {(row.name, row.tag): (row.where, row.bytes, row.default, row.licence) for row in rows}
    assert found == {
        ("torchvision/resnet18", "IMAGENET1K_V1"): ("cache", 2, True, None),
        ("timm/resnet18", "a1_in1k"): ("cache", 3, True, "apache-2.0"),
        ("timm/resnet18", "a2_in1k"): ("pack", 4, False, "cc0"),
    }
    assert all(Path(row.path).stat().st_size == row.bytes for row in rows)


@pytest.mark.usefixtures("resnets")
def test_every_one_of_a_backbone_is_listed_also_what_is_not_here() -> None:
    *rows, count = listed("timm/resnet18")
    assert all(isinstance(row, WeightsListed) for row in rows)
    assert {row.tag: row.where for row in rows} | {"a1_in1k": "cache", "a2_in1k": "pack", "a3_in1k": ""} == {
        row.tag: row.where for row in rows
    }
    assert (count.listed, count.here) == (len(rows), 2)
    assert len(rows) > 3


def test_all_are_more_than_a_thousand() -> None:
    *rows, count = listed(all_=True)
    assert len(rows) == count.listed > 1000
    assert count.here == 0


def test_a_pack_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pack.json").write_text("nothing")
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(tmp_path))
    noticed, _ = listed()
    assert isinstance(noticed, Noticed)
    assert "pack.json is damaged" in noticed.message


@pytest.mark.usefixtures("resnets")
def test_places_are_told_in_their_order_and_keep_passwords(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.firm:8080")
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.firm")
    found = list(drain(places(), Stop()))
    assert all(isinstance(place, WeightsPlace) for place in found)
    kinds = ["packs", "packs", "torch", "hub", "torch server", "hub server", "proxy"]
    assert [place.kind for place in found] == kinds
    named, own, torch, hub, server, mirror, proxy = found
    assert (named.place, named.weights, named.exists) == (str(tmp_path / "pack"), 1, True)
    assert not own.exists
    assert own.free is not None
    assert (torch.weights, hub.weights) == (1, 1)
    assert server.place == "https://download.pytorch.org"
    assert mirror.place == "https://mirror.firm"
    assert proxy.place == "http://***@proxy.firm:8080"
    assert (proxy.setting, proxy.free) == ("HTTPS_PROXY", None)
