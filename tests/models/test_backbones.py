from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file
from torch import nn

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.models.backbones import LoadReport, create
from workbench.models.builders import build, measure_features
from workbench.models.catalog import find
from workbench.models.weights import load_into

MOBILENET = "weights/mobilenet_v2.torchvision.imagenet1k.safetensors"


def test_mobilenet_loads_strictly_from_the_shared_file(shared_folder: Path) -> None:
    file = shared_folder / MOBILENET
    network, report = create("torchvision/mobilenet_v2", weights=str(file), classes=6)
    assert (report.matched, report.source) == (312, str(file))
    assert sorted(report.dropped) == ["classifier.1.bias", "classifier.1.weight"]
    assert report.new == ["head.weight", "head.bias"]
    saved = load_file(file)
    loaded = network.backbone.state_dict()
    assert all(torch.equal(loaded[name], saved[name]) for name in loaded)
    assert network.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 6)


def test_its_weights_do_not_fit_another_backbone(shared_folder: Path) -> None:
    with pytest.raises(WorkbenchError, match=r"do not fit torchvision/resnet18: 0 of 120 tensors match"):
        create("torchvision/resnet18", weights=str(shared_folder / MOBILENET), classes=6)


def test_random_weights_are_reported_as_new() -> None:
    network, report = create("tests/tiny", weights="none", classes=3, dropout=0.4)
    assert (report.source, report.matched, report.dropped) == ("none", 0, [])
    assert set(report.new) == set(network.state_dict())
    assert network.dropout.p == 0.4
    assert network.classes == 3


def test_the_first_predictions_are_undecided() -> None:
    network, _ = create("tests/tiny", weights="none", classes=4)
    probabilities = torch.softmax(network.eval()(torch.randn(8, 3, 32, 32)), dim=1)
    assert (probabilities - 0.25).abs().max() < 0.05


@pytest.mark.parametrize("name", ["timm/test_convnext", "torchvision/swin_t"])
def test_drop_path_is_what_was_asked_for(name: str) -> None:
    def chances(drop_path: float) -> list[float]:
        with torch.device("meta"):
            backbone, _ = build(find(name), drop_path=drop_path)
        return [
            float(getattr(module, "drop_prob", getattr(module, "p", 0.0)))
            for module in backbone.modules()
            if type(module).__name__ in ("DropPath", "StochasticDepth")
        ]

    assert max(chances(0.3)) == pytest.approx(0.3, abs=0.05)
    assert set(chances(0.0)) <= {0.0}


@pytest.mark.parametrize("name", ["timm/vgg11", "torchvision/mobilenet_v2", "tests/tiny"])
def test_drop_path_is_refused_where_there_is_none(name: str) -> None:
    with torch.device("meta"), pytest.raises(WorkbenchError, match=f"{name} has no drop-path; set it to 0"):
        build(find(name), drop_path=0.1)


def test_a_report_is_told_in_a_sentence() -> None:
    report = LoadReport("FILE", 312, ["a", "b", "c"], ["head.weight"], {"stem": "channels", "x": "size", "y": "size"})
    assert report.told() == (
        "Loaded 312 weights of FILE, one of them folded to other channels, 2 tables of positions resized, "
        "3 left out (a, b, ...), 1 new (head.weight)"
    )
    assert LoadReport("none", 0, [], []).told() == "The backbone starts from random numbers"


def test_an_unknown_backbone_names_the_nearest() -> None:
    with pytest.raises(WorkbenchError, match="timm/resnet18"):
        create("timm/resent18", weights="none", classes=2)


def test_one_class_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="at least two classes"):
        create("tests/tiny", weights="none", classes=1)


# One small member of every way in which the two libraries end a classifier.
@pytest.mark.parametrize(
    "name",
    [
        "torchvision/alexnet",
        "torchvision/densenet121",
        "torchvision/mobilenet_v3_small",
        "torchvision/shufflenet_v2_x0_5",
        "torchvision/squeezenet1_1",
        "torchvision/regnet_y_400mf",
        "timm/test_convnext",
        "timm/test_efficientnet",
        "timm/test_resnet",
        "timm/test_vit",
        "timm/mobilenetv3_small_050",
    ],
)
def test_networks_of_both_libraries_give_logits_and_gradients(name: str) -> None:
    network, _ = create(name, weights="none", classes=3)
    size = find(name).input_size
    logits = network.train()(torch.randn(2, 3, size, size))
    assert logits.shape == (2, 3)
    logits.sum().backward()
    assert all(p.grad is not None for p in network.head.parameters())
    assert not any(isinstance(m, nn.Linear) and m.out_features == 1000 for m in network.modules())


@pytest.mark.parametrize("name", ["torchvision/googlenet", "torchvision/inception_v3"])
def test_auxiliary_outputs_are_left_out(name: str) -> None:
    backbone, width = build(find(name))
    assert not any("aux" in key.lower() for key in backbone.state_dict())
    # Weights of ImageNet carry them: they are dropped and reported.
    weights = {**backbone.state_dict(), "AuxLogits.fc.weight": torch.zeros(2), "fc.weight": torch.zeros(1000, width)}
    matched, dropped = load_into(backbone, weights, source="file", name=name)
    assert matched == len(backbone.state_dict())
    assert dropped == ["AuxLogits.fc.weight", "fc.weight"]
    features = backbone.train()(torch.randn(2, 3, 96, 96))
    assert features.shape == (2, width)


def test_old_names_of_densenet_are_understood() -> None:
    backbone, _ = build(find("torchvision/densenet121"))
    old = {
        name.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): v
        for name, v in backbone.state_dict().items()
    }
    assert old.keys() != backbone.state_dict().keys()
    matched, dropped = load_into(backbone, old, source="file", name="densenet121")
    assert (matched, dropped) == (len(old), [])


def test_drop_out_before_the_old_classifier_is_gone() -> None:
    network, _ = create("torchvision/mobilenet_v2", weights="none", classes=2, dropout=0.0)
    assert not any(isinstance(m, nn.Dropout) and m.p > 0 for m in network.modules())


def test_features_of_the_catalogue_are_those_of_timm() -> None:
    for name in ("test_resnet", "test_vit", "mobilenetv3_small_050"):
        model = timm.create_model(name, num_classes=0)
        assert find(f"timm/{name}").features == model.head_hidden_size


def test_an_unknown_width_is_measured() -> None:
    backbone = nn.Sequential(nn.Conv2d(3, 7, 3), nn.BatchNorm2d(7), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert measure_features(backbone, 16, "plugin/ours") == 7
    assert backbone.training
    assert torch.equal(backbone[1].running_mean, torch.zeros(7))


def test_a_backbone_without_a_feature_vector_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="plugin/grid does not give one feature vector"):
        measure_features(nn.Conv2d(3, 4, 3), 16, "plugin/grid")


def test_drop_out_acts_on_what_the_head_sees_in_training_only() -> None:
    network, _ = create("tests/tiny", weights="none", classes=3, dropout=0.9)
    images = torch.randn(1, 3, 32, 32)
    network.eval()
    with torch.no_grad():
        assert torch.equal(network(images), network(images))
        network.dropout.train()
        seen = {tuple(network(images)[0].tolist()) for _ in range(8)}
    assert len(seen) > 1
