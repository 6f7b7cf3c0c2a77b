"""Images made ready for training: decoded, resized as the deployment path would, rounded to uint8.

Imports torch with the first image that is resized, so that whoever finds all pixels in the cache does without.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.dataset import Sample
from workbench.data.prepared import PreparedCache
from workbench.data.reading import Decoding, Pixels, read_image

if TYPE_CHECKING:
    from workbench.models.preprocess import Preprocess, Resize

SHORTCUT = (
    "Measured on pixels that were resized and rounded beforehand; the final figure is measured on the deployment path."
)


class Resized:
    """Reads a sample as uint8 [size, size, 3]. Picklable, so that loader processes can use it; safe in any thread.

    Large images are decoded at a reduced size, never below twice the size wanted.
    """

    def __init__(self, size: int, resize: "Resize", decoding: Decoding) -> None:
        self.size = size
        self.resize: Resize = resize
        self.decoding = decoding

    def __getstate__(self) -> dict[str, Any]:
        return {"size": self.size, "resize": self.resize, "decoding": self.decoding}

    def __call__(self, sample: Sample) -> Pixels:
        import torch

        pixels = read_image(sample.path, self.decoding, reduce_to=2 * self.size)
        with torch.inference_mode():
            image = torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).float()
            resized = self._preprocess.resize(image)[0].round().clamp(0, 255).to(torch.uint8)
            prepared: Pixels = resized.permute(1, 2, 0).contiguous().numpy()
        return prepared

    @property
    def geometry(self) -> str:
        """Names how the pixels were made: the key under which they may be kept."""
        rules = json.dumps(self.decoding.as_dict(), sort_keys=True)
        return f"{self.size} {self.resize} reduced 2 {rules}"

    @cached_property
    def _preprocess(self) -> "Preprocess":
        from workbench.models.preprocess import Preprocess, PreprocessSpec

        return Preprocess(PreprocessSpec(self.size, self.resize))


def open_cache(folder: Path, resized: Resized) -> PreparedCache:
    """Return the cache of prepared pixels for this geometry under the project's cache folder."""
    return PreparedCache(folder / "prepared", size=resized.size, geometry=resized.geometry)
