"""The network behind embeddings: frozen, in eval mode, channels last, on the fastest device here. Imports torch."""

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.data.reading import Pixels
from workbench.errors import WorkbenchError
from workbench.models.backbones import create
from workbench.models.catalog import BackboneInfo
from workbench.models.preprocess import Preprocess, PreprocessSpec

_SECONDS = 0.5
"""How long a batch may take: progress and stop come between two of them."""

_LARGEST = {"cpu": 32, "cuda": 128}


class Extractor:
    """Turns decoded images into feature vectors, in batches of a size that it finds by itself."""

    def __init__(self, backbone: nn.Module, spec: PreprocessSpec, *, device: str = "auto") -> None:
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self.largest = _LARGEST.get(self.device.partition(":")[0], 32)
        self.batch_size = min(8, self.largest)
        backbone.eval().requires_grad_(False)
        self._backbone = backbone.to(self.device).to(memory_format=torch.channels_last)
        self._preprocess = Preprocess(spec).to(self.device)

    def prepare(self, pixels: Pixels) -> Tensor:
        """Return one decoded image [H,W,3] as the backbone takes it, [1,3,S,S], exactly as the deployment path does."""
        with torch.inference_mode():
            prepared: Tensor = self._preprocess(torch.from_numpy(pixels[None]).to(self.device))
        return prepared

    def features(self, prepared: Sequence[Tensor]) -> NDArray[np.float32]:
        """Return the vectors [N,F] of prepared images. Raises WorkbenchError where even one does not fit into memory."""
        started = time.perf_counter()
        found = self._features(list(prepared))
        per_image = (time.perf_counter() - started) / len(prepared)
        fitting = int(_SECONDS / max(per_image, 1e-6))
        # At most twice as many as before: the first batch also warms the libraries up.
        self.batch_size = max(1, min(self.largest, fitting, 2 * self.batch_size))
        return found

    def _features(self, prepared: list[Tensor]) -> NDArray[np.float32]:
        try:
            with torch.inference_mode():
                images = torch.cat(prepared).contiguous(memory_format=torch.channels_last)
                vectors: NDArray[np.float32] = self._backbone(images).float().cpu().numpy()
            return vectors
        except torch.OutOfMemoryError as error:
            if len(prepared) == 1:
                raise WorkbenchError(
                    f"The memory of {self.device} is not enough for this backbone; choose a smaller one."
                ) from error
        torch.cuda.empty_cache()
        self.largest = len(prepared) // 2
        middle = len(prepared) // 2
        return np.concatenate([self._features(prepared[:middle]), self._features(prepared[middle:])])


def of_backbone(info: BackboneInfo, weights: str) -> Extractor:
    """Return the extractor of a backbone; ``hub`` are the first of ``info.weights``.

    Raises WorkbenchError for weights that do not fit or cannot be had.
    """
    # Random weights too are the same each time: embeddings are kept by the name of what made them.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network, _ = create(info.name, weights=weights, classes=2, tag=next(iter(info.weights), ""))
    return Extractor(network.backbone, PreprocessSpec.for_backbone(info))
