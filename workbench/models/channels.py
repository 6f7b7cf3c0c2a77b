"""Other numbers of input channels than the three of published weights: the first layer is folded, not thrown away.

Whatever their number, equal channels give what three equal colours gave. With one channel the weights are summed over the
colours. With more, channel i takes the weights of colour i mod 3, and those of one colour share them evenly.
"""

from functools import partial
from typing import Any

import torch
from timm.layers.std_conv import ScaledStdConv2d, ScaledStdConv2dSame, StdConv2d, StdConv2dSame
from torch import Tensor, nn

COLOURS = 3


def mixing(given: int, channels: int) -> Tensor:
    """Return the matrix [given, channels] that turns ``channels`` into the ``given`` ones that weights were made for."""
    if channels < given:
        return torch.full((given, channels), 1 / channels)
    matrix = torch.zeros(given, channels)
    for channel in range(channels):
        matrix[channel % given, channel] = 1.0
    return matrix / matrix.sum(dim=1, keepdim=True)


def folded(weight: Tensor, given: int, channels: int) -> Tensor:
    """Return the weight of a first layer, [O, K*given, ...], made for ``channels``: [O, K*channels, ...].

    K is 1, but for layers that see a small square of pixels as channels of their own, colour by colour; such a layer may
    also be linear.
    """
    groups = weight.shape[1] // given
    split = weight.float().reshape(weight.shape[0], groups, given, -1)
    mixed = torch.einsum("okgr,gc->okcr", split, mixing(given, channels).to(weight.device))
    return mixed.reshape(weight.shape[0], groups * channels, *weight.shape[2:]).to(weight.dtype)


def fits_folded(weight: Tensor, wanted: Tensor, channels: int) -> int:
    """Return for how many channels ``weight`` was made, if it becomes ``wanted`` for ``channels`` by folding, else 0."""
    if weight.ndim not in (2, 4) or weight.ndim != wanted.ndim or wanted.shape[1] % channels:
        return 0
    if (weight.shape[0], *weight.shape[2:]) != (wanted.shape[0], *wanted.shape[2:]):
        return 0
    groups = wanted.shape[1] // channels
    # Published weights are made for colours; those of a run of one's own, with one channel, can be made for more.
    return next((given for given in (COLOURS, 1) if given != channels and weight.shape[1] == groups * given), 0)


def replace_first(backbone: nn.Module, channels: int) -> None:
    """Make the first convolution of a backbone for three channels one for ``channels``; its weights are folded.

    GoogLeNet and Inception change the normalisation of each colour by itself before it, so they keep their layer and see
    three mixed channels. Raises ValueError where there is no such layer.
    """
    if getattr(backbone, "transform_input", False):
        mix_before(backbone, channels)
        return
    for name, module in backbone.named_modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == COLOURS and module.groups == 1:
            parent, _, last = name.rpartition(".")
            setattr(backbone.get_submodule(parent), last, _convolution(module, channels))
            return
    raise ValueError("no convolution of three channels")


def standardises_first(backbone: nn.Module) -> bool:
    """Return whether the first convolution of a timm model standardises its weights each time it is used (NFNet, BiT)."""
    first = next((module for module in backbone.modules() if isinstance(module, nn.Conv2d)), None)
    return isinstance(first, StdConv2d | StdConv2dSame | ScaledStdConv2d | ScaledStdConv2dSame)


def mix_before(backbone: nn.Module, channels: int) -> None:
    """Let a backbone for three colours see ``channels`` mixed to three: its first step cannot be folded."""
    backbone.register_forward_pre_hook(partial(_mixed, matrix=mixing(COLOURS, channels)))


def _convolution(first: nn.Conv2d, channels: int) -> nn.Conv2d:
    """Return the same convolution, for another number of channels."""
    options: dict[str, Any] = {
        name: getattr(first, name) for name in ("kernel_size", "stride", "padding", "dilation", "padding_mode")
    }
    made = nn.Conv2d(
        channels,
        first.out_channels,
        bias=first.bias is not None,
        device=first.weight.device,
        dtype=first.weight.dtype,
        **options,
    )
    with torch.no_grad():
        made.weight.copy_(folded(first.weight, COLOURS, channels))
        if first.bias is not None and made.bias is not None:
            made.bias.copy_(first.bias)
    return made


def _mixed(module: nn.Module, inputs: tuple[Tensor], *, matrix: Tensor) -> Tensor:
    """Return images [N,C,H,W] as the colours [N,3,H,W] that they stand for."""
    return torch.einsum("nchw,gc->nghw", inputs[0], matrix.to(inputs[0]))
