"""A search finds what people mean, whatever the spelling, in the whole catalogue."""

import functools

import pytest

from workbench.models.catalog import backbones
from workbench.models.searching import Search, Searchable, searchable


@functools.cache
def catalogue() -> dict[str, Searchable]:
    return {info.name: searchable(info) for info in backbones()}


def found(text: str) -> set[str]:
    search = Search(text.split())
    return {name for name, where in catalogue().items() if search.finds(where)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((text, "torchvision/resnet50") for text in ("resnet50", "ResNet-50", "resnet 50", "ResNet_50", "Resnet50")),
        *((text, "timm/efficientnet_b0") for text in ("efficient net b0", "EfficientNet-B0", "EfficientNetB0", "effnet")),
        *((text, "torchvision/vit_b_16") for text in ("ViT-B/16", "vit b 16", "vision transformer")),
        *((text, "timm/vit_base_patch16_224") for text in ("ViT-B/16", "vit base", "vit_base_patch16")),
        *((text, "torchvision/wide_resnet50_2") for text in ("wide resnet", "WideResNet", "wide-resnet-50", "WRN")),
        *((text, "timm/legacy_senet154") for text in ("SE-Net", "SENet", "se net", "squeeze-and-excitation")),
        *((text, "timm/swin_tiny_patch4_window7_224") for text in ("Swin-T", "swin tiny")),
        *((text, "timm/vit_small_patch14_dinov2") for text in ("DINO", "dino v2", "DINOv2")),
        ("squeezenet 1.1", "torchvision/squeezenet1_1"),
        ("VGG-16", "torchvision/vgg16"),
        ("MobileNetV2", "torchvision/mobilenet_v2"),
        ("Inception-v1", "torchvision/googlenet"),
        ("Inception-ResNet-v2", "timm/inception_resnet_v2"),
        ("clip vit-b/32", "timm/vit_base_patch32_clip_224"),
        ("imagenet-21k", "timm/vit_base_patch16_224"),
        ("a1_in1k", "timm/resnet50"),
    ],
)  # fmt: skip
def test_what_is_meant_is_found(text: str, name: str) -> None:
    assert name in found(text)


@pytest.mark.parametrize(
    "family",
    [
        "AlexNet", "VGG", "GoogLeNet", "Inception", "ResNet", "ResNeXt", "Wide ResNet", "DenseNet", "SE-Net", "SqueezeNet",
        "ShuffleNet", "MobileNet", "MNASNet", "Xception", "EfficientNet", "RegNet", "ConvNeXt", "ViT", "Swin", "MaxViT",
        "CLIP", "DINO",
    ],
)  # fmt: skip
def test_every_family_of_the_field_is_found_by_its_name(family: str) -> None:
    names = found(family)
    assert any(info.family.startswith(family) and info.weights for info in backbones() if info.name in names)


@pytest.mark.parametrize(
    ("text", "name"),
    [("SE-Net", "torchvision/densenet121"), ("resnet-50", "torchvision/resnet18"), ("quux", "torchvision/resnet50")],
)
def test_what_is_not_meant_is_not_found(text: str, name: str) -> None:
    assert name not in found(text)


def test_nothing_typed_asks_for_everything() -> None:
    assert len(found("")) == len(backbones())
