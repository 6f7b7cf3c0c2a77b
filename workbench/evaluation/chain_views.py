"""Variants by the run's own chain as views: the pixels are made as in training, with seeds that never change."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError

from workbench.augment import geometry, pipeline
from workbench.augment.chain import Chain
from workbench.data.dataset import sample_seed
from workbench.data.reading import Pixels
from workbench.errors import WorkbenchError
from workbench.evaluation.test_time import Views
from workbench.models.preprocess import Preprocess, PreprocessSpec

_SEED = 0


def of_run(folder: Path, views: Views, spec: PreprocessSpec) -> Views:
    """Return ``views``, asked for as chain:N, with the chain of the run in ``folder``: the image, then N - 1 variants.

    The class of an image is not known here, so the chain for rare classes is left out. Raises WorkbenchError where the
    run has no chain, or its config cannot be read.
    """
    fields = _config(folder)
    try:
        chain = Chain.model_validate(fields.get("augment", {})).active()
        detail = float(fields.get("preprocess", {}).get("detail", 1.0))
    except (ValidationError, AttributeError, TypeError, ValueError) as error:
        raise WorkbenchError(f"The chain of the run {folder.name} cannot be read; choose other views.") from error
    if not chain.steps:
        raise WorkbenchError(f"The run {folder.name} was trained without a chain; choose other views.")
    seen = _Variants(chain, views.count, spec, geometry.prepared_side([chain], spec.size, detail=detail))
    return Views(views.name, views.count, bool(geometry.mirrors(chain)), seen)


class _Variants:
    def __init__(self, chain: Chain, count: int, spec: PreprocessSpec, side: int) -> None:
        self._count = count
        self._composed = pipeline.compose(chain, side=spec.size)
        self._preprocess = Preprocess(PreprocessSpec(side, spec.resize))

    def __call__(self, images: Pixels, ids: Sequence[int]) -> Iterator[Pixels]:
        yield images
        with torch.inference_mode():
            large = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
            rounded = self._preprocess.resize(large).round().clamp(0, 255).to(torch.uint8)
            prepared: Pixels = rounded.permute(0, 2, 3, 1).contiguous().numpy()
        for view in range(1, self._count):
            pairs = zip(prepared, ids, strict=True)
            yield np.stack([self._composed(image, sample_seed(_SEED, view, number)) for image, number in pairs])


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"The config {path} cannot be read ({error}); choose other views.") from error
