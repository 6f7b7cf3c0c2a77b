"""A run of the project as the start of another."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from workbench.errors import WorkbenchError
from workbench.models import bundle
from workbench.models.backbones import LoadReport, Network, create
from workbench.models.catalog import find
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec
from workbench.project.project import Project
from workbench.project.runs import RunFolder
from workbench.training.checks import check, with_absolute_weights
from workbench.training.config import TrainConfig
from workbench.training.run_weights import keep_head, weights_of_run

CLASSES = ["good", "pit", "scratch"]


@pytest.fixture
def project(project_folder: Path) -> Iterator[Project]:
    with Project.open(project_folder) as opened:
        yield opened


def run_with_model(project: Project, config: TrainConfig, classes: list[str] = CLASSES) -> tuple[RunFolder, Network]:
    """A run as it is after training: its model differs from every other in all of its weights."""
    run = project.runs.create(config.dumps())
    network, _ = create(config.backbone.name, weights="none", classes=len(classes))
    with torch.no_grad():
        for parameter in network.parameters():
            nn.init.normal_(parameter)
    spec = PreprocessSpec.for_backbone(find(config.backbone.name))
    bundle.save(run.model, Deployable(spec, network), classes=classes, backbone=config.backbone.name)
    return run, network


def started(config: TrainConfig, classes: list[str]) -> tuple[Network, LoadReport]:
    network, report = create(config.backbone.name, weights=config.backbone.weights, classes=len(classes))
    return network, keep_head(network, report, classes)


def test_backbone_and_head_of_a_run_go_into_the_next(project: Project, config: TrainConfig) -> None:
    run, trained = run_with_model(project, config)
    wish = config.with_settings([f"weights=run:{run.id}"])
    check(project, wish)
    resolved = with_absolute_weights(wish, project)
    assert Path(resolved.backbone.weights) == (run.model / "model.safetensors").absolute()
    network, report = started(resolved, CLASSES)
    state = network.state_dict()
    assert all(torch.equal(state[name], value) for name, value in trained.state_dict().items())
    assert report.matched == len(state)
    assert (report.dropped, report.new) == (["temperature"], [])


def test_the_newest_run_is_called_last(project: Project, config: TrainConfig) -> None:
    run, _ = run_with_model(project, config)
    assert weights_of_run(project, "last", "tests/tiny").parent == run.model


@pytest.mark.parametrize("classes", [["good", "pit"], ["good", "scratch", "pit"], ["good", "pit", "dent"]])
def test_the_head_of_other_classes_is_left_out_and_told(
    classes: list[str], project: Project, config: TrainConfig
) -> None:
    run, trained = run_with_model(project, config)
    resolved = with_absolute_weights(config.with_settings([f"weights=run:{run.id}"]), project)
    network, report = started(resolved, classes)
    backbone = trained.backbone.state_dict()
    assert all(torch.equal(backbone[name], value) for name, value in network.backbone.state_dict().items())
    assert network.head.state_dict()["weight"].abs().max() < 0.1  # those of the run are ten times as large
    assert {name.removeprefix("network.") for name in report.dropped} == {"head.weight", "head.bias", "temperature"}
    assert report.new == ["head.weight", "head.bias"]


def test_other_weights_have_no_head_to_keep(project: Project, config: TrainConfig, tmp_path: Path) -> None:
    run, _ = run_with_model(project, config)
    copied = tmp_path / "model.safetensors"
    copied.write_bytes((run.model / "model.safetensors").read_bytes())
    network, report = create("tests/tiny", weights=str(copied), classes=3)
    assert keep_head(network, report, CLASSES) is report  # nothing beside it says which classes these were
    network, report = create("tests/tiny", weights="none", classes=3)
    assert keep_head(network, report, CLASSES) is report


def test_a_run_that_cannot_be_a_start_is_refused_before(project: Project, config: TrainConfig) -> None:
    def refusal(weights: str, *settings: str) -> str:
        with pytest.raises(WorkbenchError) as caught:
            check(project, config.with_settings([f"weights={weights}", *settings]))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "has no runs yet" in refusal("run:last")
    unfinished = project.runs.create(config.dumps())
    assert f"The run {unfinished.id} has no model to start from; choose one" in refusal(f"run:{unfinished.id}")
    run, _ = run_with_model(project, config)
    assert "There is no run '1999-01-01-001'" in refusal("run:1999-01-01-001")
    told = refusal(f"run:{run.id}", "backbone=torchvision/squeezenet1_1")
    assert f"The run {run.id} is of tests/tiny, so its weights do not fit torchvision/squeezenet1_1" in told
    (run.model / "bundle.json").write_text(json.dumps([]))
    assert "has no model" in refusal(f"run:{run.id}")
    with pytest.raises(WorkbenchError, match="a run of a project"):
        with_absolute_weights(config.with_settings(["weights=run:last"]))


def test_published_weights_that_do_not_exist_or_cannot_come_are_refused(
    project: Project, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WorkbenchError, match="no hub weights for tests/tiny"):
        check(project, config.with_settings(["weights=hub"]))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub = config.with_settings(["weights=hub", "backbone=timm/test_resnet"])
    with pytest.raises(WorkbenchError, match=r"cannot be downloaded \(HF_HUB_OFFLINE is set\); choose .*none"):
        check(project, hub)
    with pytest.raises(
        WorkbenchError, match=r"choose a weights file [^,]* or a folder of packs \(WORKBENCH_WEIGHTS\)\.$"
    ):
        check(project, hub.with_settings(["method=as-is"]))
    check(project, hub.with_settings(["method=baseline"]))  # which needs no weights
    with pytest.raises(WorkbenchError, match="no weights named 'r61'"):
        check(project, hub.with_settings(["backbone.tag=r61"]))


def test_a_run_that_starts_from_another_begins_where_that_ended(
    project_folder: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the whole of training: with a rate of next to nothing the model of the run is that of the one before."""
    from workbench.jobs import Stop, drain
    from workbench.training.run import prepare, train

    with Project.open(project_folder) as project:
        before, trained = run_with_model(project, config)
    settings = ["weights=run:last", "epochs=1", "learning_rate=1e-8", "batch_norm=frozen", "augment=none"]
    run_id = prepare(project_folder, config.with_settings(settings)).id
    moved = project_folder.rename(project_folder.with_name("moved"))
    events = list(drain(train(moved, run_id), Stop()))
    with Project.open(moved, read_only=True) as project:
        run = project.runs.get(run_id)
    assert TrainConfig.load(run.config).backbone.weights == f"run:{before.id}"
    assert events[-1].reason == "finished"
    told = " ".join(event.what for event in events if type(event).__name__ == "Preparing")
    assert f"Loaded {len(trained.state_dict())} weights of " in told
    after = bundle.load(run.model).deployable.network.state_dict()
    largest = max(
        float((after[name].float() - value.float()).abs().max()) for name, value in trained.state_dict().items()
    )
    assert largest < 1e-4
