"""What can be picked as a backbone: timm and torchvision, by name, with what the catalogue knows. Imports no torch.

The catalogue is ``resources/backbones.json``, built by ``packaging/build_catalogue.py`` from the installed libraries,
so that the window lists every backbone without importing them.
"""

import functools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import resources
from workbench.errors import WorkbenchError
from workbench.registry import Registry, nearest

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1


@dataclass(frozen=True)
class BackboneInfo:
    """What the catalogue knows about one backbone.

    ``parameters`` is in millions, with the ImageNet head, and None where it was not counted. ``input_size`` is the side
    in pixels of the default weights; ``mean`` and ``std`` are theirs, on a scale from 0 to 1. ``weights`` are the tags
    on the hub, the default first; ``files`` are the files of the default one as the library caches them. ``features``
    is the length of the feature vector.
    """

    name: str
    library: str
    family: str
    title: str
    parameters: float | None
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    weights: tuple[str, ...]
    licence: str | None
    recommended: bool
    note: str
    fixed_size: bool = False
    min_size: int = 1
    features: int | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registered:
    """A backbone that neither library knows: ``build`` returns a module that maps [N,3,S,S] to [N,``info.features``]."""

    info: BackboneInfo
    build: Callable[[], "nn.Module"]


registered: Registry[Registered] = Registry("backbone")
"""Backbones of plug-ins and of tests, by full name (``tests/tiny``)."""


def backbones() -> list[BackboneInfo]:
    """Return every backbone of the catalogue, then those that plug-ins registered."""
    return [*_catalogue().values(), *(registered.get(name).info for name in registered.names())]


def find(name: str) -> BackboneInfo:
    """Return the backbone called ``timm/NAME`` or ``torchvision/NAME``.

    Raises WorkbenchError that names the nearest backbones.
    """
    found = _catalogue().get(name)
    if found is not None:
        return found
    plugins = registered.names()
    if name in plugins:
        return registered.get(name).info
    known = [*_catalogue(), *plugins]
    plain = name.rpartition("/")[2]
    close = [full for full in known if full.rpartition("/")[2] == plain] or nearest(name, known)
    if not close:
        close = [info.name for info in _catalogue().values() if info.recommended][:3]
    raise WorkbenchError(f"There is no backbone named '{name}'; did you mean {', '.join(close)}?")


def check_size(info: BackboneInfo, size: int) -> int:
    """Return the side in pixels to use: ``size``, or the backbone's own where it is 0.

    Raises WorkbenchError where the backbone cannot take images of that size.
    """
    if size == 0:
        return info.input_size
    if info.fixed_size and size != info.input_size:
        raise WorkbenchError(
            f"{info.name} takes images of {info.input_size} pixels only, not {size}; "
            f"set the image size to 0, or choose a backbone without a fixed size."
        )
    if size < info.min_size:
        raise WorkbenchError(
            f"{info.name} needs images of at least {info.min_size} pixels, not {size}; choose a larger image size."
        )
    return size


def weights_here(info: BackboneInfo) -> bool:
    """Return whether the default hub weights are already in the local cache, so that no network is needed."""
    return any(_cached(file) for file in info.files)


def _cached(file: str) -> bool:
    source, _, name = file.partition(":")
    if source == "torch":
        return (_torch_home() / "hub" / "checkpoints" / name).is_file()
    repository, _, filename = name.partition("#")
    snapshots = _hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots"
    return any(snapshots.glob(f"*/{filename}"))


def _torch_home() -> Path:
    """The folder that torch.hub documents: TORCH_HOME, else torch in the user's cache folder."""
    return Path(os.environ.get("TORCH_HOME") or _user_cache() / "torch").expanduser()


def _hub_cache() -> Path:
    """The folder that huggingface_hub documents: HF_HUB_CACHE, else hub in HF_HOME, else in the user's cache folder."""
    home = Path(os.environ.get("HF_HOME") or _user_cache() / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


@functools.cache
def _catalogue() -> dict[str, BackboneInfo]:
    content = json.loads(resources.path("backbones.json").read_text(encoding="utf-8"))
    if content["format"] != FORMAT:
        raise RuntimeError(f"backbones.json has format {content['format']}, not {FORMAT}")
    return {row["name"]: row_to_info(row) for row in content["backbones"]}


def row_to_info(row: dict[str, Any]) -> BackboneInfo:
    """Return the backbone that one row of the catalogue describes; what a row leaves out has its default."""
    return BackboneInfo(
        **{**_DEFAULTS, **{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}}
    )


def info_to_row(info: BackboneInfo) -> dict[str, Any]:
    """Return the row of the catalogue for a backbone, without what is at its default."""
    row = {field.name: getattr(info, field.name) for field in fields(info)}
    return {key: value for key, value in row.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}


_DEFAULTS: dict[str, Any] = {
    "parameters": None,
    "input_size": 224,
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "interpolation": "bicubic",
    "weights": (),
    "licence": None,
    "recommended": False,
    "note": "",
    "fixed_size": False,
    "min_size": 1,
    "features": None,
    "files": (),
}
