"""Bare backbones with random weights: a module that maps [N,C,S,S] to a feature vector, its classifier taken off."""

import warnings
from typing import Any

import timm
import torch
import torchvision
from timm.layers.drop import DropPath
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.models.catalog import BackboneInfo, check_size, registered
from workbench.models.channels import COLOURS, mix_before, replace_first, standardises_first


def build(info: BackboneInfo, *, channels: int = 3, size: int = 0, drop_path: float = 0.0) -> tuple[nn.Module, int]:
    """Return a backbone with random weights and the length of its feature vector.

    It takes images [N,``channels``,``size``,``size``] (``size`` 0: its own) and skips residual branches in training with
    up to the chance ``drop_path``, deeper ones more often. Raises WorkbenchError where it cannot be built so.
    """
    side = check_size(info, size)
    architecture = info.name.partition("/")[2]
    if info.library == "timm":
        backbone = _timm_model(info, architecture, channels=channels, side=side, drop_path=drop_path)
    elif info.library == "torchvision":
        backbone = torchvision_model(architecture, side)
    else:
        backbone = registered.get(info.name).build()
    _set_drop_path(info, backbone, drop_path)
    features = take_classifier(backbone) if info.library == "torchvision" else info.features
    if channels != COLOURS and info.library != "timm":
        try:
            replace_first(backbone, channels)
        except ValueError as error:
            raise _no_channels(info, channels) from error
    return backbone, features or measure_features(backbone, side, info.name, channels=channels)


def _timm_model(info: BackboneInfo, architecture: str, *, channels: int, side: int, drop_path: float) -> nn.Module:
    options: dict[str, Any] = {"num_classes": 0}
    # Whatever they are told of channels, CSATv2 takes the frequencies of luminance and colour difference first, and
    # Gemma's first layer sees a square of pixels as channels, colour after colour.
    of_colours = architecture.startswith(("csatv2", "gemma4"))
    if channels != COLOURS and not of_colours:
        options["in_chans"] = channels
    if drop_path:
        options["drop_path_rate"] = drop_path
    if side != own_size(architecture) and info.size_step:
        options["img_size"] = side
    try:
        backbone: nn.Module = timm.create_model(architecture, pretrained=False, **options)
        if "in_chans" in options and standardises_first(backbone):
            # Folded weights would be brought to unit variance again, and the response lose its size.
            of_colours = True
            del options["in_chans"]
            backbone = timm.create_model(architecture, pretrained=False, **options)
    except TypeError as error:
        if "drop_path_rate" in str(error):
            raise _no_drop_path(info) from error
        if "in_chans" in str(error):
            raise _no_channels(info, channels) from error
        raise
    if channels != COLOURS and of_colours:
        mix_before(backbone, channels)
    return backbone


def own_size(architecture: str) -> int:
    """Return the side in pixels that timm builds an architecture for if it is told none."""
    recorded = get_pretrained_cfg(architecture)
    return int(recorded.input_size[-1]) if recorded is not None else 224


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


def _set_drop_path(info: BackboneInfo, backbone: nn.Module, drop_path: float) -> None:
    """Set the chance of every branch, and take away what some models have by themselves.

    It rises evenly from 0 to ``drop_path`` at the last branch: https://arxiv.org/abs/1603.09382, section 4.
    """
    theirs = [module for module in backbone.modules() if isinstance(module, DropPath)]
    found = [module for module in backbone.modules() if isinstance(module, torchvision.ops.StochasticDepth)]
    if drop_path and not theirs and not found:
        raise _no_drop_path(info)
    for module in theirs if not drop_path else ():
        module.drop_prob = 0.0  # where it is wanted, timm has set it while it built the model
    for place, depth in enumerate(found):
        depth.p = drop_path * place / max(len(found) - 1, 1)


def _no_drop_path(info: BackboneInfo) -> WorkbenchError:
    return WorkbenchError(
        f"{info.name} has no drop-path; set it to 0, or choose a backbone that has (ConvNeXt, ViT, Swin)."
    )


def _no_channels(info: BackboneInfo, channels: int) -> WorkbenchError:
    return WorkbenchError(
        f"{info.name} cannot take images of {channels} {'channel' if channels == 1 else 'channels'}; "
        f"set the channels to 3, or choose another backbone."
    )


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


def measure_features(backbone: nn.Module, size: int, name: str, *, channels: int = 3) -> int:
    """Return the length of the feature vector, from one black image.

    Raises WorkbenchError where the backbone gives something else, such as a grid of features.
    """
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        features: Tensor = backbone(torch.zeros(1, channels, size, size, device=next(backbone.parameters()).device))
    backbone.train(was_training)
    if not isinstance(features, Tensor) or features.ndim != 2:
        raise WorkbenchError(f"{name} does not give one feature vector per image; choose another backbone.")
    return features.shape[1]
