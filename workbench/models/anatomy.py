"""What a network consists of and what each part costs: found by passing one image without pixels through it.

The network is built on torch's meta device, where tensors have a shape and no content, so that a model of any size takes
seconds and no memory. What cannot be built or run there is done on the processor.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional
from torch.nn.modules.batchnorm import _NormBase
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from workbench.errors import WorkbenchError
from workbench.jobs import Event, Job, Progress, Stop
from workbench.models import anatomy_cache
from workbench.models.anatomy_parts import Anatomy, LayerInfo, StageInfo
from workbench.models.backbones import Network, create
from workbench.models.catalog import check_size, find
from workbench.models.heads import LINEAR, HeadSpec
from workbench.models.meta import on_meta
from workbench.models.stages import Stage, stages


def describe(name: str, *, size: int = 0, channels: int = 3, classes: int = 2, head: HeadSpec = LINEAR) -> Anatomy:
    """Return the anatomy of a backbone with a new head, for images of ``size`` pixels (0: its own).

    Multiply-adds are those of convolutions and matrix products, attention included, as torch's `flop_counter` counts them.
    Memory is what autograd keeps for the backward pass where everything trains. Raises WorkbenchError for an unknown
    backbone, or a size or a number of channels that it does not take.
    """
    side = check_size(find(name), size)
    make = partial(create, name, weights="none", classes=classes, head=head, channels=channels, size=size)
    with _quiet():
        try:
            return _described(on_meta(make), side, channels)
        except WorkbenchError:
            raise
        except (RuntimeError, NotImplementedError, TypeError, ValueError):
            # Numbers are read out of tensors there, which the meta device does not have.
            network, _ = make()
            return _described(network, side, channels)


def anatomy(name: str, *, size: int = 0, channels: int = 3, classes: int = 2, head: HeadSpec = LINEAR) -> Job:
    """Return the job that yields Progress and the Anatomy, and keeps that one for `anatomy_cache.cached`."""

    def job(_: Stop) -> Iterator[Event]:
        yield Progress(0, 1, f"Looking into {name}")
        found = describe(name, size=size, channels=channels, classes=classes, head=head)
        anatomy_cache.keep(found)
        yield found

    return job


def _described(network: Network, size: int, channels: int) -> Anatomy:
    found = stages(network)
    meter = _Meter(network, found)
    device = next(network.parameters()).device
    # In training mode batch norm refuses a single value per channel, and a single image may come down to that.
    network.eval()
    with meter.measuring():
        network(torch.zeros(1, channels, size, size, device=device))
    parts = [_stage_info(network, stage, meter) for stage in found]
    return Anatomy(
        name=network.name,
        size=size,
        channels=channels,
        classes=network.classes,
        features=meter.features,
        stages=parts,
        parameters=sum(stage.parameters for stage in parts),
        macs=sum(stage.macs for stage in parts),
        memory=sum(stage.memory for stage in parts),
    )


class _Meter:
    """Follows one image through the network: what each module gives, multiplies and keeps for the backward pass."""

    def __init__(self, network: Network, found: list[Stage]) -> None:
        self.network = network
        self.outputs: dict[str, list[int]] = {}
        self.features = 0
        self.macs = Counter[str]()
        self.memory = Counter[str]()
        self.stage_macs = Counter[str]()
        self.stage_memory = Counter[str]()
        self._stage_of = {
            path: stage.name
            for stage in found
            for module in stage.modules
            for path in _paths(network.get_submodule(module), module)
        }
        self._within: list[str] = []
        self._fused = False
        self._stage = found[0].name
        # Weights are there whether anything trains or not. Those that were seen are held, so that no number comes twice.
        own = [*network.parameters(), *network.buffers()]
        self._seen = {tensor.untyped_storage()._cdata: tensor.untyped_storage() for tensor in own}

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Measure what runs meanwhile."""
        with ExitStack() as undo:
            for path, module in self.network.named_modules():
                undo.callback(module.register_forward_pre_hook(self._entering(path)).remove)
                undo.callback(module.register_forward_hook(self._leaving(path), always_call=True).remove)
            undo.enter_context(torch.enable_grad())
            undo.enter_context(saved_tensors_hooks(self._kept, lambda tensor: tensor))
            undo.enter_context(_FusedAttention(self))
            undo.enter_context(_Operations(self._multiplied))
            yield

    def _entering(self, path: str) -> Callable[[nn.Module, Any], None]:
        def entering(module: nn.Module, inputs: Any) -> None:
            self._within.append(path)
            self._stage = self._stage_of.get(path, self._stage)
            if path == "head":
                self.features = inputs[0].shape[-1]

        return entering

    def _leaving(self, path: str) -> Callable[[nn.Module, Any, Any], None]:
        def leaving(module: nn.Module, inputs: Any, output: Any) -> None:
            self._within.pop()
            if isinstance(output, Tensor):
                shape = list(output.shape)
                # Windows of an image are its batch to some layers.
                self.outputs.setdefault(path, shape[1:] if shape[:1] == [1] else shape)

        return leaving

    @contextmanager
    def fused(self) -> Iterator[None]:
        """Leave out what is kept meanwhile."""
        self._fused = True
        yield
        self._fused = False

    def keep(self, *tensors: Tensor, more: int = 0) -> None:
        """Count tensors, and ``more`` bytes, as kept for the backward pass."""
        for tensor in tensors:
            self._kept(tensor)
        self._count(self.memory, self.stage_memory, more)

    def _kept(self, tensor: Tensor) -> Tensor:
        if self._fused:
            return tensor
        storage = tensor.untyped_storage()
        if storage._cdata not in self._seen:
            self._seen[storage._cdata] = storage
            self._count(self.memory, self.stage_memory, storage.nbytes())
        return tensor

    def _multiplied(self, flops: int) -> None:
        self._count(self.macs, self.stage_macs, flops // 2)

    def _count(self, by_path: Counter[str], by_stage: Counter[str], amount: int) -> None:
        path = self._within[-1] if self._within else ""
        by_path[path] += amount
        # What the backbone does itself between its stages belongs to the one that it comes from.
        by_stage[self._stage_of.get(path, self._stage)] += amount


class _FusedAttention(TorchFunctionMode):
    """Counts of attention what every device's fused kernel keeps: queries, keys, values, the answer, a number a row.

    The meta device has no such kernel and would keep the matrix between, which grows with the square of the patches.
    """

    def __init__(self, meter: _Meter) -> None:
        super().__init__()
        self._meter = meter

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        bias = kwargs.get("attn_mask", args[3] if len(args) > 3 else None)
        # A bias that learns (Swin) is beyond the processor's kernel.
        if func is not functional.scaled_dot_product_attention or (bias is not None and bias.requires_grad):
            return func(*args, **kwargs)
        asked = [*args[:3], *(kwargs[name] for name in ("query", "key", "value") if name in kwargs)]
        with self._meter.fused():
            output = func(*args, **kwargs)
        rows = asked[0]
        self._meter.keep(*asked, output, more=rows.numel() // rows.shape[-1] * 4)
        return output


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Tells the floating-point operations of each call of torch; a multiply-add is two of them."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tell = tell

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        count = flop_registry.get(getattr(func, "_overloadpacket", None))
        if count is not None:
            self._tell(int(count(*args, **(kwargs or {}), out_val=output)))
        return output


def _stage_info(network: Network, stage: Stage, meter: _Meter) -> StageInfo:
    known = dict(network.named_parameters())
    mine = {name: known[name].numel() for name in stage.parameter_names}
    inside = tuple(f"{module}." for module in stage.modules)
    layers = [
        LayerInfo(name, "Parameter", [], count, 0, 0, False, 0, count if name in network.fixed_parameters else 0)
        for name, count in mine.items()
        if not name.startswith(inside)
    ]
    for module in stage.modules:
        layers += _layers(network, module, mine, meter)
    return StageInfo(
        name=stage.name,
        parameters=stage.parameters,
        macs=meter.stage_macs[stage.name],
        memory=meter.stage_memory[stage.name],
        layers=layers,
        fixed=sum(count for name, count in mine.items() if name in network.fixed_parameters),
    )


def _layers(network: Network, path: str, parameters: Mapping[str, int], meter: _Meter) -> Iterator[LayerInfo]:
    """Yield the module at ``path`` and all in it, but what does nothing; and what a module learns beside its own layers."""
    for inner, module in network.get_submodule(path).named_modules(prefix=path):
        if isinstance(module, nn.Identity):
            continue
        own = {name: count for name, count in parameters.items() if name.startswith(f"{inner}.")}
        yield LayerInfo(
            path=inner,
            kind=type(module).__name__,
            output=meter.outputs.get(inner, []),
            parameters=sum(own.values()),
            macs=_within(meter.macs, inner),
            depth=inner.count(".") - path.count("."),
            has_norm_statistics=any(_keeps_statistics(each) for each in module.modules()),
            memory=_within(meter.memory, inner),
            fixed=sum(count for name, count in own.items() if name in network.fixed_parameters),
        )
        beside = {name: count for name, count in own.items() if name.rpartition(".")[0] == inner}
        if len(beside) < len(own):  # scales of a ConvNeXt block, position biases of Swin
            for name, count in beside.items():
                fixed = count if name in network.fixed_parameters else 0
                yield LayerInfo(name, "Parameter", [], count, 0, name.count(".") - path.count("."), False, 0, fixed)


def _within(counts: Mapping[str, int], path: str) -> int:
    return sum(count for name, count in counts.items() if name == path or name.startswith(f"{path}."))


def _keeps_statistics(module: nn.Module) -> bool:
    return isinstance(module, _NormBase) and module.running_mean is not None


def _paths(module: nn.Module, path: str) -> Iterator[str]:
    for inner, _ in module.named_modules(prefix=path):
        yield inner


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
