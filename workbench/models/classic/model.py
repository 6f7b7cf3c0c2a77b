"""The baseline as a module: uint8 images in, calibrated probabilities out, as the deployment path of a network. Imports torch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.models.classic import features
from workbench.models.classic.machine import Machine, Scaling


@dataclass(frozen=True)
class Looks:
    """Which features are taken, in this order. ``vocabulary`` [W,128] are the visual words, None: key points are left out."""

    colour: bool
    gradients: bool
    vocabulary: NDArray[np.float32] | None

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the features [D] of an image [H,W,3]."""
        points = features.key_points(pixels) if self.vocabulary is not None else None
        return self.joined(self.plain(pixels), points)

    def plain(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Return the features that need no vocabulary."""
        found = [features.colour(features.scaled(pixels))] if self.colour else []
        return [*found, features.gradients(pixels)] if self.gradients else found

    def joined(self, plain: list[NDArray[np.float32]], points: NDArray[np.uint8] | None) -> NDArray[np.float32]:
        """Return all features of an image as one vector, of what `plain` returned and its key points."""
        if self.vocabulary is None or points is None:
            return np.concatenate(plain)
        return np.concatenate([*plain, features.counted(points, self.vocabulary)])


class ClassicModel(nn.Module):
    """Features -> scaling -> support vector machines -> softmax(scores / temperature). On the processor, whatever the device."""

    temperature: Tensor

    def __init__(self, looks: Looks, scaling: Scaling, machine: Machine, *, temperature: float = 1.0) -> None:
        super().__init__()
        self.looks, self.scaling, self.machine = looks, scaling, machine
        self.register_buffer("temperature", torch.tensor(1.0))
        self.set_temperature(temperature)
        self.eval()

    def set_temperature(self, temperature: float) -> None:
        """Set what the scores are divided by; must be positive."""
        if not temperature > 0:
            raise ValueError(f"a temperature is positive, not {temperature}")
        self.temperature.fill_(temperature)

    def logits(self, images: Tensor) -> Tensor:
        """Return float32 scores [N,C], before the temperature, of uint8 RGB images [N,H,W,3]."""
        seen = np.stack([self.looks(pixels) for pixels in images.cpu().numpy()])
        scores = self.machine.scores(self.scaling(seen)).astype(np.float32)
        return torch.from_numpy(scores).to(images.device)

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 probabilities [N,C] of uint8 RGB images [N,H,W,3] of any one size."""
        return torch.softmax(self.logits(images) / self.temperature, dim=1)
