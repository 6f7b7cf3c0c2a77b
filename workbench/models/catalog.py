"""What can be picked as a backbone: timm and torchvision, by name, with what the catalogue knows. Imports no torch.

The catalogue is ``resources/backbones.json``, built by ``packaging/build_catalogue.py`` from the installed libraries,
so that the window lists every backbone without importing them.
"""

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench import resources
from workbench.errors import WorkbenchError
from workbench.models import caches, packs
from workbench.registry import Registry, nearest

if TYPE_CHECKING:
    from torch import nn

FORMAT = 2

NOT_TRIED = "not tried"


class TagInfo(NamedTuple):
    """What the installed library records about one of the weights of a backbone.

    ``licence`` is None where none is recorded. ``top1`` is the accuracy on the validation images of ImageNet-1k in
    percent, None where the library records none (timm's never does). ``dataset`` is what they learned from, in the
    words of the field; "" where the name of the weights does not say it. ``classes`` counts what their own classifier
    tells apart, 0 without one (self-supervised). ``files`` are names in the cache, as `BackboneInfo.files`.
    ``input_size``, ``mean``, ``std`` and ``interpolation`` are what these weights were trained with.
    """

    name: str
    licence: str | None
    top1: float | None
    dataset: str
    classes: int
    files: tuple[str, ...]
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str


@dataclass(frozen=True)
class BackboneInfo:
    """What the catalogue knows about one backbone.

    ``parameters`` is in millions, with the ImageNet head, and None where it was not counted. ``input_size`` is the side
    in pixels of the default weights; ``mean`` and ``std`` are theirs, on a scale from 0 to 1. ``weights`` are the tags
    on the hub, the default first; ``files`` are the files of the default one as the library caches them. ``features``
    is the length of the feature vector. ``size_step`` is 0 where any size passes; else the tables of positions are made for
    one size, and can be resized to multiples of it. ``year`` is that of the paper's first version, None where there is none.
    ``gmacs`` counts multiply-adds in thousand millions for one image of ``input_size``, with the ImageNet head.
    ``tags`` tells of each of ``weights``, in the same order. ``exports`` is "yes", "not tried" or "no: why", measured on
    the smallest member of the family. ``unsupported`` says why it cannot be used; "" where nothing is known against it.
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
    size_step: int = 0
    year: int | None = None
    gmacs: float | None = None
    tags: tuple[TagInfo, ...] = ()
    exports: str = NOT_TRIED
    unsupported: str = ""

    @property
    def top1(self) -> float | None:
        """Accuracy of the default weights on ImageNet-1k in percent, None where the library records none."""
        return self.tags[0].top1 if self.tags else None


@dataclass(frozen=True)
class Registered:
    """A backbone that neither library knows: ``build`` returns a module that maps [N,3,S,S] to [N,``info.features``]."""

    info: BackboneInfo
    build: Callable[[], "nn.Module"]


registered: Registry[Registered] = Registry("backbone")
"""Backbones of plug-ins, of tests and of ours, by full name (``tests/tiny``)."""


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


def divided(word: str) -> tuple[str, str]:
    """Divide ``timm/resnet50.a1_in1k`` into name and tag, "" for the default; names themselves hold no dot."""
    name, _, tag = word.partition(".")
    return name, tag


def with_tag(info: BackboneInfo, tag: str) -> BackboneInfo:
    """Return the backbone as these weights have it: input size, normalisation, licence and files; the default for "".

    Raises WorkbenchError that names the nearest weights.
    """
    if not tag or info.weights[:1] == (tag,):
        return info
    found = next((each for each in info.tags if each.name == tag), None)
    if found is None:
        close = ", ".join(nearest(tag, info.weights) or info.weights[:3]) or "none are published"
        raise WorkbenchError(f"{info.name} has no weights named '{tag}'; did you mean {close}?")
    return replace(
        info,
        weights=(tag, *(name for name in info.weights if name != tag)),
        tags=(found, *(each for each in info.tags if each.name != tag)),
        licence=found.licence,
        files=found.files,
        input_size=found.input_size,
        mean=found.mean,
        std=found.std,
        interpolation=found.interpolation,
    )


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
    if info.size_step and size % info.size_step and size != info.input_size:
        near = max(round(size / info.size_step), 1) * info.size_step
        raise WorkbenchError(
            f"{info.name} takes images whose side is a multiple of {info.size_step} pixels, not {size}; choose {near}."
        )
    if size < info.min_size:
        raise WorkbenchError(
            f"{info.name} needs images of at least {info.min_size} pixels, not {size}; choose a larger image size."
        )
    return size


def weights_here(info: BackboneInfo) -> bool:
    """Return whether the default hub weights are on this machine, in a pack or the local cache: no network is needed.

    For other weights ask with those: ``weights_here(with_tag(info, tag))``.
    """
    return any(packs.find(info.name, tag) for tag in info.weights[:1]) or any(
        caches.cached(each) for each in info.files
    )


@functools.cache
def _catalogue() -> dict[str, BackboneInfo]:
    """Read ``backbones.json``, what was measured of exporting, and what cannot be used."""
    content = _read("backbones.json")
    if content["format"] != FORMAT:
        raise RuntimeError(f"backbones.json has format {content['format']}, not {FORMAT}")
    unsupported = _read("unsupported.json")
    steps = _read("sizes.json")["steps"]
    found = {}
    for row in content["backbones"]:
        name = row["name"]
        library, family = name.partition("/")[0], row["family"]
        row["exports"] = measured_exports(library, family)
        against = unsupported.get(name) or unsupported.get(f"{library}/{family}")
        if against:
            row["unsupported"] = against
        if name in steps:
            row["fixed_size"], row["size_step"] = False, steps[name]
        found[name] = row_to_info(row)
    return found


def measured_exports(library: str, family: str) -> str:
    """Return "yes", "no: why" or "not tried": what became of the smallest member of a family when it was exported."""
    said = _exports().get(f"{library}/{family}")
    return said["exports"] if said else NOT_TRIED


@functools.cache
def _exports() -> dict[str, dict[str, str]]:
    families: dict[str, dict[str, str]] = _read("exports.json")["families"]
    return families


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(resources.path(name).read_text(encoding="utf-8"))
    return content


def row_to_info(row: dict[str, Any]) -> BackboneInfo:
    """Return the backbone that one row of the catalogue describes; what a row leaves out has its default.

    A row holds ``tags`` in place of weights, licence and files: those of the default are the first tag's. A tag is a
    list in the order of `TagInfo`'s fields, cut after the last that is not as the backbone and its library have it.
    """
    values = {**_DEFAULTS, **row}
    if "mean" in row or "std" in row:
        values["mean"], values["std"] = tuple(values["mean"]), tuple(values["std"])
    common = (values["input_size"], values["mean"], values["std"], values["interpolation"])
    tags = tuple([_tag(values["name"], said, common) for said in values["tags"]])
    values["tags"] = tags
    if tags:
        values["weights"] = tuple([tag[0] for tag in tags])
        values["licence"], values["files"] = tags[0].licence, tags[0].files
    else:
        values["weights"], values["files"] = tuple(values["weights"]), tuple(values["files"])
    # Not the constructor: field by field, as a frozen dataclass sets them, 1 450 of them take half of the time.
    info = object.__new__(BackboneInfo)
    info.__dict__.update(values)
    return info


def info_to_row(info: BackboneInfo) -> dict[str, Any]:
    """Return the row of the catalogue for a backbone, without what is at its default or known from elsewhere."""
    row = {field.name: getattr(info, field.name) for field in fields(info)}
    for key in ("exports", *(("weights", "licence", "files") if info.tags else ())):
        del row[key]
    row = {key: value for key, value in row.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}
    if info.tags:
        row["tags"] = [_tag_row(info, tag) for tag in info.tags]
    return row


def _tag(name: str, said: Sequence[Any], common: tuple[Any, ...]) -> TagInfo:
    if len(said) == _RECORDED:  # nine of ten
        return _make_tag((*said, _usual_files(name, said[0]), *common))
    values = [*said, *(None,) * (len(TagInfo._fields) - len(said))]
    usual = (*values[:_RECORDED], _usual_files(name, said[0]), *common)
    return _make_tag(
        tuple(value) if isinstance(value, list) else other if value is None else value
        for value, other in zip(values, usual, strict=True)
    )


def _tag_row(info: BackboneInfo, tag: TagInfo) -> list[Any]:
    common = (info.input_size, info.mean, info.std, info.interpolation)
    usual = (*tag[:_RECORDED], _usual_files(info.name, tag.name), *common)
    row = [
        None if place >= _RECORDED and value == other else value
        for place, (value, other) in enumerate(zip(tag, usual, strict=True))
    ]
    while row[-1] is None and len(row) > _RECORDED:
        row.pop()
    return row


def _usual_files(name: str, tag: str) -> tuple[str, ...]:
    """Where the hub's libraries keep the weights of a timm model, if it does not say otherwise."""
    repository = f"hf:{name}.{tag}" if tag else f"hf:{name}"
    return (f"{repository}#model.safetensors", f"{repository}#pytorch_model.bin")


_RECORDED = 5
"""So many of `TagInfo`'s fields are in every row: name, licence, top-1, dataset and classes."""

_make_tag = functools.partial(tuple.__new__, TagInfo)

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
    "size_step": 0,
    "year": None,
    "gmacs": None,
    "tags": (),
    "exports": NOT_TRIED,
    "unsupported": "",
}
