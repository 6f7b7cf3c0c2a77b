import argparse
import os
import pickle
import tarfile
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import tests.tiny_backbone
from workbench.errors import WorkbenchError
from workbench.models.backbones import create
from workbench.models.weights import load_into, read_weights


def tiny_weights() -> dict[str, Tensor]:
    """The weights of another run of the tiny backbone, with a classifier."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        backbone = tests.tiny_backbone.registered.get("tests/tiny").build()
    return {**backbone.state_dict(), "fc.weight": torch.zeros(10, 16), "fc.bias": torch.zeros(10)}


def prefixed(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in weights.items()}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: weights,
        lambda weights: {"state_dict": weights, "epoch": 3},
        lambda weights: {"model": weights, "optimizer": {"state": {}}},
        lambda weights: prefixed("module.", weights),
        lambda weights: {"state_dict": prefixed("module.", weights)},
        lambda weights: {"state_dict": prefixed("module.backbone.", weights)},
        lambda weights: {"state_dict": prefixed("net.trunk.0.", weights), "hyper_parameters": {"rate": 1.0}},
        lambda weights: {"teacher": prefixed("backbone.", weights), "student": {}, "epoch": 3},
        lambda weights: {"state_dict": {key: value * 0 for key, value in weights.items()}, "state_dict_ema": weights},
        lambda weights: {
            **prefixed("encoder_q.", weights),
            **prefixed("encoder_k.", {"3.weight": weights["3.weight"] * 0}),
        },
    ],
    ids=[
        "bare",
        "state_dict",
        "model",
        "module.",
        "state_dict and module.",
        "two prefixes",
        "own",
        "DINO",
        "EMA",
        "MoCo",
    ],
)
def test_checkpoints_are_read_in_every_usual_form(wrap: object, tmp_path: Path) -> None:
    assert callable(wrap)
    weights = tiny_weights()
    torch.save(wrap(weights), tmp_path / "checkpoint.pth")
    network, report = create("tests/tiny", weights=str(tmp_path / "checkpoint.pth"), classes=3)
    assert torch.equal(network.backbone.state_dict()["3.weight"], weights["3.weight"])
    assert report.matched == len(weights) - 2
    assert {name for name in report.dropped if "encoder_k" not in name} == {"fc.weight", "fc.bias"}
    assert report.new == ["head.weight", "head.bias"]


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(tiny_weights(), tmp_path / "tiny.safetensors")
    network, report = create("tests/tiny", weights=str(tmp_path / "tiny.safetensors"), classes=3)
    assert torch.equal(network.backbone.state_dict()["0.weight"], tiny_weights()["0.weight"])
    assert (report.matched, report.dropped) == (12, ["fc.bias", "fc.weight"])


def test_step_counters_of_batch_norm_may_be_missing(tmp_path: Path) -> None:
    weights = {name: value for name, value in tiny_weights().items() if "num_batches" not in name}
    torch.save(weights, tmp_path / "old.pth")
    _, report = create("tests/tiny", weights=str(tmp_path / "old.pth"), classes=3)
    assert report.matched == 10


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_holds_code_is_refused_and_not_run(zipped: bool, tmp_path: Path) -> None:
    target = tmp_path / "ran"
    torch.save({"state_dict": Bomb(target)}, tmp_path / "bomb.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(WorkbenchError, match=r"bomb.pt holds Python objects that could run code.*save its state dict"):
        read_weights(tmp_path / "bomb.pt")
    assert not target.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_bare_pickle_that_holds_code_is_called_what_it_is(protocol: int, tmp_path: Path) -> None:
    target = tmp_path / "ran"
    (tmp_path / "bomb.pt").write_bytes(pickle.dumps({"a": Bomb(target)}, protocol=protocol))
    with pytest.raises(WorkbenchError, match=r"bomb.pt holds Python objects that could run code"):
        read_weights(tmp_path / "bomb.pt")
    assert not target.exists()


def test_harmless_objects_are_refused_too(tmp_path: Path) -> None:
    torch.save({"state_dict": tiny_weights(), "args": argparse.Namespace(lr=1)}, tmp_path / "trainer.pth")
    with pytest.raises(WorkbenchError, match="holds Python objects"):
        read_weights(tmp_path / "trainer.pth")


def test_what_torch_itself_calls_is_code_too(tmp_path: Path) -> None:
    class Loads:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return torch.load, ("other.pt",)

    (tmp_path / "bomb.pt").write_bytes(pickle.dumps({"a": Loads()}))
    with pytest.raises(WorkbenchError, match=r"bomb.pt holds Python objects that could run code"):
        read_weights(tmp_path / "bomb.pt")


def test_a_program_is_called_one(tmp_path: Path) -> None:
    with warnings.catch_warnings(action="ignore"):  # torch calls it deprecated
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), str(tmp_path / "program.pt"))
    with pytest.raises(WorkbenchError, match=r"program.pt holds a TorchScript program, which is code"):
        read_weights(tmp_path / "program.pt")
    with tarfile.open(tmp_path / "old.pt", "w") as archive:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            (tmp_path / name).write_bytes(pickle.dumps({}, protocol=2))
            archive.add(tmp_path / name, name)
    with pytest.raises(
        WorkbenchError, match=r"old.pt holds torch's oldest format, which cannot be read without running"
    ):
        read_weights(tmp_path / "old.pt")


def test_a_pickle_in_the_name_of_a_safe_file_is_not_read(tmp_path: Path) -> None:
    torch.save(tiny_weights(), tmp_path / "tiny.safetensors")
    with pytest.raises(WorkbenchError, match=r"tiny.safetensors is damaged or no safetensors file, whatever its name"):
        read_weights(tmp_path / "tiny.safetensors")


def test_a_safe_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    save_file(tiny_weights(), tmp_path / "größe 1.bin")
    assert read_weights(tmp_path / "größe 1.bin").keys() == tiny_weights().keys()


def test_a_folder_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="is a folder; choose a weights file"):
        read_weights(tmp_path)


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (lambda value: value * float("nan"), r"infinite or no numbers \(NaN\)"),
        (lambda value: value / 0, r"infinite or no numbers \(NaN\)"),
        (lambda value: value.to(torch.int8), "int8 in place of floating-point numbers"),
        (lambda value: value.to(torch.complex64), "complex64 in place of floating-point numbers"),
        (lambda value: value.to_sparse(), "sparse numbers"),
        (lambda value: value.to("meta"), "a shape but no values"),
    ],
    ids=["NaN", "infinite", "int8", "complex", "sparse", "meta"],
)
def test_numbers_that_no_network_can_start_from_are_refused(spoilt: object, words: str, tmp_path: Path) -> None:
    assert callable(spoilt)
    weights = tiny_weights()
    torch.save({**weights, "3.weight": spoilt(weights["3.weight"])}, tmp_path / "odd.pth")
    with pytest.raises(WorkbenchError, match=rf"odd.pth cannot be used: '3.weight' (holds|has) .*{words}") as caught:
        create("tests/tiny", weights=str(tmp_path / "odd.pth"), classes=2)
    assert "\n" not in str(caught.value)


def test_bounds_that_are_infinite_by_design_are_loaded() -> None:
    bounded = nn.Linear(2, 2)
    bounded.register_buffer("lowest", torch.tensor(-float("inf")))
    matched, _ = load_into(bounded, dict(bounded.state_dict()), source="file", name="bounded")
    assert matched == 3
    with pytest.raises(WorkbenchError, match="'lowest' holds values"):
        load_into(
            bounded, {**bounded.state_dict(), "lowest": torch.tensor(float("nan"))}, source="file", name="bounded"
        )


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_taken(kind: torch.dtype, tmp_path: Path) -> None:
    save_file({key: value.to(kind) for key, value in tiny_weights().items()}, tmp_path / "tiny.safetensors")
    network, _ = create("tests/tiny", weights=str(tmp_path / "tiny.safetensors"), classes=2)
    found = network.backbone.state_dict()["3.weight"]
    assert found.dtype == torch.float32
    assert torch.allclose(found, tiny_weights()["3.weight"], rtol=1e-2)


@pytest.mark.parametrize("name", ["broken.pth", "broken.safetensors", "broken.txt"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 half a zip", b"\x80\x02}q\x00."])
def test_a_damaged_file_is_one_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WorkbenchError, match=name) as caught:
        read_weights(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_truncated_checkpoint_is_one_sentence(tmp_path: Path) -> None:
    torch.save(tiny_weights(), tmp_path / "whole.pth")
    whole = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "half.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WorkbenchError, match=r"half.pth is damaged"):
        read_weights(tmp_path / "half.pth")


def test_a_file_without_tensors_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "loss": 0.5}, tmp_path / "log.pth")
    with pytest.raises(WorkbenchError, match="holds no tensors by name but 'epoch', 'loss'; choose"):
        read_weights(tmp_path / "log.pth")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match=r"nowhere.pth does not exist"):
        create("tests/tiny", weights=str(tmp_path / "nowhere.pth"), classes=2)


def test_weights_of_another_shape_say_which_tensor(tmp_path: Path) -> None:
    weights = tiny_weights()
    weights["3.weight"] = torch.zeros(16, 4, 3, 3)
    torch.save(weights, tmp_path / "wide.pth")
    sentence = r"wide.pth do not fit tests/tiny: 11 of 12 tensors match, and '3.weight' has shape \[16, 4, 3, 3\] in the file and"
    with pytest.raises(WorkbenchError, match=sentence):
        create("tests/tiny", weights=str(tmp_path / "wide.pth"), classes=2)


def test_weights_of_another_backbone_say_how_little_fits(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(
        WorkbenchError, match=r"0 of 12 tensors match, and '0.weight' \[8, 3, 3, 3\] is not in the file"
    ):
        create("tests/tiny", weights=str(tmp_path / "other.safetensors"), classes=2)
