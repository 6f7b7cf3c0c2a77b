"""Where a package comes from: its run, the hashes of what made it, and the programs that did."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import workbench
from workbench.errors import WorkbenchError
from workbench.export import manifest
from workbench.models.bundle import Bundle
from workbench.models.catalog import find
from workbench.training.config import TrainConfig

FORMAT = 1


@dataclass(frozen=True)
class Origin:
    """What a package says about its run; ``hashes`` are those of the weights, the config and the list of images."""

    title: str
    run: str
    created: str
    backbone: str
    weights: str
    licence: str
    hashes: dict[str, str]
    versions: dict[str, str]
    config: TrainConfig


def origin_of(folder: Path, bundle: Bundle, *, title: str) -> Origin:
    """Gather what a package says about its run. Raises WorkbenchError where a file of the run cannot be read."""
    import onnx
    import onnxruntime
    import torch

    config = TrainConfig.load(folder / "config.toml")
    try:
        hashes = {
            "weights_sha256": manifest.sha256(folder / "model" / "model.safetensors"),
            "config_sha256": manifest.sha256(folder / "config.toml"),
            "samples_sha256": manifest.sha256(folder / "samples.csv"),
        }
    except OSError as error:
        raise WorkbenchError(
            f"The run {folder.name} is incomplete ({error.filename}: {error.strerror}); train it again."
        ) from error
    weights, licence = _starting_weights(config.backbone.weights, bundle.backbone)
    return Origin(
        title=title,
        run=folder.name,
        created=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        backbone=bundle.backbone,
        weights=weights,
        licence=licence,
        hashes=hashes,
        versions={
            "workbench": workbench.__version__,
            "torch": str(torch.__version__),
            "onnx": str(onnx.__version__),
            "onnxruntime": str(onnxruntime.__version__),
        },
        config=config,
    )


def _starting_weights(weights: str, backbone: str) -> tuple[str, str]:
    """Return what the training started from, and the licence of that."""
    if weights == "none":
        return "random", "none applies: the weights were random"
    if weights != "hub":
        return Path(weights).name, "that of the file; ask whoever gave it to you"
    try:
        licence = find(backbone).licence
    except WorkbenchError:  # a backbone of a plug-in that is not installed here
        licence = None
    return "the default weights of the library", licence or "not stated by the library; ask whoever published them"


def metadata(origin: Origin, bundle: Bundle, *, exporter: str) -> dict[str, Any]:
    """Return what ``model.onnx`` says about itself: classes, thresholds, hashes, preprocessing."""
    return {
        "format": str(FORMAT),
        "classes": list(bundle.classes),
        "thresholds": dict(bundle.thresholds),
        **origin.hashes,
        "run": origin.run,
        "backbone": origin.backbone,
        "exporter": exporter,
        "preprocess": bundle.spec.as_dict(),
        "versions": origin.versions,
    }
