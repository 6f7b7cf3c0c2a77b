"""What may move in training: which parts train, batch norm that stays put where frozen, learning rates."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from torch import nn

from workbench.models.backbones import Network
from workbench.models.part_names import no_part
from workbench.models.rates import stage_rates
from workbench.models.stages import Stage, stages

Kind = Literal["backbone", "stages", "none", "parts"]
BatchNorm = Literal["follow", "frozen"]


@dataclass(frozen=True)
class FreezePlan:
    """Which parts train: the head always; of the backbone nothing (``backbone``), all (``none``), the last N stages
    (``stages``) or what ``trained`` names (``parts``): stages, modules or parameters by their path in the network.
    """

    kind: Kind
    train_last: int = 1
    trained: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: str, train_last: int = 1, trained: Collection[str] = ()) -> Self:
        """Return the plan that a config describes. ``train_last`` counts stages of the backbone, from the head backwards."""
        if kind not in get_args(Kind) or train_last < 1:
            raise ValueError(f"not a freeze plan: {kind!r}, {train_last}")
        return cls(kind, train_last, tuple(trained))  # type: ignore[arg-type]

    def parameter_names(self, network: Network, found: Sequence[Stage] = ()) -> set[str]:
        """Return the names of the parameters that train; ``found`` are the network's stages, where they are known already.

        More stages than there are means all.

        Parameters that the backbone itself holds fixed (sine-cosine position tables) are never among them. Raises
        WorkbenchError for a part that the network does not have, with the nearest names.
        """
        found = list(found) or stages(network)
        if self.kind == "none":
            trained = found
        elif self.kind == "stages":
            trained = found[-1 - self.train_last :]
        else:
            trained = found[-1:]
        names = {name for stage in trained for name in stage.parameter_names}
        if self.kind == "parts":
            names |= _named(network, found, self.trained)
        return names - network.fixed_parameters

    def apply(self, network: Network) -> list[Stage]:
        """Set ``requires_grad`` of every parameter; return the stages in which something trains, from stem to head."""
        found = stages(network)
        names = self.parameter_names(network, found)
        let_train(network, names)
        return [stage for stage in found if stage.name == "head" or not names.isdisjoint(stage.parameter_names)]


def let_train(network: Network, names: Collection[str]) -> None:
    """Let exactly the named parameters require gradients."""
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in names)


def train_mode(network: Network, *, batch_norm: BatchNorm = "follow", found: Sequence[Stage] = ()) -> None:
    """Put the network in training mode, but what is frozen in it in eval mode.

    There, batch norm uses its running statistics and does not move them, and drop-out is off. With ``batch_norm``
    "frozen", no running statistics of the backbone move at all; scale and shift still train where their part does. Call it
    before every epoch: `nn.Module.train` undoes it. ``found`` are the network's stages, where they are known already.
    """
    network.train()
    parameters = dict(network.named_parameters())
    trains = {id(parameter) for parameter in parameters.values() if parameter.requires_grad}
    fixed = {id(parameters[name]) for name in network.fixed_parameters}
    found = list(found)[:-1] or stages(network)[:-1]
    resting = True
    for stage in found:
        modules = [network.get_submodule(module) for module in stage.modules]
        own = {id(parameters[name]) for name in stage.parameter_names}
        if own.isdisjoint(trains):
            for module in modules:
                module.eval()
        else:
            resting = False
            if not own <= trains | fixed:
                _rest_partly(modules, trains, fixed)
    if resting:
        network.backbone.eval()
    if batch_norm == "frozen":
        for module in statistics_modules(network.backbone):
            module.eval()


def statistics_modules(module: nn.Module) -> list[nn.Module]:
    """Return the modules in it that keep running statistics (batch norm and its kin)."""
    return [inner for inner in module.modules() if _keeps_statistics(inner)]


def parameter_groups(
    network: Network,
    *,
    learning_rate: float,
    backbone_factor: float,
    weight_decay: float,
    layer_decay: float = 1.0,
    stage_factors: Mapping[str, float] | None = None,
    plans: Sequence[FreezePlan] = (),
) -> list[dict[str, Any]]:
    """Return what trains under any of ``plans`` (without plans: what requires gradients) as groups of an optimizer.

    Each has ``name``, ``stage``, ``params``, ``lr`` and ``weight_decay``; a stage's rate is ``learning_rate`` times its
    `stage_rates`, which raises WorkbenchError for own factors that cannot be used. Norms, biases and what the backbone
    names itself (position embeddings, class tokens) are not decayed: https://arxiv.org/abs/1812.01187, section 3.1.
    """
    found = stages(network)
    rates = stage_rates(
        [stage.name for stage in found],
        backbone_factor=backbone_factor,
        layer_decay=layer_decay,
        stage_factors=stage_factors,
    )
    parameters = dict(network.named_parameters())
    trained = (
        {name for plan in plans for name in plan.parameter_names(network, found)}
        if plans
        else {name for name, parameter in parameters.items() if parameter.requires_grad}
    )
    undecayed = undecayed_names(network)
    groups: dict[str, dict[str, Any]] = {}
    for stage in found:
        for name in stage.parameter_names:
            if name not in trained:
                continue
            key = f"{stage.name}, no decay" if name in undecayed else stage.name
            group = groups.setdefault(
                key,
                {
                    "name": key,
                    "stage": stage.name,
                    "params": [],
                    "lr": learning_rate * rates[stage.name],
                    "weight_decay": 0.0 if name in undecayed else weight_decay,
                },
            )
            group["params"].append(parameters[name])
    return list(groups.values())


def undecayed_names(network: Network) -> set[str]:
    """Return the names of the parameters on which weight decay does not act."""
    named: Any = getattr(network.backbone, "no_weight_decay", set)
    plain = {name for name, parameter in network.named_parameters() if parameter.ndim <= 1}
    return plain | {f"backbone.{name}" for name in named()}


def _named(network: Network, found: Sequence[Stage], trained: Iterable[str]) -> set[str]:
    """Return the names of the parameters in stages, modules and parameters called so."""
    by_stage = {stage.name: stage.parameter_names for stage in found}
    parameters = [name for name, _ in network.named_parameters()]
    modules = {name for name, module in network.named_modules() if name and any(True for _ in module.parameters())}
    names = set[str]()
    for part in trained:
        if part in by_stage:
            names.update(by_stage[part])
        elif inside := {name for name in parameters if name == part or name.startswith(f"{part}.")}:
            names |= inside
        else:
            raise no_part(network.name, part, list(by_stage), modules)
    return names


def _rest_partly(modules: Iterable[nn.Module], trains: set[int], fixed: set[int]) -> None:
    """Put into eval mode what is frozen among the members of a part of which only something trains.

    Statistics without parameters of their own belong to what is around them, and move only where all of that trains.
    """
    for module in modules:
        own = {id(parameter) for parameter in module.parameters()}
        if own.isdisjoint(trains):
            if own or statistics_modules(module):
                module.eval()
        elif not own <= trains | fixed:
            _rest_partly(module.children(), trains, fixed)


def _keeps_statistics(module: nn.Module) -> bool:
    buffers = dict(module.named_buffers(recurse=False))
    return "running_mean" in buffers or "running_var" in buffers
