"""Weights from a file: read without running code, matched by name and shape, refused where they do not fit."""

import pickle
import pickletools
import re
import warnings
from collections import Counter
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

_CHECKPOINT_KEYS = (
    "state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model", "teacher", "net", "params", "weights",
)  # fmt: skip
"""Where trainers put the tensors. An average over the training goes first, as in timm: it is what they measured."""

_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d+)\.")
_OF_TORCH = ("torch", "torch._utils", "torch._tensor", "torch.nn.parameter", "torch.storage", "collections")
"""The modules that a file of tensors names."""


def read_weights(path: Path) -> Weights:
    """Return the tensors of a weights file, by name.

    Reads safetensors, and checkpoints of torch that hold tensors only: a bare state dict, or one under the names that
    trainers use (``state_dict``, ``model``, ``model_ema`` ...), of which an average goes first. Raises WorkbenchError for a
    file that cannot be read or holds more than data.
    """
    if path.is_dir():
        raise WorkbenchError(f"{path} is a folder; choose a weights file (.safetensors, .pt or .pth) in it.")
    if not path.is_file():
        raise WorkbenchError(f"The weights file {path} does not exist; choose a .safetensors, .pt or .pth file.")
    content = _read_safetensors(path) if _is_safetensors(path) else _read_checkpoint(path)
    weights = _state_dict(content)
    if not weights:
        raise WorkbenchError(
            f"The weights file {path} holds no tensors by name{_instead(content)}; choose a file with a state dict."
        )
    return weights


def _is_safetensors(path: Path) -> bool:
    """Return whether a file is one by its ending, which promises that it cannot hold code, or by how it begins."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise WorkbenchError(
            f"The weights file {path} cannot be read ({error.strerror}); change its permissions or choose another."
        ) from error
    return path.suffix.lower() == ".safetensors" or start[8:] == b"{"


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise WorkbenchError(
            f"The weights file {path} is damaged or no safetensors file, whatever its name ({error}); copy or download it "
            f"again."
        ) from error


def _read_checkpoint(path: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # torch remarks on the pickle of a file that is refused anyway
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "GLOBAL" in str(error) or "global" in str(error) or _names_foreign_code(path):
            raise _code(path, "Python objects that could run code") from error
        raise _damaged(path) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, IndexError, AttributeError, BadZipFile) as error:
        if "TorchScript" in str(error):
            raise _code(path, "a TorchScript program, which is code") from error
        if "legacy .tar" in str(error):
            raise _code(path, "torch's oldest format, which cannot be read without running code") from error
        # The unpickler meets garbage with whatever its next step happens to raise.
        raise _damaged(path) from error


def _names_foreign_code(path: Path) -> bool:
    """Return whether a bare pickle, which torch only calls invalid, names functions that no tensor needs. Runs nothing."""
    strings: list[str] = []
    try:
        with path.open("rb") as file:
            for opcode, argument, _ in pickletools.genops(file):
                if opcode.name in ("GLOBAL", "INST"):
                    strings = str(argument).split(" ", 1)
                elif isinstance(argument, str):
                    strings = [*strings[-1:], argument]
                named = opcode.name in ("GLOBAL", "INST", "STACK_GLOBAL") and bool(strings)
                if named and strings[0] not in _OF_TORCH:
                    return True
    except (OSError, ValueError):
        return False  # no pickle, or one that breaks off: damaged
    return False


def _code(path: Path, what: str) -> WorkbenchError:
    return WorkbenchError(
        f"The weights file {path} holds {what}, so it was not opened; save its state dict alone, best as .safetensors, "
        f"and choose that."
    )


def _damaged(path: Path) -> WorkbenchError:
    return WorkbenchError(
        f"The weights file {path} is damaged or no checkpoint of torch; choose a .safetensors, .pt or .pth file."
    )


def _state_dict(content: Any) -> Weights:
    """Return the named tensors of a checkpoint; whatever else it holds (epoch, optimizer) is left."""
    if not isinstance(content, Mapping):
        return {}
    for key in _CHECKPOINT_KEYS:
        if isinstance(content.get(key), Mapping) and (inner := _state_dict(content[key])):
            return inner
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _instead(content: Any) -> str:
    """Say what else a checkpoint holds, in a few words."""
    if isinstance(content, Mapping) and content:
        return f" but {', '.join(repr(str(name)) for name in list(content)[:4])}"
    return "" if isinstance(content, Mapping) else f" but a {type(content).__name__}"


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
    for key in matched:
        if problem := _unusable(weights[key], wanted[key]):
            raise WorkbenchError(f"The {source} cannot be used: '{key}' {problem}; choose another file.")
    # The backbone's own dictionary, not a new one: MNASNet reads its version beside the tensors.
    wanted.update({key: weights[key] for key in matched})
    backbone.load_state_dict(wanted)
    return len(matched), [key for key in weights if key not in wanted]


def _unusable(tensor: Tensor, wanted: Tensor) -> str:
    """Return what is wrong with a tensor that has the right name and shape, "" where nothing is."""
    if tensor.is_quantized or tensor.is_sparse or (wanted.is_floating_point() and not tensor.is_floating_point()):
        kind = "sparse numbers" if tensor.is_sparse else str(tensor.dtype).removeprefix("torch.")
        return f"holds {kind} in place of floating-point numbers"
    if tensor.is_meta:
        return "has a shape but no values"
    # Some networks hold bounds that are infinite by design, and have them so before anything is loaded (Gemma's).
    if tensor.is_floating_point() and (tensor.isnan().any() or (wanted.isfinite().all() and tensor.isinf().any())):
        return "holds values that are infinite or no numbers (NaN), as after a training that diverged"
    return ""


def _first_mismatch(key: str, wanted: Mapping[str, Tensor], weights: Weights) -> str:
    shape = list(wanted[key].shape)
    if key in weights:
        return f"'{key}' has shape {list(weights[key].shape)} in the file and {shape} in the backbone"
    return f"'{key}' {shape} is not in the file"


def without_prefixes(weights: Weights, wanted: Mapping[str, Tensor]) -> Weights:
    """Take off what wrappers (data parallel, compile, a trainer's module) put before every name."""
    best = _old_names(weights)
    prefix = _common_prefix(best, wanted)
    # What lacks the prefix stays, so that it is told as left over; where both fit a name, what had it counts.
    others = {key: value for key, value in best.items() if not key.startswith(prefix)}
    return {**others, **{key.removeprefix(prefix): value for key, value in best.items() if key.startswith(prefix)}}


def _common_prefix(weights: Weights, wanted: Mapping[str, Tensor]) -> str:
    """Return what stands before the most names of tensors that are wanted, "" where most have nothing before them.

    Of two copies of a network, as some trainers keep, the first counts.
    """
    found = Counter({"": 0})  # of equal counts it names the first
    for key in weights:
        ends = [0, *(place + 1 for place, letter in enumerate(key) if letter == ".")]
        found.update(key[:end] for end in ends if key[end:] in wanted)
    return found.most_common(1)[0][0]


def _old_names(weights: Weights) -> Weights:
    """The published DenseNet files write ``norm.1`` where the model has ``norm1``."""
    return {_OLD_DENSENET.sub(r"\1\2.", key): value for key, value in weights.items()}
