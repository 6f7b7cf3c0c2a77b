"""Weights from a file: read without running code, matched by name and shape, refused where they do not fit."""

import pickle
import pickletools
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from workbench.errors import WorkbenchError

Weights = dict[str, Tensor]

_CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "network.", "encoder.")
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d+)\.")


def read_weights(path: Path) -> Weights:
    """Return the tensors of a weights file, by name.

    Reads ``.safetensors``, and checkpoints of torch that hold tensors only: a bare state dict, or one under
    ``state_dict``, ``model_state_dict`` or ``model``. Raises WorkbenchError for a file that cannot be read or holds
    more than data.
    """
    if not path.is_file():
        raise WorkbenchError(f"The weights file {path} does not exist; choose a .safetensors, .pt or .pth file.")
    content = _read_safetensors(path) if path.suffix.lower() == ".safetensors" else _read_checkpoint(path)
    weights = _state_dict(content)
    if not weights:
        raise WorkbenchError(f"The weights file {path} holds no tensors by name; choose a file with a state dict.")
    return weights


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise WorkbenchError(
            f"The weights file {path} is damaged or no safetensors file ({error}); copy or download it again."
        ) from error


def _read_checkpoint(path: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # torch remarks on the pickle of a file that is refused anyway
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "GLOBAL" in str(error) or "global" in str(error) or _names_foreign_code(path):
            raise WorkbenchError(
                f"The weights file {path} holds Python objects that could run code, so it was not opened; "
                f"save its state dict alone, best as .safetensors, and choose that."
            ) from error
        raise _damaged(path) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError, AttributeError, BadZipFile) as error:
        # The unpickler meets garbage with whatever its next step happens to raise.
        raise _damaged(path) from error


def _names_foreign_code(path: Path) -> bool:
    """Return whether a bare pickle, which torch only calls invalid, names functions of anything but torch. Runs nothing."""
    strings: list[str] = []
    try:
        with path.open("rb") as file:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name in ("GLOBAL", "INST"):
                    strings = str(argument).split(" ", 1)
                elif isinstance(argument, str):
                    strings = [*strings[-1:], argument]
                named = opcode.name in ("GLOBAL", "INST", "STACK_GLOBAL") and bool(strings)
                if named and strings[0].partition(".")[0] not in ("torch", "collections"):
                    return True
    except (OSError, ValueError):
        return False  # no pickle, or one that breaks off: damaged
    return False


def _damaged(path: Path) -> WorkbenchError:
    return WorkbenchError(
        f"The weights file {path} is damaged or no checkpoint of torch; choose a .safetensors, .pt or .pth file."
    )


def _state_dict(content: Any) -> Weights:
    """Return the named tensors of a checkpoint; whatever else it holds (epoch, optimizer) is left."""
    if not isinstance(content, Mapping):
        return {}
    for key in _CHECKPOINT_KEYS:
        if isinstance(content.get(key), Mapping):
            return _state_dict(content[key])
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def load_into(backbone: nn.Module, weights: Weights, *, source: str, name: str) -> tuple[int, list[str]]:
    """Load ``weights`` into a backbone, strictly: every tensor it has must be there with its shape.

    ``source`` names them in the error (``weights in FILE``). Returns how many tensors matched, and the names of those
    that were left over (the classifier of the weights, heads for other tasks). Step counters of batch norm and integer
    tables that the model computes itself may be missing. Raises WorkbenchError that says how many tensors fit and which
    one does not.
    """
    wanted = backbone.state_dict()
    weights = without_prefixes(weights, wanted)
    matched = [key for key, value in wanted.items() if key in weights and weights[key].shape == value.shape]
    wrong = [
        key
        for key, value in wanted.items()
        if (key in weights and weights[key].shape != value.shape) or (key not in weights and value.is_floating_point())
    ]
    if wrong:
        raise WorkbenchError(
            f"The {source} do not fit {name}: {len(matched)} of {len(wanted)} tensors match, and "
            f"{_first_mismatch(wrong[0], wanted, weights)}; choose weights of this backbone, or the backbone they are of."
        )
    # The backbone's own dictionary, not a new one: MNASNet reads its version beside the tensors.
    wanted.update({key: weights[key] for key in matched})
    backbone.load_state_dict(wanted)
    return len(matched), [key for key in weights if key not in wanted]


def _first_mismatch(key: str, wanted: Mapping[str, Tensor], weights: Weights) -> str:
    shape = list(wanted[key].shape)
    if key in weights:
        return f"'{key}' has shape {list(weights[key].shape)} in the file and {shape} in the backbone"
    return f"'{key}' {shape} is not in the file"


def without_prefixes(weights: Weights, wanted: Mapping[str, Tensor]) -> Weights:
    """Take off the prefixes that wrappers (data parallel, compile, a trainer's module) put before every name."""
    best = _old_names(weights)
    candidate = best
    while prefix := _common_prefix(candidate):
        # What lacks the prefix stays, so that it is told as left over; where both fit a name, what had it counts.
        others = {key: value for key, value in candidate.items() if not key.startswith(prefix)}
        inner = {key.removeprefix(prefix): value for key, value in candidate.items() if key.startswith(prefix)}
        candidate = {**others, **inner}
        if len(candidate.keys() & wanted.keys()) > len(best.keys() & wanted.keys()):
            best = candidate
    return best


def _common_prefix(weights: Weights) -> str:
    """Return the known prefix that most of the names share, if any."""
    for prefix in _PREFIXES:
        if sum(key.startswith(prefix) for key in weights) * 2 > len(weights):
            return prefix
    return ""


def _old_names(weights: Weights) -> Weights:
    """The published DenseNet files write ``norm.1`` where the model has ``norm1``."""
    return {_OLD_DENSENET.sub(r"\1\2.", key): value for key, value in weights.items()}
