"""Predictions on the deployment path: decoded pixels through the deployable module, nothing else."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.data.dataset import Sample
from workbench.data.reading import Pixels
from workbench.evaluation.batches import Unread, by_size
from workbench.jobs import Progress


@dataclass(frozen=True)
class Predictions:
    """What the model says about the samples that could be read, in their order.

    ``ids``, ``paths`` and ``targets`` (class index, -1 unlabelled) have N entries, ``probabilities`` is float32
    [N, C]; ``errors`` are the samples that could not be read.
    """

    ids: NDArray[np.int64]
    paths: list[str]
    targets: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    errors: list[Unread[Sample]] = field(default_factory=list)


def predict(
    deployable: torch.nn.Module,
    samples: Sequence[Sample],
    *,
    read: Callable[[Sample], Pixels],
    device: str = "cpu",
    batch_size: int = 32,
    what: str = "Evaluating images",
    run: Callable[[Pixels, Sequence[int]], NDArray[np.float32]] | None = None,
) -> Iterator[Progress | Predictions]:
    """Yield Progress after each batch and end with `Predictions`.

    ``deployable`` takes uint8 [N, H, W, 3] and gives probabilities [N, C]; it is moved to ``device`` and set to
    eval. Images are grouped by size and only a few are in memory at a time. A `WorkbenchError` of ``read``
    skips that image. ``run`` is called in place of the module with each batch and its images' ids, and may give more
    columns.
    """
    deployable = deployable.to(device).eval()
    rows: dict[int, NDArray[np.float32]] = {}
    errors: dict[int, str] = {}
    for part in by_size(range(len(samples)), lambda index: read(samples[index]), batch_size=batch_size):
        if isinstance(part, Unread):
            errors[part.entry] = part.message
        else:
            if run is None:
                found = run_torch(deployable, part.pixels, device=device)
            else:
                found = run(part.pixels, [samples[index].id for index in part.entries])
            rows.update(zip(part.entries, found, strict=True))
        yield Progress(len(rows) + len(errors), len(samples), what)
    kept = sorted(rows)
    yield Predictions(
        ids=np.array([samples[i].id for i in kept], dtype=np.int64),
        paths=[samples[i].path for i in kept],
        targets=np.array([samples[i].target for i in kept], dtype=np.int64),
        probabilities=np.stack([rows[i] for i in kept]) if kept else np.zeros((0, 0), dtype=np.float32),
        errors=[Unread(samples[i], errors[i]) for i in sorted(errors)],
    )


def run_torch(deployable: torch.nn.Module, pixels: Pixels, *, device: str = "cpu") -> NDArray[np.float32]:
    """Return the probabilities of a batch of equal size, float32 [N, C]."""
    # Convolutions in TF32 differ from the ONNX file by about 1e-3; a reported number is computed in full precision.
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        probabilities: NDArray[np.float32] = deployable(torch.from_numpy(pixels).to(device)).float().cpu().numpy()
    return probabilities


def choose_device(name: str = "auto") -> str:
    """Return the device to evaluate on: ``auto`` is the first CUDA device if there is one, else the processor."""
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"
