import pytest
import torch

from workbench.models.preprocess import Preprocess, PreprocessSpec
from workbench.models.resolution import pixels_left


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
@pytest.mark.parametrize(("width", "height"), [(640, 320), (300, 300), (320, 640)])
def test_it_is_what_the_resize_leaves(resize, width, height) -> None:
    """A bright square in the middle, through the layer that resizes: the shorter of its two extents, by its light."""
    side, size = 80, 128
    image = torch.zeros(1, height, width, 3, dtype=torch.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    image[:, top : top + side, left : left + side] = 255
    spec = PreprocessSpec(size, resize, mean=(0.0,) * 3, std=(1.0,) * 3)
    seen = Preprocess(spec)(image)[0, 0]
    extents = [float(seen.sum(dim).max()) for dim in (0, 1)]
    assert pixels_left(side, width, height, size, resize) == pytest.approx(min(extents), abs=1.0)


def test_sizes_that_no_image_has_are_refused() -> None:
    with pytest.raises(ValueError, match="no image"):
        pixels_left(5, 0, 100, 224, "squash")
    with pytest.raises(ValueError, match="not a way to resize: 'stretch'"):
        pixels_left(5, 100, 100, 224, "stretch")  # type: ignore[arg-type]
