"""Weights from the hub: the libraries' own download and cache, with one sentence where it fails."""

import timm
import torchvision
from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError
from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.models.catalog import BackboneInfo, weights_here


def fetch(info: BackboneInfo, tag: str = "") -> dict[str, Tensor]:
    """Return the weights of a backbone called ``tag`` (the default ones where it is empty), downloaded once into the cache.

    Raises WorkbenchError where there are none, or they cannot be had.
    """
    if not info.weights:
        raise WorkbenchError(
            f"There are no hub weights for {info.name}; choose a weights file (weights=FILE) or random weights (weights=none)."
        )
    architecture = info.name.partition("/")[2]
    try:
        if info.library == "timm":
            _ask_the_hub(info)
            return _from_timm(architecture, tag or info.weights[0])
        return _from_torchvision(architecture, tag or info.weights[0])
    except OSError as error:
        # Everything that huggingface_hub and torch.hub raise without a connection is one of these.
        raise WorkbenchError(
            f"The weights of {info.name} are not on this machine and cannot be downloaded ({_reason(error)}); connect to the "
            f"network, or choose a weights file (weights=FILE) or random weights (weights=none)."
        ) from error
    except RuntimeError as error:
        raise WorkbenchError(
            f"The downloaded weights of {info.name} cannot be used ({_first_line(error)}); "
            f"try again, or choose a weights file (weights=FILE)."
        ) from error


def _ask_the_hub(info: BackboneInfo) -> None:
    """Ask once whether the file can be had: without a connection the library would try again for most of a minute."""
    source, _, file = info.files[0].partition(":")
    if source != "hf" or weights_here(info):
        return
    repository, _, filename = file.partition("#")
    try:
        get_hf_file_metadata(hf_hub_url(repository, filename))
    except EntryNotFoundError:
        return  # timm knows other names of the file.
    except OSError:
        raise
    except Exception as error:
        # Whatever the library's HTTP client raises without a connection: its classes are not part of the library's interface.
        raise ConnectionError(_first_line(error)) from error


def _from_timm(architecture: str, tag: str) -> dict[str, Tensor]:
    # The whole classifier: only then does timm load strictly and convert files that other libraries wrote.
    name = f"{architecture}.{tag}" if tag else architecture
    weights: dict[str, Tensor] = timm.create_model(name, pretrained=True).state_dict()
    return weights


def _from_torchvision(architecture: str, tag: str) -> dict[str, Tensor]:
    default = torchvision.models.get_model_weights(architecture)[tag]
    weights: dict[str, Tensor] = default.get_state_dict(
        progress=False, check_hash=True, weights_only=True, map_location="cpu"
    )
    return weights


def _reason(error: OSError) -> str:
    status = getattr(error, "code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return f"the server answered {status}" if status else "no connection to the hub"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160]
