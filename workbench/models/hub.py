"""Published weights as tensors: from a pack, the libraries' caches, or the hub, in this order."""

import timm
import torch
from safetensors import SafetensorError
from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.models import packs
from workbench.models.catalog import BackboneInfo, with_tag
from workbench.models.downloads import download
from workbench.models.sources import HubSource, source_of, timm_name
from workbench.models.weights import read_weights


def fetch(info: BackboneInfo, tag: str = "") -> dict[str, Tensor]:
    """Return the weights of a backbone called ``tag`` (the default ones where it is empty), downloaded once into the cache.

    They are those of the whole classifier, in the names of the library's model. Raises WorkbenchError where there are none,
    they cannot be had, or their file holds code.
    """
    info = with_tag(info, tag)
    packed = packs.find(info.name, info.weights[0]) if info.weights else None
    if packed is not None:
        packs.check(packed)
        return read_weights(packed.path)
    source = source_of(info)
    path = source.cached()
    if path is None:
        events = download(info, source)
        while path is None:
            try:
                next(events)
            except StopIteration as end:
                path = end.value
    if info.library == "torchvision":
        return read_weights(path)
    try:
        # On the hub is what timm writes itself, also of models whose first files another library wrote.
        return _from_timm(info, {"file": str(path)} | ({"custom_load": False} if isinstance(source, HubSource) else {}))
    except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        raise WorkbenchError(
            f"The downloaded weights of {info.name} in {path} cannot be used ({_first_line(error)}); delete that file and try "
            f"again, or choose a weights file (weights=FILE)."
        ) from error


def _from_timm(info: BackboneInfo, where: dict[str, object]) -> dict[str, Tensor]:
    # The whole classifier: only then does timm load strictly and convert files that other libraries wrote. The file is
    # named, so that timm asks no server about it. Its random weights are replaced at once; whoever draws numbers next
    # should not notice them.
    with torch.random.fork_rng(devices=[]):
        model = timm.create_model(timm_name(info), pretrained=True, pretrained_cfg_overlay=where)
    weights: dict[str, Tensor] = model.state_dict()
    return weights


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:160]
