import pytest
import torch
from torch import nn

import tests.tiny_backbone  # noqa: F401
from workbench.errors import WorkbenchError
from workbench.models.adaptation import adapted_to
from workbench.models.backbones import create
from workbench.models.builders import build
from workbench.models.catalog import backbones, find
from workbench.models.channels import folded, mixing, replace_first
from workbench.models.weights import load_into

# One small member of every way in which a first layer is made: plain, by patches, several at once, a changed
# normalisation, standardised weights.
SMALL = [
    "tests/tiny",
    "torchvision/squeezenet1_1",
    "torchvision/googlenet",
    "timm/csatv2",
    "timm/test_convnext",
    "timm/test_efficientnet",
    "timm/test_resnet",
    "timm/test_vit",
    "timm/test_byobnet",
    "timm/test_nfnet",
]

SIDES = {"torchvision/googlenet": 64, "timm/csatv2": 256}
"""Smaller than their own, for the test's time."""


def same_for_equal_channels(name: str, channels: int, side: int) -> None:
    """Fold random weights of three channels; equal channels must give the same features as three of them."""
    torch.manual_seed(1)
    colour, _ = build(find(name))
    stir(colour)
    other, _ = build(find(name), channels=channels)
    weights, changed = adapted_to(other, colour.state_dict(), channels=channels)
    assert set(changed.values()) <= {"channels"}
    load_into(other, weights, source="file", name=name)
    grey = torch.randn(2, 1, side, side)
    with torch.no_grad():
        expected = colour.eval()(grey.expand(-1, 3, -1, -1))
        found = other.eval()(grey.expand(-1, channels, -1, -1))
    assert float(expected.std()) > 0
    assert (found - expected).abs().max() <= 2e-4 * expected.abs().max()


def stir(backbone: nn.Module) -> None:
    """Give gains and biases random values: at first many are zero and hide what comes before them."""
    with torch.no_grad():
        for parameter in backbone.parameters():
            if parameter.requires_grad and parameter.ndim < 2:
                parameter += 0.1 * torch.randn_like(parameter)


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("name", SMALL)
def test_equal_channels_give_what_three_of_them_gave(name: str, channels: int) -> None:
    same_for_equal_channels(name, channels, SIDES.get(name) or max(find(name).input_size, 64))


def smallest_of_every_family() -> list[str]:
    found: dict[tuple[str, str], tuple[float, str]] = {}
    for info in backbones():
        if info.library in ("timm", "torchvision") and info.parameters and not info.unsupported:
            key = (info.library, info.family)
            found[key] = min(found.get(key, (1e9, "")), (info.parameters, info.name))
    return [name for _, name in found.values()]


@pytest.mark.long
@pytest.mark.timeout(1800)  # the smallest of some families multiplies 800 thousand million times an image
@pytest.mark.parametrize("name", smallest_of_every_family())
def test_equal_channels_give_the_same_in_every_family(name: str) -> None:
    same_for_equal_channels(name, 1, find(name).input_size)


def test_four_channels_share_the_weights_of_the_colours() -> None:
    assert mixing(3, 4).tolist() == [[0.5, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert mixing(3, 2).tolist() == [[0.5, 0.5]] * 3
    weight = torch.randn(5, 3, 2, 2)
    assert torch.allclose(folded(weight, 3, 1), weight.sum(1, keepdim=True))
    assert torch.allclose(folded(weight, 3, 6)[:, 3:], weight / 2)


def test_a_layer_that_sees_pixels_as_channels_is_folded_pixel_by_pixel() -> None:
    weight = torch.randn(7, 4 * 3)  # four pixels, colour by colour
    assert torch.allclose(folded(weight, 3, 1), weight.reshape(7, 4, 3).sum(2), atol=1e-6)


def test_weights_of_a_grey_run_start_a_colour_network() -> None:
    grey, _ = build(find("tests/tiny"), channels=1)
    colour, _ = build(find("tests/tiny"))
    weights, changed = adapted_to(colour, grey.state_dict(), channels=3)
    assert changed == {"0.weight": "channels"}
    load_into(colour, weights, source="file", name="tests/tiny")
    images = torch.randn(2, 1, 32, 32)
    with torch.no_grad():
        assert torch.allclose(colour.eval()(images.expand(-1, 3, -1, -1)), grey.eval()(images), atol=1e-5)


def test_other_layers_are_never_folded() -> None:
    other = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 2, 3))
    weights = {**nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(6, 2, 3)).state_dict()}
    kept, changed = adapted_to(other, weights, channels=1)
    assert changed == {"0.weight": "channels"}
    assert kept["1.weight"] is weights["1.weight"]
    with pytest.raises(WorkbenchError, match=r"'1.weight' has shape \[2, 6, 3, 3\]"):
        load_into(other, kept, source="file", name="ours")


def test_a_backbone_without_a_first_convolution_is_refused() -> None:
    with pytest.raises(ValueError, match="no convolution"):
        replace_first(nn.Linear(3, 3), 1)


def test_no_channels_are_refused() -> None:
    with pytest.raises(WorkbenchError, match="at least one channel"):
        create("tests/tiny", weights="none", classes=2, channels=0)
