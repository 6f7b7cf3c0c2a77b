"""A trained model as a folder: weights (safetensors) and what they need (JSON). Nothing in it can run code."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from workbench.errors import WorkbenchError
from workbench.models.backbones import Network, create
from workbench.models.deploy import Deployable
from workbench.models.heads import LINEAR, HeadSpec, spec_of
from workbench.models.preprocess import PreprocessSpec

FORMAT = 1
WEIGHTS = "model.safetensors"
DESCRIPTION = "bundle.json"


@dataclass(frozen=True)
class Bundle:
    """A model ready to predict, its class names in the order of its outputs, and what was saved with it."""

    deployable: Deployable
    classes: list[str]
    spec: PreprocessSpec
    backbone: str
    thresholds: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def save(
    folder: Path,
    deployable: Deployable,
    *,
    classes: list[str],
    backbone: str,
    thresholds: dict[str, float] | None = None,
    extra: dict[str, Any] | None = None,
) -> None:
    """Write the model into ``folder``, made where it is absent; an older bundle in there is replaced.

    ``extra`` is any JSON. Weights are written first and the description last, each under a temporary name and renamed:
    a bundle that was not finished does not load. Raises WorkbenchError where the folder cannot be written.
    """
    network = deployable.network
    if not isinstance(network, Network) or network.classes != len(classes):
        raise ValueError(f"{len(classes)} class names do not describe this network")
    if network.channels != deployable.spec.channels:
        raise ValueError(f"{deployable.spec.channels} channels do not go into a network of {network.channels}")
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in deployable.state_dict().items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{WEIGHTS}.part"
        save_file(tensors, unfinished)
        description = {
            "format": FORMAT,
            "backbone": backbone,
            "classes": classes,
            "dropout": network.dropout.p,
            "head": spec_of(network.head).as_dict(),
            "preprocess": deployable.spec.as_dict(),
            "temperature": float(deployable.temperature),
            "thresholds": thresholds or {},
            "hashes": {WEIGHTS: _sha256(unfinished)},
            "extra": extra or {},
        }
        written = folder / f"{DESCRIPTION}.part"
        written.write_text(json.dumps(description, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
        os.replace(unfinished, folder / WEIGHTS)
        os.replace(written, folder / DESCRIPTION)
    except (OSError, SafetensorError) as error:
        raise WorkbenchError(
            f"The model cannot be saved in {folder} ({error}); free space there or choose another folder."
        ) from error


def load(folder: Path, device: str | torch.device = "cpu") -> Bundle:
    """Read a bundle: strictly, after its hash was checked, without network and without running anything in it.

    Raises WorkbenchError for a folder that holds no bundle, a newer one, or one that was changed or damaged.
    """
    description = _read_description(folder)
    weights = folder / WEIGHTS
    try:
        if _sha256(weights) != description["hashes"][WEIGHTS]:
            raise WorkbenchError(
                f"The model in {folder} was changed or damaged: {WEIGHTS} does not have the hash it was saved with."
            )
        classes, backbone = list(description["classes"]), str(description["backbone"])
        spec = PreprocessSpec.from_dict(description["preprocess"])
        with torch.random.fork_rng(devices=[]):
            # The random weights are replaced at once; whoever draws numbers next should not notice them.
            network, _ = create(
                backbone,
                weights="none",
                classes=len(classes),
                dropout=description["dropout"],
                head=HeadSpec.from_dict(description.get("head", LINEAR.as_dict())),
                channels=spec.channels,
                size=spec.size,
            )
        deployable = Deployable(spec, network, temperature=description["temperature"])
        deployable.load_state_dict(load_file(weights), strict=True)
        return Bundle(deployable.to(device), classes, spec, backbone, description["thresholds"], description["extra"])
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise WorkbenchError(
            f"The model in {folder} cannot be loaded ({_first_line(error)}); save it again."
        ) from error


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        found = description["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(
            f"There is no trained model in {folder} ({DESCRIPTION} is missing or damaged); train one first."
        ) from error
    if not isinstance(found, int) or found > FORMAT:
        raise WorkbenchError(
            f"The model in {folder} was saved by a newer Workbench (format {found}); update Workbench to use it."
        )
    return dict(description)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160]
