"""The timeline of a run while it runs: which parts of the network train in which epoch, and how the plan moves on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor
from torch.optim import Optimizer

from workbench.models.backbones import Network
from workbench.models.freezing import FreezePlan, let_train, parameter_groups, train_mode, undecayed_names
from workbench.models.stages import stages
from workbench.training.config import OptimizerConfig
from workbench.training.parts import Freeze, Phase


@dataclass(frozen=True)
class Span:
    """A phase within the epochs of a run: from epoch ``first`` (from 0) on, with all rates times ``rate``."""

    first: int
    epochs: int
    rate: float = 1.0


def spans(phases: Sequence[Phase]) -> tuple[Span, ...]:
    """Return where each phase lies in the run."""
    found, first = [], 0
    for phase in phases:
        found.append(Span(first, phase.epochs, phase.rate))
        first += phase.epochs
    return tuple(found)


def at(timeline: Sequence[Span], epoch: int) -> int:
    """Return the number (from 0) of the phase that an epoch (from 0) belongs to; after the last epoch, the last phase."""
    return next((number for number, span in enumerate(timeline) if epoch < span.first + span.epochs), len(timeline) - 1)


def plan_of(freeze: Freeze) -> FreezePlan:
    """Return the plan that a part of the config describes."""
    return FreezePlan.of(freeze.kind, getattr(freeze, "train_last", 1), getattr(freeze, "trained", ()))


class Timeline:
    """What trains in each phase of a run of ``network``. Raises WorkbenchError for parts that the network does not have."""

    def __init__(
        self, network: Network, phases: Sequence[Phase], *, batch_norm: Literal["follow", "frozen"] = "follow"
    ) -> None:
        self.network, self.batch_norm = network, batch_norm
        self.plans = [plan_of(phase.freeze) for phase in phases]
        self.stages = stages(network)
        self.trained = [plan.parameter_names(network, self.stages) for plan in self.plans]
        self.spans = spans(phases)

    def groups(self, config: OptimizerConfig) -> list[dict[str, Any]]:
        """Return what trains in any phase as groups of an optimizer; see `parameter_groups`."""
        return parameter_groups(
            self.network,
            learning_rate=config.learning_rate,
            backbone_factor=config.backbone_factor,
            weight_decay=config.weight_decay,
            layer_decay=config.layer_decay,
            stage_factors=config.stage_factors,
            plans=self.plans,
        )

    def apply(self, number: int) -> list[str]:
        """Let exactly the parameters of a phase require gradients; return the names of the stages that train."""
        names = self.trained[number]
        let_train(self.network, names)
        return [s.name for s in self.stages if s.name == "head" or not names.isdisjoint(s.parameter_names)]

    def enter(self, number: int, optimizer: Optimizer) -> list[str]:
        """Move on to a phase from the one before; return the names of the stages that train.

        Gradients are dropped. What trained before and trains on keeps its momentum; what is new starts without any, also
        where it trained in an earlier phase.
        """
        continuing = {id(p) for p in self.network.parameters() if p.requires_grad}
        names = self.apply(number)
        for parameter in self.network.parameters():
            parameter.grad = None
            if not (parameter.requires_grad and id(parameter) in continuing):
                optimizer.state.pop(parameter, None)
        return names

    def train_mode(self) -> None:
        """Put the network into training mode, what is frozen in it excepted."""
        train_mode(self.network, batch_norm=self.batch_norm, found=self.stages)


def save_optimizer(optimizer: Optimizer, network: Network) -> dict[str, dict[str, Any]]:
    """Return the state of each parameter by its name: it can be read back whatever the groups are."""
    return {name: dict(optimizer.state[p]) for name, p in network.named_parameters() if optimizer.state.get(p)}


def load_optimizer(optimizer: Optimizer, network: Network, saved: dict[str, Any]) -> None:
    """Put back what `save_optimizer` returned, or the optimizer of a checkpoint of format 1 (one group per part)."""
    states = _of_format_1(network, saved) if "param_groups" in saved else saved
    names = {parameter: name for name, parameter in network.named_parameters()}
    now = optimizer.state_dict()
    flat = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    numbers = [number for group in now["param_groups"] for number in group["params"]]
    now["state"] = {
        number: states[names[parameter]]
        for number, parameter in zip(numbers, flat, strict=True)
        if names[parameter] in states
    }
    optimizer.load_state_dict(now)


def _of_format_1(network: Network, saved: dict[str, Any]) -> dict[str, dict[str, Tensor]]:
    """Return the states by name: the groups were head and backbone, each with and without decay, in the network's order."""
    undecayed = undecayed_names(network)
    trained = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    states = {}
    for group in saved["param_groups"]:
        part, plain = str(group["name"]).partition(",")[0], "," in str(group["name"])
        members = [
            name
            for name, _ in network.named_parameters()
            if name in trained and (name.startswith("head.") == (part == "head")) and (name in undecayed) == plain
        ]
        for name, number in zip(members, group["params"], strict=True):
            if number in saved["state"]:
                states[name] = saved["state"][number]
    return states


def stage_names(network: Network) -> tuple[list[str], list[str]]:
    """Return the names of all stages, and of those in which nothing trains now."""
    trains = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    found = stages(network)
    return [stage.name for stage in found], [s.name for s in found if trains.isdisjoint(s.parameter_names)]
