import json
from pathlib import Path

import pytest
import torch

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.models.backbones import Network, create
from workbench.models.bundle import load, save
from workbench.models.catalog import find
from workbench.models.deploy import Deployable
from workbench.models.heads import HeadSpec, spec_of
from workbench.models.preprocess import PreprocessSpec

CLASSES = ["1", "10", "2", "Kratzer ä"]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Deployable]:
    torch.manual_seed(3)
    network, _ = create("tests/tiny", weights="none", classes=4, dropout=0.25)
    network.train()(torch.randn(16, 3, 32, 32))
    spec = PreprocessSpec(32, "crop", decoding={"window": [10, 4000]})
    deployable = Deployable(spec, network, temperature=1.7)
    folder = tmp_path / "model"
    save(folder, deployable, classes=CLASSES, backbone="tests/tiny", thresholds={"10": 0.4}, extra={"run": "001"})
    return folder, deployable


def test_a_bundle_gives_back_the_same_model(saved: tuple[Path, Deployable]) -> None:
    folder, deployable = saved
    bundle = load(folder)
    assert bundle.classes == CLASSES
    assert bundle.backbone == "tests/tiny"
    assert bundle.spec == deployable.spec
    assert bundle.thresholds == {"10": 0.4}
    assert bundle.extra == {"run": "001"}
    assert bundle.deployable.network.dropout.p == 0.25
    images = torch.randint(0, 256, (3, 50, 40, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(bundle.deployable(images), deployable(images))


@pytest.mark.parametrize(
    ("head", "channels"),
    [(HeadSpec("hidden", 24), 1), (HeadSpec("cosine"), 3), (HeadSpec("grouped", groups=(1, 3, 1, 2)), 5)],
    ids=lambda value: getattr(value, "kind", value),
)
def test_head_and_channels_are_stored(head: HeadSpec, channels: int, tmp_path: Path) -> None:
    network, _ = create("tests/tiny", weights="none", classes=4, head=head, channels=channels)
    spec = PreprocessSpec.for_backbone(find("tests/tiny"), size=40, channels=channels)
    save(tmp_path, Deployable(spec, network), classes=CLASSES, backbone="tests/tiny")
    loaded = load(tmp_path).deployable
    assert isinstance(loaded.network, Network)
    assert (loaded.network.channels, loaded.network.size, loaded.spec) == (channels, 40, spec)
    assert spec_of(loaded.network.head) == head
    images = torch.randint(0, 256, (3, 50, 40, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(loaded(images), Deployable(spec, network)(images))


def test_another_size_is_restored(tmp_path: Path) -> None:
    network, _ = create("timm/test_vit", weights="none", classes=4, size=192)
    spec = PreprocessSpec.for_backbone(find("timm/test_vit"), size=192)
    save(tmp_path, Deployable(spec, network), classes=CLASSES, backbone="timm/test_vit")
    images = torch.randint(0, 256, (1, 50, 40, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(load(tmp_path).deployable(images), Deployable(spec, network)(images))


def test_a_bundle_from_before_there_were_heads_has_a_linear_one(saved: tuple[Path, Deployable]) -> None:
    path = saved[0] / "bundle.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    del description["head"], description["preprocess"]["channels"]
    path.write_text(json.dumps(description), encoding="utf-8")
    images = torch.randint(0, 256, (2, 50, 40, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(load(saved[0]).deployable(images), saved[1](images))


def test_channels_of_the_pixels_must_be_those_of_the_network(tmp_path: Path) -> None:
    network, _ = create("tests/tiny", weights="none", classes=4, channels=1)
    with pytest.raises(ValueError, match="3 channels do not go into a network of 1"):
        save(tmp_path, Deployable(PreprocessSpec(32), network), classes=CLASSES, backbone="tests/tiny")


def test_it_holds_tensors_and_json_only(saved: tuple[Path, Deployable]) -> None:
    folder, _ = saved
    assert sorted(file.name for file in folder.iterdir()) == ["bundle.json", "model.safetensors"]
    description = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    assert description["format"] == 1
    assert len(description["hashes"]["model.safetensors"]) == 64


def test_loading_does_not_disturb_random_numbers(saved: tuple[Path, Deployable]) -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    load(saved[0])
    assert torch.rand(1) == expected


def test_an_older_bundle_is_replaced(saved: tuple[Path, Deployable]) -> None:
    folder, deployable = saved
    deployable.set_temperature(0.9)
    save(folder, deployable, classes=["a", "b", "c", "d"], backbone="tests/tiny")
    bundle = load(folder)
    assert bundle.classes == ["a", "b", "c", "d"]
    assert float(bundle.deployable.temperature) == pytest.approx(0.9)


def test_changed_weights_are_refused(saved: tuple[Path, Deployable]) -> None:
    weights = saved[0] / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(WorkbenchError, match="was changed or damaged"):
        load(saved[0])


def change(folder: Path, **fields: object) -> None:
    path = folder / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **fields}), encoding="utf-8")


def test_a_newer_bundle_is_refused(saved: tuple[Path, Deployable]) -> None:
    change(saved[0], format=2)
    with pytest.raises(WorkbenchError, match=r"newer Workbench \(format 2\)"):
        load(saved[0])


def test_weights_that_do_not_fit_the_description_are_refused(saved: tuple[Path, Deployable]) -> None:
    change(saved[0], classes=["one", "two"])
    with pytest.raises(WorkbenchError, match="cannot be loaded") as caught:
        load(saved[0])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["hashes", "temperature", "preprocess"])
def test_a_description_without_a_field_is_refused(missing: str, saved: tuple[Path, Deployable]) -> None:
    change(saved[0], **{missing: None})
    with pytest.raises(WorkbenchError, match="cannot be"):
        load(saved[0])


def test_a_folder_without_a_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match=f"no trained model in {tmp_path}"):
        load(tmp_path)


def test_missing_weights_are_one_sentence(saved: tuple[Path, Deployable]) -> None:
    (saved[0] / "model.safetensors").unlink()
    with pytest.raises(WorkbenchError, match="cannot be loaded"):
        load(saved[0])


def test_a_folder_that_cannot_be_written_is_named(saved: tuple[Path, Deployable], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match="cannot be saved"):
        save(tmp_path / "file" / "model", saved[1], classes=CLASSES, backbone="tests/tiny")


def test_class_names_must_match_the_head(saved: tuple[Path, Deployable], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 class names"):
        save(tmp_path, saved[1], classes=["a", "b"], backbone="tests/tiny")
