"""A fitted baseline as two files: arrays (npz, never a pickle) and what they mean (JSON). Nothing in them can run code."""

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.models.classic.features import SIDE
from workbench.models.classic.machine import Kernel, Machine, Scaling
from workbench.models.classic.model import ClassicModel, Looks
from workbench.models.preprocess import PreprocessSpec

FORMAT = 1
ARRAYS = "baseline.npz"
DESCRIPTION = "baseline.json"


@dataclass(frozen=True)
class ClassicBundle:
    """A baseline ready to predict, its class names in the order of its outputs, and what was saved with it.

    Of ``spec`` only the decoding changes what the baseline sees.
    """

    deployable: ClassicModel
    classes: list[str]
    spec: PreprocessSpec
    thresholds: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def spec_of(decoding: dict[str, Any]) -> PreprocessSpec:
    """Return the preprocessing of a baseline with these rules of decoding."""
    return PreprocessSpec(size=SIDE, decoding=decoding)


def is_here(folder: Path) -> bool:
    """Return whether the model in ``folder`` is a baseline."""
    return (folder / DESCRIPTION).is_file()


def save(folder: Path, bundle: ClassicBundle) -> None:
    """Write the baseline into ``folder``, made where it is absent: arrays first, the description last, each complete or not.

    Raises WorkbenchError where the folder cannot be written.
    """
    model = bundle.deployable
    arrays: dict[str, NDArray[Any]] = {
        "mean": model.scaling.mean,
        "scale": model.scaling.scale,
        "support": model.machine.support,
        "weight": model.machine.weight,
        "bias": model.machine.bias,
    }
    if model.looks.vocabulary is not None:
        arrays["vocabulary"] = model.looks.vocabulary
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{ARRAYS}.part"
        with unfinished.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        description = {
            "format": FORMAT,
            "classes": bundle.classes,
            "colour": model.looks.colour,
            "gradients": model.looks.gradients,
            "key_points": model.looks.vocabulary is not None,
            "kernel": model.machine.kernel,
            "gamma": model.machine.gamma,
            "decoding": dict(bundle.spec.decoding),
            "temperature": float(model.temperature),
            "thresholds": bundle.thresholds,
            "hashes": {ARRAYS: _sha256(unfinished)},
            "extra": bundle.extra,
        }
        written = folder / f"{DESCRIPTION}.part"
        written.write_text(json.dumps(description, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
        os.replace(unfinished, folder / ARRAYS)
        os.replace(written, folder / DESCRIPTION)
    except OSError as error:
        raise WorkbenchError(
            f"The baseline cannot be saved in {folder} ({error}); free space there or choose another folder."
        ) from error


def load(folder: Path) -> ClassicBundle:
    """Read a baseline, after its hash was checked. Raises WorkbenchError for one that is newer, changed or damaged."""
    try:
        said = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if int(said["format"]) > FORMAT:
            raise WorkbenchError(
                f"The baseline in {folder} was saved by a newer Workbench (format {said['format']}); update Workbench to use it."
            )
        if _sha256(folder / ARRAYS) != said["hashes"][ARRAYS]:
            raise WorkbenchError(
                f"The baseline in {folder} was changed or damaged: {ARRAYS} does not have the hash it was saved with."
            )
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if said["kernel"] not in get_args(Kernel):
            raise ValueError(f"unknown kernel {said['kernel']}")
        model = ClassicModel(
            Looks(bool(said["colour"]), bool(said["gradients"]), arrays["vocabulary"] if said["key_points"] else None),
            Scaling(arrays["mean"], arrays["scale"]),
            Machine(said["kernel"], float(said["gamma"]), arrays["support"], arrays["weight"], arrays["bias"]),
            temperature=float(said["temperature"]),
        )
        spec = spec_of(dict(said["decoding"]))
        return ClassicBundle(model, list(said["classes"]), spec, dict(said["thresholds"]), dict(said["extra"]))
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:160]
        raise WorkbenchError(f"The baseline in {folder} cannot be loaded ({first}); make it again.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
