"""The classifier that was published with a backbone's weights, and the names of its classes. Imports torch, timm, torchvision."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
import torchvision
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from torch import Tensor, nn
from torch.nn import functional

from workbench.errors import WorkbenchError
from workbench.models import class_name_cache, hub
from workbench.models.builders import build, torchvision_model
from workbench.models.catalog import BackboneInfo, find, with_tag
from workbench.models.weights import Weights, load_into, read_weights

_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Published:
    """Logits of the ``names`` are features @ weight.T + bias, with [K,F] and [K]."""

    names: list[str]
    weight: Tensor
    bias: Tensor


def classifier(name: str, *, weights: str, tag: str = "") -> Published:
    """Return the classifier in the weights of a backbone: ``hub`` (those of ``tag``, or the default ones) or a file.

    Raises WorkbenchError where there is none, it is more than one linear layer, or nobody recorded its class names.
    """
    info = with_tag(find(name), tag)
    if info.library not in ("timm", "torchvision") or weights == "none":
        raise _none(name, "it has no published weights" if weights != "none" else "random weights were chosen")
    content = hub.fetch(info, tag) if weights == "hub" else read_weights(Path(weights).expanduser())
    source = "hub weights" if weights == "hub" else f"weights in {weights}"
    names = class_names(info)
    with torch.random.fork_rng(devices=[]):
        whole = _whole(info, len(names))
        load_into(whole, dict(content), source=source, name=f"{name} with its classifier of {len(names):,} classes")
        weight, bias = _linear_layer(info, whole, content)
    return Published(names, weight, bias)


def class_names(info: BackboneInfo) -> list[str]:
    """Return the names of the classes that the first of a backbone's published weights tell apart; loads no weights.

    Raises WorkbenchError where there are none, or nobody recorded them. Either is kept for `class_name_cache`.
    """
    try:
        names = _class_names(info)
    except WorkbenchError as error:
        class_name_cache.keep(info, (), str(error))
        raise
    class_name_cache.keep(info, names)
    return names


def _class_names(info: BackboneInfo) -> list[str]:
    if info.library not in ("timm", "torchvision"):
        raise _none(info.name, "it has no published weights")
    architecture = info.name.partition("/")[2]
    if not info.weights:
        raise _none(info.name, "it has no published weights")
    chosen = info.weights[0]
    if info.library == "torchvision":
        return list(torchvision.models.get_model_weights(architecture)[chosen].meta["categories"])
    config: Any = timm.get_pretrained_cfg(f"{architecture}.{chosen}" if chosen else architecture)
    if config is None or not config.num_classes:
        raise _none(info.name, "its weights were published without a classifier")
    if config.label_names:
        return [str(label) for label in config.label_names]
    subset = infer_imagenet_subset(config)
    if subset is None:
        raise _none(info.name, "nobody recorded the names of its classes")
    known: Any = ImageNetInfo(subset)
    return [known.index_to_description(index) for index in range(known.num_classes())]


def _whole(info: BackboneInfo, classes: int) -> nn.Module:
    architecture = info.name.partition("/")[2]
    if info.library == "torchvision":
        return torchvision_model(architecture, info.input_size)
    whole: nn.Module = timm.create_model(architecture, pretrained=False, num_classes=classes)
    return whole


def _linear_layer(info: BackboneInfo, whole: nn.Module, content: Weights) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the last layer, after a check that they are all there is behind the features."""
    layer: Any
    if info.library == "timm":
        layer = whole.get_classifier()  # type: ignore[operator] # every classifier of timm has it
    else:
        layer = [module for module in whole.modules() if isinstance(module, nn.Linear | nn.Conv2d)][-1]
    if not isinstance(layer, nn.Linear):
        raise _none(info.name, f"its last layer is no linear one ({type(layer).__name__})")
    weight = layer.weight.detach().clone()
    bias = layer.bias.detach().clone() if layer.bias is not None else torch.zeros(len(weight))
    backbone, _ = build(info)
    load_into(backbone, dict(content), source="weights", name=info.name)
    images = torch.randn(1, 3, info.input_size, info.input_size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = whole.eval()(images)
        features = backbone.eval()(images)
        same = features.shape[-1] == weight.shape[1] and torch.allclose(
            functional.linear(features, weight, bias),
            expected,
            rtol=_TOLERANCE,
            atol=_TOLERANCE * float(expected.abs().max()),
        )
    if not same:
        raise _none(info.name, "more than a linear layer stands between its features and its classes")
    return weight, bias


def _none(name: str, why: str) -> WorkbenchError:
    return WorkbenchError(
        f"There is no published classifier of {name} that could be used as it is: {why}; choose another backbone or other "
        "weights, or train a head."
    )
