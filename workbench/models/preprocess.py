"""From decoded pixels to what a backbone expects, as a layer of the model: the one place where images are resized."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.errors import WorkbenchError
from workbench.models.catalog import BackboneInfo, check_size

Resize = Literal["squash", "crop", "pad"]

COLOURS = 3
_GREY = (0.299, 0.587, 0.114)
"""How bright red, green and blue are to the eye: ITU-R BT.601."""


@dataclass(frozen=True)
class PreprocessSpec:
    """How pixels reach the backbone, as plain data.

    ``size`` is the side in pixels. ``resize`` is ``squash`` (everything is kept, the aspect bends), ``crop`` (the
    middle square) or ``pad`` (black borders make the image square). ``mean`` and ``std`` are per channel on a scale
    from 0 to 1. ``channels`` is what the backbone takes: 3 are red, green and blue, 1 is grey. ``decoding`` are the
    decoder's rules (`workbench.data.reading.Decoding` as a dictionary); they travel with the model.
    """

    size: int
    resize: Resize = "squash"
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    decoding: dict[str, Any] = field(default_factory=dict)
    channels: int = COLOURS

    def __post_init__(self) -> None:
        if self.size < 1 or self.resize not in get_args(Resize):
            raise ValueError(f"not a preprocessing: size {self.size}, resize {self.resize!r}")
        if not len(self.mean) == len(self.std) == self.channels:
            raise ValueError(f"not a preprocessing of {self.channels} channels: mean {self.mean}, std {self.std}")

    @classmethod
    def for_backbone(
        cls,
        info: BackboneInfo,
        *,
        size: int = 0,
        resize: Resize = "squash",
        decoding: dict[str, Any] | None = None,
        channels: int = COLOURS,
    ) -> Self:
        """Return what the default weights of a backbone expect; ``size`` 0 takes the backbone's own.

        A single channel has the mean of the three means and deviations; further ones have those of the colours in turn.
        Raises WorkbenchError where the backbone cannot take that size.
        """
        mean, std = (_for_channels(values, channels) for values in (info.mean, info.std))
        return cls(check_size(info, size), resize, mean, std, decoding or {}, channels)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Rebuild from `as_dict`, also after a way through JSON. Raises WorkbenchError for anything else."""
        try:
            return cls(**{**fields, "mean": tuple(fields["mean"]), "std": tuple(fields["std"])})
        except (KeyError, TypeError, ValueError) as error:
            raise WorkbenchError(
                f"The preprocessing of the model cannot be read ({error}); train or export it again."
            ) from error


def _for_channels(colours: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if channels == 1:
        return (sum(colours) / len(colours),)
    return tuple(colours[channel % len(colours)] for channel in range(channels))


class Preprocess(nn.Module):
    """Turns uint8 images [N,H,W,3] or grey ones [N,H,W,1], of one size, into normalised float [N,C,size,size].

    Resizing is bilinear with antialiasing; an image that already has the right size passes unchanged. Crop and pad take
    or make the middle square first and then squash it, so that the result has no rounded intermediate size: torch and
    ONNX Runtime agree on every height and width. A grey image is repeated for a backbone of more channels; for one of a
    single channel, colours become grey as the eye weighs them (ITU-R BT.601). For any other number of channels the
    colours are repeated in turn, or [N,H,W,C] passes as it is.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, spec: PreprocessSpec) -> None:
        super().__init__()
        self.spec = spec
        self.register_buffer("mean", torch.tensor(spec.mean).view(1, -1, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(spec.std).view(1, -1, 1, 1) * 255, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        return (self._resized(self._in_channels(images)) - self.mean) / self.std

    def resize(self, pixels: Tensor) -> Tensor:
        """Resize pixels [N,C,H,W] of any type to float [N,C,size,size]; the channels and the scale of the values stay."""
        return self._resized(pixels.permute(0, 2, 3, 1))

    def _in_channels(self, images: Tensor) -> Tensor:
        given, wanted = images.shape[3], self.spec.channels
        if given == wanted:
            return images
        if given == 1:
            return images.repeat(1, 1, 1, wanted)
        if wanted == 1:
            # Not a product of matrices: on some GPUs those round to ten bits.
            parts = [images[..., place : place + 1].to(self.mean.dtype) * share for place, share in enumerate(_GREY)]
            return parts[0] + parts[1] + parts[2]
        return images.index_select(3, torch.arange(wanted, device=images.device) % given)

    def _resized(self, images: Tensor) -> Tensor:
        # Cut or padded before the change to float: a quarter of the memory to move.
        if self.spec.resize == "crop":
            images = _middle_square(images)
        elif self.spec.resize == "pad":
            images = _padded_square(images)
        pixels = images.permute(0, 3, 1, 2).to(self.mean.dtype)
        size = (self.spec.size, self.spec.size)
        return functional.interpolate(pixels, size=size, mode="bilinear", align_corners=False, antialias=True)


def _middle_square(images: Tensor) -> Tensor:
    height, width = images.shape[1], images.shape[2]
    side = _of_sizes(torch.sym_min, torch.minimum, height, width)
    # Indices, not slices: the exporter cannot prove the length of a slice whose ends are symbols.
    rows = torch.arange(side, device=images.device) + (height - side) // 2
    columns = torch.arange(side, device=images.device) + (width - side) // 2
    return images.index_select(1, rows).index_select(2, columns)


def _padded_square(images: Tensor) -> Tensor:
    height, width = images.shape[1], images.shape[2]
    side = _of_sizes(torch.sym_max, torch.maximum, height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return functional.pad(images, (0, 0, left, side - width - left, top, side - height - top))


def _of_sizes(symbolic: Callable[[Any, Any], Any], traced: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Return the smaller or larger of two sizes; while the older ONNX exporter traces, sizes are tensors."""
    return traced(a, b) if isinstance(a, Tensor) else symbolic(a, b)
