"""Images made ready for training: decoded, resized as the deployment path would, rounded to uint8."""

import json
from pathlib import Path

import torch

from workbench.data.dataset import Sample
from workbench.data.prepared import PreparedCache
from workbench.data.reading import Decoding, Pixels, read_image
from workbench.models.preprocess import Preprocess, PreprocessSpec

SHORTCUT = (
    "Measured on pixels that were resized and rounded beforehand; the final figure is measured on the deployment path."
)


class Resized:
    """Reads a sample as uint8 [size, size, 3]. Picklable, so that loader processes can use it.

    Large images are decoded at a reduced size, never below twice the size wanted.
    """

    def __init__(self, spec: PreprocessSpec, decoding: Decoding) -> None:
        self.spec = spec
        self.decoding = decoding
        self._preprocess = Preprocess(spec)

    def __call__(self, sample: Sample) -> Pixels:
        pixels = read_image(sample.path, self.decoding, reduce_to=2 * self.spec.size)
        with torch.inference_mode():
            image = torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).float()
            resized = self._preprocess.resize(image)[0].round().clamp(0, 255).to(torch.uint8)
            prepared: Pixels = resized.permute(1, 2, 0).contiguous().numpy()
        return prepared

    @property
    def geometry(self) -> str:
        """Names how the pixels were made: the key under which they may be kept."""
        rules = json.dumps(self.decoding.as_dict(), sort_keys=True)
        return f"{self.spec.size} {self.spec.resize} reduced 2 {rules}"


def open_cache(folder: Path, resized: Resized) -> PreparedCache:
    """Return the cache of prepared pixels for this geometry under the project's cache folder."""
    return PreparedCache(folder / "prepared", size=resized.spec.size, geometry=resized.geometry)
