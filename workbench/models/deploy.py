"""The one deployment path: decoded pixels in, calibrated probabilities out."""

import torch
from torch import Tensor, nn

from workbench.models.preprocess import Preprocess, PreprocessSpec


class Deployable(nn.Module):
    """Preprocess -> network -> softmax(logits / temperature).

    Evaluation, heat maps, the live test and the ONNX file all use exactly this module. The temperature is a buffer: it
    is saved, moved and exported with the weights. Made in eval mode.
    """

    temperature: Tensor

    def __init__(self, spec: PreprocessSpec, network: nn.Module, *, temperature: float = 1.0) -> None:
        super().__init__()
        self.preprocess = Preprocess(spec)
        self.network = network
        self.register_buffer("temperature", torch.tensor(1.0))
        self.set_temperature(temperature)
        self.eval()

    @property
    def spec(self) -> PreprocessSpec:
        return self.preprocess.spec

    def set_temperature(self, temperature: float) -> None:
        """Set what the logits are divided by; above 1 makes the probabilities less sure. Must be positive."""
        if not temperature > 0:
            raise ValueError(f"a temperature is positive, not {temperature}")
        self.temperature.fill_(temperature)

    def logits(self, images: Tensor) -> Tensor:
        """Return float32 logits [N,classes], before the temperature, of uint8 images, RGB [N,H,W,3] or grey [N,H,W,1]."""
        logits: Tensor = self.network(self.preprocess(images))
        return logits.float()

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 probabilities [N,classes] of uint8 images of any one size, as `logits` takes them."""
        return torch.softmax(self.logits(images) / self.temperature, dim=1)
