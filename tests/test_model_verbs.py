"""The verb `models`: what it lists and shows, in words and as JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tests.tiny_backbone  # noqa: F401
from workbench import cli
from workbench.models import anatomy_cache
from workbench.models.catalog import backbones, find
from workbench.training.config import PRESETS, WAYS


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[dict]:
    assert cli.main(["models", *words, "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_list_is_narrowed_by_words_family_and_library(capsys: pytest.CaptureFixture[str]) -> None:
    *found, end = told(capsys, "list", "small", "mobilenet", "--library", "torchvision")
    assert [each["name"] for each in found] == ["torchvision/mobilenet_v3_small"]
    assert (end["listed"], end["of"]) == (1, len(backbones()))
    assert (found[0]["year"], found[0]["top1"]) == (2019, pytest.approx(67.668))
    *found, _ = told(capsys, "list", "--family", "alexnet")
    assert [each["name"] for each in found] == ["torchvision/alexnet"]
    *found, _ = told(capsys, "list", "--recommended")
    assert {each["name"] for each in found} == {info.name for info in backbones() if info.recommended}


def test_the_list_is_in_the_order_asked_for_and_within_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    *found, _ = told(capsys, "list", "--library", "torchvision", "--sort", "top1")
    rates = [each["top1"] for each in found]
    assert rates == sorted(rates, reverse=True)
    *found, _ = told(capsys, "list", "--library", "torchvision", "--sort", "gmacs", "--most-gmacs", "0.5")
    assert found
    assert all(each["gmacs"] <= 0.5 for each in found)


def test_only_what_is_here(capsys: pytest.CaptureFixture[str], own_folders: Path) -> None:
    assert len(told(capsys, "list", "--here", "--library", "torchvision")) == 1
    cached = (
        own_folders / "torch_home" / "hub" / "checkpoints" / find("torchvision/resnet18").files[0].partition(":")[2]
    )
    cached.parent.mkdir(parents=True)
    cached.touch()
    *found, end = told(capsys, "list", "--here", "--library", "torchvision")
    assert [each["name"] for each in found] == ["torchvision/resnet18"]
    assert end["listed"] == 1


def test_listing_in_words_imports_no_torch() -> None:
    code = (
        "import sys; from workbench import cli; code = cli.main(['models', 'list', 'resnet18'])\n"
        "sys.exit(code or bool({'torch', 'timm', 'numpy', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "69.8 %" in done.stdout
    assert "timm/resnet18" in done.stdout


def test_one_is_shown_with_what_it_consists_of(capsys: pytest.CaptureFixture[str], own_folders: Path) -> None:
    shown, _, anatomy, *layers = told(capsys, "show", "tests/tiny", "--size", "64", "--channels", "1", "--layers")
    assert shown["event"] == "BackboneShown"
    assert shown["facts"]["features"] == 16
    assert (anatomy["size"], anatomy["channels"]) == (64, 1)
    assert anatomy["parameters"] == sum(stage["parameters"] for stage in anatomy["stages"])
    assert len(layers) == sum(len(stage["layers"]) for stage in anatomy["stages"])
    kept = anatomy_cache.cached("tests/tiny", 64, 1)
    assert kept is not None
    assert kept.macs == anatomy["macs"]


def test_it_is_told_in_words(capsys: pytest.CaptureFixture[str], own_folders: Path) -> None:
    assert cli.main(["models", "show", "tests/tiny", "--layers"]) == 0
    out = capsys.readouterr().out
    assert "No weights are published." in out
    assert "Conv2d" in out
    assert "head" in out


def test_what_cannot_be_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    (failed,) = told(capsys, "show", "torchvision/resnet19", code=1)
    assert "torchvision/resnet18" in failed["message"]
    (failed,) = told(capsys, "show", "timm/vit_base_patch16_224", "--channels", "0", code=1)
    assert "--channels 1 or more" in failed["message"]
    (failed,) = told(capsys, "list", "--most-gmacs", "-1", code=1)
    assert "--most-gmacs" in failed["message"]


@pytest.mark.parametrize("words", [["train"], ["models", "probe"]])
def test_help_names_every_preset_and_every_source_of_weights(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert cli.main([*words, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split()).replace("- ", "-")
    assert f"recipe ({', '.join(PRESETS)})" in said
    assert f"way ({', '.join(WAYS)})" in said
    for source in ("hub", "none", "run:ID", "file"):
        assert source in said.partition("weights=")[2]
