import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import cli
from workbench.intake import add_folders
from workbench.jobs import Stop, drain
from workbench.models import bundle
from workbench.models.backbones import create
from workbench.models.catalog import find
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec
from workbench.project.project import Project
from workbench.training.config import TrainConfig
from workbench.weights_verbs import named

Tell = Callable[..., tuple[int, list[dict]]]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def run(*words: str) -> tuple[int, list[dict]]:
        code = cli.main(["weights", *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_names_and_tags_are_divided_at_the_first_dot() -> None:
    assert named(["timm/resnet50", "timm/resnet50.a1_in1k", "torchvision/resnet18.IMAGENET1K_V1"]) == (
        ["timm/resnet50", "timm/resnet50", "torchvision/resnet18"],
        ["", "a1_in1k", "IMAGENET1K_V1"],
    )


def test_weights_of_a_backbone_are_listed(tell: Tell, capsys: pytest.CaptureFixture[str]) -> None:
    code, events = tell("list", "torchvision/mobilenet_v2")
    assert code == 0
    assert [event["tag"] for event in events[:-1]] == ["IMAGENET1K_V2", "IMAGENET1K_V1"]
    assert events[-1] == {"event": "WeightsCounted", "listed": 2, "here": 0}
    assert cli.main(["weights", "list", "timm/test_resnet"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "timm/test_resnet.r160_in1k (default), apache-2.0, not on this machine",
        "1 set of weights, 0 on this machine.",
    ]
    assert cli.main(["weights", "list"]) == 0
    assert "weights fetch NAME" in capsys.readouterr().out


@pytest.mark.parametrize("action", [["fetch"], ["pack", "--out", "pack"]])
def test_what_is_unknown_is_one_sentence(action: list[str], tell: Tell, tmp_path: Path) -> None:
    code, events = tell(*action, "timm/resnet18.a1_in2k")
    assert code == 1
    assert "no weights named 'a1_in2k'; did you mean a1_in1k" in events[-1]["message"]
    code, events = tell(*action, "timm/resnet19")
    assert code == 1
    assert "no backbone named 'timm/resnet19'" in events[-1]["message"]


def test_a_file_becomes_a_pack_that_the_next_command_finds(
    tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import timm
    from safetensors.torch import save_file

    file, out = tmp_path / "own.safetensors", tmp_path / "pack"
    save_file(timm.create_model("test_resnet").state_dict(), file)
    assert cli.main(["weights", "pack", "timm/test_resnet", "--out", str(out), "--from", str(file)]) == 0
    path = out / "timm-test_resnet.r160_in1k.safetensors"
    assert capsys.readouterr().out == f"timm/test_resnet.r160_in1k: 2 MB in {path} (apache-2.0)\n"
    monkeypatch.setenv("WORKBENCH_WEIGHTS", str(out))
    assert [event["where"] for event in tell("list")[1][:-1]] == ["pack"]
    _, (fetched,) = tell("fetch", "timm/test_resnet")
    assert (fetched["event"], fetched["here"], fetched["path"]) == ("WeightsFetched", True, str(path))
    assert cli.main(["weights", "fetch", "timm/test_resnet"]) == 0
    assert capsys.readouterr().out == f"timm/test_resnet.r160_in1k: 2 MB were here already: {path}\n"


def test_where_names_what_changes_a_place(tell: Tell, capsys: pytest.CaptureFixture[str]) -> None:
    _, events = tell("where")
    assert {event["setting"] for event in events} >= {
        "WORKBENCH_WEIGHTS",
        "WORKBENCH_TORCH_MIRROR",
        "HF_ENDPOINT",
        "HF_HUB_CACHE",
        "TORCH_HOME",
    }
    assert cli.main(["weights", "where"]) == 0
    told = capsys.readouterr().out
    assert "hub server: https://huggingface.co (HF_ENDPOINT changes it)" in told
    assert "packs: " in told
    assert "not there yet" in told


def test_help_names_proxy_and_mirrors(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["weights", "fetch", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "HTTPS_PROXY" in told
    assert "WORKBENCH_TORCH_MIRROR" in told


@pytest.mark.parametrize("renamed", [False, True])
def test_a_check_of_a_runs_weights_counts_the_head_that_a_run_would_keep(
    tell: Tell, tmp_path: Path, tiny_images: Callable[..., Path], renamed: bool
) -> None:
    list(drain(add_folders(tmp_path / "project", [tiny_images({"good": 2, "scratch": 2})]), Stop()))
    with Project.open(tmp_path / "project") as project:
        known = project.labels.classes()
        network, _ = create("workbench/lenet", weights="none", classes=len(known))
        run = project.runs.create(TrainConfig().with_settings(["backbone=workbench/lenet"]).dumps())
        spec = PreprocessSpec.for_backbone(find("workbench/lenet"))
        names = [each.name for each in known]
        bundle.save(run.model, Deployable(spec, network), classes=names, backbone="workbench/lenet")
        if renamed:
            project.labels.rename(known[0].id, "another class")
    code, events = tell(
        "check", "workbench/lenet", "--weights", f"run:{run.id}", "--project", str(tmp_path / "project")
    )
    found = events[-1]
    assert (code, found["event"]) == (0, "WeightsChecked")
    assert found["new"] == (["head.weight", "head.bias"] if renamed else [])
    assert "temperature" in found["dropped"]


def test_the_classes_of_published_weights_are_listed(tell: Tell, capsys: pytest.CaptureFixture[str]) -> None:
    code, events = tell("classes", "torchvision/mobilenet_v2")
    assert (code, events[-1]["event"], events[-1]["tag"]) == (0, "WeightsClasses", "IMAGENET1K_V2")
    assert events[-1]["classes"][309:311] == ["bee", "ant"]
    assert cli.main(["weights", "classes", "timm/test_resnet"]) == 0
    assert "ant, emmet, pismire" in capsys.readouterr().out.splitlines()
    code, events = tell("classes", "workbench/lenet")
    assert code == 1
    assert "no published classifier" in events[-1]["message"]
