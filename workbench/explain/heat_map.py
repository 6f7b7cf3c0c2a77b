"""Heat maps: where in an image the evidence for a class lies (Grad-CAM, https://arxiv.org/abs/1610.02391). Imports torch.

The map is taken at the network's last spatial features: the last module whose output still has places, be they a grid of
channels (convolutions), of vectors (Swin) or a row of tokens (vision transformers), and on which the class depends. So one
rule serves every backbone. Where only the class token is read, the last block's own tokens have no say and the block before
is taken.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.errors import WorkbenchError
from workbench.models.deploy import Deployable

_MOST_PREFIX = 8
"""Tokens before those of the places: a class token, registers."""

_MOST_TRIES = 24
"""Modules, from the last backwards, that are asked whether the class depends on their places."""

_NO_FEATURES = (nn.Dropout, nn.Identity, nn.Softmax)
"""Attention passes its weights, token by token, through these: a square that is no picture."""

_Layout = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class _Layer:
    module: str
    layout: _Layout
    """Gives the features as [N, channels, rows, columns]."""


class HeatMaps:
    """Makes the heat maps of one model. The model is used in eval mode and left as it was."""

    def __init__(self, deployable: Deployable, *, device: str = "cpu") -> None:
        self._model = deployable.to(device).eval()
        self._device = device
        self._layer: _Layer | None = None

    @property
    def layer(self) -> str:
        """The module whose output is mapped; empty before the first map."""
        return self._layer.module if self._layer is not None else ""

    def __call__(self, pixels: NDArray[np.uint8], classes: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Return a map per image, float32 [N, S, S] from 0 to 1, in the frame in which the network sees the image.

        ``pixels`` is uint8 [N, H, W, 3]; ``classes`` are the classes asked about, those decided for where it is None. A map
        is all 0 where nothing in the image speaks for the class. Raises WorkbenchError for a network without spatial
        features.
        """
        with torch.no_grad():
            images = self._model.preprocess(torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device))
        wanted = None if classes is None else torch.from_numpy(classes).to(self._device)
        if self._layer is None:
            self._layer = self._find(images[:1])
        features, gradient = self._asked(self._layer, images, wanted)
        maps = (gradient.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1, keepdim=True).relu()
        maps = nn.functional.interpolate(maps, size=images.shape[2:], mode="bilinear", align_corners=False)[:, 0]
        found: NDArray[np.float32] = (maps / maps.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)).cpu().numpy()
        return found

    def _find(self, images: Tensor) -> _Layer:
        candidates = self._candidates(images)
        for layer in candidates[: -_MOST_TRIES - 1 : -1]:
            _, gradient = self._asked(layer, images, None)
            if float(gradient.abs().max()) > 0:
                return layer
        raise WorkbenchError(
            f"{type(self._model.network).__name__} has no features with places in them, so no heat map can be made; choose "
            "a convolutional network or a vision transformer."
        )

    def _candidates(self, images: Tensor) -> list[_Layer]:
        found: list[_Layer] = []
        side = images.shape[2]

        def look(name: str) -> Callable[..., None]:
            def hook(_module: nn.Module, _given: Any, output: Any) -> None:
                layout = _layout(output, side) if isinstance(output, Tensor) else None
                if layout is not None:
                    found.append(_Layer(name, layout))

            return hook

        hooks = [
            module.register_forward_hook(look(name))
            for name, module in self._model.network.named_modules()
            if name and not isinstance(module, _NO_FEATURES)
        ]
        try:
            with torch.no_grad():
                self._model.network(images)
        finally:
            for each in hooks:
                each.remove()
        return found

    def _asked(self, layer: _Layer, images: Tensor, classes: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the layer's features and how the logit of each image's class changes with them, [N, channels, h, w]."""
        kept: list[Tensor] = []

        def cut(_module: nn.Module, _given: Any, output: Tensor) -> Tensor:
            # What comes before needs no gradient; the clone keeps what is kept from changes in place.
            kept.append(output.detach().requires_grad_())
            return kept[-1].clone()

        hook = self._model.network.get_submodule(layer.module).register_forward_hook(cut)
        try:
            with torch.enable_grad():
                logits = self._model.network(images)
                chosen = logits.argmax(dim=1) if classes is None else classes
                asked = logits.gather(1, chosen[:, None]).sum()
                (gradient,) = torch.autograd.grad(asked, kept[-1], allow_unused=True)
        finally:
            hook.remove()
        features = layer.layout(kept[-1].detach()).float()
        if gradient is None:
            return features, torch.zeros_like(features)
        return features, layer.layout(gradient).float()


def _layout(output: Tensor, side: int) -> _Layout | None:
    """Return how to see an output as a grid of features, or None for one that has no places."""
    shape = output.shape
    if output.ndim == 4 and shape[2] == shape[3] and 1 < shape[2] <= side // 2:
        return _channels_first
    if output.ndim == 4 and shape[1] == shape[2] and 1 < shape[1] <= side // 2:
        return _channels_last
    if output.ndim == 3:
        for prefix in range(_MOST_PREFIX + 1):
            grid = math.isqrt(max(0, shape[1] - prefix))
            if 1 < grid <= side // 2 and grid * grid == shape[1] - prefix:
                return _Tokens(prefix, grid)
    return None


def _channels_first(features: Tensor) -> Tensor:
    return features


def _channels_last(features: Tensor) -> Tensor:
    return features.permute(0, 3, 1, 2)


@dataclass(frozen=True)
class _Tokens:
    prefix: int
    grid: int

    def __call__(self, tokens: Tensor) -> Tensor:
        rows = tokens[:, self.prefix :].transpose(1, 2)
        return rows.reshape(*rows.shape[:2], self.grid, self.grid)
