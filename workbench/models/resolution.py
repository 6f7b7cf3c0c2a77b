"""What is left of a finding once an image has been resized for a backbone. Imports no torch."""

from typing import Literal


def pixels_left(
    finding_px: float, width: int, height: int, size: int, resize: Literal["squash", "crop", "pad"]
) -> float:
    """Return how many pixels a finding is across in what the backbone sees.

    ``finding_px`` is its side or diameter in pixels of the file, ``width`` and ``height`` are the image's in the same
    pixels, ``size`` is the side of the square that the backbone takes. ``resize`` is as in `PreprocessSpec`: ``squash``
    shrinks the longer side more, so that the finding's shorter extent counts; ``crop`` keeps the middle square, where the
    finding is taken to be; ``pad`` makes the image square first. The answer is larger than ``finding_px`` where images are
    enlarged. Raises ValueError for sizes that no image has and for another ``resize``.
    """
    if finding_px < 0 or min(width, height, size) < 1:
        raise ValueError(f"no image: a finding of {finding_px} in {width} x {height}, resized to {size}")
    match resize:
        case "squash" | "pad":
            seen = max(width, height)
        case "crop":
            seen = min(width, height)
        case _:
            raise ValueError(f"not a way to resize: {resize!r}")
    return finding_px * size / seen
