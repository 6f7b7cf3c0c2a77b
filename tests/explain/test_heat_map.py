"""Heat maps: found where the evidence is, for every kind of network, without a trace in the model."""

import numpy as np
import pytest
import torch
from torch import nn

import tests.tiny_backbone
from workbench.errors import WorkbenchError
from workbench.explain.heat_map import HeatMaps
from workbench.models.backbones import Network, create
from workbench.models.deploy import Deployable
from workbench.models.preprocess import PreprocessSpec


def deployable(name: str, size: int, *, classes: int = 2) -> Deployable:
    torch.manual_seed(3)
    network, _ = create(name, weights="none", classes=classes)
    return Deployable(PreprocessSpec(size=size), network)


def brightness() -> Deployable:
    """Class 1 where it is bright anywhere: a network whose evidence is known."""
    bright = nn.Conv2d(3, 2, 4, stride=4)
    with torch.no_grad():
        bright.weight[0], bright.weight[1] = -1 / 48, 1 / 48
        bright.bias.zero_()
    backbone = nn.Sequential(bright, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = Network("tests/bright", backbone, 2, classes=2)
    with torch.no_grad():
        network.head.weight.copy_(torch.eye(2))
    return Deployable(PreprocessSpec(size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)), network)


def spotted(side: int = 64) -> np.ndarray:
    image = np.zeros((1, side, side, 3), np.uint8)
    image[:, side // 2 : side * 3 // 4, : side // 4] = 255
    return image


def test_the_hot_region_is_where_the_evidence_for_the_class_is() -> None:
    maps = HeatMaps(brightness())
    (found,) = maps(spotted(), np.array([1]))
    assert found.shape == (32, 32)
    assert found.dtype == np.float32
    assert found.max() == pytest.approx(1.0)
    hot = found >= 0.5
    assert hot[18:22, 2:6].all()
    assert hot[:, 16:].sum() == 0
    (other,) = maps(spotted(), np.array([0]))
    assert other[18:22, 2:6].max() < 0.5
    assert other[4:12, 20:].min() > 0.5


@pytest.mark.parametrize(
    ("name", "size", "layer"),
    [
        (tests.tiny_backbone.TINY.name, 32, "backbone.5"),
        ("torchvision/mobilenet_v2", 64, "backbone.features"),
        ("timm/vit_tiny_patch16_224", 224, "backbone.blocks"),
        ("timm/swin_tiny_patch4_window7_224", 224, "backbone."),
    ],
)
def test_every_kind_of_network_has_a_map_over_all_of_the_image(name: str, size: int, layer: str) -> None:
    model = deployable(name, size)
    if name.startswith("timm/vit"):
        # A class token of random numbers hardly listens to the others; the rule has to find the block that it listens to.
        assert model.network.backbone.global_pool == "token"
    images = np.random.default_rng(0).integers(0, 256, (2, size + 8, size, 3), dtype=np.uint8)
    maps = HeatMaps(model)
    found = maps(images, np.array([0, 1]))
    assert found.shape == (2, size, size)
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1
    assert maps.layer.startswith(layer), maps.layer
    assert len(np.unique(found[0])) > 1
    assert not np.array_equal(found[0], found[1])


def test_the_model_is_left_as_it_was() -> None:
    model = deployable(tests.tiny_backbone.TINY.name, 32)
    images = spotted(32)
    with torch.no_grad():
        before = model(torch.from_numpy(images))
    HeatMaps(model)(images)
    with torch.no_grad():
        assert torch.equal(model(torch.from_numpy(images)), before)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_a_network_without_places_is_refused() -> None:
    backbone = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = Deployable(PreprocessSpec(size=32), Network("tests/mean", backbone, 3, classes=2))
    with pytest.raises(WorkbenchError, match="no heat map"):
        HeatMaps(model)(spotted())
