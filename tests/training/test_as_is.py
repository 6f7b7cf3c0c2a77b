"""The published classifier of a small network with random weights: what it says is known, if not worth much."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file
from torch import nn

from tests.training.test_run import of, train
from workbench.errors import WorkbenchError
from workbench.models import bundle
from workbench.models.backbones import create
from workbench.models.catalog import backbones
from workbench.models.heads import HeadSpec
from workbench.models.published import Published, classifier
from workbench.project.project import Project
from workbench.training import as_is, run
from workbench.training.config import TrainConfig
from workbench.training.events import FitEnded, FitStarted

NAME = "torchvision/mobilenet_v3_small"
SIZE = 64


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = torchvision.models.mobilenet_v3_small(weights=None)
    path = tmp_path / "published.safetensors"
    save_file(model.state_dict(), path)
    return path


def test_the_classifier_and_its_names_are_those_that_were_published(weights: Path) -> None:
    found = classifier(NAME, weights=str(weights))
    assert len(found.names) == 1000
    assert found.names[309:311] == ["bee", "ant"]
    assert torch.equal(found.weight, load_file(weights)["classifier.3.weight"])


def test_the_names_of_timm_list_synonyms(tmp_path: Path) -> None:
    import timm

    path = tmp_path / "timm.safetensors"
    save_file(timm.create_model("test_resnet", pretrained=False).state_dict(), path)
    found = classifier("timm/test_resnet", weights=str(path))
    assert found.names[310] == "ant, emmet, pismire"
    assert found.weight.shape[0] == len(found.bias) == 1000


def test_a_classifier_of_more_than_one_layer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "squeezenet.safetensors"
    save_file(torchvision.models.squeezenet1_1(weights=None).state_dict(), path)
    with pytest.raises(WorkbenchError, match=r"no published classifier of torchvision/squeezenet1_1 .*no linear one"):
        classifier("torchvision/squeezenet1_1", weights=str(path))


def test_weights_without_a_classifier_are_told_apart(weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    save_file({name: value for name, value in load_file(weights).items() if "classifier.3" not in name}, path)
    with pytest.raises(
        WorkbenchError, match=r"its classifier of 1,000 classes.*'classifier.3.weight'.*not in the file"
    ):
        classifier(NAME, weights=str(path))
    with pytest.raises(WorkbenchError, match="it has no published weights"):
        classifier("workbench/lenet", weights=str(weights))


def test_a_class_has_the_probability_of_all_that_answer_for_it() -> None:
    torch.manual_seed(0)
    network, _ = create("workbench/lenet", weights="none", classes=2, head=HeadSpec("grouped", groups=(2, 1)))
    published = Published(["a", "b", "c", "d"], torch.randn(4, 84), torch.randn(4))
    as_is.put(network, published, [[3, 1], [0]])
    images = torch.randn(5, 3, 32, 32)
    network.eval()
    with torch.no_grad():
        everything = torch.softmax(nn.functional.linear(network.features(images), published.weight, published.bias), 1)
        found = torch.softmax(network(images), dim=1)
    asked = torch.stack([everything[:, 3] + everything[:, 1], everything[:, 0]], dim=1)
    assert torch.allclose(found, asked / asked.sum(dim=1, keepdim=True), atol=1e-6)


def rename(project_folder: Path, names: list[str]) -> None:
    with Project.open(project_folder) as project:
        for row, name in zip(project.labels.classes(), names, strict=True):
            project.labels.rename(row.id, name)


@pytest.fixture
def asking(config: TrainConfig, weights: Path) -> TrainConfig:
    chosen = 'method={kind = "as-is", classes = {dogs = ["beagle", "boxer"]}}'
    return config.with_settings([f"backbone={NAME}", f"weights={weights}", f"size={SIZE}", chosen])


def test_a_run_answers_with_the_classes_that_were_published(
    project_folder: Path, asking: TrainConfig, weights: Path
) -> None:
    rename(project_folder, ["Bees", "dogs", "ant"])
    folder = run.prepare(project_folder, asking)
    events = train(project_folder, folder)
    (started,) = of(events, FitStarted)
    assert (started.epochs, started.trainable_parameters, started.frozen_stages) == (0, 0, started.stages)
    ended = events[-1]
    assert isinstance(ended, FitEnded)
    assert ended.reason == "finished"
    assert "'bee' answers for 'Bees', 'beagle', 'boxer' answer for 'dogs', 'ant' answers for 'ant'" in ended.message
    assert 0 <= ended.deployed <= 1
    loaded = bundle.load(folder.model)
    assert loaded.classes == ["Bees", "dogs", "ant"]
    whole = torchvision.models.mobilenet_v3_small(weights=None)
    whole.load_state_dict(load_file(weights))
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (2, 50, 60, 3), dtype=np.uint8))
    with torch.no_grad():
        logits = whole.eval()(loaded.deployable.preprocess(pixels))
        names = torchvision.models.MobileNet_V3_Small_Weights.DEFAULT.meta["categories"]
        groups = [["bee"], ["beagle", "boxer"], ["ant"]]
        asked = torch.stack(
            [torch.logsumexp(logits[:, [names.index(name) for name in group]], dim=1) for group in groups], dim=1
        )
        found = loaded.deployable(pixels)
    assert torch.allclose(found, torch.softmax(asked / loaded.deployable.temperature, dim=1), atol=1e-5)


def test_a_class_without_an_answer_is_refused_in_a_sentence_before_the_run(
    project_folder: Path, asking: TrainConfig
) -> None:
    rename(project_folder, ["bee", "dogs", "scratch"])
    with pytest.raises(WorkbenchError, match=r"None of the 1,000 classes of the pretrained .* is called 'scratch'"):
        run.prepare(project_folder, asking)
    with Project.open(project_folder) as project:
        assert project.runs.list() == []


def test_published_weights_without_a_classifier_are_refused_before_the_run(
    project_folder: Path, config: TrainConfig
) -> None:
    bare = next(info for info in backbones() if info.tags and not info.tags[0].classes and not info.unsupported)
    with pytest.raises(WorkbenchError, match=r"bring no classifier of their own"):
        run.prepare(project_folder, config.with_settings(["preset=as-is", f"backbone={bare.name}"]))


def test_random_weights_are_refused_before_the_run(project_folder: Path, config: TrainConfig) -> None:
    with pytest.raises(WorkbenchError, match="Only published weights bring a classifier"):
        run.prepare(project_folder, config.with_settings(["method=as-is"]))
