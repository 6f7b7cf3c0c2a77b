"""Parity: the user's own images through torch and through the ONNX file, image by image."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbench.data.dataset import Sample
from workbench.data.reading import Pixels
from workbench.evaluation.batches import Unread, by_size
from workbench.evaluation.predict import Predictions, run_torch
from workbench.export.session import Session
from workbench.jobs import Progress

TOLERANCE = 1e-4
"""Largest difference in probability that is called the same answer."""

WORST = 20


@dataclass(frozen=True)
class Parity:
    """How the ONNX file answers against torch on the images of ``split``.

    ``max_abs_diff`` is the largest difference of any probability of any image, ``flips`` counts images with
    another most probable class. ``worst`` lists the images that differ most: image, diff, flip, torch and onnx
    (the predicted class of each). ``skipped`` images could not be read.
    """

    split: str
    images: int
    max_abs_diff: float
    flips: int
    tolerance: float
    passed: bool
    skipped: int
    worst: list[dict[str, Any]]


def compare(
    deployable: torch.nn.Module,
    session: Session,
    samples: Sequence[Sample],
    *,
    read: Callable[[Sample], Pixels],
    classes: Sequence[str],
    split: str,
    batch_size: int = 16,
    tolerance: float = TOLERANCE,
) -> Iterator[Progress | tuple[Parity, Predictions]]:
    """Run every sample through both; yield Progress and end with the parity and the ONNX file's predictions.

    It passes where at least one image was compared, none flips and no probability differs by more than ``tolerance``.
    """
    deployable = deployable.cpu().eval()
    names = short_names([sample.path for sample in samples])
    onnx: dict[int, Any] = {}
    differences: dict[int, float] = {}
    decisions: dict[int, tuple[int, int]] = {}
    errors: dict[int, str] = {}
    for part in by_size(range(len(samples)), lambda index: read(samples[index]), batch_size=batch_size):
        if isinstance(part, Unread):
            errors[part.entry] = part.message
        else:
            theirs, ours = run_torch(deployable, part.pixels), session.run(part.pixels)
            gaps = np.abs(theirs - ours).max(axis=1)
            for index, torch_row, onnx_row, gap in zip(part.entries, theirs, ours, gaps, strict=True):
                onnx[index] = onnx_row
                differences[index] = float(gap) if np.isfinite(gap) else float("inf")
                decisions[index] = (int(torch_row.argmax()), int(onnx_row.argmax()))
        yield Progress(len(onnx) + len(errors), len(samples), "Comparing ONNX with torch")
    flips = [index for index, (theirs_, ours_) in decisions.items() if theirs_ != ours_]
    largest = max(differences.values(), default=0.0)
    order = sorted(differences, key=lambda index: (index not in flips, -differences[index], names[index]))
    kept = sorted(onnx)
    parity = Parity(
        split=split,
        images=len(kept),
        max_abs_diff=largest,
        flips=len(flips),
        tolerance=tolerance,
        passed=bool(kept) and not flips and largest <= tolerance,
        skipped=len(errors),
        worst=[
            {
                "image": names[index],
                "diff": differences[index],
                "flip": index in flips,
                "torch": classes[decisions[index][0]],
                "onnx": classes[decisions[index][1]],
            }
            for index in order[:WORST]
        ],
    )
    predictions = Predictions(
        ids=np.array([samples[i].id for i in kept], dtype=np.int64),
        paths=[samples[i].path for i in kept],
        targets=np.array([samples[i].target for i in kept], dtype=np.int64),
        probabilities=np.stack([onnx[i] for i in kept]) if kept else np.zeros((0, len(classes)), dtype=np.float32),
        errors=[Unread(samples[i], errors[i]) for i in sorted(errors)],
    )
    yield parity, predictions


def short_names(paths: Sequence[str]) -> list[str]:
    """Return the paths relative to their common folder, posix: a package says nothing about the machine it was made on."""
    if not paths:
        return []
    try:
        root = os.path.commonpath([os.path.dirname(path) for path in paths])
    except ValueError:  # several drives, or relative beside absolute
        return [Path(path).name for path in paths]
    return [Path(os.path.relpath(path, root)).as_posix() for path in paths]
