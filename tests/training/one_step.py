"""One step of training under each plan of the presets, and what of a network changed in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from workbench.models.backbones import Network, create
from workbench.models.catalog import BackboneInfo, find
from workbench.models.freezing import statistics_modules
from workbench.models.stages import Stage
from workbench.training.config import WAYS, OptimizerConfig, TrainConfig
from workbench.training.parts import FreezeNothing, FreezeParts, Phase
from workbench.training.phases import Timeline


@dataclass
class Tried:
    """``problems`` are sentences; ``idle`` names parameters that nothing reaches even where everything trains.

    ``flat`` names those whose gradient is exactly zero, such as a bias right before a softmax: they train, and stay.
    """

    problems: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    flat: set[str] = field(default_factory=set)


def plans() -> list[Phase]:
    """Every plan that a preset has in one of its phases; the one that moves everything last."""
    found = []
    for name, way in WAYS.items():
        if way["method"]["kind"] == "train":
            found += [Phase(freeze=p.freeze) for p in TrainConfig().with_settings([f"preset={name}"]).phases]
    different = {repr(phase.freeze): phase for phase in found}.values()
    return sorted(different, key=lambda phase: isinstance(phase.freeze, FreezeNothing))


def side_of(info: BackboneInfo, least: int = 64) -> int:
    if info.fixed_size:
        return info.input_size
    step = info.size_step or 1
    return min(info.input_size, -(-max(info.min_size, least) // step) * step)


def one_step(name: str, *, channels: int, size: int = 0) -> Tried:
    """Create the network with two classes and random weights; train a step under each plan."""
    torch.manual_seed(1)
    side = size or side_of(find(name))
    with _quick_random_numbers():
        network, _ = create(name, weights="none", classes=2, channels=channels, size=side)
    _stir(network)
    timeline = Timeline(network, [Phase(freeze=FreezeParts(trained=(_a_part(network),))), *plans()])
    groups = timeline.groups(OptimizerConfig(backbone_factor=1.0))
    # Without momentum and decay: what has no gradient must not move, and the large ones cost memory enough.
    optimizer = torch.optim.SGD([{"params": group["params"]} for group in groups], lr=1e-3)
    count = 3 if statistics_modules(network) else 2  # two numbers, normalised, are 1 and -1 whatever they were
    images, pull = torch.randn(count, channels, side, side), torch.randn(count, 2)
    _settle(network, torch.randn_like(images))
    tried, still = Tried(), list[tuple[str, set[str]]]()
    for number, plan in enumerate(timeline.plans):
        timeline.enter(number, optimizer)
        timeline.train_mode()
        before = _Record(network)
        loss = (network(images) * pull).sum()  # cross-entropy is flat where random weights give large numbers
        loss.backward()
        for parameter in network.parameters():
            if parameter.grad is not None:
                parameter.grad.sign_()  # so that the smallest gradient shows, also on a scale of 1
        optimizer.step()
        expected = _named(network, timeline.stages, timeline.trained[number])
        what = f"{plan.kind} {plan.train_last}"
        if not torch.isfinite(loss):
            tried.problems.append(f"{what}: the loss is {float(loss.detach())}")
        if touched := before.touched() - expected:
            tried.problems.append(f"{what}: moved although frozen: {_some(touched)}")
        unmoved = expected - before.moved()
        flat = {n for n, p in network.named_parameters() if n in unmoved and p.grad is not None and not p.grad.any()}
        tried.flat |= flat
        still.append((what, unmoved - flat))
    tried.idle = sorted(n for n, p in network.named_parameters() if p.grad is None and p.requires_grad)
    for what, names in still:
        if names := names - set(tried.idle):
            tried.problems.append(f"{what}: did not move: {_some(names)}")
    return tried


@contextmanager
def _quick_random_numbers() -> Iterator[None]:
    """Fill new weights from a small block of random numbers: to draw 133 million for VGG takes seconds."""
    block = torch.randn(65_537)

    def filled(tensor: Tensor, *args: object, **kwargs: object) -> Tensor:
        if tensor.is_meta:
            return tensor
        count, width = tensor.numel(), max(1, tensor[0].numel())
        with torch.no_grad():
            many = block.repeat(count // len(block) + 1)[:count] if count > len(block) else block[:count]
            return tensor.copy_(many.view_as(tensor)).mul_((2 / width) ** 0.5)

    names = ("kaiming_uniform_", "kaiming_normal_", "normal_", "xavier_uniform_", "trunc_normal_", "uniform_")
    before = {name: getattr(nn.init, name) for name in names}
    try:
        for name in names:
            setattr(nn.init, name, filled)
        yield
    finally:
        for name, function in before.items():
            setattr(nn.init, name, function)


class _Record:
    """What the network held: of parameters the version, which every write raises, and a sample of the values."""

    def __init__(self, network: Network) -> None:
        self.parameters = {n: (p, p._version, _sample(p)) for n, p in network.named_parameters()}
        self.buffers = {n: (b, b.clone()) for n, b in network.named_buffers()}

    def touched(self) -> set[str]:
        """Everything that was written, whatever the value."""
        return {n for n, (p, version, _) in self.parameters.items() if p._version != version} | self._buffers()

    def moved(self) -> set[str]:
        """Everything that has other values."""
        return {n for n, (p, _, old) in self.parameters.items() if not torch.equal(_sample(p), old)} | self._buffers()

    def _buffers(self) -> set[str]:
        return {n for n, (b, old) in self.buffers.items() if not torch.equal(b, old)}


def _sample(parameter: nn.Parameter) -> Tensor:
    return parameter.detach().flatten()[:: max(1, parameter.numel() // 20_000)].clone()


def _named(network: Network, parts: list[Stage], trained: set[str]) -> set[str]:
    """The parameters that train, and the running statistics of the norms whose own parameters (or whole stage) train."""
    whole = tuple(
        f"{module}."
        for stage in parts
        if trained.issuperset(set(stage.parameter_names) - network.fixed_parameters)
        for module in stage.modules
    )
    found = set(trained)
    keeping = {id(module) for module in statistics_modules(network)}
    for path, module in network.named_modules():
        if id(module) not in keeping:
            continue
        own = {f"{path}.{name}" for name, _ in module.named_parameters(recurse=False)}
        if (own <= trained) if own else f"{path}.".startswith(whole):
            names = ("running_mean", "running_var", "num_batches_tracked")
            found |= {f"{path}.{name}" for name, _ in module.named_buffers(recurse=False) if name in names}
    return found


def _a_part(network: Network) -> str:
    """The path of a module with parameters in the middle of the backbone."""
    paths = [path for path, module in network.named_modules() if path.startswith("backbone.") and _leaf(module)]
    return paths[len(paths) // 2]


def _leaf(module: nn.Module) -> bool:
    return not list(module.children()) and any(parameter.requires_grad for parameter in module.parameters())


def _stir(network: Network) -> None:
    """Let a gradient reach everything: what starts at zero or next to it (last norms, layer scales) would stop it."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias") and parameter.ndim == 1:
                parameter.zero_()  # a gradient of 1e-12 would not move anything else
            elif parameter.requires_grad and float(_sample(parameter).abs().max()) < 1e-2:
                parameter.copy_(0.2 + 0.05 * torch.randn_like(parameter))


def _settle(network: Network, images: Tensor) -> None:
    """Give the norms the statistics of these images: with those they start from, random weights let numbers overflow."""
    norms = [module for module in statistics_modules(network) if hasattr(module, "momentum")]
    before = [module.momentum for module in norms]
    for module in norms:
        module.momentum = 1.0
    network.train()
    with torch.no_grad():
        network(images)
    for module, momentum in zip(norms, before, strict=True):
        module.momentum = momentum


def _some(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
