"""Packs of weights: made on one machine, used on another that has no network."""

import json
import os
import shutil
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save, save_file
from torch import Tensor

from tests.stand_in_hub import Hub
from workbench.errors import WorkbenchError
from workbench.jobs import Event, Noticed, Progress, Stop, drain
from workbench.models import packs
from workbench.models.backbones import create
from workbench.models.catalog import find, weights_here, with_tag
from workbench.models.listing import list_weights
from workbench.models.packing import WeightsPacked, pack

NAME = "timm/test_resnet"
FILE = "timm-test_resnet.r160_in1k.safetensors"
PUBLISHED = "/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"


@pytest.fixture
def weights() -> dict[str, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        found: dict[str, Tensor] = timm.create_model("test_resnet").state_dict()
    return found


@pytest.fixture
def packed(weights: dict[str, Tensor], tmp_path: Path) -> Path:
    """A pack made from a file, and named to this machine."""
    save_file(weights, tmp_path / "own.safetensors")
    made(NAME, out=tmp_path / "packs" / "first", file=tmp_path / "own.safetensors")
    return tmp_path / "packs" / "first"


def made(*names: str, out: Path, tags: tuple[str, ...] = (), file: Path | None = None) -> list[Event]:
    return list(drain(pack(names, out, tags=tags, file=file), Stop()))


def test_what_was_packed_with_a_network_is_used_without(
    hub: Hub, weights: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.files[PUBLISHED] = save(weights)
    *events, done = made(NAME, out=tmp_path / "pack")
    assert all(isinstance(event, Progress) for event in events)
    assert any("bytes" in event.what for event in events)
    assert isinstance(done, WeightsPacked)
    assert (done.name, done.tag, done.licence) == (NAME, "r160_in1k", "apache-2.0")
    assert (done.source, done.beside) == ("hf:timm/test_resnet.r160_in1k", ["fc.bias", "fc.weight"])
    (row,) = json.loads((tmp_path / "pack" / "pack.json").read_text())["weights"]
    assert (row["file"], row["name"], row["tag"], row["licence"]) == (FILE, NAME, "r160_in1k", "apache-2.0")
    assert row["sha256"] == packs.sha256(tmp_path / "pack" / FILE)
    shutil.rmtree(os.environ["HF_HOME"])
    hub.files.clear()
    hub.asked.clear()
    assert not weights_here(find(NAME))
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(tmp_path / "pack"))
    assert weights_here(find(NAME))
    network, report = create(NAME, weights="hub", classes=3)
    assert report.matched == len(weights) - 2
    assert sorted(report.dropped) == ["fc.bias", "fc.weight"]
    assert all(torch.equal(weights[name], value) for name, value in network.backbone.state_dict().items())
    assert not hub.asked


def test_a_pack_goes_before_the_cache(hub: Hub, packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.files[PUBLISHED] = save(timm.create_model("test_resnet").state_dict())
    first, _ = create(NAME, weights="hub", classes=3)
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(packed.parent))
    second, _ = create(NAME, weights="hub", classes=3)
    ours = packs.find(NAME, "r160_in1k")
    assert ours is not None
    key = "conv1.0.weight"
    assert not torch.equal(first.backbone.state_dict()[key], second.backbone.state_dict()[key])


def test_packs_are_found_in_folders_below_in_order_and_in_the_users_own(
    packed: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packs.find(NAME, "r160_in1k") is None
    shutil.copytree(packed, packs.user_folder() / "copied")
    assert (own_folders / "xdg_data_home") in packs.user_folder().parents
    found = packs.find(NAME, "r160_in1k")
    assert found is not None
    assert found.path == packs.user_folder() / "copied" / FILE
    monkeypatch.setenv("WORKBENCH_WEIGHTS", os.pathsep.join(["/nowhere", str(packed.parent)]))
    found = packs.find(NAME, "r160_in1k")
    assert found is not None
    assert found.path == packed / FILE
    assert packs.find(NAME, "other") is None
    found.path.unlink()
    (packs.user_folder() / "copied" / FILE).unlink()
    assert packs.find(NAME, "r160_in1k") is None


def test_a_pack_that_lacks_its_file_is_told_and_another_serves(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(packed, packed.parent / "second")
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(packed.parent))
    assert packs.index().missing() == []
    (packed / FILE).unlink()
    found = packs.find(NAME, "r160_in1k")
    assert found is not None
    assert found.path == packed.parent / "second" / FILE
    assert create(NAME, weights="hub", classes=2)[1].matched > 0
    (sentence,) = packs.index().missing()
    assert sentence == f"The pack {packed} is to hold {FILE}, which is not there; copy the pack to this machine again."
    told = [event.message for event in drain(list_weights(), Stop()) if isinstance(event, Noticed)]
    assert told == [sentence]


def test_packing_again_keeps_what_is_there(packed: Path, tmp_path: Path) -> None:
    before = (packed / FILE).read_bytes()
    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "vit.safetensors")
    made("timm/test_vit", out=packed, file=tmp_path / "vit.safetensors")
    assert [row.name for row in packs.read(packed)] == [NAME, "timm/test_vit"]
    save_file(timm.create_model("test_resnet").state_dict(), tmp_path / "own.safetensors")
    made(NAME, out=packed, file=tmp_path / "own.safetensors")
    assert [row.name for row in packs.read(packed)] == [NAME, "timm/test_vit"]
    assert (packed / FILE).read_bytes() != before
    for row in packs.read(packed):
        packs.check(row)


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_damaged_file_is_refused(damage: str, packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(packed))
    found = packs.find(NAME, "r160_in1k")
    assert found is not None
    content = bytearray((packed / FILE).read_bytes())
    content[-1] ^= 1
    (packed / FILE).write_bytes(content)
    with pytest.raises(WorkbenchError, match=r"r160_in1k.safetensors were changed or damaged.*copy the pack"):
        create(NAME, weights="hub", classes=3)
    if damage == "gone":
        found.path.unlink()
        with pytest.raises(WorkbenchError, match="cannot be read"):
            packs.check(found)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is damaged"),
        ('{"format": 1}', "is damaged"),
        ('{"format": 9, "weights": []}', "newer Workbench"),
        ("../other.safetensors", "is damaged"),
        ("..\\other.safetensors", "is damaged"),
        ("model.pth", "is damaged"),
    ],
)
def test_a_description_that_cannot_be_used_is_a_problem_and_hides_no_other(
    content: str, words: str, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack comes from elsewhere: it must not lead to files outside, nor to such as can hold code."""
    if "{" not in content:
        row = {"file": content, "name": NAME, "tag": "r160_in1k", "sha256": "0", "bytes": 1}
        content = json.dumps({"format": 1, "weights": [row]})
    bad = packed.parent / "bad"
    bad.mkdir()
    (bad / "pack.json").write_text(content)
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(packed.parent))
    (problem,) = packs.index().problems
    assert words in problem
    assert str(bad) in problem
    found = packs.find(NAME, "r160_in1k")
    assert found is not None
    assert found.path == packed / FILE


def test_weights_that_do_not_fit_are_not_packed(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(WorkbenchError, match=r"other.safetensors do not fit timm/test_resnet: 0 of"):
        made(NAME, out=tmp_path / "pack", file=tmp_path / "other.safetensors")
    assert not list((tmp_path / "pack").iterdir())


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def test_a_file_that_holds_code_is_not_packed(tmp_path: Path) -> None:
    torch.save({"fc.weight": Bomb(tmp_path / "ran")}, tmp_path / "bomb.pth")
    with pytest.raises(WorkbenchError, match="could run code"):
        made(NAME, out=tmp_path / "pack", file=tmp_path / "bomb.pth")
    assert not (tmp_path / "ran").exists()


def test_names_of_wrappers_are_taken_off(weights: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"state_dict": {f"module.{name}": value for name, value in weights.items()}}, tmp_path / "ddp.pth")
    (*_, done) = made(NAME, out=tmp_path / "pack", file=tmp_path / "ddp.pth")
    assert done.beside == ["fc.bias", "fc.weight"]
    assert done.source == "ddp.pth"


def test_what_has_no_published_weights_is_said_before_anything_is_packed(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="no hub weights for workbench/lenet"):
        made(NAME, "workbench/lenet", out=tmp_path / "pack")
    assert not (tmp_path / "pack").exists()
    with pytest.raises(WorkbenchError, match="of one backbone"):
        made(NAME, "timm/test_vit", out=tmp_path / "pack", file=packed / FILE)


def test_a_folder_that_cannot_be_written_is_named(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WorkbenchError, match=str(tmp_path / "file")):
        made(NAME, out=tmp_path / "file" / "pack", file=packed / FILE)


def test_real_weights_come_out_of_a_pack_as_they_went_in(
    shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = shared_folder / "weights" / "mobilenet_v2.torchvision.imagenet1k.safetensors"
    name, tag = "torchvision/mobilenet_v2", "IMAGENET1K_V1"
    (*_, done) = made(name, tags=(tag,), out=tmp_path / "pack", file=file)
    assert done.beside == ["classifier.1.bias", "classifier.1.weight"]
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(tmp_path / "pack"))
    assert weights_here(with_tag(find(name), tag))
    assert not weights_here(find(name))
    direct, _ = create(name, weights=str(file), classes=2)
    through, _ = create(name, weights="hub", tag=tag, classes=2)
    wanted = direct.backbone.state_dict()
    assert all(torch.equal(wanted[key], value) for key, value in through.backbone.state_dict().items())
