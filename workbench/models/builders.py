"""Bare backbones with random weights: a module that maps [N,3,S,S] to a feature vector, its classifier taken off."""

import warnings

import timm
import torch
import torchvision
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.models.catalog import BackboneInfo, registered


def build(info: BackboneInfo) -> tuple[nn.Module, int]:
    """Return a backbone with random weights and the length of its feature vector."""
    architecture = info.name.partition("/")[2]
    if info.library == "timm":
        backbone: nn.Module = timm.create_model(architecture, pretrained=False, num_classes=0)
    elif info.library == "torchvision":
        backbone = torchvision_model(architecture, info.input_size)
        return backbone, take_classifier(backbone)
    else:
        backbone = registered.get(info.name).build()
    return backbone, info.features or measure_features(backbone, info.input_size, info.name)


def torchvision_model(architecture: str, image_size: int) -> nn.Module:
    """Return a whole torchvision classifier with random weights.

    GoogLeNet and Inception come without their auxiliary outputs. Their weights come from another library: they expect
    the change of normalisation that ``transform_input`` makes, so it is always on, and a saved model rebuilds the same.
    """
    options: dict[str, object] = {}
    if architecture in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "transform_input": True, "init_weights": False}
    elif architecture.startswith("vit_"):
        options = {"image_size": image_size}
    model: nn.Module = torchvision.models.get_model(architecture, weights=None, **options)
    return model


def take_classifier(model: nn.Module) -> int:
    """Replace the classifier of a torchvision model, and the drop-out right before it, by nothing; return its width.

    The classifier is the last linear layer or convolution of the model (a convolution in SqueezeNet).
    """
    name, width = "", 0
    for candidate, module in model.named_modules():
        if isinstance(module, nn.Linear):
            name, width = candidate, module.in_features
        elif isinstance(module, nn.Conv2d):
            name, width = candidate, module.in_channels
    parent_name, _, last = name.rpartition(".")
    parent = model.get_submodule(parent_name)
    if isinstance(parent, nn.Sequential):
        index = [key for key, _ in parent.named_children()].index(last)
        if index > 0 and isinstance(parent[index - 1], nn.Dropout):
            parent[index - 1] = nn.Identity()
    setattr(parent, last, nn.Identity())
    return width


def measure_features(backbone: nn.Module, size: int, name: str) -> int:
    """Return the length of the feature vector, from one black image.

    Raises WorkbenchError where the backbone gives something else, such as a grid of features.
    """
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        features: Tensor = backbone(torch.zeros(1, 3, size, size, device=next(backbone.parameters()).device))
    backbone.train(was_training)
    if not isinstance(features, Tensor) or features.ndim != 2:
        raise WorkbenchError(f"{name} does not give one feature vector per image; choose another backbone.")
    return features.shape[1]
