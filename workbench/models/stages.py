"""The stages of a network, from stem to head: what can be frozen as one. One rule for every backbone of both libraries.

A backbone is walked in the order in which it was defined, down to its *blocks* (a residual block, an encoder layer, an
inception module). What comes before the first block is the stem. A block that lowers the resolution opens a stage, as
the literature counts them (ResNet: layer1 to layer4). Where nothing lowers it (vision transformers), each block is a
stage. Plain stacks of convolutions (AlexNet, VGG) open a stage at each pooling, and one where the linear layers begin.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from torch import nn


@dataclass(frozen=True)
class Stage:
    """A part of a network that freezes as one: ``parameters`` counts numbers, ``parameter_names`` and ``modules`` name them."""

    name: str
    modules: tuple[str, ...]
    parameter_names: tuple[str, ...]
    parameters: int


@dataclass
class _Unit:
    """A module that is not looked into, or the parameters that a module holds beside its children (``module`` None)."""

    path: str
    module: nn.Module | None
    parameters: dict[str, nn.Parameter] = field(default_factory=dict)


_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_POOLINGS = (nn.MaxPool2d, nn.AvgPool2d)


def stages(network: nn.Module) -> list[Stage]:
    """Return the stages of a `Network` from stem to head; together they hold every parameter exactly once.

    Names of modules and parameters are relative to the network.
    """
    backbone = network.get_submodule("backbone")
    blocks = _block_classes(backbone)
    units = list(_units(backbone, "backbone", blocks))
    known = {name for name, _ in backbone.named_parameters(prefix="backbone")}
    for unit in units:
        # Modules that share a parameter (CoaT): it belongs to the first of them.
        unit.parameters = {name: parameter for name, parameter in unit.parameters.items() if name in known}
    parts = _grouped(units, blocks)
    found = [_stage(name, part) for name, part in zip(_names(parts), parts, strict=True)]
    head = network.get_submodule("head")
    names = tuple(f"head.{name}" for name, _ in head.named_parameters())
    return [*found, Stage("head", ("dropout", "head"), names, sum(p.numel() for p in head.parameters()))]


def _units(module: nn.Module, path: str, blocks: set[type[nn.Module]], *, depth: int = 0) -> Iterator[_Unit]:
    """Yield the backbone in the order of its definition: look into it, into plain sequences in it, and to where blocks stand."""
    inside = [inner for inner in module.modules() if inner is not module]
    look = (
        depth == 0 or (depth == 1 and type(module) is nn.Sequential) or any(type(inner) in blocks for inner in inside)
    )
    if not look or (depth > 0 and type(module) in blocks):
        yield _Unit(path, module, {f"{path}.{name}": parameter for name, parameter in module.named_parameters()})
        return
    own = {f"{path}.{name}": parameter for name, parameter in module.named_parameters(recurse=False)}
    if own:
        yield _Unit(path, None, own)
    for name, child in module.named_children():
        yield from _units(child, f"{path}.{name}", blocks, depth=depth + 1)


def _block_classes(module: nn.Module) -> set[type[nn.Module]]:
    """Return the classes of blocks: several layers with weights, and at least two of them side by side."""
    found = set[type[nn.Module]]()
    for inner in module.modules():
        classes = [type(child) for child in inner.children() if _has_several_weights(child)]
        found.update(kind for kind in classes if classes.count(kind) > 1)
    return found


def _has_several_weights(module: nn.Module) -> bool:
    """Whether there is more in it than a convolution with its norm and activation. Containers only hold, they do nothing."""
    if type(module) in _CONTAINERS:
        return False
    return sum(parameter.ndim > 1 for parameter in module.parameters()) > 1


def _lowers_resolution(unit: _Unit) -> bool:
    for inner in unit.module.modules() if unit.module is not None else ():
        if isinstance(inner, (*_CONVOLUTIONS, *_POOLINGS)):
            stride = inner.stride if isinstance(inner.stride, tuple) else (inner.stride,)
            if max(stride) > 1:
                return True
        elif any(word in type(inner).__name__.lower() for word in ("merging", "downsample")):
            return True
    return False


def _grouped(units: list[_Unit], blocks: set[type[nn.Module]]) -> list[list[_Unit]]:
    def is_block(unit: _Unit) -> bool:
        return unit.module is not None and any(type(inner) in blocks for inner in unit.module.modules())

    def lowers_after_a_block(unit: _Unit, part: list[_Unit]) -> bool:
        return _lowers_resolution(unit) and any(is_block(earlier) for earlier in part)

    def lowers_or_begins_linear(unit: _Unit, part: list[_Unit]) -> bool:
        linear = isinstance(unit.module, nn.Linear) and not any(isinstance(u.module, nn.Linear) for u in part)
        return _size(part) > 0 and (linear or _lowers_resolution(unit))

    first = next((number for number, unit in enumerate(units) if is_block(unit)), None)
    if first is None:
        return _with_parameters(_opened_where(lowers_or_begins_linear, units))
    rest = _with_parameters(_opened_where(lowers_after_a_block, units[first:]))
    if len(rest) == 1:
        rest = _opened_where(lambda unit, part: is_block(unit), rest[0])
    return _with_parameters([units[:first], *rest])


def _opened_where(opens: Callable[[_Unit, list[_Unit]], bool], units: list[_Unit]) -> list[list[_Unit]]:
    parts: list[list[_Unit]] = []
    for unit in units:
        if not parts or opens(unit, parts[-1]):
            parts.append([])
        parts[-1].append(unit)
    return parts


def _with_parameters(parts: list[list[_Unit]]) -> list[list[_Unit]]:
    """Join parts without parameters to the one before, or to the one after at the start."""
    joined: list[list[_Unit]] = []
    for part in parts:
        if joined and (not _size(part) or not _size(joined[-1])):
            joined[-1] += part
        else:
            joined.append(list(part))
    return joined


def _size(part: list[_Unit]) -> int:
    return sum(parameter.numel() for unit in part for parameter in unit.parameters.values())


def _stage(name: str, part: list[_Unit]) -> Stage:
    modules = tuple(unit.path for unit in part if unit.module is not None)
    return Stage(name, modules, tuple(name for unit in part for name in unit.parameters), _size(part))


def _names(parts: list[list[_Unit]]) -> list[str]:
    """Name each part by the shortest module path that is its own, else by the first and the last of its members.

    Members with a hundredth of its parameters or less (a closing norm) do not count.
    """
    paths = [
        [u.path.split(".")[1:] for u in part if _size([u]) * 100 > _size(part)] or [["backbone"]] for part in parts
    ]
    names = []
    for number, own in enumerate(paths):
        others = [path for other, theirs in enumerate(paths) if other != number for path in theirs]
        shared = _shared_start(own)
        lengths = [n for n in range(1, len(shared) + 1) if all(path[:n] != shared[:n] for path in others)]
        if lengths:
            names.append(".".join(shared[: lengths[0]]))
        else:
            rest = len(shared)
            ends = "–".join(dict.fromkeys(".".join(path[rest : rest + 1]) for path in (own[0], own[-1])))
            names.append(".".join([*shared, ends]) if ends else ".".join(shared))
    # Some backbones call their own last layers so; the head of the network is the one that is new.
    names = ["backbone.head" if name == "head" else name for name in names]
    return ["stem", *names[1:]] if len(names) > 1 else names


def _shared_start(paths: list[list[str]]) -> list[str]:
    shared = []
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return shared
