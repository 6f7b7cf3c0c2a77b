import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from workbench.errors import WorkbenchError
from workbench.models.catalog import find
from workbench.models.preprocess import Preprocess, PreprocessSpec, Resize

PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}
"""A normalisation that leaves values from 0 to 255 as they are."""


def image(height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (1, height, width, 3), dtype=torch.uint8, generator=generator)


def test_normalises_per_channel() -> None:
    spec = PreprocessSpec(4, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 1.0))
    out = Preprocess(spec)(torch.full((2, 4, 4, 3), 255, dtype=torch.uint8))
    assert out.shape == (2, 3, 4, 4)
    assert out.dtype == torch.float32
    assert out[0, :, 0, 0].tolist() == pytest.approx([1.0, 3.0, 1.0])


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_the_right_size_passes_unchanged(resize: Resize) -> None:
    pixels = image(24, 24)
    out = Preprocess(PreprocessSpec(24, resize, **PLAIN))(pixels)
    assert torch.equal(out.round().byte(), pixels.permute(0, 3, 1, 2))
    assert (out - pixels.permute(0, 3, 1, 2)).abs().max() < 1e-4


def test_squash_is_the_antialiased_bilinear_resize() -> None:
    pixels = image(61, 45)
    expected = functional.interpolate(
        pixels.permute(0, 3, 1, 2).float(), size=(20, 20), mode="bilinear", antialias=True
    )
    assert torch.allclose(Preprocess(PreprocessSpec(20, "squash", **PLAIN))(pixels), expected, atol=1e-3)


def test_crop_keeps_the_middle_square() -> None:
    pixels = torch.zeros(1, 20, 41, 3, dtype=torch.uint8)
    pixels[:, :, 10:30] = 200
    out = Preprocess(PreprocessSpec(10, "crop", **PLAIN))(pixels)
    assert torch.allclose(out, torch.full((1, 3, 10, 10), 200.0))


def test_pad_keeps_everything_between_black_borders() -> None:
    pixels = torch.full((1, 20, 40, 3), 200, dtype=torch.uint8)
    out = Preprocess(PreprocessSpec(20, "pad", **PLAIN))(pixels)[0, 0]
    assert torch.allclose(out[7:13], torch.full((6, 20), 200.0))
    assert out[:4].abs().max() == 0
    assert out[16:].abs().max() == 0


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 300), (300, 7), (33, 34)])
def test_every_shape_works(resize: Resize, height: int, width: int) -> None:
    out = Preprocess(PreprocessSpec(16, resize))(image(height, width))
    assert out.shape == (1, 3, 16, 16)
    assert torch.isfinite(out).all()


def test_grey_repeated_to_three_channels_is_grey() -> None:
    grey = image(30, 41)[..., :1].expand(-1, -1, -1, 3)
    out = Preprocess(PreprocessSpec(16, **PLAIN))(grey)
    assert torch.equal(out[:, 0], out[:, 1])
    assert torch.equal(out[:, 1], out[:, 2])


def test_the_default_weights_say_how() -> None:
    spec = PreprocessSpec.for_backbone(find("timm/vit_base_patch16_224"), resize="pad", decoding={"window": [0, 4095]})
    assert (spec.size, spec.resize, spec.mean) == (224, "pad", (0.5, 0.5, 0.5))
    assert spec.decoding == {"window": [0, 4095]}
    assert PreprocessSpec.for_backbone(find("torchvision/resnet18"), size=96).size == 96


def test_a_size_the_backbone_cannot_take_is_refused() -> None:
    with pytest.raises(WorkbenchError, match="224 pixels only"):
        PreprocessSpec.for_backbone(find("timm/mixer_b16_224"), size=96)


def test_spec_survives_json() -> None:
    spec = PreprocessSpec(64, "crop", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), {"window": [0, 65535]})
    assert PreprocessSpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec


def test_a_spec_from_before_there_were_channels_is_of_colours() -> None:
    fields = PreprocessSpec(64).as_dict()
    del fields["channels"]
    assert PreprocessSpec.from_dict(fields).channels == 3


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
@pytest.mark.parametrize("channels", [3, 1, 5])
def test_grey_images_equal_copies_of_them_in_colour(channels: int, resize: Resize) -> None:
    grey = image(50, 37)[..., :1]
    layer = Preprocess(PreprocessSpec.for_backbone(find("torchvision/mobilenet_v2"), resize=resize, channels=channels))
    found = layer(grey)
    assert found.shape == (1, channels, 224, 224)
    assert (found - layer(grey.repeat(1, 1, 1, 3))).abs().max() <= 1e-6


def test_colours_become_grey_as_the_eye_weighs_them() -> None:
    spec = PreprocessSpec(4, mean=(0.0,), std=(1 / 255,), channels=1)
    for place, share in enumerate((0.299, 0.587, 0.114)):
        pixels = torch.zeros(1, 4, 4, 3, dtype=torch.uint8)
        pixels[..., place] = 200
        assert Preprocess(spec)(pixels).unique().tolist() == pytest.approx([200 * share], rel=1e-5)


def test_one_channel_has_the_mean_of_the_normalisations() -> None:
    spec = PreprocessSpec.for_backbone(find("torchvision/mobilenet_v2"), channels=1)
    assert spec.mean == pytest.approx((0.449,), abs=1e-3)
    assert spec.std == pytest.approx((0.226,), abs=1e-3)
    assert PreprocessSpec.for_backbone(find("torchvision/mobilenet_v2"), channels=4).mean[3] == 0.485


def test_further_channels_are_the_colours_in_turn_or_pass_as_they_are() -> None:
    layer = Preprocess(PreprocessSpec(4, mean=(0.0,) * 5, std=(1 / 255,) * 5, channels=5))
    colours = image(4, 4)
    found = layer(colours)
    assert torch.equal(found[:, 3:], found[:, :2])
    own = torch.cat([colours, colours[..., :2] // 2], dim=3)
    assert torch.allclose(layer(own), own.permute(0, 3, 1, 2).float(), atol=1e-3)


def test_resizing_alone_leaves_the_channels() -> None:
    layer = Preprocess(PreprocessSpec(8, mean=(0.5,), std=(0.5,), channels=1))
    assert layer.resize(torch.zeros(1, 3, 20, 20)).shape == (1, 3, 8, 8)


@pytest.mark.parametrize(
    "change",
    [{"resize": "melt"}, {"size": 0}, {"mean": None}, {"surprise": 1}, {"channels": 1}, {"channels": 3, "std": [1.0]}],
)
def test_a_spec_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(WorkbenchError, match="preprocessing of the model cannot be read"):
        PreprocessSpec.from_dict({**PreprocessSpec(64).as_dict(), **change})


def test_batches_and_single_images_agree() -> None:
    pixels = torch.cat([image(50, 30, seed) for seed in range(3)])
    layer = Preprocess(PreprocessSpec(20, "crop"))
    alone = torch.cat([layer(pixels[i : i + 1]) for i in range(3)])
    assert np.allclose(layer(pixels).numpy(), alone.numpy(), atol=1e-6)


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_resizing_alone_is_what_the_layer_does_before_it_normalises(resize: Resize) -> None:
    pixels = image(37, 50)
    layer = Preprocess(PreprocessSpec(20, resize, **PLAIN))
    assert torch.allclose(layer.resize(pixels.permute(0, 3, 1, 2).float()), layer(pixels), atol=1e-3)
